"""Every declared field of every object at GitHub, Auth0 and Vercel, edited by hand: found, worded, and put right.

The objects are those of the staging stack that `tests/e2e/states` holds. A provider's refresh and its plan are asked as
the engine asks them. Render's edits have tables of their own: tests/unit/blueprint/test_observe.py, tests/changes.py.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gate.changes.drift import Finding, FindingKind
from gate.changes.findings import find
from rehearsal.plugins import Estate
from rehearsal.plugins.catalog import make_provider
from rehearsal.plugins.provider import Provider
from rehearsal.plugins.values import Secret
from tests.unit.gate import events as e
from tests.unit.gate.events import read
from tests.unit.gate.stack import CREDENTIALS

SAVED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "e2e" / "states" / "staging-at-8d9a647.json").read_text(encoding="utf-8")
)
UNFOUND = {
    "an object's name, its repository, its project or its environment": "an object under another name is another one: "
    "the declared one is then found to be deleted",
    "ProjectDomain waitForReady": "how the provider waits; nothing at Vercel",
    "Branch sourceBranch": "where a branch was made from is kept nowhere afterwards",
    "ActionsEnvironmentSecret value": "cannot be read; that somebody wrote to it is found by its time",
    "ProjectEnvironmentVariable sensitive": "Vercel makes no variable readable again; only a new one is another",
    "a `sync: false` variable at Render": "whoever keeps it there may change it: only that it exists is checked",
}
"""What a look cannot find, and why."""
_IDENTITY = {
    *("repository", "environment", "branch", "sourceBranch", "pattern", "repositoryId", "variableName", "secretName"),
    *("key", "projectId", "clientId", "domain", "waitForReady", "sensitive"),
}
_PACKAGES = ("github", "auth0", "vercel")
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Edit:
    """One field of one object, or the object itself, which is then deleted."""

    resource: int
    path: Path_ = ()

    @property
    def of(self) -> dict[str, Any]:
        found: dict[str, Any] = SAVED["state"]["deployment"]["resources"][self.resource]
        return found

    def __str__(self) -> str:
        kind, name = self.of["type"].rpartition(":")[2], self.of["urn"].rpartition("::")[2]
        return f"{kind} {name} {'.'.join(map(str, self.path)) or '(deleted)'}"


def edits() -> Iterator[Edit]:
    for index, one in enumerate(SAVED["state"]["deployment"]["resources"]):
        if one.get("custom") and one["type"].partition(":")[0] in _PACKAGES:
            if "ClientCredentials" not in one["type"]:  # goes with its application
                yield Edit(index)
            inputs = {key: value for key, value in one["inputs"].items() if not key.startswith("__")}
            yield from (Edit(index, path) for path in _leaves(inputs) if path[0] not in _IDENTITY)


def _leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, dict) and "plaintext" not in value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path


def _another(value: Any) -> Any:
    """Another value of the same sort."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return [*value, "stranger.example.com"] if isinstance(value, list) else f"{value}-edited"


def _opened(value: Any) -> Any:
    """The state's secrets as the plugins have them."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return Secret(json.loads(value["plaintext"]))
        return {key: _opened(inner) for key, inner in value.items() if not key.startswith("__")}
    return [_opened(item) for item in value] if isinstance(value, list) else value


def _shown(value: Any) -> Any:
    """As the engine's events have them."""
    if isinstance(value, Secret):
        return e.MASKED
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


class World:
    """The vendors, and the provider of one object."""

    def __init__(self, folder: Path, edit: Edit) -> None:
        self.estate, self.edit, self.one = Estate(folder), edit, edit.of
        for file, objects in copy.deepcopy(SAVED["vendors"]).items():
            with self.estate.edit(file.removesuffix(".json")) as present:
                present[:] = objects
        self.vendor = self.one["type"].partition(":")[0]
        self.provider: Provider = make_provider(self.vendor, str(folder))
        self.provider.configure({})
        self.spec = self.provider.resource_type(self.one["type"])
        self.state, self.inputs = _opened(self.one["outputs"]), _opened(self.one["inputs"])

    def edit_by_hand(self) -> None:
        with self.estate.edit(self.vendor) as objects:
            found = self.spec.with_id(objects, self.one["id"])
            assert found is not None
            if not self.edit.path:
                objects.remove(found)
                return
            *path, last = self.edit.path
            holder: Any = found
            for step in path:
                holder = holder[step]
            if self.spec.type == "environment_secret":
                found["remoteUpdatedAt"] = "2030-01-01T00:00:00+00:00"
            else:
                holder[last] = _another(holder.get(last))

    def look(self) -> list[Finding]:
        """What the gate says of a refresh and of the plan that follows."""
        name = self.one["urn"].split("::", 2)[2]
        declared = e.state(name, _shown(self.inputs), _shown(self.state))
        met = self.provider.read(self.spec, self.one["id"], self.state, self.inputs)
        if met is None:
            return find(read([*e.step("refresh", name, declared, None), *e.step("create", name, None, declared)]), {})[
                0
            ]
        _, self.state, inputs = met
        changes = self.provider.diff(self.spec, self.state, self.inputs, self.inputs)
        live, paths = e.state(name, _shown(inputs), _shown(self.state)), tuple(one.path for one in changes)
        planned = e.step("update", name, live, declared, paths) if changes else e.step("same", name, live, live)
        return find(read([*e.step("refresh", name, declared, live, paths), *planned]), {})[0]

    def heal(self) -> None:
        urn = self.one["urn"]
        self.state = self.provider.update(self.spec, self.one["id"], urn, self.state, self.inputs, False)


EDITS = list(edits())


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("edit", EDITS, ids=str)
def test_it_is_found_worded_and_put_right(edit: Edit, tmp_path: Path) -> None:
    world = World(tmp_path, edit)
    assert world.look() == []
    world.edit_by_hand()
    found = world.look()
    assert {one.kind for one in found} == {FindingKind.DRIFT}
    assert all(one.shown_field and one.values[0] for one in found)
    if not edit.path:
        assert [(one.field, one.live) for one in found] == [(None, "does not exist")]
        return
    word = str(edit.path[-1]) if edit.path[0] != "value" else "value"
    assert any(_same_word(word, str(one.field)) for one in found), [one.field for one in found]
    if edit.path == ("value",) and isinstance(world.inputs["value"], Secret):
        assert {(one.declared, one.live) for one in found} == {("[secret]", "[secret]")}
    world.heal()
    assert world.look() == []


def _same_word(name: str, field: str) -> bool:
    return name.lower() in field.replace("_", "").lower()


def test_the_table_is_long_enough_and_names_what_cannot_be_found() -> None:
    assert len(EDITS) >= 60
    assert all(reason for reason in UNFOUND.values())
