"""A Blueprint that still syncs an adopted service is found, and ends without a restart (RENDER_YAML_MIGRATION.md)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from blueprint.syncs import Sync, disconnect, managing
from components import guardrails, rules
from gate.checks.verdict import Verdict
from gate.cli import main
from gate.doctor.vendors import blueprints
from rehearsal.render_api import serve
from tests.unit.blueprint.account import API_KEY, OWNER, Account
from tests.unit.blueprint.documents import only, variables
from tests.unit.components.test_guardrails import facts
from tests.unit.settings.stack_file import STACKS, StackFile

NAME, REPO = "marketedge-platform", "https://github.com/zebra-devops/MarketEdge-Platform"
FILE = f"""
services:
  - {{type: web, name: {NAME}, plan: standard, autoDeployTrigger: commit, envVars: [{{key: LOG_LEVEL, value: INFO}}]}}
"""


@pytest.fixture
def account() -> Account:
    """Production as a Blueprint has it."""
    account = Account()
    account.apply(only(*variables(LOG_LEVEL="INFO"), name=NAME, branch="main", plan="standard"))
    account.sim.blueprints.connect("production", OWNER, REPO, "main", FILE)
    account.sim.settle()
    return account


def adopted(**fields: Any) -> dict[str, Any]:
    service = {"type": "web", "name": NAME, "ownership": "adopted", "envVars": variables(LOG_LEVEL="WARNING")}
    return {"services": [service | fields]}


def deploys(account: Account) -> int:
    return len(account.estate.deploys)


def test_from_a_blueprint_to_this_program_nothing_is_restarted(account: Account) -> None:
    """Adopt, disconnect, push: the service has what is declared here, and no deploy."""
    before = deploys(account)
    account.apply(adopted(autoDeployTrigger="off"))
    assert deploys(account) == before
    session = account.session()
    (found,) = managing(session, [NAME])
    assert (found.active, found.resources) == (True, (f"web_service {NAME}",))
    disconnect(session, found)
    assert managing(session, [NAME]) == []
    account.sim.push(REPO, "main", "e" * 40)
    service = account.estate.find_service(NAME)
    assert (service["autoDeployTrigger"], service["suspended"]) == ("off", "not_suspended")
    assert account.estate.env_vars[service["id"]]["LOG_LEVEL"] == "WARNING"
    assert deploys(account) == before


def test_without_it_the_next_push_undoes_what_was_declared(account: Account) -> None:
    account.apply(adopted(autoDeployTrigger="off"))
    before = deploys(account)
    account.sim.push(REPO, "main", "e" * 40)
    assert account.estate.find_service(NAME)["autoDeployTrigger"] == "commit"
    assert deploys(account) > before


def test_a_blueprint_of_other_objects_is_nobodys_business(account: Account) -> None:
    assert managing(account.session(), ["another"]) == []


@pytest.fixture
def living(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with serve(account.sim) as host:
        monkeypatch.setenv("RENDER_HOST", host)
        monkeypatch.setenv("RENDER_API_KEY", API_KEY)
        monkeypatch.chdir(STACKS)
        yield account


def test_the_command_shows_what_is_managed_and_disconnects_with_leave(
    living: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["disconnect", "--env", "production"]) == 2
    shown = capsys.readouterr().out
    assert "Blueprint production (render.yaml of zebra-devops/MarketEdge-Platform, branch main, syncs)" in shown
    assert f"manages web_service {NAME}" in shown
    assert living.sim.blueprints.rows
    assert main(["disconnect", "--env", "production", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["disconnected"] is True
    assert not living.sim.blueprints.rows
    assert main(["disconnect", "--env", "production", "--yes"]) == 0
    assert "No Blueprint manages" in capsys.readouterr().out


def test_doctor_says_it(account: Account) -> None:
    settings = StackFile("production").load().settings

    def told() -> Verdict:
        return blueprints(account.session(), settings)

    assert (told().outcome, told().fix) == ("fail", "gate disconnect --env production")
    next(iter(account.sim.blueprints.rows.values()))["autoSync"] = False
    assert told().outcome == "note"
    account.sim.blueprints.rows.clear()
    assert told().outcome == "pass"


@pytest.mark.parametrize(("active", "level"), [(True, "error"), (False, "notice")])
def test_at_cutover_an_up_is_refused_while_one_syncs(active: bool, level: str) -> None:
    sync = Sync("exs-1", "production", "render.yaml", active, (f"web_service {NAME}",))
    (found,) = rules.no_blueprint_syncs(replace(facts(StackFile("production")), blueprints=(sync,)))
    assert found.level == level
    assert "gate disconnect --env production" in found.text


@pytest.mark.parametrize(("phase", "asked"), [("infrastructure", False), ("cutover", True)])
def test_it_is_looked_for_where_it_would_undo_what_is_declared(
    living: Account, monkeypatch: pytest.MonkeyPatch, phase: str, asked: bool
) -> None:
    stack_file = StackFile("production")
    stack_file.config["marketedge:phase"] = phase
    found = guardrails.connected(stack_file.load(), os.environ)
    assert [one.name for one in found] == (["production"] if asked else [])
