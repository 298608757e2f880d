"""A Blueprint as data: how its text is read, which fields Render's schema has, and where its objects are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import blueprint
from gate.common.errors import GateError

Json = dict[str, Any]
LISTS = ("databases", "services", "envVarGroups")
SCHEMA: Json = json.loads((Path(blueprint.__file__).parent / "blueprint.schema.json").read_text())
"""Render's published schema, of April 2026."""

# Definitions of the schema by what an object is; what runs a process shares one.
DEFINITIONS = {
    "web": "serverService",
    "pserv": "serverService",
    "worker": "serverService",
    "cron": "cronService",
    "static": "staticService",
    "keyvalue": "redisServer",
    "databases": "database",
    "envVarGroups": "envVarGroup",
}


_FORM: Json = json.loads(Path(__file__).with_name("form.schema.json").read_text())


def read(text: str) -> Json:
    """Read a Blueprint. A variable's number is kept as it is written, so that 3.10 does not become 3.1.

    Raises:
        GateError: it is no YAML, or does not have the form of a Blueprint.
    """
    try:
        typed, written = (_loader(kind).load(text) for kind in ("safe", "base"))
    except YAMLError as error:
        mark, told = getattr(error, "problem_mark", None), str(getattr(error, "problem", None) or error)
        line = f"line {mark.line + 1}: " if mark else ""  # a value is not shown, it may be a secret
        raise GateError(
            f"the Blueprint is not YAML: {line}{told.splitlines()[0].partition(' with value')[0]}"
        ) from None
    if typed is None:
        raise GateError("the Blueprint is empty: expected services, databases or envVarGroups")
    if found := problems(typed, _FORM):
        raise GateError("this is not a Blueprint: " + "; ".join(found))
    content: Json = _as_written(typed, written)
    return content


def _loader(kind: str) -> YAML:
    loader = YAML(typ=kind, pure=True)
    loader.allow_duplicate_keys = kind == "base"
    return loader


def _as_written(typed: Any, written: Any) -> Any:
    """Return a copy in which two aliases share nothing, with variables as text.

    Args:
        written: the same with every scalar as text, in which `<<` is not merged yet.
    """
    if isinstance(typed, list):
        return [_as_written(one, other) for one, other in zip(typed, written or typed, strict=True)]
    if not isinstance(typed, dict):
        return typed
    merged = written.get("<<", {}) if isinstance(written, dict) else {}
    copy: Json = {}
    for name, value in typed.items():
        other = written.get(name, merged.get(name) if isinstance(merged, dict) else None) if written else None
        is_text = name in ("value", "previewValue") and isinstance(other, str)
        copy[name] = other if is_text else _as_written(value, other)
    return copy


def parts(content: Json) -> Iterator[Json]:
    """Return every part of a Blueprint that lists objects: its top, its projects' environments, what is ungrouped."""
    yield content
    for project in content.get("projects") or ():
        yield from project.get("environments") or ()
    if content.get("ungrouped"):
        yield content["ungrouped"]


def objects(content: Json) -> Iterator[tuple[str, Json]]:
    """Return every object with the list that it is in."""
    for part in parts(content):
        for kind in LISTS:
            for one in part.get(kind) or ():
                yield kind, one


def definition(kind: str, one: Json) -> frozenset[str]:
    """Return the fields that Render's schema has for an object."""
    if kind == "services":
        kind = "static" if one.get("runtime") == "static" else str(one.get("type"))
    return frozenset(SCHEMA["definitions"][DEFINITIONS[kind]]["properties"]) if kind in DEFINITIONS else frozenset(one)


def problems(content: Any, schema: Json = SCHEMA) -> list[str]:
    """Return what a schema, by default Render's, does not accept, each with its place."""
    found = Draft202012Validator(schema).iter_errors(content)
    return [f"{'.'.join(map(str, error.absolute_path)) or 'render.yaml'}: {error.message[:200]}" for error in found]
