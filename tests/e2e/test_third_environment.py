"""A third environment goes the whole way with one stack file and one workflow, and no change of code."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gate import cli
from rehearsal.application import Application, serve
from rehearsal.engine import Engine, inhabit
from rehearsal.estate import PROJECT, STACKS, World, seed, world
from tests.e2e.stage import writes

pytestmark = pytest.mark.e2e
UAT = PROJECT / "tests" / "stacks" / "uat"
SERVICE, FRONTEND = "marketedge-platform-uat", "marketedge-frontend"


@dataclass
class Life:
    stage: World
    engine: Engine
    outputs: dict[str, Any]
    created: int

    def gate(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
        """Exit code and content of a command with --json."""
        capsys.readouterr()
        with inhabit(self.stage), contextlib.chdir(self.stage.project):
            code = cli.main([*arguments, "--json"])
        printed = capsys.readouterr()
        assert printed.out, printed.err
        return code, json.loads(printed.out)


@pytest.fixture(scope="module")
def life(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """uat beside staging and production, whose stacks were never up."""
    folder = tmp_path_factory.mktemp("uat")
    shutil.copytree(STACKS, folder / "stacks")
    shutil.copy(UAT / "Pulumi.uat.yaml", folder / "stacks")
    with world(folder / "world", pulumi_cli, rate_limits=False, stacks=folder / "stacks") as stage:
        seed(stage.vendors)
        engine = Engine(stage, "uat", lambda _line: None)
        engine.set_secrets(stage.secrets.stack)
        preview = engine.preview()
        assert writes(stage) == [], "preview only reads"
        up = engine.up()
        engine.preview(refresh=True, expect_no_changes=True)
        outputs = {name: output.value for name, output in up.outputs.items()}
        yield Life(stage, engine, outputs, preview.change_summary["create"])


def test_up_makes_what_preview_showed(life: Life) -> None:
    assert life.created == 1 + len(life.engine.resources()), "and the stack itself"
    assert (life.outputs["environment"], life.outputs["frontendUrl"]) == ("uat", "https://uat.zebra.associates")
    assert life.stage.render.estate.find_service(SERVICE)["branch"] == "develop"
    variables = life.stage.vendors.find_all("vercel", "environment_variable", gitBranch="develop")
    assert len(variables) == 7


def test_its_frontend_shows_the_builds_of_its_branch(life: Life) -> None:
    domain = life.stage.vendors.find("vercel", "domain", domain="uat.zebra.associates")
    assert domain is not None
    assert domain["gitBranch"] == "develop"


def test_no_drift_then_a_change_by_hand(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = life.gate(capsys, "drift", "--env", "uat")
    assert (code, report["stack"]) == (0, "uat")
    service = life.stage.render.estate.find_service(SERVICE)
    before = service["serviceDetails"]["plan"]
    service["serviceDetails"]["plan"] = "standard"
    code, report = life.gate(capsys, "drift", "--env", "uat")
    assert code == 2
    assert SERVICE in json.dumps(report)
    service["serviceDetails"]["plan"] = before


def test_smoke(life: Life, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    application = Application(life.stage.render, life.stage.vendors, SERVICE, FRONTEND)
    with life.stage.vendors.edit("vercel") as objects:
        next(one for one in objects if one["type"] == "project")["serving"] = "dpl_1"
    with serve(application) as (backend, frontend):
        monkeypatch.setenv("BACKEND_URL", backend)
        monkeypatch.setenv("FRONTEND_URL", frontend)
        code, report = life.gate(capsys, "smoke", "--env", "uat")
    failed = [one for one in report["checks"] if one["outcome"] == "failed"]
    assert (code, failed, report["environment"]) == (0, [], "uat")
    assert "super-admin page /admin" in {one["name"] for one in report["checks"]}, "the full suite, as in staging"


def test_the_report_shows_all_three(life: Life, capsys: pytest.CaptureFixture[str]) -> None:
    page = life.stage.folder / "estate.html"
    _, content = life.gate(capsys, "report", "--html", str(page))
    assert {"staging", "production", "uat"} <= {one["name"] for one in content["stacks"]}
    assert "uat.zebra.associates" in page.read_text(encoding="utf-8")


def test_its_workflow_is_stagings_with_other_names() -> None:
    staging = (PROJECT / "workflows" / "staging-deploy.yml").read_text(encoding="utf-8")
    own = (UAT / "uat-deploy.yml").read_text(encoding="utf-8")
    others = set(own.splitlines()) - set(staging.splitlines())
    assert [line for line in others if "uat" not in line.lower() and "develop" not in line] == []
