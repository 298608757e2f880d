"""A Blueprint as data: how its text is read, which fields Render's schema has, and where its objects are."""

from __future__ import annotations

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


def read(text: str) -> Json:
    """Read a Blueprint. A variable's number is kept as it is written, so that 3.10 does not become 3.1.

    Raises: GateError where it is no YAML mapping.
    """
    try:
        typed, written = (_loader(kind).load(text) for kind in ("safe", "base"))
    except YAMLError as error:
        raise GateError(f"the Blueprint is not YAML: {error}") from None
    if not isinstance(typed, dict):
        raise GateError("the Blueprint holds no services, databases or envVarGroups: expected a render.yaml")
    _keep_as_written(typed, written)
    return typed


def _loader(kind: str) -> YAML:
    loader = YAML(typ=kind, pure=True)
    loader.allow_duplicate_keys = True
    return loader


def _keep_as_written(typed: Any, written: Any) -> None:
    """Args: written: the same with every scalar as text, where a `<<` is not merged yet."""
    if isinstance(typed, list):
        for one, other in zip(typed, written or typed, strict=True):
            _keep_as_written(one, other)
    elif isinstance(typed, dict):
        merged = written.get("<<", {}) if isinstance(written, dict) else {}
        for name, value in typed.items():
            other = written.get(name, merged.get(name) if isinstance(merged, dict) else None)
            if name in ("value", "previewValue") and isinstance(other, str):
                typed[name] = other
            else:
                _keep_as_written(value, other)


def parts(content: Json) -> Iterator[Json]:
    """Every part of a Blueprint that lists objects: its top, the environments of its projects, what is ungrouped."""
    yield content
    for project in content.get("projects") or ():
        yield from project.get("environments") or ()
    if content.get("ungrouped"):
        yield content["ungrouped"]


def objects(content: Json) -> Iterator[tuple[str, Json]]:
    """Every object with the list that it is in."""
    for part in parts(content):
        for kind in LISTS:
            for one in part.get(kind) or ():
                yield kind, one


def definition(kind: str, one: Json) -> frozenset[str]:
    """The fields that Render's schema has for an object."""
    if kind == "services":
        kind = "static" if one.get("runtime") == "static" else str(one.get("type"))
    return frozenset(SCHEMA["definitions"][DEFINITIONS[kind]]["properties"]) if kind in DEFINITIONS else frozenset(one)


def problems(content: Json) -> list[str]:
    """What Render's schema does not take, each with its place."""
    found = Draft202012Validator(SCHEMA).iter_errors(content)
    return [f"{'.'.join(map(str, error.absolute_path)) or 'render.yaml'}: {error.message[:200]}" for error in found]
