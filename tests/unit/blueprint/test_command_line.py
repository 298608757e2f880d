"""`python -m blueprint`: exit status, what goes to which stream, and what must never appear there."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from blueprint.__main__ import main
from tests.unit.blueprint.account import API_KEY, OWNER, Account
from tests.unit.blueprint.documents import LINK, database, from_database, group, only, staging, variables

SECRET = "correct-horse-battery-staple"
SECRETS = variables(AUTH0_CLIENT_SECRET=SECRET, SHORT="s3cr3t")
Json = dict[str, Any]


class Shell:
    """Runs a command on a document and keeps what it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str], account: Account) -> None:
        self._capsys, self.account = capsys, account
        self.out = self.err = ""

    def run(self, command: str, document: Json | str) -> int:
        text = document if isinstance(document, str) else json.dumps(document)
        self.account.wire.start()
        status = main([command], io.StringIO(text), self.account.wire)
        self.out, self.err = self._capsys.readouterr()
        return status


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], account: Account, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("RENDER_API_KEY", API_KEY)
    return Shell(capsys, account)


def secret_estate() -> Json:
    return {**staging(group_more=SECRETS)}


def test_a_secret_comes_from_the_environment(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    named = [{"key": "REDIS_URL", "fromEnvironment": "SECRET_REDIS_URL"}]
    document = {"envVarGroups": [{"name": "staging-env", "envVars": named}]}
    assert shell.run("apply", document) == 2
    assert "takes values from the environment, which lacks SECRET_REDIS_URL" in shell.err
    assert shell.account.estate.env_groups == {}

    monkeypatch.setenv("SECRET_REDIS_URL", SECRET)
    assert shell.run("apply", document) == 0
    (written,) = shell.account.estate.env_groups.values()
    assert {"key": "REDIS_URL", "value": SECRET} in written["envVars"]
    assert SECRET not in shell.out + shell.err

    monkeypatch.delenv("SECRET_REDIS_URL")
    assert shell.run("observe", document) == 0, "a look needs no secret"
    assert shell.run("destroy", document) == 0, "and neither does a deletion"


def test_apply_reports_on_standard_output_and_its_progress_on_standard_error(shell: Shell) -> None:
    assert shell.run("apply", secret_estate()) == 0

    report = json.loads(shell.out)
    assert report["services"]["api"]["url"] == "https://api.onrender.com"
    assert shell.out.count("\n") == 1
    for line in ("database staging-db: creating (plan free, region oregon)", "service api: linking group staging-env"):
        assert line in shell.err


def test_the_report_of_an_apply_is_the_same_as_long_as_nothing_changes(shell: Shell) -> None:
    shell.run("apply", secret_estate())
    first = shell.out
    assert shell.run("apply", secret_estate()) == 0

    assert shell.out == first
    assert shell.err == ""


def test_observe_reports_drift_and_ends_well(shell: Shell) -> None:
    shell.run("apply", secret_estate())
    shell.account.estate.find_service("api")["branch"] = "main"
    assert shell.run("observe", secret_estate()) == 0

    assert json.loads(shell.out)["services"]["api"]["drift"] == [
        {"field": "branch", "kind": "changed", "declared": "staging", "live": "main"}
    ]


def test_destroy_takes_the_ids_of_the_last_report_from_the_environment(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.run("apply", only())
    shell.account.estate.find_service("api")["name"] = "renamed"
    monkeypatch.setenv("PULUMI_COMMAND_STDOUT", shell.out)
    assert shell.run("destroy", only()) == 0

    assert shell.account.estate.services == {}


@pytest.mark.parametrize(
    "garbage",
    ["", "nonsense", "[]", "null", "7", '{"services": 5}', '{"services": []}', '{"services": {"api": {}}}', "{"],
)
def test_a_last_report_that_cannot_be_read_is_as_none(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, garbage: str
) -> None:
    shell.run("apply", only())
    monkeypatch.setenv("PULUMI_COMMAND_STDOUT", garbage)
    assert shell.run("destroy", only()) == 0

    assert shell.account.estate.services == {}


def test_a_last_report_without_an_id_is_as_none(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.run("apply", only())
    monkeypatch.setenv("PULUMI_COMMAND_STDOUT", '{"services": {"api": {"url": "https://api.onrender.com"}}}')
    assert shell.run("destroy", only()) == 0

    assert shell.account.estate.services == {}


# Exit status


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("nonsense", "the document on standard input is not valid"),
        ({"services": [{"type": "web", "name": "api"}]}, "services.0.web: Value error, runtime: expected docker"),
    ],
)
def test_a_bad_document_is_refused_with_status_2_and_no_request(
    shell: Shell, document: Json | str, message: str
) -> None:
    assert shell.run("apply", document) == 2

    assert (message in shell.err, shell.out, shell.account.sim.requests) == (True, "", [])


def test_what_render_cannot_do_is_refused_with_status_2(shell: Shell) -> None:
    shell.run("apply", only())
    assert shell.run("apply", only(region="ohio")) == 2

    assert shell.err.startswith("render apply: service api exists in oregon, declared ohio")


def test_what_may_work_in_a_rerun_ends_with_status_1(shell: Shell) -> None:
    shell.run("apply", {"databases": [database(name="other")]})
    assert shell.run("apply", {"databases": [database()]}) == 1

    assert "cannot have more than one active free tier database" in shell.err
    assert shell.out == ""


@pytest.mark.parametrize("key", [None, "", "  \n"])
def test_a_missing_key_is_refused_with_what_to_do(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    monkeypatch.delenv("RENDER_API_KEY")
    if key is not None:
        monkeypatch.setenv("RENDER_API_KEY", key)
    assert shell.run("apply", only()) == 2

    assert shell.err == ("render apply: export RENDER_API_KEY; made at Render: Account Settings, API Keys\n")


def test_a_key_that_was_copied_with_its_line_end_works(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDER_API_KEY", f" {API_KEY}\r\n")

    assert shell.run("apply", only()) == 0


def test_a_key_with_characters_that_no_key_has_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDER_API_KEY", "rnd_…first-and-last")
    assert shell.run("apply", only()) == 2

    assert "first-and-last" not in shell.err


def test_a_revoked_key_ends_with_status_1_and_says_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDER_API_KEY", "rnd_revoked")
    assert shell.run("apply", only()) == 1

    assert "Render answered 401 to GET /services: unauthorized. RENDER_API_KEY is not valid" in shell.err
    assert "rnd_revoked" not in shell.err


def test_a_base_address_without_a_scheme_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDER_HOST", "api.render.com/v1")
    assert shell.run("apply", only()) == 2

    assert "RENDER_HOST is api.render.com/v1: expected a base address such as https://api.render.com/v1" in shell.err


def test_the_workspace_of_the_environment_is_used(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENDER_OWNER_ID", OWNER)
    shell.run("apply", only())

    assert all(not request.path.startswith("/owners") for request in shell.account.sim.requests)


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_another_workspace_than_that_of_the_last_report_is_refused_before_anything_is_made_there(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    shell.run("apply", only())
    monkeypatch.setenv("PULUMI_COMMAND_STDOUT", shell.out)
    monkeypatch.setenv("RENDER_OWNER_ID", "tea-2")
    before = len(shell.account.sim.requests)
    assert shell.run(command, only()) == 2

    assert f"the objects of this stack are in workspace {OWNER}, RENDER_OWNER_ID says tea-2" in shell.err
    assert len(shell.account.sim.requests) == before


def test_the_workspace_of_the_last_report_saves_its_look_up(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.run("apply", only())
    monkeypatch.setenv("PULUMI_COMMAND_STDOUT", shell.out)
    before = len(shell.account.sim.requests)
    shell.run("apply", only())

    assert not any(request.path.startswith("/owners") for request in shell.account.sim.requests[before:])


# Secrets


def secrets_of(account: Account) -> list[str]:
    """Everything in this run that nobody may see."""
    database = account.estate.find_postgres("staging-db")
    generated = account.group_variables("staging-env")["JWT_SECRET_KEY"]
    return [API_KEY, SECRET, "s3cr3t", database["_password"], generated]


def test_no_stream_of_any_command_holds_a_secret(shell: Shell) -> None:
    seen = ""
    drifted = secret_estate()
    drifted["services"][0]["startCommand"] = "./other"
    for command, document in [
        ("apply", secret_estate()),
        ("observe", secret_estate()),
        ("apply", drifted),
        ("apply", {**secret_estate(), "unknown": SECRET}),
        ("apply", only(LINK, from_database(), region="ohio")),
    ]:
        shell.run(command, document)
        seen += shell.out + shell.err
    secrets = secrets_of(shell.account)
    shell.run("destroy", secret_estate())
    seen += shell.out + shell.err

    assert [secret for secret in secrets if secret in seen] == []


def test_a_value_that_render_quotes_in_an_error_is_not_shown(shell: Shell) -> None:
    message = json.dumps({"message": f"invalid value {SECRET}!"}).encode()
    shell.account.sim.faults.add(kind=400, method="POST", body=message)
    assert shell.run("apply", only(*SECRETS)) == 1

    assert "render apply: Render answered 400 to POST /services: invalid value [value]!" in shell.err


def test_a_connection_string_that_render_quotes_in_an_error_is_not_shown(shell: Shell) -> None:
    shell.run("apply", {"databases": [database()], "envVarGroups": [group()]})
    live = shell.account.estate.find_postgres("staging-db")
    url = f"postgresql://{live['databaseUser']}:{live['_password']}@{live['id']}/{live['databaseName']}"
    body = json.dumps({"message": f"invalid value {url}"}).encode()
    shell.account.sim.faults.add(kind=400, method="POST", path="/services", body=body)
    assert shell.run("apply", only(from_database())) == 1

    assert live["_password"] not in shell.err
    assert "invalid value [value]" in shell.err
