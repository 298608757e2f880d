"""One release at a time, and no lock that a dead run leaves behind for ever."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gate.common.errors import ReleaseRefused
from gate.release.lock import is_over, who
from rehearsal.vendor_api import github_actions
from tests.unit.gate.release_world import REPOSITORY, ReleaseWorld, release_world
from tests.unit.gate.test_release import go, released


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


def test_two_locks_at_once_and_neither_goes_on(world: ReleaseWorld) -> None:
    """A number can be free again between the look and the taking: seen afterwards, and given up."""
    released(world, "v1.0.0")
    with world.environment() as mine:
        world.who = "run 2"
        with world.environment() as other:
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
        with pytest.raises(ReleaseRefused, match="another release is in progress: run 2"):
            mine.lock.take(3600)
    assert world.locks() == ["refs/gate/production/6"]


def test_the_lock_of_a_process_that_ended_is_taken_over_and_that_of_one_that_runs_is_not(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    with world.environment() as environment:
        environment.lock.take(3600)
    world.who = "run 2"
    with pytest.raises(ReleaseRefused, match="another release is in progress"):
        go(world, "v1.0.0")
    world.over.add("run 1")
    assert go(world, "v1.0.0").outcome == "done"


def test_a_process_is_over_when_it_has_ended(world: ReleaseWorld) -> None:
    own = who({})
    assert own.endswith(f"process {os.getpid()}")
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    with world.environment() as environment:
        over = partial(is_over, repository=environment.repository)
        assert not over(own)
        assert over(own.replace(str(os.getpid()), str(child)))
        assert not over(f"someone@elsewhere, process {child}")


@pytest.mark.parametrize(
    ("run", "over"),
    [
        ({"status": "completed", "conclusion": "cancelled"}, True),
        ({"status": "completed", "conclusion": "success"}, True),
        ({"status": "in_progress"}, False),
        ({"status": "queued"}, False),
        (None, False),
    ],
)
def test_a_workflows_run_is_over_when_github_says_so(
    world: ReleaseWorld, run: dict[str, str] | None, over: bool
) -> None:
    if run:
        github_actions.run(world.estate, REPOSITORY, 7, **run)
    name = who({"GITHUB_RUN_ID": "7", "GITHUB_REPOSITORY": f"zebra-devops/{REPOSITORY}"})
    with world.environment() as environment:
        assert is_over(name, environment.repository) is over
        assert not is_over(name.replace(REPOSITORY, "another"), environment.repository)
