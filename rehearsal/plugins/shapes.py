"""Reads from an SDK which properties a resource takes, their types, and which of them are required."""

import enum
import inspect
import re
import sys
import typing
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pulumi

from .values import UNKNOWN

_PLUMBING = {"resource_name", "id", "opts", "self", "__self__"}
_SCALARS: Mapping[Any, str] = {str: "string", bool: "boolean", int: "number", float: "number"}


@dataclass(frozen=True)
class Shape:
    """What a property may hold: `fields` and `required` of an object, `element` of a list or a map."""

    kind: str = "any"
    element: "Shape | None" = None
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()


@cache
def inputs_of(args: Any) -> Shape:
    """Return the shape of an SDK's `…Args` class."""
    scope = vars(sys.modules[args.__module__])
    hints = typing.get_type_hints(args.__init__, scope, {"Output": pulumi.Output, "T": Any})
    parameters = [p for p in inspect.signature(args.__init__).parameters.values() if p.name not in _PLUMBING]
    return Shape(
        kind="object",
        fields={camel(p.name): _shape(hints[p.name]) for p in parameters},
        required=frozenset(camel(p.name) for p in parameters if p.default is inspect.Parameter.empty),
    )


@cache
def properties_of(resource: Any) -> frozenset[str]:
    """Return every property that a resource of the SDK can have, inputs and outputs, except its id."""
    return frozenset(camel(name) for name in inspect.signature(resource.get).parameters if name not in _PLUMBING)


def camel(name: str) -> str:
    """Return the name of a property in the SDK's schema, for its name in Python or in a REST API."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def _shape(hint: Any) -> Shape:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Union:
        wanted = [
            a for a in arguments if a is not type(None) and typing.get_origin(a) not in (Awaitable, pulumi.Output)
        ]
        return _shape(wanted[0]) if len(wanted) == 1 else Shape()
    if origin is Sequence:
        return Shape("list", element=_shape(arguments[0]))
    if origin is Mapping:
        return Shape("map", element=_shape(arguments[1]))
    if hint in _SCALARS:
        return Shape(_SCALARS[hint])
    if inspect.isclass(hint) and issubclass(hint, enum.Enum):
        return Shape("string")
    return inputs_of(hint) if getattr(hint, "__name__", "").endswith("Args") else Shape()


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "any": lambda value: True,
    "object": lambda value: isinstance(value, dict),
    "map": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str | int | float),
    "boolean": lambda value: isinstance(value, bool) or value in ("true", "false"),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}


def problems(shape: Shape, value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each place where the value does not fit its shape, with the reason."""
    if value is None or value == UNKNOWN:
        return
    if not _FITS[shape.kind](value):
        yield path, f"expected {shape.kind}, got {type(value).__name__}"
    elif shape.kind == "object":
        prefix = f"{path}." if path else ""
        for name in sorted(shape.required - {name for name, item in value.items() if item is not None}):
            yield prefix + name, f"Missing required argument. The argument {name!r} is required, but was not set."
        for name, item in value.items():
            if name in shape.fields:
                yield from problems(shape.fields[name], item, prefix + name)
            else:
                yield prefix + name, "Invalid or unknown key"
    elif shape.element:
        places = value.items() if shape.kind == "map" else enumerate(value)
        for place, item in places:
            yield from problems(shape.element, item, f"{path}.{place}" if shape.kind == "map" else f"{path}[{place}]")
