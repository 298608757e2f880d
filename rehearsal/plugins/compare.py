"""Decides whether declared inputs differ from the last known state, by the rules of a resource type."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .resource_type import ResourceType
from .values import UNKNOWN, has_unknown


@dataclass(frozen=True)
class Change:
    path: str
    """The path as the engine writes it, with list indices."""
    kind: Literal["add", "delete", "update"]
    replace: bool


def changes(spec: ResourceType, state: Mapping[str, Any], declared: Mapping[str, Any]) -> list[Change]:
    found = list(_object_changes(spec, state, {name: declared.get(name) for name in declared}, "", ""))
    if spec.stamp and state.get(spec.stamp[0]) != state.get(spec.stamp[1]):
        found.append(Change(spec.stamp[0], "update", replace=False))
    return found


def _object_changes(
    spec: ResourceType, old: Mapping[str, Any], new: Mapping[str, Any], path: str, shown: str
) -> Iterator[Change]:
    names = set(spec.inputs.fields) if not path else old.keys() | new.keys()
    for name in sorted(names):
        inner, label = (f"{path}.{name}", f"{shown}.{name}") if path else (name, name)
        if new.get(name) is not None:
            yield from _value_changes(spec, old.get(name), new[name], inner, label)
        elif not spec.hides(inner) and _means_something(old.get(name)):
            yield Change(label, "delete", inner in spec.replaces)


def _value_changes(spec: ResourceType, old: Any, new: Any, path: str, shown: str) -> Iterator[Change]:
    match old, new:
        case dict(), dict():
            yield from _object_changes(spec, old, new, path, shown)
        case list(), list() if len(old) == len(new) and all(isinstance(item, dict) for item in old + new):
            if path in spec.sets:
                old, new = sorted(old, key=_canonical), sorted(new, key=_canonical)
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from _value_changes(spec, before, after, path, f"{shown}[{index}]")
        case _:
            if not _same(old, new, in_any_order=path in spec.sets):
                kind: Literal["add", "update"] = "update" if _means_something(old) else "add"
                yield Change(shown, kind, path in spec.replaces)


def _same(old: Any, new: Any, *, in_any_order: bool) -> bool:
    if has_unknown(new):
        return False
    if not _means_something(old) and not _means_something(new):
        return True
    if in_any_order and isinstance(old, list) and isinstance(new, list):
        return sorted(map(_canonical, old)) == sorted(map(_canonical, new))
    return _canonical(old) == _canonical(new)


def _means_something(value: Any) -> bool:
    """Whether a value counts as not given. To most providers absent, empty, zero and false are the same."""
    if isinstance(value, list):
        return bool(value)
    if isinstance(value, dict):
        return any(_means_something(item) for item in value.values())
    return value == UNKNOWN or bool(value)


def _canonical(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return str(value).lower() if isinstance(value, bool) else str(value)
