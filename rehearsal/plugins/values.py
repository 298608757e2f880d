"""Property values as the engine sends them: plain Python data, with `Secret` and `UNKNOWN` marked."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime import rpc

UNKNOWN: str = rpc.UNKNOWN

Properties = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A value that the engine must encrypt in its state. Its representation never shows it."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change each item of a dict or a list. Any other value stays as it is."""
    if isinstance(value, dict):
        return {name: change(item) for name, item in value.items()}
    return [change(item) for item in value] if isinstance(value, list) else value


def from_struct(struct: Struct) -> Properties:
    """Return what the engine sent. A whole number becomes an int, because every number of a Struct is a float."""
    return {name: _received(value) for name, value in MessageToDict(struct).items()}


def _received(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict) and rpc.is_rpc_secret(value):
        return Secret(_received(rpc.unwrap_rpc_secret(value)))
    return _each(value, _received)


def to_struct(properties: Mapping[str, Any]) -> Struct:
    """Return what the engine is sent, without properties that are None."""
    struct = Struct()
    struct.update(_sendable(dict(properties)))
    return struct


def _sendable(value: Any) -> Any:
    if isinstance(value, Secret):
        return rpc.wrap_rpc_secret(_sendable(value.value))
    if isinstance(value, dict):
        value = {name: item for name, item in value.items() if item is not None}
    return _each(value, _sendable)


def plain(value: Any) -> Any:
    """Return the value with every secret unwrapped."""
    return plain(value.value) if isinstance(value, Secret) else _each(value, plain)


def seal_like(value: Any, model: Any) -> Any:
    """Return the value with a secret in each place where `model` has one."""
    match model:
        case Secret():
            return Secret(plain(value))
        case dict() if isinstance(value, dict):
            return {name: seal_like(item, model.get(name)) for name, item in value.items()}
        case list() if isinstance(value, list) and len(value) == len(model):
            return [seal_like(item, like) for item, like in zip(value, model, strict=True)]
        case list() if any(isinstance(item, Secret) for item in model):
            return Secret(plain(value))
        case _:
            return value


def has_unknown(value: Any) -> bool:
    """Whether the engine does not know a part of the value yet."""
    return UNKNOWN in str(plain(value))


def same(old: Any, new: Any, *, in_any_order: bool) -> bool:
    """Whether two values are the same to a provider. What the engine does not know yet is never the same."""
    if has_unknown(new):
        return False
    if not is_given(old) and not is_given(new):
        return True
    if in_any_order and isinstance(old, list) and isinstance(new, list):
        return sorted(map(canonical, old)) == sorted(map(canonical, new))
    return canonical(old) == canonical(new)


def is_given(value: Any) -> bool:
    """Whether a value counts as given. To most providers absent, empty, zero and false are the same."""
    if isinstance(value, dict):
        return any(is_given(item) for item in value.values())
    return bool(value)


def canonical(value: Any) -> str:
    """Return a text by which values are sorted and compared: a number and its text are the same."""
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True)
    return str(value).lower() if isinstance(value, bool) else str(value)


def values_at(properties: Mapping[str, Any], path: list[str]) -> Iterator[Any]:
    """Yield what is given at a path. In a list, look in each item."""
    head, *rest = path
    inner = properties.get(head)
    for item in inner if isinstance(inner, list) else [inner]:
        if rest and isinstance(item, dict):
            yield from values_at(item, rest)
        elif not rest and item is not None:
            yield item


def set_default(properties: Properties, path: list[str], value: Any) -> None:
    """Set a property by its path unless it is given. In a list, set it in each item."""
    head, *rest = path
    inner = properties.get(head)
    if not rest and inner is None:
        properties[head] = value
    for item in inner if isinstance(inner, list) else [inner]:
        if rest and isinstance(item, dict):
            set_default(item, rest, value)
