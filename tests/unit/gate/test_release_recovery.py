"""What a run finds that was killed, interrupted, or could not go back; and which release the last good one is."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.release.errors import Refused
from gate.release.opening import is_over, who
from gate.release.release import release
from gate.release.report import Report
from gate.release.rollback import rollback
from gate.release.version import taken_back_to
from gate.vendors.api import Api
from gate.vendors.errors import VendorError
from tests.unit.gate.release_world import FRONTEND, ReleaseWorld, Verdict, release_world
from tests.unit.gate.test_release import go, killed_at, released


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


def back(world: ReleaseWorld, to: str | None = None) -> Report:
    with world.stage() as stage:
        return rollback(to, stage, world.budget(600))


def project(world: ReleaseWorld, **properties: Any) -> None:
    with world.estate.edit("vercel") as objects:
        next(one for one in objects if one["type"] == "project").update(properties)


def test_a_release_that_was_gone_back_from_is_no_last_good_one(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    assert back(world).tag == "v1.0.0"
    with pytest.raises(Refused, match="no earlier good release is on record"):
        back(world)
    assert world.serving() == (first, first)


def test_going_forward_again_takes_nothing_away_from_the_earlier_one(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    second = released(world, "v1.1.0")
    back(world)
    assert back(world, "v1.1.0").outcome == "done"
    assert world.serving() == (second, second)
    assert back(world).tag == "v1.0.0"


def test_half_a_release_that_nobody_took_back_goes_to_the_last_good_one(world: ReleaseWorld) -> None:
    """The rollback ended at Render and not at Vercel, so the commit that Render serves is the one to go to."""
    good = released(world, "v1.0.0")
    bad = world.tagged("v1.1.0")
    world.unhealthy.add(bad)
    project(world, refusesPromoted=True)
    real = Api.send

    def refuse(self: Api, method: str, path: str, *args: Any, **options: Any) -> Any:
        if "/rollback/" in path:
            raise VendorError("Vercel answered 400")
        return real(self, method, path, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "send", refuse)
        report = go(world, "v1.1.0")
    assert (report.outcome, report.exit_code) == ("failed", 4)
    assert world.serving() == (bad, bad)
    assert back(world).tag == "v1.0.0"
    assert world.serving() == (good, good)


@pytest.mark.parametrize("nth", range(3, 10))
def test_a_rollback_that_was_killed_goes_on_to_the_same_release(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """Also where everything had been done but the word about it: not to the one before that."""
    released(world, "v0.9.0")
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    killed_at(world, monkeypatch, lambda: back(world), nth)
    world.sleep(300)
    if world.states()[-1][0] == "rollback" and world.states()[-1][2] != "success":
        report = back(world)
        assert (report.outcome, report.tag) == ("done", "v1.0.0")
    assert world.serving() == (first, first)
    assert [state for task, _, state in world.states() if task == "rollback"] == ["success"]


@pytest.mark.parametrize("again", ["release", "rollback"])
@pytest.mark.parametrize("nth", range(6, 11))
def test_killed_while_it_went_back_it_is_taken_back_by_either(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, nth: int, again: str
) -> None:
    released(world, "v0.9.0")
    good = released(world, "v1.0.0")
    world.unhealthy.add(world.tagged("v1.1.0"))
    killed_at(world, monkeypatch, lambda: go(world, "v1.1.0"), nth)
    world.sleep(300)
    if world.states()[-1] == ("deploy", "v1.1.0", "in_progress"):
        report = go(world, "v1.1.0") if again == "release" else back(world)
        assert report.outcome == ("rolled back" if again == "release" else "done")
    assert world.serving() == (good, good)
    assert world.states()[2] == ("deploy", "v1.1.0", "failure")


def test_a_release_in_place_of_a_killed_one_goes_back_to_what_served_before_both(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    assert killed_at(world, monkeypatch, lambda: go(world, "v1.1.0"), 6)  # Render deploys it, Vercel does not yet
    world.sleep(300)
    assert world.serving()[0] != good
    bad = world.tagged("v1.2.0")
    world.unhealthy.add(bad)
    assert go(world, "v1.2.0").outcome == "rolled back"
    assert world.serving() == (good, good)
    assert world.states()[1:] == [("deploy", "v1.1.0", "failure"), ("deploy", "v1.2.0", "failure")]


def test_a_release_killed_long_ago_does_not_decide_where_to_go_back(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(world, "v1.0.0")
    world.tagged("v1.1.0")
    killed_at(world, monkeypatch, lambda: go(world, "v1.1.0"), 5)
    released(world, "v1.2.0")
    released(world, "v1.3.0")
    assert back(world).tag == "v1.2.0"


def test_a_rollback_that_fails_ends_no_other_record_and_is_tried_again(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    assert killed_at(world, monkeypatch, lambda: go(world, "v1.1.0"), 6)
    world.unhealthy.add(good)
    assert back(world).exit_code == 4
    assert world.states()[1:] == [("deploy", "v1.1.0", "in_progress"), ("rollback", "v1.0.0", "error")]
    world.unhealthy.clear()
    assert back(world).tag == "v1.0.0"
    assert world.states()[1:] == [("deploy", "v1.1.0", "failure"), ("rollback", "v1.0.0", "success")]


def test_interrupted_while_it_goes_back_it_goes_on(world: ReleaseWorld) -> None:
    """As GitHub cancels a job: SIGINT, and SIGTERM while the rollback is under way."""
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    asked: list[int] = []

    def smoke(_seconds: float) -> Any:
        asked.append(1)
        os.kill(os.getpid(), signal.SIGINT if len(asked) == 1 else signal.SIGTERM)
        return Verdict(passed=True)

    with world.stage(smoke) as stage:
        report = release("v1.1.0", stage, world.budget())
    assert (report.outcome, report.reason, len(asked)) == ("rolled back", "interrupted", 2)
    assert any("not left half way" in line for line in world.said)
    assert world.serving() == (good, good)


def test_an_interrupted_rollback_ends_as_a_rollback(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")

    def smoke(_seconds: float) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return Verdict(passed=True)

    with world.stage(smoke) as stage:
        report = rollback(None, stage, world.budget(600))
    assert (report.outcome, world.serving()) == ("done", (first, first))


@pytest.mark.parametrize("state", ["failure", "success"])
def test_what_cannot_be_recorded_after_going_back_is_told_and_changes_no_outcome(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    good = released(world, "v1.0.0")
    world.unhealthy.add(world.tagged("v1.1.0"))
    if state == "success":
        world.unhealthy.clear()
        assert go(world, "v1.1.0").outcome == "done"
    real = Api.send

    def lose(self: Api, method: str, path: str, body: Any = None, **options: Any) -> Any:
        if path.endswith("/statuses") and body["state"] == state:
            raise VendorError("GitHub is away")
        return real(self, method, path, body, **options)

    monkeypatch.setattr(Api, "send", lose)
    report = go(world, "v1.1.0") if state == "failure" else back(world)
    assert report.outcome == ("rolled back" if state == "failure" else "done")
    assert any("could not be recorded at GitHub" in line and "GitHub is away" in line for line in report.advice)
    assert world.serving() == (good, good)


def test_a_success_that_cannot_be_recorded_is_taken_back(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    real = Api.send

    def lose(self: Api, method: str, path: str, body: Any = None, **options: Any) -> Any:
        if path.endswith("/statuses") and body["state"] == "success":
            raise VendorError("GitHub is away")
        return real(self, method, path, body, **options)

    monkeypatch.setattr(Api, "send", lose)
    report = go(world, "v1.1.0")
    assert (report.outcome, world.serving()) == ("rolled back", (good, good))


def test_a_lost_record_ends_the_run_before_anything_was_deployed(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = released(world, "v1.0.0")
    sha, before = world.tagged("v1.1.0"), world.writes()
    real = Api.send

    def lose(self: Api, method: str, path: str, *args: Any, **options: Any) -> Any:
        answer = real(self, method, path, *args, **options)
        if path.endswith("/deployments"):
            raise VendorError("the answer was lost")
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(Api, "send", lose)
        with pytest.raises(VendorError, match="the answer was lost"):
            go(world, "v1.1.0")
    assert (world.writes(), world.serving(), world.locks()) == (before, (good, good), [])
    assert go(world, "v1.1.0").outcome == "done"
    assert world.serving() == (sha, sha)
    assert world.states() == [("deploy", "v1.0.0", "inactive"), ("deploy", "v1.1.0", "success")]


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
    report = go(world, "v1.1.0")
    assert (report.outcome, world.serving()) == ("done", (second, second))
    assert any("Vercel refused the promote" in text for _, text in report.timeline)


def test_a_promotion_that_is_under_way_is_waited_for(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    (build,) = world.estate.find_all("vercel", "deployment")
    asked = {"type": "promote", "jobStatus": "in-progress", "toDeploymentId": build["id"], "requestedAt": 1}
    project(world, aliasRequest=asked, looked=True)
    budget = world.budget()
    budget.sleep = lambda _s: project(world, aliasRequest={**asked, "jobStatus": "succeeded"}, serving=build["id"])
    with world.stage() as stage:
        assert stage.production.frontend is not None
        stage.production.frontend.promote(build["id"], budget)
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
    with world.stage() as stage:
        assert stage.production.frontend is not None
        stage.production.frontend.roll_back(good, budget)
    assert slept[0] > 3
    assert (world.estate.find("vercel", "project", name=FRONTEND) or {})["serving"] == good


def test_a_deploy_that_ends_by_itself_before_it_is_canceled_is_taken_back(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    with world.stage() as stage:
        real = stage.production.backend._deploys

        def then_it_ends() -> list[dict[str, Any]]:
            found = real()
            world.sleep(300)  # between the look and the cancellation
            return found

        stage.production.backend._session.client.post(
            f"{stage.production.backend._path}/deploys", {"commitId": "b" * 40}
        )
        stage.production.backend._deploys = then_it_ends  # type: ignore[method-assign]
        stage.production.backend.roll_back(good, world.budget())
    assert world.serving()[0] == good


def test_a_deploy_that_another_one_replaced_does_not_count_as_serving(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    sha = world.tagged("v1.1.0")

    def replaced(seconds: float) -> None:
        world.time[0] += seconds + 70
        for deploy in world.render.estate.deploys.values():
            if (deploy["commit"] or {}).get("id") == sha:
                deploy["status"] = "deactivated"

    with world.stage() as stage:
        budget = world.budget()
        budget.sleep = replaced
        report = release("v1.1.0", stage, budget)
    assert "another deploy took its place" in report.reason
    assert world.serving()[1] == good


def test_a_build_that_is_not_ready_yet_is_said_to_be_so(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    with world.estate.edit("vercel") as objects:
        next(one for one in objects if one["type"] == "deployment")["state"] = "BUILDING"
    (problem,) = [problem for _, problem in go(world, "v1.0.0").conditions if problem]
    assert problem == "it is BUILDING at Vercel: wait for it, then run this again"


def test_what_others_record_of_the_environment_is_passed_over(world: ReleaseWorld) -> None:
    """GitHub itself records every job that names an environment; a payload may be any text."""
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    with world.stage() as stage:
        for payload in ("", "not JSON", '"text"', {}, None):
            body = {"ref": "f" * 40, "environment": "production", "task": "deploy", "payload": payload}
            stage.repository.send("POST", "deployments", body, needs="x")
    assert back(world).tag == "v1.0.0"
    assert world.serving() == (first, first)


def test_a_payload_that_comes_back_as_text_is_understood(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    with world.estate.edit("github") as objects:
        for one in objects:
            if one["type"] == "deployment":
                one["payload"] = json.dumps(one["payload"])
    with world.stage() as stage:
        (record,) = stage.records.newest()
    assert (record.tag, record.good) == ("v1.0.0", True)


def test_two_locks_at_once_and_neither_goes_on(world: ReleaseWorld) -> None:
    """A number can be free again between the look and the taking: seen afterwards, and given up."""
    released(world, "v1.0.0")
    with world.stage() as mine:
        world.who = "run 2"
        with world.stage() as other:
            other.lock.take(3600)
        real = mine.lock.holders
        looks: list[int] = []

        def late() -> Any:
            looks.append(1)
            return [] if len(looks) == 1 else real()

        with world.estate.edit("github") as objects:
            ref = next(o for o in objects if o["type"] == "ref" and o["ref"].startswith("refs/gate/"))
            ref.update(ref="refs/gate/production/6", id="6")
        mine.lock.holders = late  # type: ignore[method-assign]
        with pytest.raises(Refused, match="another release is in progress: run 2"):
            mine.lock.take(3600)
    assert world.locks() == ["refs/gate/production/6"]


def test_the_lock_of_a_process_that_ended_is_taken_over_and_that_of_one_that_runs_is_not(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    with world.stage() as stage:
        stage.lock.take(3600)
    world.who = "run 2"
    with pytest.raises(Refused, match="another release is in progress"):
        go(world, "v1.0.0")
    world.over.add("run 1")
    assert go(world, "v1.0.0").outcome == "done"


def test_a_process_is_over_when_it_has_ended() -> None:
    own = who({})
    assert own.endswith(f"process {os.getpid()}")
    assert not is_over(own)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert is_over(own.replace(str(os.getpid()), str(child)))
    assert not is_over(who({"GITHUB_RUN_ID": "7"}))
    assert not is_over(f"someone@elsewhere, process {child}")


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
    with world.stage(smoke) as stage:
        budget = world.budget(100)
        release("v1.0.0", stage, budget)
    assert 30 < given[0] < 40  # Render took 60 of them
