"""What a run finds that was killed, interrupted, or could not go back; and which release the last good one is."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.client import RenderClient
from components.accounts.api import Api, VendorError
from gate.common.errors import ReleaseRefused
from gate.common.signals import interruptible
from gate.release.records import Records
from gate.release.release import release
from gate.release.report import ReleaseReport
from gate.release.rollback import rollback
from tests.unit.gate.release_world import REPOSITORY, ReleaseWorld, Verdict, release_world
from tests.unit.gate.test_release import back, go, project, released

pytestmark = pytest.mark.rounds


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


class Killed(BaseException):
    """As kill -9: nothing of the run comes after it."""


def killed_at(monkeypatch: pytest.MonkeyPatch, run: Callable[[], ReleaseReport], nth: int) -> bool:
    """A run that dies after its n-th write at any vendor was carried out. Answers whether it got that far."""
    written = [0]

    def counting(real: Callable[..., Any], writes: Callable[..., bool]) -> Callable[..., Any]:
        def call(self: object, method: str, path: str, *args: Any, **options: Any) -> Any:
            if written[0] >= nth:
                raise Killed
            answer = real(self, method, path, *args, **options)
            written[0] += writes(method)
            if written[0] >= nth:
                raise Killed
            return answer

        return call

    with monkeypatch.context() as patch:
        for owner, name in ((Api, "_read"), (RenderClient, "_retry")):
            patch.setattr(owner, name, counting(getattr(owner, name), lambda method: method != "GET"))
        try:
            run()
        except Killed:
            return True
    return False


@pytest.mark.parametrize("nth", range(1, 12))
def test_killed_after_any_write_a_rerun_ends_the_same_release(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    released(world, "v1.0.0")
    sha = world.tagged("v1.1.0")
    before = len([w for w in world.writes() if w.endswith("/deploys")])
    killed_at(monkeypatch, lambda: go(world, "v1.1.0"), nth)
    world.sleep(30)
    assert go(world, "v1.1.0").outcome == "done"
    assert world.serving() == (sha, sha)
    assert len([w for w in world.writes() if w.endswith("/deploys")]) == before + 1
    assert world.locks() == []
    assert [state for task, tag, state in world.states() if tag == "v1.1.0"][-1] == "success"


@pytest.mark.parametrize("nth", range(3, 7))
def test_killed_after_any_write_a_rollback_goes_back_to_what_served(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    killed_at(monkeypatch, lambda: go(world, "v1.1.0"), nth)
    assert world.states()[-1] in [("deploy", "v1.1.0", state) for state in ("", "in_progress")]
    with world.environment() as environment:
        assert rollback(None, environment, world.budget(600)).outcome == "done"
    world.sleep(300)
    assert world.serving() == (good, good)
    assert not any(state == "in_progress" for _, _, state in world.states())


def test_interrupted_by_hand_it_rolls_back(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    asked: list[int] = []

    def smoke(_seconds: float) -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return Verdict(passed=True)

    with world.environment(smoke) as environment:
        report = release("v1.1.0", environment, world.budget())
    assert (report.outcome, report.reason) == ("rolled back", "interrupted")
    assert world.serving() == (good, good)


def test_a_release_that_was_gone_back_from_is_no_last_good_one(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    assert back(world).tag == "v1.0.0"
    with pytest.raises(ReleaseRefused, match="no earlier good release is on record"):
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
    killed_at(monkeypatch, lambda: back(world), nth)
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
    killed_at(monkeypatch, lambda: go(world, "v1.1.0"), nth)
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
    assert killed_at(monkeypatch, lambda: go(world, "v1.1.0"), 6)  # Render deploys it, Vercel does not yet
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
    killed_at(monkeypatch, lambda: go(world, "v1.1.0"), 5)
    released(world, "v1.2.0")
    released(world, "v1.3.0")
    assert back(world).tag == "v1.2.0"


def test_a_rollback_that_fails_ends_no_other_record_and_is_tried_again(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    assert killed_at(monkeypatch, lambda: go(world, "v1.1.0"), 6)
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

    with world.environment(smoke) as environment, interruptible():
        report = release("v1.1.0", environment, world.budget())
    assert (report.outcome, report.reason, len(asked)) == ("rolled back", "interrupted", 2)
    assert any("finishing this step first" in line for line in world.said)
    assert world.serving() == (good, good)


def test_an_interrupted_rollback_ends_as_a_rollback(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")

    def smoke(_seconds: float) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return Verdict(passed=True)

    with world.environment(smoke) as environment:
        report = rollback(None, environment, world.budget(600))
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


def canceled(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, nth: int) -> None:
    """A workflow's run that GitHub ends ten seconds after somebody canceled it."""
    world.who = f"run 1 of zebra-devops/{REPOSITORY}"
    killed_at(monkeypatch, lambda: go(world, "v1.1.0"), nth)
    world.sleep(10)


