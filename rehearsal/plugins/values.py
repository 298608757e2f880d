"""Property values as the engine sends them: plain Python data, with `Secret` and `UNKNOWN` marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime import rpc

UNKNOWN: str = rpc.UNKNOWN

Properties = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A value that the engine must encrypt in its state. Its representation never shows it."""

    value: Any

    def __repr__(self) -> str:
        return "Secret(…)"


def from_struct(struct: Struct) -> Properties:
    return {name: _from_value(value) for name, value in struct.fields.items()}


def _from_value(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = from_struct(value.struct_value)
            return Secret(rpc.unwrap_rpc_secret(fields)) if rpc.is_rpc_secret(fields) else fields
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
        case "number_value":
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def to_struct(properties: Mapping[str, Any]) -> Struct:
    struct = Struct()
    struct.update({name: _sendable(value) for name, value in properties.items() if value is not None})
    return struct


def _sendable(value: Any) -> Any:
    match value:
        case Secret(value=inner):
            return rpc.wrap_rpc_secret(_sendable(inner))
        case dict():
            return {name: _sendable(item) for name, item in value.items() if item is not None}
        case list():
            return [_sendable(item) for item in value]
        case _:
            return value


def plain(value: Any) -> Any:
    """Return the value with every secret unwrapped."""
    match value:
        case Secret(value=inner):
            return plain(inner)
        case dict():
            return {name: plain(item) for name, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case _:
            return value


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
    match value:
        case Secret(value=inner):
            return has_unknown(inner)
        case dict():
            return any(has_unknown(item) for item in value.values())
        case list():
            return any(has_unknown(item) for item in value)
        case _:
            return bool(value == UNKNOWN)
