"""By what the gate knows what it wrote itself, so that nothing of somebody else is taken for it.

| sign | where | why nothing else is taken for it |
| --- | --- | --- |
| a deployment's payload | gate/vendors/deployments.py | `gate` is the number 1 and there is a tag: below |
| a lock's ref | gate/release/lock.py | a number after its prefix, and a note in its tag object: below |
| a delivery's branch | gate/upkeep/delivery.py | a pull request or only commits with its title: test_workflows.py |
| a comment, an issue | gate/vendors/issues.py | its text begins with the mark, and this token's own account wrote it |
| a commit status | gate/release/preconditions.py | its creator is trusted; its description is shown and never read |
| a deployment's status | gate/vendors/deployments.py | who recorded the deployment wrote it: below |
| the mark of a comment | gate/release/staging.py | its word is before the environment, which may be called preview |
| signs in values | components/configuration.py | they are refused: tests/unit/settings/test_signs.py |
| `{frontend}` in lists of addresses | components/addresses.py | a path or a port follows, or nothing: test_signs.py |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.vendors.deployments import is_ours, own_words
from tests.unit.gate.release_world import REPOSITORY, ReleaseWorld, release_world
from tests.unit.gate.test_release import go


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "payload",
    ["", "{", "[1]", {}, {"gate": "north"}, {"gate": True}, {"gate": 1}, {"gate": 2, "tag": "v1.0.0"}, {"tag": "v1"}],
)
def test_somebody_elses_deployment_is_not_ours(payload: Any) -> None:
    assert not is_ours({"payload": payload})
    assert not is_ours({"payload": json.dumps(payload)})


def test_our_deployment_is_ours_in_both_forms_that_github_answers() -> None:
    payload = {"gate": 1, "tag": "v1.0.0", "before": {}}
    assert is_ours({"payload": payload})
    assert is_ours({"payload": json.dumps(payload)})


@pytest.mark.parametrize("name", ["notes", "7", "7/old", "v1"])
def test_somebody_elses_ref_below_the_locks_neither_stops_a_release_nor_goes(world: ReleaseWorld, name: str) -> None:
    ref = f"refs/gate/production/{name}"
    tag = {
        "repository": REPOSITORY,
        "sha": "c" * 40,
        "tag": "x",
        "message": "kept by hand",
        "date": "2026-01-01T00:00:00Z",
    }
    with world.estate.edit("github") as objects:
        target = {"type": "tag", "sha": tag["sha"]}
        objects.append({**tag, "type": "annotated_tag", "id": "theirs", "object": {"type": "commit", "sha": "a" * 40}})
        objects.append({"type": "ref", "id": ref, "repository": REPOSITORY, "ref": ref, "object": target})
    world.tagged("v1.0.0")
    assert go(world, "v1.0.0").outcome == "done"
    assert world.locks() == [ref]


@pytest.mark.parametrize(("writer", "state"), [("octocat", "inactive"), ("the-gate", "overtaken")])
def test_only_who_recorded_a_release_says_that_it_was_overtaken(world: ReleaseWorld, writer: str, state: str) -> None:
    world.tagged("v1.0.0")
    assert go(world, "v1.0.0").outcome == "done"
    with world.estate.edit("github") as objects:
        (record,) = (one for one in objects if one["type"] == "deployment")
        status = {"type": "deployment_status", "id": 99, "deployment": record["id"], "state": "inactive"}
        record["creator"] = "the-gate"
        objects.append({**status, "description": "overtaken by lunch", "creator": writer, "created_at": "2026-01-01"})
    with world.environment() as environment:
        assert [one.state for one in environment.records.newest()] == [state]


@pytest.mark.parametrize(("writer", "words"), [({"login": "me"}, "rolled back: x"), ({"login": "you"}, ""), (None, "")])
def test_the_words_of_a_status_count_where_the_recorder_wrote_them(writer: Any, words: str) -> None:
    status = {"description": "rolled back: x", "creator": writer}
    assert own_words({"creator": {"login": "me"}}, status) == words