@pytest.mark.parametrize("nth", range(1, 10))
@pytest.mark.parametrize("kept", [None, 1])
def test_the_step_that_runs_on_cancellation_restores_within_ten_minutes(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, nth: int, kept: int | None
) -> None:
    """With a deploy of four minutes, also where Render no longer has the build. GitHub gives the step five minutes."""
    good = released(world, "v1.0.0")
    world.render.estate.deploy_seconds = 240
    world.render.estate.builds_kept = kept
    world.tagged("v1.1.0")
    canceled(world, monkeypatch, nth)
    began = world.time[0]
    with world.environment() as environment:
        report = rollback(None, environment, world.budget(600), leaving="v1.1.0")
    assert report.outcome in ("done", "refused")  # refused where nothing of the release serves or is under way
    assert world.time[0] - began < 290
    world.sleep(300)
    assert world.serving() == (good, good)


def test_after_a_canceled_run_a_person_takes_over_as_soon_as_github_says_it_ended(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    canceled(world, monkeypatch, 6)
    run = world.who
    world.who = "somebody@machine, process 7"
    with pytest.raises(ReleaseRefused, match="another release is in progress"):
        back(world)
    world.over.add(run)
    assert back(world).outcome == "done"
    assert world.serving() == (good, good)


def test_only_the_release_that_is_named_is_taken_back(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    released(world, "v1.1.0")
    newest = released(world, "v1.2.0")
    before = world.writes(), world.states()
    with world.environment() as environment:
        report = rollback(None, environment, world.budget(600), leaving="v1.1.0")
    assert (report.outcome, report.exit_code) == ("refused", 1)
    assert report.headline == "rollback of v1.1.0: refused (v1.2.0 serves, not v1.1.0; nothing was changed)"
    assert (world.writes(), world.states()) == before
    assert world.serving() == (newest, newest)
    with world.environment() as environment:
        assert rollback(None, environment, world.budget(600), leaving="v1.2.0").tag == "v1.1.0"
        assert rollback(None, environment, world.budget(600), leaving="v1.2.0").outcome == "refused"


def test_a_release_that_was_rolled_back_is_not_brought_back_by_its_workflow(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    released(world, "v1.1.0")
    back(world)
    before = world.writes(), world.states()
    report = go(world, "v1.1.0")
    assert (report.outcome, report.exit_code) == ("refused", 1)
    assert any("it was rolled back to v1.0.0" in problem for _title, problem in report.conditions)
    assert (world.writes(), world.states()) == before


def test_a_tag_asks_for_a_rollback_once(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    with world.environment() as environment:
        assert rollback("v1.0.0", environment, world.budget(600), asked="v1.0.0-rollback").outcome == "done"
    assert world.serving() == (first, first)
    third = released(world, "v1.2.0")
    with world.environment() as environment:
        assert rollback("v1.0.0", environment, world.budget(600), asked="v1.0.0-rollback").outcome == "refused"
    assert world.serving() == (third, third)


def test_a_rollback_that_ends_half_way_says_which_half_serves_what(world: ReleaseWorld) -> None:
    """Render has no build of the earlier release, and cannot build it any more."""
    good = released(world, "v1.0.0")
    bad = released(world, "v1.1.0")
    world.render.estate.builds_kept = 1
    world.render.estate.bad_commits.add(good)
    report = back(world)
    assert (report.outcome, report.exit_code) == ("failed", 4)
    assert world.serving() == (bad, good)
    assert report.advice[:3] == [
        f"Render serves v1.1.0 ({bad[:7]}); it should serve v1.0.0 ({good[:7]})",
        f"Vercel serves v1.0.0 ({good[:7]}), as it should",
        "To finish it: python -m gate rollback --env production",
    ]
    world.render.estate.bad_commits.clear()
    assert back(world).outcome == "done"
    assert world.serving() == (good, good)


def test_a_rollback_that_ends_half_way_while_github_does_not_answer_has_failed(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not refused, because something was changed. What serves is said without the tags of GitHub's records."""
    good = released(world, "v1.0.0")
    world.unhealthy |= {good, world.tagged("v1.1.0")}
    real = Records.newest
    asked: list[int] = []

    def newest(records: Records) -> Any:
        asked.append(1)
        if len(asked) > 2:  # a release reads them twice before it changes anything
            raise VendorError("GitHub did not answer")
        return real(records)

    monkeypatch.setattr(Records, "newest", newest)
    report = go(world, "v1.1.0")
    assert (report.outcome, report.exit_code, len(asked)) == ("failed", 4, 3)
    assert report.advice[1:5] == [
        f"Render serves {good[:7]}, as it should",
        f"Vercel serves {good[:7]}, as it should",
        "To finish it: python -m gate rollback --env production",
        "By hand:",
    ]
