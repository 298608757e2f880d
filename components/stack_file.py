"""Reads a project's stack files as the Pulumi CLI reads them, so that `gate` sees what the program sees.

The CLI reads YAML with gopkg.in/yaml.v3 and writes every value again as JSON: `off`, `yes` and `12:30:45` are text to
it, `02134` is octal, `1e3` is 1000, a date becomes a time. If that changes what was written, `StackConfig.changed` says
so. Tried with the CLI, 3.210.
"""

import base64
import codecs
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

PLAIN = "plain"
"""Tag of a value without quotes and without a tag of its own."""
_MOST = 1_000_000
"""Nodes that a text may stand for once its aliases are followed."""


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc] # libyaml, of which the CLI's is a port
    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> Any:
        return PLAIN if kind is yaml.ScalarNode and implicit[0] else super().resolve(kind, value, implicit)


def compose(text: str) -> yaml.Node | None:
    """Return the first document of a text, or None if it has none.

    Raises:
        yaml.YAMLError: it cannot be read.
        RecursionError: an anchor holds itself.
    """
    loader = _Loader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()
    if node is not None and _size(node, {}) > _MOST:
        raise yaml.MarkedYAMLError(problem="its aliases stand for too much", problem_mark=node.start_mark)
    return node


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Count the nodes below one. Each alias counts as what it stands for.

    Args:
        known: counts, by the node's id.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        pairs = node.value if isinstance(node, yaml.MappingNode) else [[one] for one in node.value]
        known[id(node)] = 1 + sum(_size(inner, known) for pair in pairs for inner in pair)
    return known[id(node)]


Steps = tuple[str | int, ...]
WITH_A_TIME = " with a time"
"""After a date: what Pulumi makes of it depends on its form."""


class StackFileError(ValueError):
    """A file cannot be read. The text is one line with the file, the line number if there is one, and what is wrong."""


@dataclass(frozen=True)
class Changed:
    """A value without quotes that Pulumi reads as something else.

    Attributes:
        path: from the key of the configuration on.
    """

    path: Steps
    written: str
    read: str


class StackConfig(dict[str, str]):
    """Every key with its value as text: objects as JSON, without what Pulumi encrypted.

    Attributes:
        changed: what Pulumi does not read as it is written.
        secret_keys: keys that are, or hold, something encrypted.
        secrets: the entries of an object in which something is encrypted, by key: whether each is encrypted, or None
            for an entry that is empty.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changed: list[Changed] = []
        self.secret_keys: set[str] = set()
        self.secrets: dict[str, dict[str, bool | None]] = {}


def names(folder: Path = Path()) -> list[str]:
    """Return the stacks that have a file in a project's folder.

    Raises:
        StackFileError: the folder cannot be read.
    """
    place, suffix = _place(folder)
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(suffix) for path in place.glob(f"Pulumi.*{suffix}"))


def locate(name: str, folder: Path = Path()) -> Path:
    """Return a stack's file.

    Args:
        name: a stack, or organization/project/stack.

    Raises:
        StackFileError: there is no such file.
    """
    place, suffix = _place(folder)
    return place / f"Pulumi.{name.rpartition('/')[2]}{suffix}"


def required_version(folder: Path = Path()) -> str:
    """Return the versions of the CLI that a project's file requires; empty if it requires none.

    Raises:
        StackFileError: the file cannot be read.
    """
    project = _project(folder)
    return str(_plain(_document(project).get("requiredPulumiVersion")) or "") if project else ""


def _place(folder: Path) -> tuple[Path, str]:
    project = _project(folder)
    content = _document(project) if project else {}
    given = content.get("stackConfigDir") or (content.get("config") if isinstance(content.get("config"), str) else None)
    return folder / str(given or ""), project.suffix if project else ".yaml"


def _project(folder: Path) -> Path | None:
    return next((path for suffix in (".yaml", ".yml") if (path := folder / f"Pulumi{suffix}").is_file()), None)


def read(path: Path, folder: Path | None = None) -> StackConfig:
    """Return a stack's configuration: its file's, and what the project's file says for every stack.

    Args:
        folder: the project's; by default that of the file.

    Raises:
        StackFileError: a file cannot be read.
    """
    found = StackConfig()
    project = _project(folder or path.parent)
    shared = _document(project) if project else {}
    name = str(shared.get("name", ""))
    own = _document(path).get("config")
    if not isinstance(own, dict) and _plain(own) is not None:
        raise StackFileError(f"{path}: config: expected keys with values")
    for section in (_project_values(shared), own if isinstance(own, dict) else {}):
        for key, value in section.items():
            full = key.replace(":config:", ":", 1) if ":" in key else f"{name}:{key}"
            found.changed = [one for one in found.changed if one.path[0] != full]
            _add(found, full, value)
    return found


def _project_values(content: dict[str, Any]) -> dict[str, Any]:
    """Return a value of `config` in Pulumi.yaml, which may be an object with `value` or `default`."""
    config = content.get("config")
    if not isinstance(config, dict):
        return {}
    values = {k: v.get("value", v.get("default")) if isinstance(v, dict) else v for k, v in config.items()}
    return {key: value for key, value in values.items() if value is not None}


def _add(found: StackConfig, key: str, value: Any) -> None:
    found.pop(key, None)
    if _encrypted(value):
        found.secret_keys.add(key)
    elif _holds_encrypted(value):
        found.secret_keys.add(key)
        entries = value.items() if isinstance(value, dict) else ()
        found.secrets[key] = {name: None if _plain(v) in (None, "") else _encrypted(v) for name, v in entries}
    else:
        found.changed += _changed((key,), value)
        plain = _plain(value)
        found[key] = plain if isinstance(plain, str) else "" if plain is None else json.dumps(plain)


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and list(value) == ["secure"] and isinstance(value["secure"], str)


def _holds_encrypted(value: Any) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return _encrypted(value) or any(map(_holds_encrypted, inner))


@dataclass(frozen=True)
class _Scalar:
    """A value without quotes.

    Attributes:
        read: what Pulumi makes of it.
    """

    written: str
    read: Any = field(compare=False)

    @property
    def as_text(self) -> str:
        return self.read if isinstance(self.read, str) else json.dumps(self.read)


def _plain(value: Any) -> Any:
    if isinstance(value, _Scalar):
        return value.read
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _changed(path: Steps, value: Any) -> Iterator[Changed]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _changed((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _changed((*path, index), inner)
    elif isinstance(value, _Scalar) and value.read is not None and value.as_text != value.written:
        yield Changed(path, value.written, value.as_text)


def _document(path: Path) -> dict[str, Any]:
    """Return the content of a file, with a `_Scalar` for each value without quotes."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
        node = compose(text)
        content = _value(node, path) if node else {}
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise StackFileError(f"{path}:{line}: not UTF-8 text: save the file in this encoding") from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise StackFileError(f"{path}:{line}: a character that YAML does not allow: {chr(error.character)!r}") from None
    except yaml.MarkedYAMLError as error:
        mark, said = error.problem_mark or error.context_mark, ", ".join(filter(None, (error.context, error.problem)))
        raise StackFileError(f"{path}:{mark.line + 1 if mark else 1}: {said}") from None
    except RecursionError:
        raise StackFileError(f"{path}: nested too deeply, or an anchor that holds itself") from None
    if isinstance(content, _Scalar) and content.read is None:
        return {}
    if not isinstance(content, dict):
        raise StackFileError(f"{path}:1: expected keys with values, such as config:")
    return content


