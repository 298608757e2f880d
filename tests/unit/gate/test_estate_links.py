"""Objects of a state with their places in the vendors' dashboards; and `gate report` where it cannot be run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.cli import main
from gate.report.estate import Missing, State
from gate.report.stack_state import Places, of
from tests.unit.settings.stack_file import STACKS

PLACES = Places("https://github.com/o/r", "tenant.eu.auth0.com", "zebra", "frontend")
GITHUB, VERCEL = "https://github.com/o/r", "https://vercel.com/zebra/frontend"
RENDER = "https://dashboard.render.com"


def reported(section: str, **found: str) -> dict[str, Any]:
    return {"stdout": json.dumps({section: {"x": found}})}


@pytest.mark.parametrize(
    ("type_", "outputs", "expected"),
    [
        ("github:index/branch:Branch", {"branch": "release/1 a"}, f"{GITHUB}/tree/release/1%20a"),
        ("github:index/branchProtection:BranchProtection", {}, f"{GITHUB}/settings/branches"),
        ("github:index/repositoryEnvironment:RepositoryEnvironment", {}, f"{GITHUB}/settings/environments"),
        ("github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret", {}, f"{GITHUB}/settings/environments"),
        ("github:index/repositoryRuleset:RepositoryRuleset", {"rulesetId": 7}, f"{GITHUB}/settings/rules/7"),
        ("vercel:index/project:Project", {}, f"{VERCEL}/settings"),
        ("vercel:index/projectDomain:ProjectDomain", {}, f"{VERCEL}/settings/domains"),
        (
            "auth0:index/client:Client",
            {"clientId": "abc"},
            "https://manage.auth0.com/dashboard/eu/tenant/applications/abc/settings",
        ),
        ("command:local:Command", reported("envVarGroups", id="evg-1"), f"{RENDER}/env-group/evg-1"),
        ("command:local:Command", reported("databases", id="dpg-1"), f"{RENDER}/d/dpg-1"),
        ("command:local:Command", reported("keyValues", id="red-1"), f"{RENDER}/r/red-1"),
        ("command:local:Command", reported("services", id="srv-1"), f"{RENDER}/web/srv-1"),
        ("command:local:Command", reported("services", dashboardUrl=f"{RENDER}/web/srv-2"), f"{RENDER}/web/srv-2"),
        ("command:local:Command", {"stdout": {"ciphertext": "…"}}, RENDER),
        ("command:local:Command", {"stdout": "{}"}, RENDER),
        ("random:index:Thing", {}, ""),
    ],
)
def test_each_object_leads_to_its_dashboard(type_: str, outputs: dict[str, Any], expected: str) -> None:
    assert PLACES.of(type_, outputs) == expected


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("tenant.auth0.com", "https://manage.auth0.com/dashboard/us/tenant/applications"),
        ("login.zebra.associates", "https://manage.auth0.com"),
    ],
)
def test_tenants_of_every_age(domain: str, expected: str) -> None:
    assert Places("", domain, "", "").of("auth0:index/client:Client", {}) == expected


@pytest.mark.parametrize(("team", "project"), [("", "frontend"), ("team_1", "frontend"), ("zebra", "prj_1")])
def test_without_slugs_vercel_lets_people_choose(team: str, project: str) -> None:
    found = Places("", "", team, project).vercel("settings/domains")
    assert found == "https://vercel.com/d?to=%2F%5Bteam%5D%2F%5Bproject%5D%2Fsettings%2Fdomains"


URN = "urn:pulumi:staging::p::"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


def resource(type_: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, "urn": f"{URN}{type_}::{name}", "custom": True, **more}


def test_a_state_is_read_without_opening_its_secrets() -> None:
    outputs = {"phase": "cutover", "frontendUrl": "https://app.test", "backendUrl": SECRET}
    branch = {"outputs": {"branch": SECRET}, "protect": True, "modified": "2026-11-24T10:00:00.123456789Z"}
    resources = [
        {**resource("pulumi:pulumi:Stack", "p-staging", outputs=outputs), "custom": False},
        resource("pulumi:providers:github", "default"),
        resource("vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable", "v", outputs={"key": "A"}),
        resource("github:index/branch:Branch", "b", **branch),
    ]
    found = of(
        {"manifest": {"time": "2026-11-24T10:00:00Z"}, "resources": resources, "pending_operations": [{}]}, PLACES
    )
    assert isinstance(found, State)
    assert [(str(one.thing), one.protected, one.changed and f"{one.changed:%H:%M}") for one in found.objects] == [
        ("GitHub branch b", True, "10:00"),
        ("Vercel variable A", False, None),
    ]
    assert (found.phase, found.frontend_url, found.backend_url, found.pending) == ("cutover", "https://app.test", "", 1)


def test_a_stack_without_resources_was_never_up() -> None:
    assert of({"manifest": {}}, PLACES) == Missing("the stack exists, and was never up", trouble=False)


@pytest.fixture
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(STACKS)


@pytest.mark.usefixtures("_in_the_project")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "expected the drift.json that gate drift --report writes"),
        ('{"stack": "staging"}', "expected the drift.json"),
        ('{"stack": "blue", "checkedAt": "2026-11-24T10:00:00Z"}', "is of the stack blue, expected one of staging"),
        (None, "No such file"),
    ],
)
def test_an_earlier_report_that_is_none_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    file, page = tmp_path / "drift.json", tmp_path / "estate.html"
    if content is not None:
        file.write_text(content)
    assert main(["report", "--html", str(page), "--env", "staging", "--drift-from", str(file)]) == 1
    printed = capsys.readouterr()
    assert said in printed.err
    assert not page.exists()


@pytest.mark.usefixtures("_in_the_project")
def test_a_period_that_is_none_and_a_folder_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--html", str(tmp_path / "x.html"), "--since", "soon"]) == 1
    assert "--since soon: expected days or weeks" in capsys.readouterr().err


@pytest.mark.usefixtures("_in_the_project")
def test_without_anything_to_ask_with_the_page_still_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("MARKETEDGE_PULUMI", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    page = tmp_path / "estate.html"
    assert main(["report", "--html", str(page)]) == 2
    assert "staging: state: the Pulumi CLI is not on PATH" in capsys.readouterr().err
    text = page.read_text()
    assert "the Pulumi CLI is not on PATH" in text
    assert "GitHub: export GITHUB_TOKEN" in text
    assert "Who has what" in text


def test_when_render_deletes_a_database_is_read_from_what_its_command_reported() -> None:
    report = {"databases": {"shop-db": {"id": "dpg-1", "expiresAt": "2026-12-25T10:00:00Z"}, "paid": {"id": "dpg-2"}}}
    urn = "urn:pulumi:staging::gate::command:local:Command::shop-db"
    command = {"urn": urn, "type": "command:local:Command", "custom": True, "outputs": {"stdout": json.dumps(report)}}
    other = command | {"urn": f"{urn}-other", "outputs": {"stdout": "[1]"}}
    found = of({"resources": [command, other]}, PLACES)
    assert isinstance(found, State)
    assert found.expiries == {"shop-db": datetime(2026, 12, 25, 10, tzinfo=UTC)}
