"""Properties as the engine's events carry them: secrets masked, values that only `up` will know, paths into them."""

import re
from collections.abc import Mapping
from typing import Any

from components.vendors import UNKNOWN
from gate.common.redaction import SECRET

_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')

Path = tuple[str | int, ...]


def parse(text: str) -> Path:
    """Parse a property path as the engine writes it, such as `rules[0].contexts` or `labels["a.b"]`."""
    return tuple(
        int(index) if index else (quoted.replace('\\"', '"') if quoted else plain)
        for quoted, index, plain in _STEP.findall(text)
    )


def at(value: Any, path: Path) -> Any:
    """Return the value at a path, secrets as SECRET, or None if there is nothing."""
    for step in path:
        if is_masked(value):
            return SECRET
        if isinstance(value, Mapping):
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return value if value == UNKNOWN else None
    return readable(value)


def readable(value: Any) -> Any:
    """Return a copy in which every masked value is SECRET."""
    if is_masked(value):
        return SECRET
    if isinstance(value, Mapping):
        return {key: readable(item) for key, item in value.items()}
    return [readable(item) for item in value] if isinstance(value, list) else value


def is_masked(value: Any) -> bool:
    """Whether the engine masked it, because it is a secret."""
    return isinstance(value, Mapping) and value.get(_SIGNATURE_KEY) == _SECRET_SIGNATURE


def holds(value: Any, what: str) -> bool:
    """Whether SECRET or UNKNOWN is the value, or in it."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return value == what or any(holds(item, what) for item in inner)


def field_of(path: Path, value: Any) -> Path:
    """Return the field of a path. A list of plain values is one field; a block with keys of its own is not."""
    while path and isinstance(path[-1], int) and not isinstance(at(value, path), Mapping):
        path = path[:-1]
    return path


def overlap(one: Path, other: Path) -> bool:
    """Whether one path is the other, or leads to it."""
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]
