"""Seed scripts run once each, as one-off jobs, and never on production."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.workspace import connect
from components.gate_settings import Seed
from gate.cli import main
from gate.upkeep.seeds import SeedingRefused, seed
from tests.unit.gate.release_world import SERVICE, ReleaseWorld, release_world
from tests.unit.settings.stack_file import STACKS

SCRIPTS = Seed().scripts


def run(world: ReleaseWorld, *scripts: str, again: bool = False) -> list[str]:
    with connect({"RENDER_API_KEY": "rnd_release"}, lambda _l: None, world.render.transport()) as session:
        return [one.outcome for one in seed(session, SERVICE, scripts or SCRIPTS, world.budget(), again=again)]


def started(world: ReleaseWorld) -> int:
    return len([write for write in world.writes() if write.endswith("/jobs")])


def test_each_script_runs_once(tmp_path: Path) -> None:
    with release_world(tmp_path) as world:
        assert run(world) == ["done", "done"]
        assert run(world) == ["already done", "already done"]
        assert started(world) == 2
        assert run(world, again=True) == ["done", "done"]
        assert started(world) == 4


def test_the_first_that_fails_is_the_last(tmp_path: Path) -> None:
    with release_world(tmp_path) as world:
        assert run(world, "exit 1", SCRIPTS[0]) == ["failed"]
        assert started(world) == 1
        assert run(world, "exit 1") == ["failed"]
        assert started(world) == 2


def test_the_free_plan_is_told_what_to_do(tmp_path: Path) -> None:
    with release_world(tmp_path) as world:
        next(iter(world.render.estate.services.values()))["serviceDetails"]["plan"] = "free"
        with pytest.raises(SeedingRefused, match=r"has no one-off jobs\..* gate seed --folder DIR --address"):
            run(world)
        assert started(world) == 0


def test_production_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(STACKS)
    assert main(["seed", "--env", "production"]) == 1
    assert "test data is never loaded into production" in capsys.readouterr().err
