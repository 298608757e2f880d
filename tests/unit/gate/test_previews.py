"""Which previews go, which stay, and that nothing else is ever deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.cli import main
from gate.upkeep.old_previews import Preview, outlived
from rehearsal.render_api import serve
from rehearsal.vendor_api import vercel_deployments
from tests.unit.gate.release_world import FRONTEND, REPOSITORY, SERVICE, ReleaseWorld, release_world
from tests.unit.settings.stack_file import STACKS

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WEEK = timedelta(days=7)


def made(name: str, branch: str, days: float, vendor: str = "Vercel") -> Preview:
    return Preview(vendor, name, name, branch, NOW - timedelta(days=days))  # type: ignore[arg-type]


def gone(*previews: Preview, in_use: set[str] | None = None) -> list[str]:
    return sorted(one.name for one in outlived(previews, in_use or set(), {"staging"}, NOW, WEEK))


def test_what_is_older_than_a_week_goes() -> None:
    assert gone(made("old", "feature/a", 8), made("new", "feature/a", 6)) == ["old"]


def test_the_newest_of_an_open_pull_request_stays_however_old() -> None:
    previews = [made("older", "feature/a", 20), made("newest", "feature/a", 10)]
    assert gone(*previews, in_use={"feature/a"}) == ["older"]
    assert gone(*previews) == ["newest", "older"]


def test_the_newest_of_a_branch_with_a_domain_stays() -> None:
    assert gone(made("serves", "staging", 30), made("before", "staging", 31)) == ["before"]


def test_each_vendor_has_a_newest_of_its_own() -> None:
    previews = [made("v", "feature/a", 9), made("r", "feature/a", 10, vendor="Render")]
    assert gone(*previews, in_use={"feature/a"}) == []


def test_a_build_that_failed_does_not_make_the_one_that_serves_old() -> None:
    failed = Preview("Vercel", "failed", "failed", "staging", NOW - timedelta(days=9), works=False)
    assert gone(made("serves", "staging", 30), failed, made("before", "staging", 31)) == ["before", "failed"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made_, serve(made_.render) as host:
        for name, value in {**made_.environ, "RENDER_HOST": host, "RENDER_API_KEY": "rnd_release"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(STACKS)
        yield made_


def age(world: ReleaseWorld, identity: str, days: int) -> None:
    with world.estate.edit("vercel") as objects:
        found = next(o for o in objects if o["id"] == identity)
        found["created"] = int((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000)


def deployments(world: ReleaseWorld) -> set[str]:
    return {one["id"] for one in world.estate.find_all("vercel", "deployment")}


def test_the_command_lists_and_then_deletes_old_previews_only(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    estate = world.estate
    old = vercel_deployments.build(estate, FRONTEND, "a" * 40, "feature/a")
    recent = vercel_deployments.build(estate, FRONTEND, "b" * 40, "feature/a")
    production = vercel_deployments.build(estate, FRONTEND, "c" * 40, "main")
    opened = vercel_deployments.build(estate, FRONTEND, "d" * 40, "feature/open")
    for identity in (old, production, opened):
        age(world, identity, 30)
    with estate.edit("github") as objects:
        pull = {"type": "pull_request", "id": "x", "repository": REPOSITORY, "number": 1, "state": "open"}
        objects.append({**pull, "head": "feature/open", "base": "staging", "title": "t"})
    parent = next(iter(world.render.estate.services.values()))
    preview = {
        **parent,
        "id": "srv-preview",
        "branch": "feature/b",
        "name": f"{SERVICE} PR #7",
        "createdAt": "2025-01-01T00:00:00Z",
    }
    preview["serviceDetails"] = {**parent["serviceDetails"], "parentServer": {"id": parent["id"], "name": SERVICE}}
    world.render.estate.services["srv-preview"] = preview

    assert main(["prune"]) == 0
    shown = capsys.readouterr().out
    assert "would delete: Render marketedge-platform PR #7" in shown
    assert "2 previews older than 7d, 2 stay; run it with --yes to delete them" in shown
    assert deployments(world) == {old, recent, production, opened}

    assert main(["prune", "--yes"]) == 0
    assert deployments(world) == {recent, production, opened}
    assert set(world.render.estate.services) == {parent["id"]}
    assert main(["prune", "--yes"]) == 0
    assert "Nothing to delete" in capsys.readouterr().out


def test_the_newest_of_a_branch_that_a_domain_serves_stays(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    project = world.estate.find("vercel", "project") or {}
    world.estate.seed("vercel", "domain", projectId=project["id"], domain="demo.test", gitBranch="demo")
    age(world, vercel_deployments.build(world.estate, FRONTEND, "a" * 40, "demo"), 30)
    assert main(["prune", "--yes"]) == 0
    assert "Nothing to delete; 1 stay" in capsys.readouterr().out


def test_without_the_project_nothing_is_looked_at(world: ReleaseWorld, capsys: pytest.CaptureFixture[str]) -> None:
    """Vercel lists every project's deployments where none is named: they must not be taken for old previews."""
    age(world, vercel_deployments.build(world.estate, FRONTEND, "a" * 40, "feature/a"), 30)
    with world.estate.edit("vercel") as objects:
        next(one for one in objects if one["type"] == "project")["name"] = "another"
    before = deployments(world)
    assert main(["prune", "--yes"]) == 1
    assert "Vercel has no project marketedge-frontend" in capsys.readouterr().err
    assert deployments(world) == before


def test_an_age_that_is_none_says_what_was_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prune", "--older-than", "7"]) == 1
    assert "--older-than 7: expected days or weeks such as 7d and 2w" in capsys.readouterr().err