def _value(node: yaml.Node, path: Path) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path)
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner, path) for inner in node.value]
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind == "binary":
        return _Scalar(node.value, base64.b64decode(node.value).decode(errors="replace"))
    if kind not in (PLAIN, "int", "float", "bool", "null", "timestamp"):
        return node.value
    found = _read(node.value)
    return _text(node.value) if isinstance(found, str) else _Scalar(node.value, found)


def _mapping(node: yaml.MappingNode, path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    lines: dict[str, int] = {}
    merged: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _plain(_value(key_node, path))
        key = key if isinstance(key, str) else json.dumps(key)
        line = key_node.start_mark.line + 1
        if key == "<<":
            inner = _value(value_node, path)
            for one in inner if isinstance(inner, list) else [inner]:
                if not isinstance(one, dict):
                    raise StackFileError(f"{path}:{line}: << takes keys with values, or a list of such")
                merged = one | merged
        elif key in lines:
            raise StackFileError(f"{path}:{line}: the key {key} is written twice, first in line {lines[key]}")
        else:
            lines[key], found[key] = line, _value(value_node, path)
    return merged | found


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {text: text.lower() == "true" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CLOCK = r"\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?"
_DATE = re.compile(rf"\d{{4}}-\d{{1,2}}-\d{{1,2}}( +{_CLOCK}|[Tt]{_CLOCK}(Z|[-+]\d\d:\d\d))?")


def _read(plain: str) -> Any:
    """Return what yaml.v3 makes of a value without quotes (its resolve.go)."""
    if plain in _NULL:
        return None
    if plain in _BOOL:
        return _BOOL[plain]
    if not re.match(r"[-+.0-9]", plain) or _NOT_A_NUMBER.fullmatch(plain):
        return plain
    digits = plain.replace("_", "")
    if found := _INTEGER.fullmatch(digits):
        whole = int(found[1] + _based(found[2]), 0)
        if -(2**63) <= whole < 2**63:
            return whole
        digits = str(float(whole))
    if _FLOAT.fullmatch(digits) and math.isfinite(number := float(digits)):
        return int(Decimal(repr(number))) if number.is_integer() and abs(number) < 1e21 else number
    return plain


def _based(digits: str) -> str:
    """Return a number as Python writes an octal one."""
    return f"0o{digits.lstrip('0oO') or '0'}" if re.match(r"0[oO]?[0-7]", digits) else digits


def _text(plain: str) -> Any:
    """Return a text, or what only looks like one: a date gets a time, and the CLI fails on what is not a number."""
    if _is_date(plain):
        return _Scalar(plain, f"{plain}{WITH_A_TIME}")
    return _Scalar(plain, "no value at all") if _NOT_A_NUMBER.fullmatch(plain) else plain


def _is_date(plain: str) -> bool:
    """Whether it is a date in one of the forms that yaml.v3 knows (its parseTimestamp), and in the calendar."""
    try:
        return bool(_DATE.fullmatch(plain) and datetime(*map(int, re.findall(r"\d+", plain)[:6])))  # type: ignore[arg-type]
    except ValueError:
        return False
