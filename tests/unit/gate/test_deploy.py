"""A commit that staging deploys by itself: waited for, tested, recorded, and told to GitHub."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.accounts.api import Api, VendorError
from components.accounts.vercel import Vercel
from gate.cli import main
from gate.release.environment import Environment
from gate.release.frontend import PreviewBuilds
from gate.release.staging import deploy
from gate.report import releases
from rehearsal.vendor_api import github_git, github_issues
from tests.unit.gate.release_world import CONTEXT, FRONTEND, REPOSITORY, ReleaseWorld, Verdict, release_world


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
    with world.environment() as environment:
        report = deploy(sha, environment, world.budget())
    assert (report.outcome, world.serving()[0], status(world, sha)) == ("done", sha, "success")
    assert not [write for write in world.writes() if write.endswith("/deploys")]
    assert world.states() == [("deploy", sha[:7], "success")]


def test_what_render_did_not_begin_is_started_after_a_minute(world: ReleaseWorld) -> None:
    sha = world.push(smoked=False)
    with world.environment() as environment:
        report = deploy(sha, environment, world.budget())
    assert report.outcome == "done"
    assert [text for _, text in report.timeline if text == "Render did not begin"]
    assert len([write for write in world.writes() if write.endswith("/deploys")]) == 1


def test_a_commit_that_does_not_work_fails_and_stays_for_a_look(world: ReleaseWorld) -> None:
    automatic(world)
    sha = world.push(smoked=False)
    world.unhealthy.add(sha)
    with world.environment() as environment:
        report = deploy(sha, environment, world.budget())
    assert (report.outcome, report.exit_code, status(world, sha)) == ("failed", 4, "failure")
    assert world.serving()[0] == sha
    assert world.states() == [("deploy", sha[:7], "failure")]


def test_the_pull_request_gets_one_comment_that_a_rerun_renews(world: ReleaseWorld) -> None:
    automatic(world)
    sha = world.push(smoked=False)
    github_issues.pull(world.estate, REPOSITORY, 7, head="f" * 40, merge=sha)
    world.unhealthy.add(sha)
    with world.environment() as environment:
        deploy(sha, environment, world.budget())
    (comment,) = world.estate.find_all("github", "comment", issue=7)
    assert f"## deploy {sha[:7]}: failed (smoke tests failed" in comment["body"]
    world.unhealthy.clear()
    with world.environment() as environment:
        deploy(sha, environment, world.budget())
    (comment,) = world.estate.find_all("github", "comment", issue=7)
    assert f"## deploy {sha[:7]}: done" in comment["body"]


def test_a_strangers_comment_that_quotes_the_marker_is_never_overwritten(world: ReleaseWorld) -> None:
    automatic(world)
    sha = world.push(smoked=False)
    github_issues.pull(world.estate, REPOSITORY, 7, head="f" * 40, merge=sha)
    with world.environment() as environment:
        deploy(sha, environment, world.budget())
    (ours,) = world.estate.find_all("github", "comment", issue=7)
    quoted = f"> {ours['body']}\n\nWhy so?"
    strangers = [("octocat", quoted), ("octocat", ours["body"]), (ours["user"], quoted)]
    with world.estate.edit("github") as objects:
        place = objects.index(ours)
        objects[place:place] = [
            {**ours, "id": 900 + number, "user": user, "body": body} for number, (user, body) in enumerate(strangers)
        ]
    world.unhealthy.add(sha)
    with world.environment() as environment:
        deploy(sha, environment, world.budget())
    *others, last = world.estate.find_all("github", "comment", issue=7)
    assert [one["body"] for one in others] == [body for _, body in strangers]
    assert f"## deploy {sha[:7]}: failed" in last["body"]


def with_preview(environment: Environment, world: ReleaseWorld) -> Environment:
    vercel = Vercel("a" * 24, base_url=world.environ["VERCEL_BASE_URL"])
    return dataclasses.replace(environment, preview=PreviewBuilds(vercel, FRONTEND, "main"))


@pytest.mark.parametrize(
    ("state", "outcome", "said"),
    [
        ("READY", "done", "is ready"),
        ("ERROR", "failed", "failed: see its log"),
        ("BLOCKED", "failed", "failed: see its log"),
        ("CANCELED", "done", "was skipped"),
        (None, "done", "did not begin"),
    ],
)
def test_the_frontends_build_is_waited_for(world: ReleaseWorld, state: str | None, outcome: str, said: str) -> None:
    automatic(world)
    sha = world.push(smoked=False, build=state is not None)
    with world.estate.edit("vercel") as objects:
        for one in objects:
            if one["type"] == "deployment":
                one["state"] = "BUILDING"

    def sleep(seconds: float) -> None:
        world.sleep(seconds)
        with world.estate.edit("vercel") as objects:
            for one in objects:
                if one["type"] == "deployment" and world.time[0] > 1_800_000_240:
                    one["state"] = state

    budget = world.budget()
    budget.sleep = sleep
    with world.environment() as environment:
        report = deploy(sha, with_preview(environment, world), budget)
    assert report.outcome == outcome
    assert [line for line in world.said if said in line]
    assert status(world, sha) == ("success" if outcome == "done" else "failure")


def test_a_commit_that_a_newer_one_overtook_is_left_alone(world: ReleaseWorld) -> None:
    """Deploying it would take the newer one back."""
    older, newer = world.push(smoked=False), world.push(smoked=False)
    with world.environment() as environment:
        report = deploy(older, environment, world.budget())
    assert (report.outcome, report.reason, report.exit_code) == ("overtaken", f"overtaken by {newer[:7]}", 0)
    assert status(world, older) == "pending"
    assert not [write for write in world.writes() if write.endswith("/deploys")]


@pytest.mark.parametrize("newer_works", [True, False])
def test_two_merges_in_quick_succession_are_no_failure_of_the_first(world: ReleaseWorld, newer_works: bool) -> None:
    """Render cancels the first deploy where a second push comes while it runs."""
    automatic(world)
    older = world.push(smoked=False)
    github_issues.pull(world.estate, REPOSITORY, 7, head="f" * 40, merge=older)
    pushed: list[str] = []
    budget = world.budget()

    def sleep(seconds: float) -> None:
        world.sleep(seconds)
        if not pushed:
            pushed.append(world.push(smoked=False))
            world.unhealthy |= set() if newer_works else set(pushed)

    budget.sleep = sleep
    with world.environment() as environment:
        report = deploy(older, environment, budget)
    by = f"overtaken by {pushed[0][:7]}"
    assert (report.outcome, report.reason, report.exit_code) == ("overtaken", by, 0)
    found = world.estate.find_all("github", "status", sha=older, context=CONTEXT)[-1]
    assert (found["state"], found["description"]) == ("pending", f"production: {by}")
    (comment,) = world.estate.find_all("github", "comment", issue=7)
    assert f"## deploy {older[:7]}: overtaken ({by})" in comment["body"]
    assert world.states()[-1] == ("deploy", older[:7], "inactive")
    with world.environment() as environment:
        assert releases.read(environment.repository, "production", datetime(2020, 1, 1, tzinfo=UTC)) == []
        assert [record.good for record in environment.records.newest()] == [False]
    with world.environment() as environment:
        assert deploy(pushed[0], environment, world.budget()).outcome == ("done" if newer_works else "failed")


def test_a_commit_whose_build_fails_has_failed_also_where_a_newer_one_is_there(world: ReleaseWorld) -> None:
    automatic(world)
    older = world.push(smoked=False)
    world.unhealthy.add(older)

    def smoke(_seconds: float) -> Verdict:
        github_git.commit(world.estate, REPOSITORY, "main")  # Render has not heard of it yet
        return Verdict(passed=False)

    with world.environment(smoke) as environment:
        assert deploy(older, environment, world.budget()).outcome == "failed"
    assert status(world, older) == "failure"


@pytest.mark.parametrize(
    ("path", "outcome", "said"),
    [("statuses/", "failed", "GitHub is away"), ("/comments", "done", "The pull request could not be commented on")],
)
def test_what_cannot_be_told_to_github_is_in_the_report(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, path: str, outcome: str, said: str
) -> None:
    """Without the status nothing goes on from here; a comment is only a word about it."""
    automatic(world)
    sha = world.push(smoked=False)
    github_issues.pull(world.estate, REPOSITORY, 7, head="f" * 40, merge=sha)
    real = Api.send

    def lose(self: Api, method: str, where: str, *args: Any, **options: Any) -> Any:
        if path in where and "deployments" not in where:
            raise VendorError("GitHub is away")
        return real(self, method, where, *args, **options)

    monkeypatch.setattr(Api, "send", lose)
    with world.environment() as environment:
        report = deploy(sha, environment, world.budget())
    assert report.outcome == outcome
    assert [line for line in report.advice if said in line]


@pytest.mark.parametrize("sha", ["main", "abc123", "v1.2.3", "A" * 40])
def test_what_is_no_commit_is_refused(sha: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", sha]) == 1
    assert f"{sha} is not a commit: expected its full id" in capsys.readouterr().out
