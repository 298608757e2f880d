"""A Blueprint as data: how its text is read, which fields Render's schema has, and where its objects are."""

import json
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode

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
    loader = YAML(typ="safe", pure=True)
    loader.Constructor = _Constructor
    try:
        content = _unshared(loader.load(text))
    except YAMLError as error:
        mark, told = getattr(error, "problem_mark", None), str(getattr(error, "problem", None) or error)
        line = f"line {mark.line + 1}: " if mark else ""  # a value is not shown, it may be a secret
        raise GateError(
            f"the Blueprint is not YAML: {line}{told.splitlines()[0].partition(' with value')[0]}"
        ) from None
    if content is None:
        raise GateError("the Blueprint is empty: expected services, databases or envVarGroups")
    if found := problems(content, _FORM):
        raise GateError("this is not a Blueprint: " + "; ".join(found))
    blueprint: Json = content
    return blueprint


class _Constructor(SafeConstructor):
    """Keeps a variable's value as the text that is written."""

    def flatten_mapping(self, node: Any) -> Any:
        merged = super().flatten_mapping(node)
        for place, (key, value) in enumerate(node.value):
            if key.value in ("value", "previewValue") and isinstance(value, ScalarNode):
                text = copy(value)  # an alias of it may stand where it is a number
                text.tag = "tag:yaml.org,2002:str"
                node.value[place] = key, text
        return merged


def _unshared(content: Any) -> Any:
    """Return a copy in which two aliases of a place share nothing."""
    if isinstance(content, list):
        return [_unshared(one) for one in content]
    return {key: _unshared(value) for key, value in content.items()} if isinstance(content, dict) else content


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
