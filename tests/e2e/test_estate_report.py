"""`gate report` on the real engine: a living staging with drift and releases, a production that was never up."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate import cli
from gate.changes.look import check
from rehearsal.engine import Engine, inhabit
from rehearsal.estate import World
from rehearsal.plugins import Estate
from tests.e2e.stage import changes, staging, writes
from tests.unit.gate.browser import Browser

pytestmark = pytest.mark.e2e
REPOSITORY = "MarketEdge-Platform"


def release(estate: Estate, environment: str, days: float, tag: str, *, end: str = "success", told: str = "") -> None:
    """One that was recorded some days ago, and took six minutes."""
    number = 1 + len(estate.find_all("github", "deployment"))
    began = datetime.now(UTC) - timedelta(days=days)
    sha = f"{number:040x}"
    about = {"repository": REPOSITORY, "environment": environment, "sha": sha, "ref": sha}
    task = "rollback" if told == "by hand" else "deploy"
    payload = {"gate": 1, "tag": tag, "before": {}}
    shown = {"task": task, "payload": payload, "description": f"{task} {tag}", "created_at": f"{began:%FT%TZ}"}
    with estate.edit("github") as objects:
        objects.append({"type": "deployment", "id": number, **about, **shown})
        ended = f"{began + timedelta(minutes=6):%FT%TZ}"
        status = {"deployment": number, "state": end, "description": told, "created_at": ended}
        objects.append({"type": "deployment_status", "id": number, **status})


@dataclass
class Living:
    stage: World
    engine: Engine
    drift: Path

    def report(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, dict[str, Any], str]:
        """Exit code, page, content and standard error of `gate report --json`."""
        page = self.stage.folder / "estate.html"
        with inhabit(self.stage):
            code = cli.main(["report", "--html", str(page), "--json", *arguments])
        printed = capsys.readouterr()
        text = page.read_text()
        assert [secret for secret in self.stage.secret_values() if secret in text + printed.out + printed.err] == []
        return code, text, json.loads(printed.out), printed.err


@pytest.fixture(scope="module")
def living(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with staging(tmp_path_factory.mktemp("report") / "world", pulumi_cli) as (stage, engine):
        engine.up()
        for day, tag in ((25, "a1"), (18, "a2"), (11, "a3"), (9, "a4"), (4, "a5"), (1, "a6")):
            release(stage.vendors, "staging", day, tag)
        release(stage.vendors, "production", 17, "v1.0.0")
        release(stage.vendors, "production", 10, "v1.1.0", end="failure", told="rolled back to v1.0.0")
        release(stage.vendors, "production", 8, "v1.1.1")
        release(stage.vendors, "production", 2, "v1.1.0", told="by hand")
        with stage.vendors.edit("auth0") as objects:
            next(o for o in objects if o["type"] == "client")["callbacks"].append(
                "https://<b>stranger</b>.test/callback"
            )
        with inhabit(stage):
            found = check(engine.stack)
        assert "stranger" in found.markdown()
        drift = stage.folder / "drift.json"
        drift.write_text(json.dumps(found.as_json()))
        stage.environment["MARKETEDGE_PULUMI"] = str(pulumi_cli)
        yield Living(stage, engine, drift)


@pytest.fixture(autouse=True)
def _in_the_project(living: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(living.stage.project)


def test_the_page_shows_what_there_is(living: Living, capsys: pytest.CaptureFixture[str]) -> None:
    before = (living.engine.state(), changes(living.stage), writes(living.stage))
    code, page, content, said = living.report(capsys, "--drift-from", str(living.drift))
    assert code == 0, said
    assert (living.engine.state(), changes(living.stage), writes(living.stage)) == before, "a report changes nothing"
    staging_, production = content["stacks"]
    assert (staging_["name"], production["name"]) == ("staging", "production")
    assert production["state"] == {
        "why": "there is no stack production in this backend: it was never up",
        "trouble": False,
    }
    assert staging_["drift"]["verdict"] == "drift"
    assert "<b>stranger" not in page
    assert "&lt;b&gt;stranger" in page

    addresses = {one["thing"]["name"]: one["address"] for one in staging_["state"]["objects"]}
    service = living.stage.render.estate.find_service("marketedge-platform-staging")["id"]
    client = living.stage.vendors.find("auth0", "client")
    assert client is not None
    tenant = "https://manage.auth0.com/dashboard/us/dev-g8trhgbfdq2sk2m8"
    assert addresses["marketedge-platform-staging"] == f"https://dashboard.render.com/web/{service}"
    assert addresses["MarketEdge Platform (staging)"] == f"{tenant}/applications/{client['clientId']}/settings"
    assert addresses["marketedge-staging-db"].startswith("https://dashboard.render.com/d/dpg-")
    assert addresses["staging-env"].startswith("https://dashboard.render.com/env-group/evg-")
    assert all(address in page.replace("&amp;", "&") for address in addresses.values())

    assert [one["tag"] for one in production["releases"]] == ["v1.0.0", "v1.1.0", "v1.1.1", "v1.1.0"]
    for told in (
        "failed, rolled back",
        "rollback to v1.1.0",
        "release v1.1.1",
        "production by week: 2 served and 1 failed",
    ):
        assert told in page
    rate = next(one for one in content["figures"] if one["name"] == "change failure rate")
    assert rate["samples"] == 3


def test_drift_is_looked_for_when_asked(
    living: Living, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.stack.project.open_stack", lambda _name: living.engine.stack)
    code, page, content, said = living.report(capsys, "--drift", "--env", "staging")
    assert (code, said.count("gate report")) == (0, 0)
    assert content["stacks"][0]["drift"]["findings"][0]["field"] == "callbacks"
    assert "1 difference outside Pulumi" in page


def test_the_page_in_a_browser(living: Living, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    browser = Browser(tmp_path / "profile")
    _, page, _, _ = living.report(capsys, "--drift-from", str(living.drift))
    (tmp_path / "estate.html").write_text(page)
    for width in (1200, 390):
        assert browser.problems(tmp_path / "estate.html", width) == []


def test_a_vendor_that_cannot_be_asked_leaves_its_part_empty_and_is_2(
    living: Living, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(living.stage.environment, "GITHUB_TOKEN", "ghp_revoked")
    code, page, content, said = living.report(capsys, "--env", "staging")
    assert code == 2
    assert "gate report: staging: releases: GitHub does not accept GITHUB_TOKEN" in said
    assert content["stacks"][0]["releases"]["trouble"] is True
    assert len(content["stacks"][0]["state"]["objects"]) > 20
    assert "GitHub does not accept GITHUB_TOKEN" in page
    assert "not looked at: run it with --drift" in page


def test_without_the_passphrase_the_objects_are_there_all_the_same(
    living: Living, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(living.stage.environment, "PULUMI_CONFIG_PASSPHRASE")
    code, _, content, _ = living.report(capsys, "--env", "staging")
    assert code == 0
    assert len(content["stacks"][0]["state"]["objects"]) > 20
    assert "PULUMI_CONFIG_PASSPHRASE" not in os.environ
