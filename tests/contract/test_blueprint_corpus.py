"""Blueprints in the manner of public ones: each loads, converges, drifts visibly, and comes out as it went in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.errors import Refused
from blueprint.fields import ApiField
from blueprint.kinds import Kind, kind_of
from blueprint.objects import Object
from blueprint.spec import Document
from gate.blueprints.document import problems, read
from gate.blueprints.exporting import blueprint_of, text_of
from gate.blueprints.importing import translate
from tests.contract.blueprint_corpus import FILES, Json, account, document, imported, section

pytestmark = pytest.mark.rounds


def test_there_are_enough_of_them() -> None:
    assert len(FILES) >= 40


@pytest.mark.parametrize("as_recorded", [False, True], ids=["now", "as recorded"])
@pytest.mark.parametrize("name", FILES)
def test_it_converges_and_stays(name: str, as_recorded: bool) -> None:
    declared, render = document(section(imported(name))), account(as_recorded=as_recorded)
    render.apply(declared)
    found = render.observe(declared)

    assert {one: report["drift"] for part in found.values() for one, report in part.items() if report["drift"]} == {}
    render.apply(declared)
    assert render.writes() == []


@pytest.mark.parametrize("name", FILES)
def test_it_is_exported_as_render_takes_it_and_imports_to_the_same(name: str) -> None:
    render = section(imported(name))
    content, _ = blueprint_of(render)
    again = read(text_of(content))

    assert problems(again) == []
    assert section(translate(again, {})) == render


# Drift, field by field

OTHER: dict[str, Any] = {
    # Another value that Render has, where not just anything will do.
    "region": "virginia",
    "postgresMajorVersion": "13",
    "maxmemoryPolicy": "volatile_ttl",
    "persistenceMode": "snapshot",
    "runtime": "rust",
    "previews": {"generation": "manual"},
    "renderSubdomainPolicy": "enabled",
    "autoDeployTrigger": "checksPass",
    "readReplicas": [{"id": "dpg-0123456789abcdefghij-z", "name": "theirs"}],
    "ipAllowList": [{"cidrBlock": "192.0.2.0/24", "description": "theirs"}],
    "buildFilter": {"paths": ["theirs"], "ignoredPaths": []},
    "disk": {"id": "dsk-1", "name": "theirs", "mountPath": "/theirs", "sizeGB": 1},
    "scaling": {
        "enabled": True,
        "min": 7,
        "max": 9,
        "criteria": {
            "cpu": {"enabled": True, "percentage": 11},
            "memory": {"enabled": False, "percentage": 70},
        },
    },
    "maintenanceMode": {"enabled": True, "uri": ""},
}
ABSENT = object()
NO_REPOSITORY = {"repo", "branch", "rootDir", "buildFilter", "autoDeployTrigger"}
PLANS = {"databases": "pro_32gb", "keyValues": "pro", "services": "pro_ultra"}
TABLES = {"databases": "postgres", "keyValues": "key_values", "services": "services"}


def another(kind: Kind, field: ApiField, value: Any) -> Any:
    """A value that is not the declared one."""
    if field.label == "plan":
        return PLANS[kind.section]
    if field.label == "autoDeployTrigger" and value == "checksPass":
        return "off"
    if field.grows:
        return value - 5
    if value in ("rust", "virginia"):
        return {"rust": "go", "virginia": "ohio"}[value]
    if field.label in OTHER:
        return OTHER[field.label]
    return not value if isinstance(value, bool) else value + 5 if isinstance(value, int) else "theirs"


def edits(declared: Document, estate: Any) -> Iterator[tuple[str, str, Json, str, Any]]:
    """Every field that can be edited behind one's back: object, field, what holds it, its key, its new value."""
    specs: list[Object] = [*declared.databases, *declared.services]
    for spec in specs:
        kind = kind_of(spec)
        row = estate.find(TABLES[kind.section], spec.name)
        for field in kind.fields:
            value = field.declared(spec)
            if value is None or not isinstance(field.read, str) or field.label in ("environment", "headers", "routes"):
                continue
            *path, key = field.read.split(".")
            holder = row
            for step in path:
                holder = holder[step]
            if field.label == "runtime" and value in ("docker", "image"):
                continue
            if field.label in NO_REPOSITORY and getattr(spec, "runtime", None) == "image":
                continue
            yield spec.name, field.label, holder, key, another(kind, field, value)


@pytest.mark.parametrize("name", FILES)
def test_whatever_is_changed_behind_its_back_is_found(name: str) -> None:
    declared, render = document(section(imported(name))), account()
    render.apply(declared)
    missed = []
    for owner, label, holder, key, value in edits(declared, render.estate):
        before = holder.get(key, ABSENT)
        holder[key] = value
        try:
            found = {name: drift for name, drift in render.drift(declared).items() if name == owner}
        except Refused as refused:
            found = {owner: [str(refused)]}
        if not any(label in line for line in found.get(owner, [])):
            missed.append(f"{owner}.{label} = {value}: {found}")
        if before is ABSENT:
            del holder[key]
        else:
            holder[key] = before

    assert missed == []
    assert render.drift(declared) == {}
