"""Releases where the vendors' answers are less kind than usual, and what is read from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.common.version import taken_back_to
from gate.release.records import Deployed
from gate.release.release import release
from gate.release.report import ReleaseReport
from rehearsal.vendor_api import github_git
from tests.unit.gate.release_world import FRONTEND, REPOSITORY, ReleaseWorld, Verdict, release_world
from tests.unit.gate.test_release import back, go, project, released


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


def test_the_first_release_of_all_cannot_be_taken_back_whole_and_says_so(world: ReleaseWorld) -> None:
    world.unhealthy.add(world.tagged("v1.0.0"))
    report = go(world, "v1.0.0")
    assert (report.outcome, report.exit_code) == ("failed", 4)
    assert "nothing had served at Vercel before" in report.advice[0]


def test_what_serves_is_known_where_the_project_names_its_newest_build(world: ReleaseWorld) -> None:
    """Staged builds are newer than what serves; taken for it, a rollback would leave the frontend as it is."""
    project(world, namesNewest=True)
    good = released(world, "v1.0.0")
    world.unhealthy.add(world.tagged("v1.1.0"))
    world.push()
    assert go(world, "v1.1.0").outcome == "rolled back"
    assert world.serving() == (good, good)


def test_a_build_that_served_before_is_rolled_back_to_where_it_may_not_be_promoted(world: ReleaseWorld) -> None:
    project(world, refusesPromoted=True)
    released(world, "v1.0.0")
    second = released(world, "v1.1.0")
    back(world)
    github_git.tag(world.estate, REPOSITORY, "v1.2.0", second)
    report = go(world, "v1.2.0")
    assert (report.outcome, world.serving()) == ("done", (second, second))
    assert any("Vercel refused the promote" in text for _, text in report.timeline)


def test_a_promotion_that_is_under_way_is_waited_for(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    (build,) = world.estate.find_all("vercel", "deployment")
    asked = {"type": "promote", "jobStatus": "in-progress", "toDeploymentId": build["id"], "requestedAt": 1}
    project(world, aliasRequest=asked, looked=True)
    budget = world.budget()
    budget.sleep = lambda _s: project(world, aliasRequest={**asked, "jobStatus": "succeeded"}, serving=build["id"])
    with world.environment() as environment:
        assert environment.frontend is not None
        environment.frontend.release(Deployed(build["id"]), budget)
    assert [line for line in world.said if "is under way" in line]
    assert world.estate.find("vercel", "project", name=FRONTEND)["aliasRequest"]["requestedAt"] == 1  # type: ignore[index]


def test_a_promotion_that_is_under_way_ends_before_it_is_taken_back(world: ReleaseWorld) -> None:
    """Until then the earlier build serves, and would be taken for what was put back."""
    released(world, "v1.0.0")
    good = (world.estate.find("vercel", "project", name=FRONTEND) or {})["serving"]
    sha = world.tagged("v1.1.0")
    other = (world.estate.find("vercel", "deployment", sha=sha) or {})["id"]
    asked = {"type": "promote", "jobStatus": "in-progress", "toDeploymentId": other, "requestedAt": 2_000_000_000_000}
    project(world, aliasRequest=asked, looked=True)
    budget, slept = world.budget(), [0.0]

    def sleep(seconds: float) -> None:
        slept[0] += seconds
        if slept[0] > 3 and asked["jobStatus"] == "in-progress":
            asked["jobStatus"] = "succeeded"
            project(world, aliasRequest=asked, serving=other)
            with world.estate.edit("vercel") as objects:
                next(one for one in objects if one["id"] == other)["served"] = True

    budget.sleep = sleep
    with world.environment() as environment:
        assert environment.frontend is not None
        environment.frontend.roll_back(Deployed(good), budget)
    assert slept[0] > 3
    assert (world.estate.find("vercel", "project", name=FRONTEND) or {})["serving"] == good


def test_a_deploy_that_ends_by_itself_before_it_is_canceled_is_taken_back(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    with world.environment() as environment:
        real = environment.backend._deploys

        def then_it_ends() -> list[dict[str, Any]]:
            found = real()
            world.sleep(300)  # between the look and the cancellation
            return found

        environment.backend._session.client.post(f"{environment.backend._path}/deploys", {"commitId": "b" * 40})
        environment.backend._deploys = then_it_ends  # type: ignore[method-assign]
        environment.backend.roll_back(Deployed(commit=good), world.budget())
    assert world.serving()[0] == good


def test_a_deploy_that_another_one_replaced_does_not_count_as_serving(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    sha = world.tagged("v1.1.0")

    def replaced(seconds: float) -> None:
        world.time[0] += seconds + 70
        for deploy in world.render.estate.deploys.values():
            if (deploy["commit"] or {}).get("id") == sha:
                deploy["status"] = "deactivated"

    with world.environment() as environment:
        budget = world.budget()
        budget.sleep = replaced
        report = release("v1.1.0", environment, budget)
    assert "another deploy took its place" in report.reason
    assert world.serving()[1] == good


def built(world: ReleaseWorld, sha: str, state: str) -> None:
    with world.estate.edit("vercel") as objects:
        for one in objects:
            if one["type"] == "deployment" and one["sha"] == sha:
                one["state"] = state


def go_while(world: ReleaseWorld, tag: str, happens: Callable[[float], None]) -> ReleaseReport:
    """A release during which something happens. Args: happens: gets how many seconds have passed."""
    budget, began = world.budget(), world.time[0]

    def sleep(seconds: float) -> None:
        world.sleep(seconds)
        happens(world.time[0] - began)

    budget.sleep = sleep
    with world.environment() as environment:
        return release(tag, environment, budget)


def test_a_release_right_after_the_merge_waits_for_vercels_build(world: ReleaseWorld) -> None:
    sha = world.tagged("v1.0.0")
    built(world, sha, "BUILDING")
    report = go_while(world, "v1.0.0", lambda passed: built(world, sha, "READY" if passed > 240 else "BUILDING"))
    assert (report.outcome, world.serving()) == ("done", (sha, sha))


def test_a_build_that_does_not_end_changes_nothing(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    sha = world.tagged("v1.1.0")
    built(world, sha, "BUILDING")
    report = go(world, "v1.1.0")
    (problem,) = [problem for _, problem in report.conditions if problem]
    assert problem == f"Vercel: the build of {sha[:7]}: not done within the budget of 1800 s"
    assert (report.outcome, world.serving()) == ("refused", (good, good))


@pytest.mark.parametrize("state", ["ERROR", "BLOCKED"])
def test_a_build_that_fails_refuses_the_release(world: ReleaseWorld, state: str) -> None:
    good = released(world, "v1.0.0")
    sha = world.tagged("v1.1.0")
    built(world, sha, "BUILDING")
    report = go_while(world, "v1.1.0", lambda _passed: built(world, sha, state))
    (problem,) = [problem for _, problem in report.conditions if problem]
    assert problem.startswith("it failed: see its log")
    assert (report.outcome, world.serving()) == ("refused", (good, good))


def without_frontend(world: ReleaseWorld, tag: str, state: str | None) -> str:
    """A release that leaves the frontend as it was, so that Vercel skips its build."""
    sha = world.push(build=state is not None, files=("app/main.py",))
    if state:
        built(world, sha, state)
    github_git.tag(world.estate, REPOSITORY, tag, sha)
    return sha


@pytest.mark.parametrize("state", ["CANCELED", None])
def test_a_skipped_build_of_an_unchanged_frontend_keeps_what_serves(world: ReleaseWorld, state: str | None) -> None:
    first = released(world, "v1.0.0")
    second = without_frontend(world, "v1.0.1", state)
    report = go(world, "v1.0.1")
    assert (report.outcome, world.serving()) == ("done", (second, first))
    said = f"the frontend did not change since {first[:7]}, whose build is used"
    assert any(said in title for title, _problem in report.conditions)
    third = released(world, "v1.1.0")
    assert (back(world).tag, world.serving()) == ("v1.0.1", (second, first))
    assert (back(world, "v1.1.0").outcome, world.serving()) == ("done", (third, third))


def test_a_skipped_build_uses_the_frontend_that_was_merged_before_it(world: ReleaseWorld) -> None:
    """Merged, built and never released: without it the new backend would get an old frontend."""
    released(world, "v1.0.0")
    merged = world.push()
    second = without_frontend(world, "v1.1.0", None)
    assert go(world, "v1.1.0").outcome == "done"
    assert world.serving() == (second, merged)


def test_a_canceled_build_of_a_frontend_that_changed_refuses_the_release(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    built(world, world.tagged("v1.1.0"), "CANCELED")
    report = go(world, "v1.1.0")
    (problem,) = [problem for _, problem in report.conditions if problem]
    assert problem.startswith("Vercel has none, although platform-wrapper/frontend/page.tsx changed since")
    assert (report.outcome, world.serving()) == ("refused", (good, good))


def test_what_serves_in_the_end_is_compared_with_what_was_released(world: ReleaseWorld) -> None:
    """Somebody promotes another build by hand, in the same minute."""
    released(world, "v1.0.0")
    good = released(world, "v1.1.0")
    world.tagged("v1.2.0")
    by_hand = world.push()

    def promote() -> None:
        with world.estate.edit("vercel") as objects:
            build = next(o for o in objects if o["type"] == "deployment" and o["sha"] == by_hand)
            build["served"] = True
            next(o for o in objects if o["type"] == "project")["serving"] = build["id"]

    with world.environment() as environment:
        real = environment.frontend.release  # type: ignore[union-attr]

        def then(wanted: Deployed, budget: Any) -> None:
            real(wanted, budget)
            promote()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(environment.frontend, "release", then)
            report = release("v1.2.0", environment, world.budget())
    assert report.reason.startswith(f"Vercel serves {by_hand[:7]}, not ")
    assert (report.outcome, world.serving()) == ("rolled back", (good, good))


def test_what_others_record_of_the_environment_is_passed_over(world: ReleaseWorld) -> None:
    """GitHub itself records every job that names an environment; a payload may be any text."""
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    with world.environment() as environment:
        for payload in ("", "not JSON", '"text"', {}):
            body = {"ref": "f" * 40, "environment": "production", "task": "deploy", "payload": payload}
            environment.repository.send("POST", "deployments", body, needs="x")
    assert back(world).tag == "v1.0.0"
    assert world.serving() == (first, first)


def test_a_payload_that_comes_back_as_text_is_understood(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    with world.estate.edit("github") as objects:
        for one in objects:
            if one["type"] == "deployment":
                one["payload"] = json.dumps(one["payload"])
    with world.environment() as environment:
        (record,) = environment.records.newest()
    assert (record.tag, record.good) == ("v1.0.0", True)


@pytest.mark.parametrize(
    ("tag", "earlier"),
    [("v1.0.0-rollback", "v1.0.0"), ("v1.0.0-rollback.2", "v1.0.0"), ("v1.0.0", None), ("v1.0.0-test", None)],
)
def test_a_tag_that_asks_to_go_back(tag: str, earlier: str | None) -> None:
    assert taken_back_to(tag) == earlier


def test_smoke_tests_get_what_is_left_of_the_budget(world: ReleaseWorld) -> None:
    given: list[float] = []

    def smoke(seconds: float) -> Any:
        given.append(seconds)
        return Verdict(passed=True)

    world.tagged("v1.0.0")
    with world.environment(smoke) as environment:
        budget = world.budget(100)
        release("v1.0.0", environment, budget)
    assert 30 < given[0] < 40  # Render took 60 of them
