"""A commit that staging deploys by itself: waited for, tested, recorded, and told to GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.cli import main
from gate.release.staging import deploy
from rehearsal.vendor_api import github_git
from tests.unit.gate.release_world import CONTEXT, REPOSITORY, ReleaseWorld, release_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


def automatic(world: ReleaseWorld) -> None:
    next(iter(world.render.estate.services.values()))["autoDeploy"] = "yes"


def status(world: ReleaseWorld, sha: str) -> str:
    found = world.estate.find_all("github", "status", sha=sha, context=CONTEXT)
    return str(found[-1]["state"]) if found else ""


def test_what_render_began_by_itself_is_waited_for(world: ReleaseWorld) -> None:
    automatic(world)
    sha = world.push(smoked=False)
    with world.stage() as stage:
        report = deploy(sha, stage, world.budget())
    assert (report.outcome, world.serving()[0], status(world, sha)) == ("done", sha, "success")
    assert not [write for write in world.writes() if write.endswith("/deploys")]
    assert world.states() == [("deploy", sha[:7], "success")]


def test_what_render_did_not_begin_is_started_after_a_minute(world: ReleaseWorld) -> None:
    sha = world.push(smoked=False)
    with world.stage() as stage:
        report = deploy(sha, stage, world.budget())
    assert report.outcome == "done"
    assert [text for _, text in report.timeline if text == "Render did not begin"]
    assert len([write for write in world.writes() if write.endswith("/deploys")]) == 1


def test_a_commit_that_does_not_work_fails_and_stays_for_a_look(world: ReleaseWorld) -> None:
    automatic(world)
    sha = world.push(smoked=False)
    world.unhealthy.add(sha)
    with world.stage() as stage:
        report = deploy(sha, stage, world.budget())
    assert (report.outcome, report.exit_code, status(world, sha)) == ("failed", 4, "failure")
    assert world.serving()[0] == sha
    assert world.states() == [("deploy", sha[:7], "failure")]


def test_the_pull_request_gets_one_comment_that_a_rerun_renews(world: ReleaseWorld) -> None:
    automatic(world)
    sha = world.push(smoked=False)
    github_git.pull(world.estate, REPOSITORY, 7, head="f" * 40, merge=sha)
    world.unhealthy.add(sha)
    with world.stage() as stage:
        deploy(sha, stage, world.budget())
    (comment,) = world.estate.find_all("github", "comment", issue=7)
    assert f"## deploy {sha[:7]}: failed (smoke tests failed" in comment["body"]
    world.unhealthy.clear()
    with world.stage() as stage:
        deploy(sha, stage, world.budget())
    (comment,) = world.estate.find_all("github", "comment", issue=7)
    assert f"## deploy {sha[:7]}: done" in comment["body"]


@pytest.mark.parametrize("sha", ["main", "abc123", "v1.2.3", "A" * 40])
def test_what_is_no_commit_is_refused(sha: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", sha]) == 1
    assert f"{sha} is no commit: expected its full id" in capsys.readouterr().err
