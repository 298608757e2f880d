"""One release at a time, and no lock that a dead run leaves behind for ever."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.release.errors import Refused
from gate.release.stage import is_over, who
from tests.unit.gate.release_world import ReleaseWorld, release_world
from tests.unit.gate.test_release import go, released


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


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
