"""Which previews go, which stay, and that nothing else is ever deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.cli import main
from gate.upkeep.old_previews import PreviewDeployment, judged
from rehearsal.render_api import serve
from rehearsal.vendor_api import vercel_deployments
from tests.unit.gate.release_world import FRONTEND, REPOSITORY, SERVICE, ReleaseWorld, release_world
from tests.unit.settings.stack_file import STACKS

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WEEK = timedelta(days=7)


def made(name: str, branch: str, days: float, vendor: str = "Vercel") -> PreviewDeployment:
    return PreviewDeployment(vendor, name, name, branch, NOW - timedelta(days=days))  # type: ignore[arg-type]


def why(*previews: PreviewDeployment, pulls: dict[str, bool]) -> dict[str, str]:
    """Reasons by name; empty where it goes."""
    return {one.name: one.reason for one in judged(previews, pulls, {"staging"}, NOW, WEEK)}


CLOSED, OPEN = {"feature/a": False}, {"feature/a": True}


def test_what_is_older_than_a_week_goes() -> None:
    found = why(made("old", "feature/a", 8), made("new", "feature/a", 6), pulls=CLOSED)
    assert found == {"old": "", "new": "it is not old enough"}


def test_the_newest_of_an_open_pull_request_stays_however_old() -> None:
    previews = [made("older", "feature/a", 20), made("newest", "feature/a", 10)]
    assert why(*previews, pulls=OPEN) == {"older": "", "newest": "it is the newest of an open pull request"}
    assert why(*previews, pulls=CLOSED) == {"older": "", "newest": ""}


def test_the_newest_of_a_branch_with_a_domain_stays() -> None:
    found = why(made("serves", "staging", 30), made("before", "staging", 31), pulls={})
    assert found == {"serves": "it serves an environment or a domain", "before": ""}


def test_each_vendor_has_a_newest_of_its_own() -> None:
    previews = [made("v", "feature/a", 9), made("r", "feature/a", 10, vendor="Render")]
    assert all(why(*previews, pulls=OPEN).values())


def test_a_build_that_failed_does_not_make_the_one_that_serves_old() -> None:
    failed = PreviewDeployment("Vercel", "failed", "failed", "staging", NOW - timedelta(days=9), works=False)
    found = why(made("serves", "staging", 30), failed, made("before", "staging", 31), pulls={})
    assert [name for name, reason in found.items() if not reason] == ["failed", "before"]


def test_what_is_not_recognised_as_a_preview_is_kept_with_its_reason() -> None:
    custom = replace(made("qa", "qa", 90), of="it serves the environment qa")
    found = why(custom, made("by hand", "", 90), made("a branch", "spike", 90), pulls={"qa": False})
    assert found == {
        "qa": "it serves the environment qa",
        "by hand": "it was not built from a branch",
        "a branch": "no pull request has its branch as its head",
    }


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


def pull_request(world: ReleaseWorld, branch: str, state: str = "closed") -> None:
    with world.estate.edit("github") as objects:
        about = {"type": "pull_request", "id": branch, "repository": REPOSITORY, "number": 1, "state": state}
        objects.append({**about, "head": branch, "base": "staging", "title": "t"})


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
    qa = vercel_deployments.build(estate, FRONTEND, "e" * 40, "feature/a", environment="qa")
    age(world, qa, 90)
    for branch in ("feature/a", "feature/b"):
        pull_request(world, branch)
    pull_request(world, "feature/open", "open")
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
    assert "it serves the environment qa" in shown
    assert "2 previews older than 7d, 3 stay; run it with --yes to delete them" in shown
    assert deployments(world) == {old, recent, production, opened, qa}

    assert main(["prune", "--yes"]) == 0
    assert deployments(world) == {recent, production, opened, qa}
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
    assert "no project marketedge-frontend" in capsys.readouterr().err
    assert deployments(world) == before


def test_an_age_that_is_none_says_what_was_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prune", "--older-than", "7"]) == 1
    assert "--older-than 7: expected days or weeks such as 7d and 2w" in capsys.readouterr().err


def test_previews_and_domains_are_found_on_every_page(world: ReleaseWorld, capsys: pytest.CaptureFixture[str]) -> None:
    project = world.estate.find("vercel", "project") or {}
    pull_request(world, "feature/a")
    for number in range(105):
        vercel_deployments.build(world.estate, FRONTEND, f"{number:040x}", "feature/a")
        world.estate.seed("vercel", "domain", projectId=project["id"], domain=f"d{number}.test", gitBranch="demo")
    with world.estate.edit("vercel") as objects:
        for number, one in enumerate(o for o in objects if o["type"] == "deployment"):
            one["created"] = 1_700_000_000_000 + number
        first_domain = next(o for o in objects if o["type"] == "domain" and o["domain"] == "d0.test")
        first_domain["gitBranch"] = "feature/a"
    assert main(["prune", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["old"]) == 104, "all but the newest, whose branch the first domain serves"
