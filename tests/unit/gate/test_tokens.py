"""What is pasted in place of a token: named by its variable, and never a traceback."""

from __future__ import annotations

import httpx
import pytest

from blueprint.sending import problem_with
from components.accounts import Accounts
from components.accounts.api import VendorUnauthorized
from components.vendors import misformed_credentials
from gate.cli import main
from tests.unit.settings.stack_file import STACKS

GOOD = {
    "GITHUB_TOKEN": "ghp_" + "a" * 36,
    "GITHUB_OWNER": "zebra-devops",
    "AUTH0_DOMAIN": "tenant.eu.auth0.com",
    "AUTH0_CLIENT_ID": "c" * 32,
    "AUTH0_CLIENT_SECRET": "s" * 64,
    "VERCEL_API_TOKEN": "v" * 24,
    "RENDER_API_KEY": "rnd_" + "r" * 28,
    "BACKEND_URL": "https://api.test",
    "FRONTEND_URL": "https://app.test",
}
NO_TOKENS = ["ghp_…", "<your token>", "$(cat token)", "two words", "clé", "a\tb", "'quoted'"]
OPENED = {"github": "GITHUB_TOKEN", "auth0": "AUTH0_CLIENT_SECRET", "vercel": "VERCEL_API_TOKEN"}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked of anybody: a token is judged before it is sent."""

    def refuse(self: object, *_args: object, **_options: object) -> None:
        raise AssertionError("a request was sent")

    monkeypatch.setattr(httpx.Client, "send", refuse)
    monkeypatch.chdir(STACKS)


@pytest.mark.parametrize("value", [*NO_TOKENS, "ghp_abc\n"])
@pytest.mark.parametrize(("account", "name"), OPENED.items())
def test_an_account_is_not_opened_with_it(account: str, name: str, value: str) -> None:
    with (
        Accounts({**GOOD, name: value}) as accounts,
        pytest.raises(VendorUnauthorized, match="is not a token: character"),
    ):
        getattr(accounts, account)


@pytest.mark.parametrize("value", NO_TOKENS)
@pytest.mark.parametrize(
    "arguments",
    [
        ["metrics"],
        ["deploy", "a" * 40],
        ["release", "v1.2.3"],
        ["rollback"],
        ["prune"],
        ["workflows", "check", "--env", "staging"],
        ["workflows", "sync", "--env", "staging"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_names_the_variable(
    arguments: list[str], value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, good in {**GOOD, "GITHUB_TOKEN": value}.items():
        monkeypatch.setenv(name, good)
    assert main(arguments) == 1
    shown = capsys.readouterr()
    said = shown.out + shown.err
    assert "GITHUB_TOKEN is not a token: character" in said
    assert "Traceback" not in said
    assert "unexpected" not in said


@pytest.mark.parametrize(
    "value", ["…", "<tenant>.auth0.com", "tenant name", "'t.auth0.com'", "t.auth0.com\n", "t.auth0.com/api"]
)
def test_a_domain_that_is_no_host_is_named(value: str) -> None:
    assert misformed_credentials({**GOOD, "AUTH0_DOMAIN": value})[0].startswith("AUTH0_DOMAIN is not a host: ")
    with (
        Accounts({**GOOD, "AUTH0_DOMAIN": value}) as accounts,
        pytest.raises(VendorUnauthorized, match="is not a host"),
    ):
        _ = accounts.auth0


@pytest.mark.parametrize(
    "value", ["t.eu.auth0.com", "https://t.eu.auth0.com/", "127.0.0.1:8443", "localhost", "[::1]:80"]
)
def test_a_domain_may_have_a_scheme_and_a_port(value: str) -> None:
    assert misformed_credentials({**GOOD, "AUTH0_DOMAIN": value}) == []


@pytest.mark.parametrize("name", ["GITHUB_BASE_URL", "VERCEL_BASE_URL"])
def test_an_address_that_is_none_is_one_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable, value in {**GOOD, name: "https://here…/"}.items():
        monkeypatch.setenv(variable, value)
    assert main(["prune", "--env", "staging"]) == 1
    assert "cannot be one: Invalid IDNA hostname: 'here…'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "vendor"),
    [
        ("GITHUB_TOKEN", "rnd_abc", "Render"),
        ("github:token", "rnd_abc", "Render"),
        ("RENDER_API_KEY", "ghp_abc", "GitHub"),
        ("VERCEL_API_TOKEN", "github_pat_abc", "GitHub"),
        ("AUTH0_CLIENT_SECRET", "rnd_abc", "Render"),
    ],
)
def test_a_token_of_another_vendor_is_named(name: str, value: str, vendor: str) -> None:
    assert problem_with(name, value) == f"{name} holds a token of {vendor}: set it to the one of its own vendor"


@pytest.mark.parametrize(
    ("name", "value"), [("REPORT_TOKEN", "ghs_a"), ("github:token", "ghp_a"), ("RENDER_API_KEY", "r")]
)
def test_its_own_vendors_token_is_taken(name: str, value: str) -> None:
    assert problem_with(name, value) == ""
