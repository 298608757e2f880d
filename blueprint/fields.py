"""How a declared object and a live one compare: one row a field, naming where the API reads and writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic.alias_generators import to_camel

from blueprint.drift import Difference
from blueprint.spec import AllowedAddress, Model

_KEYS = {"disk_size_gb": "diskSizeGB"}
"""Keys that are not the camelCase form of their attribute."""


@dataclass(frozen=True)
class Field:
    """One field of an object.

    Attributes:
        name: attribute of the model; users see it in camelCase, as in the Blueprint.
        read: dotted path in what the API answers.
        write: dotted path in what is sent; the same as `read` unless given.
        fixed: cannot be changed after creation.
        deploys: takes effect with the next deploy only.
    """

    name: str
    read: str
    write: str | None = None
    fixed: bool = False
    deploys: bool = False

    @property
    def label(self) -> str:
        """The key that people write."""
        return _KEYS.get(self.name, to_camel(self.name))

    def declared(self, spec: Model) -> Any:
        """What is declared, in the API's own terms; None where nothing is declared."""
        return _plain(getattr(spec, self.name))

    def live(self, answer: dict[str, Any]) -> Any:
        value: Any = answer
        for step in self.read.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True)
class Change:
    """A field whose live value is not the declared one: what an apply writes."""

    field: Field
    live: Any
    declared: Any

    def __str__(self) -> str:
        return f"{self.field.label}: {show(self.live)} → {show(self.declared)}"


def show(value: Any) -> str:
    return "(none)" if value in (None, "", [], {}) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, AllowedAddress):  # what the Blueprint calls source, the API calls cidrBlock
        return {"cidrBlock": value.source, "description": value.description}
    if isinstance(value, Model):
        return value.model_dump(by_alias=True)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def canonical(value: Any) -> str:
    """One text for equal values. Empty and absent are equal: the API answers null for an empty list and leaves out
    an empty filter."""
    return json.dumps(_without_empty(value), sort_keys=True)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        value = {key: item for key, item in kept.items() if item is not None}
    elif isinstance(value, list):
        value = [_without_empty(item) for item in value]
    return None if value in ("", [], {}) else value


def differences(fields: Iterable[Field], spec: Model, answer: dict[str, Any]) -> list[Change]:
    """Every declared field whose live value is another one."""
    found = [Change(field, field.live(answer), field.declared(spec)) for field in fields]
    return [d for d in found if d.declared is not None and canonical(d.declared) != canonical(d.live)]


def body(values: Iterable[tuple[Field, Any]]) -> dict[str, Any]:
    """The nested JSON that sets the given fields."""
    result: dict[str, Any] = {}
    for field, value in values:
        *path, last = (field.write or field.read).split(".")
        target = result
        for step in path:
            target = target.setdefault(step, {})
        target[last] = value
    return result


def creation(fields: Iterable[Field], spec: Model) -> dict[str, Any]:
    """The nested JSON that creates the declared object, without its name and owner."""
    return body((f, f.declared(spec)) for f in fields if f.declared(spec) not in (None, ""))


def observed(live: dict[str, Any] | None, drift: list[Difference]) -> dict[str, Any]:
    """What a look reports of one object. updatedAt: Render's time of its last change, as far as Render keeps it."""
    found = live or {}
    return {
        "id": found.get("id"),
        "exists": live is not None,
        "updatedAt": found.get("updatedAt"),
        "drift": [one.model_dump(mode="json") for one in drift],
    }
