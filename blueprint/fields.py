"""Compares a declared object with a live one, field by field.

Each attribute of a model that the API has too is an `api_field`: where the API reads and writes it, and
what its change brings about. Facts: Render's API reference, its recorded traffic, and the types of its own Python
client (render 1.5.0, `render.public_api`).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from blueprint.sources import Model, as_json

Json = dict[str, Any]
Reader = Callable[[Json], Any]
"""Reads a field from what the API answers."""


class DriftKind(StrEnum):
    """What happened to an object, or to a field of it."""

    CHANGED = "changed"
    """It was applied, and has another value now."""
    REPLACED = "replaced"
    """Render generated it, and it has another value now. Nobody has the earlier one, so an apply keeps the new one."""
    MISSING = "missing"
    """It was applied, and is gone. Without a field, the whole object is gone."""
    UNDECLARED = "undeclared"
    """It exists, but is neither declared nor was applied. The next apply removes it."""
    SUSPENDED = "suspended"
    """The object was suspended."""
    UNMARKED = "unmarked"
    """The object exists without a marker: this program never applied it, or somebody removed the marker."""
    NOT_APPLIED = "not applied"
    """It is declared, and no apply has written it yet. This is not drift."""


class Difference(BaseModel):
    """One difference between Render and what was applied.

    Attributes:
        field: the key that people write, such as `diskSizeGB`, `env.LOG_LEVEL`, `domains.api.example.com` or
            `fromGroup.shared`; None if the difference is about the whole object.
        kind: what happened.
        declared: what the stack file says or what was applied; None if there is nothing, or if it is not shown.
        live: what exists now; None if there is nothing, or if it is not shown. Values of variables are never shown.
    """

    model_config = ConfigDict(frozen=True)

    field: str | None = None
    kind: DriftKind
    declared: Any = None
    live: Any = None

    @property
    def is_drift(self) -> bool:
        """Whether somebody changed what was applied. Otherwise a declaration waits to be applied."""
        return self.kind not in (DriftKind.NOT_APPLIED, DriftKind.UNMARKED)


@dataclass(frozen=True, eq=False)
class ApiField:
    """One field of an object: what the model's attribute is at Render.

    Attributes:
        read: dotted path in what the API answers, or a function that reads the value from it.
        write: dotted path in what is sent; the same as `read` unless given.
        fixed: it cannot be changed after creation.
        grows: the live value may be larger than declared, because Render enlarges it; it never becomes smaller.
        deploys: a change takes effect with the next deploy.
        disrupts: a change rebuilds or restarts what runs.
        default: what an undeclared field counts as, for an object that only this program manages.
        new: what a new object gets for an undeclared field, because Render requires one.
        own_request: after creation, a request of its own changes it; see `blueprint.declared`.
        name: the model's attribute.
        label: the key that people write.
    """

    read: str | Reader
    write: str | None = None
    fixed: bool = False
    grows: bool = False
    deploys: bool = False
    disrupts: bool = False
    default: Any = None
    new: Any = None
    own_request: bool = False
    name: str = ""
    label: str = ""

    def declared(self, spec: Any) -> Any:
        """Return the declared value in the API's terms, or None if nothing is declared."""
        value = _plain(getattr(spec, self.name))
        is_open = value is None and self.default is not None and not spec.is_adopted
        return self.default if is_open else value

    def live(self, answer: Json) -> Any:
        if callable(self.read):
            return self.read(answer)
        value: Any = answer
        for step in self.read.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def compared(self, answer: Json, declared: Any) -> Any:
        """Return the live value without what Render adds to it: ids, priorities, endings."""
        return _like(declared, self.live(answer))


def api_field(read: str | Reader, write: str | None = None, *, alias: str | None = None, **how: Any) -> Any:
    """Return the default of an attribute that the API has too: None, because what is not declared stays as it is.

    Args:
        read, write, how: see ApiField.
        alias: the key that people write, if it is not the attribute's name in camel case.
    """
    info: Any = Field(None, alias=alias)
    info.metadata.append(ApiField(read, write, **how))
    return info


@cache
def fields_of(model: type[BaseModel]) -> tuple[ApiField, ...]:
    """Return the fields of a model that the API has too."""
    return tuple(
        replace(annotation, name=name, label=str(info.alias))
        for name, info in model.model_fields.items()
        for annotation in info.metadata
        if isinstance(annotation, ApiField)
    )


@dataclass(frozen=True)
class FieldChange:
    """A field whose live value is not the declared one. An apply writes it."""

    field: ApiField
    live: Any
    declared: Any

    def __str__(self) -> str:
        return f"{self.field.label}: {show(self.live)} → {show(self.declared)}"

    def as_difference(self, kind: DriftKind, declared: Any) -> Difference:
        """Return it as drift.

        Args:
            declared: what was applied, or is to be.
        """
        return Difference(field=self.field.label, kind=kind, declared=declared, live=self.live)


def show(value: Any) -> str:
    return "(none)" if value in (None, "", [], {}) else str(value)


def _plain(value: Any) -> Any:
    if hasattr(value, "api"):
        return value.api()
    if isinstance(value, Model):
        return as_json(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _like(declared: Any, live: Any) -> Any:
    """Return those parts of a live value that the declared one has too."""
    if isinstance(declared, dict) and isinstance(live, dict):
        return {key: _like(value, live.get(key)) for key, value in declared.items()}
    if isinstance(declared, list) and isinstance(live, list) and declared:
        pattern = [*declared, *[declared[-1]] * (len(live) - len(declared))]
        return [_like(wanted, found) for wanted, found in zip(pattern, live, strict=False)]
    return live


def canonical(value: Any) -> str:
    """Return one text for equal values.

    Empty and absent values are equal, because the API answers null for an empty list and omits an empty filter.
    """
    return json.dumps(_without_empty(value), sort_keys=True)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        value = {key: item for key, item in kept.items() if item is not None}
    elif isinstance(value, list):
        value = [_without_empty(item) for item in value]
    return None if value in ("", [], {}) else value


def body(values: Mapping[ApiField, Any]) -> Json:
    """Return the nested JSON that sets the given fields."""
    result: Json = {}
    for field, value in values.items():
        *path, last = (field.write or str(field.read)).split(".")
        target = result
        for step in path:
            target = target.setdefault(step, {})
        target[last] = value
    return result
