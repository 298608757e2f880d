"""`gate recover`: its exit codes, what it prints where, and no secret in any of it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pulumi.automation import ConfigValue

from gate import cli
from gate.common.errors import StackUnavailable
from gate.recover.run import Recovery
from tests.unit.gate.stack import failure

SECRET = "never-to-be-shown-4711"
ENVIRON = {
    "GITHUB_TOKEN": "t" * 20,
    "GITHUB_OWNER": "acme",
    "AUTH0_DOMAIN": "acme.auth0.com",
    "AUTH0_CLIENT_ID": "management",
    "AUTH0_CLIENT_SECRET": "s" * 20,
    "VERCEL_API_TOKEN": "v" * 24,
}


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENVIRON, "GITHUB_ORGANIZATION", "AUTH0_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def recover(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command on a stack of its own. found: what the recovery answers, or raises."""

    def run(*arguments: str, found: Any = None, environment: dict[str, str] = ENVIRON, config: Any = None) -> int:
        values = {"marketedge:secrets": ConfigValue(json.dumps({"PASSWORD": SECRET}), secret=True)}
        stack = SimpleNamespace(
            name="staging",
            workspace=SimpleNamespace(env_vars=environment),
            get_all_config=config or (lambda: values),
        )

        def answer(*_args: object, change: bool, **_options: object) -> Recovery:
            if isinstance(found, Exception):
                raise found
            return found or Recovery(stack="staging", changed=change)

        monkeypatch.setattr("gate.stack.project.open_stack", lambda _name: stack)
        monkeypatch.setattr("gate.recover.run.recover", answer)
        return cli.main(["recover", "--env", "staging", *arguments])

    return run


@pytest.mark.parametrize(("failed", "exit_code"), [(False, 0), (True, 1)])
def test_after_a_failure_only_it_looks_and_repairs(
    recover: Any, monkeypatch: pytest.MonkeyPatch, failed: bool, exit_code: int
) -> None:
    monkeypatch.setattr("gate.recover.state.interrupted", lambda _stack: failed)
    assert recover("--after-failure", "--yes", found=StackUnavailable("it looked")) == exit_code


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_report_is_printed_without_secrets(recover: Any, form: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    refused = Recovery(stack="staging", refused=[f"two of {SECRET} and {ENVIRON['GITHUB_TOKEN']}"])
    assert recover(*form, found=refused) == 1
    printed = capsys.readouterr().out
    assert "two of [secret] and [secret]" in printed
    if form:
        assert json.loads(printed)["status"] == "refused"


def test_an_error_is_without_secrets_and_on_standard_error(recover: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert recover(found=StackUnavailable(f"said: {SECRET}")) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "gate recover: said: [secret]\n" in printed.err


def test_missing_credentials_stop_it_before_the_preview(recover: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert recover(environment={}) == 1
    assert "Vercel: export VERCEL_API_TOKEN" in capsys.readouterr().err


def test_a_stack_that_cannot_be_read_is_an_error_with_the_reason(
    recover: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise failure("error: incorrect passphrase")

    assert recover(config=fail) == 1
    assert "the stack staging cannot be worked on: incorrect passphrase" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "changed"), [([], False), (["--yes"], True)])
def test_it_changes_nothing_unless_told(
    recover: Any, monkeypatch: pytest.MonkeyPatch, arguments: list[str], changed: bool
) -> None:
    seen: list[bool] = []

    def lines(self: Recovery) -> list[str]:
        seen.append(self.changed)
        return []

    monkeypatch.setattr(Recovery, "lines", lines)
    assert recover(*arguments) == 0
    assert seen == [changed]


def test_objects_outside_the_state_are_2(recover: Any) -> None:
    assert recover(found=Recovery(stack="staging", surplus=["Auth0 has 1 more of it"])) == 2
