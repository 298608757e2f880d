"""Translates a stack's Render section to a Blueprint, and tells what a Blueprint cannot say."""

from typing import Any

import yaml

from blueprint.sources import as_json
from components.render_settings import Render
from gate.blueprints.document import LISTS, SCHEMA, Json, definition, objects, parts, problems
from gate.common.errors import GateError

HEADER = "# yaml-language-server: $schema=https://render.com/schema/render.yaml.json\n"
SHORTHANDS = {"database": "databases", "keyValue": "services", "service": "services", "envGroup": "envVarGroups"}
DEFAULT_REGION = "oregon"
"""Where Render puts an object for which a Blueprint names no region."""
TELL_WHEN_EMPTY = frozenset({"ipAllowList", "readReplicas", "envVars"})
OURS = frozenset({"ownership", "takeOver", "recreate", "environment"})
"""Keys of this program that mean nothing in a Blueprint."""


def blueprint_of(render: Render) -> tuple[Json, list[str]]:
    """Return the Blueprint of a section, and what has to be said of it.

    Raises:
        GateError: Render's schema would not accept it.
    """
    content, notes = as_json(render), list[str]()
    region = content.pop("region")
    content.pop("backend", None)
    for single, name in SHORTHANDS.items():
        if single in content:
            content.setdefault(name, []).append(content.pop(single))
    content.setdefault("services", []).extend(content.pop("otherServices", []))
    for part in parts(content):
        for kind in LISTS:
            if kind in part:
                part[kind] = [one for one in part[kind] if not _is_only_named(one)]
    for kind, one in objects(content):
        _object(kind, one, region, notes)
    for project in content.get("projects", ()):
        for key in OURS & project.keys():
            del project[key]
    content = _without_empty(content)
    if found := problems(content):
        raise GateError("Render's schema does not take what this stack declares: " + "; ".join(found))
    return content, notes


def text_of(content: Json) -> str:
    """Return the Blueprint as the file that editors know."""
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def _is_only_named(one: Json) -> bool:
    """Whether it is something that this stack refers to and does not describe."""
    said = {key for key, value in one.items() if value not in ([], False)}
    return one.get("ownership") != "exact" and said <= {"name", "type", "ownership"}


def _object(kind: str, one: Json, region: str, notes: list[str]) -> None:
    name = one["name"]
    if one.get("ownership") == "adopted":
        notes.append(f"{name}: adopted here, of which only a part is managed; a Blueprint manages all of it")
    known = definition(kind, one)
    if "region" in known and region != DEFAULT_REGION:
        one.setdefault("region", region)
    for holder, key in ((one, "plan"), (one, "previewPlan"), (one.get("previews", {}), "plan")):
        if key in holder:
            _plan(kind, name, holder, key, notes)
    if "maxmemoryPolicy" in one:
        one["maxmemoryPolicy"] = one["maxmemoryPolicy"].replace("_", "-")
    if "highAvailability" in one:
        one["highAvailability"] = {"enabled": one["highAvailability"]}
    for key in sorted(one.keys() - known):
        if key not in OURS and one[key] != []:
            notes.append(f"{name}.{key}: left out: a Blueprint has no such field")
        del one[key]
    if "envVars" in one:
        one["envVars"] = [_variable(name, variable, notes) for variable in one["envVars"]]


def _plan(kind: str, name: str, holder: Json, key: str, notes: list[str]) -> None:
    plan = holder[key].replace("_", "-" if kind == "databases" else " ")
    if plan in SCHEMA["definitions"]["plan"]["enum"]:
        holder[key] = plan
    else:
        del holder[key]
        notes.append(f"{name}.{key}: {plan} is not in Render's published schema; left out, so Render keeps what it has")


def _variable(holder: str, variable: Json, notes: list[str]) -> Json:
    key = variable.get("key")
    if "fromKeyValue" in variable:
        return {"key": key, "fromService": {"type": "keyvalue", **variable["fromKeyValue"]}}
    if "fromOutput" in variable:
        notes.append(f"{holder}: this program sets {key} from {variable['fromOutput']}; a Blueprint asks for it")
    return {"key": key, "sync": False} if {"fromSecret", "fromOutput"} & variable.keys() else variable


def _without_empty(content: Any) -> Any:
    """Return the content without lists that say nothing. An empty ipAllowList or readReplicas means something."""
    if isinstance(content, list):
        return [_without_empty(one) for one in content]
    if not isinstance(content, dict):
        return content
    inner = {key: _without_empty(value) for key, value in content.items()}
    return {key: value for key, value in inner.items() if value not in ([], {}) or key in TELL_WHEN_EMPTY}
