"""`python -m gate recover`: its exit codes, what it prints where, and no secret in any of it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi.automation import CommandError, ConfigValue, Stack

from gate import cli
from gate.commands import recover as command
from gate.commands.recover import execute
from gate.common.errors import GateError, MissingCredentials, StackUnavailable
from gate.recover.report import Recovery

SECRET = "never-to-be-shown-4711"
ENVIRON = {
    "GITHUB_TOKEN": "t" * 20,
    "GITHUB_OWNER": "acme",
    "AUTH0_DOMAIN": "acme.auth0.com",
    "AUTH0_CLIENT_ID": "management",
    "AUTH0_CLIENT_SECRET": "s" * 20,
    "VERCEL_API_TOKEN": "v" * 24,
}


def stack(environment: dict[str, str] | None = None, config: Any = None) -> Stack:
    values = {"marketedge:secrets": ConfigValue(json.dumps({"PASSWORD": SECRET}), secret=True)}
    found = SimpleNamespace(
        name="staging",
        workspace=SimpleNamespace(env_vars=ENVIRON if environment is None else environment),
        get_all_config=config or (lambda: values),
    )
    return cast(Stack, found)


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENVIRON, "GITHUB_ORGANIZATION", "AUTH0_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_a_report_is_printed_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Recovery("staging", refused=[f"two of {SECRET} and {ENVIRON['GITHUB_TOKEN']}"])
    monkeypatch.setattr(command, "recover_stack", lambda *_args, **_options: found)
    assert execute(stack(), change=False) == 1
    assert execute(stack(), change=False, in_json=True) == 1
    printed = capsys.readouterr().out
    assert "two of [secret] and [secret]" in printed
    assert json.loads(printed[printed.index("{") :])["status"] == "refused"


def test_an_error_is_of_its_kind_and_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise StackUnavailable(f"said: {SECRET}")

    monkeypatch.setattr(command, "recover_stack", fail)
    with pytest.raises(StackUnavailable, match=r"^said: \[secret\]$"):
        execute(stack(), change=True)


def test_missing_credentials_stop_it_before_the_preview() -> None:
    with pytest.raises(MissingCredentials, match="Vercel: export VERCEL_API_TOKEN"):
        execute(stack(environment={}), change=False)


def test_a_stack_that_cannot_be_read_is_an_error_with_the_reason() -> None:
    def fail() -> None:
        raise CommandError(SimpleNamespace(code=255, stdout="", stderr="error: incorrect passphrase"))  # type: ignore[arg-type]

    with pytest.raises(StackUnavailable, match="incorrect passphrase"):
        execute(stack(config=fail), change=False)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_command_line_hands_the_exit_code_on(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked: dict[str, Any] = {}

    def pretend(_stack: Stack, **options: Any) -> int:
        asked.update(options)
        return code

    monkeypatch.setattr(command, "open_stack", lambda name: name)
    monkeypatch.setattr(command, "execute", pretend)
    assert cli.main(["recover", "--env", "staging", "--yes", "--json"]) == code
    assert (asked["change"], asked["in_json"]) == (True, True)


def test_the_command_line_changes_nothing_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "open_stack", lambda name: name)
    monkeypatch.setattr(command, "execute", lambda _stack, **options: 1 if options["change"] else 0)
    assert cli.main(["recover", "--env", "staging"]) == 0


def test_an_error_goes_to_standard_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_name: str) -> Stack:
        raise GateError("no such stack")

    monkeypatch.setattr(command, "open_stack", fail)
    assert cli.main(["recover", "--env", "staging"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "gate recover: no such stack" in printed.err
