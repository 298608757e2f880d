"""Reads what a stack's last `up` left, from an export whose secrets stay encrypted. It needs no passphrase."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pulumi import automation

from components.vendors import LABELS
from gate.report.estate import ManagedObject, Missing, State
from gate.report.links import Places
from gate.stack import names
from gate.stack.project import run, said


def read(workspace: automation.LocalWorkspace, stack: str, places: Places) -> State | Missing:
    """Return the state, or why there is none."""
    try:
        content = json.loads(run(workspace, "stack", "export", "--stack", stack))
    except automation.CommandError as error:
        if "no stack named" in str(error):
            return Missing(f"there is no stack {stack} in this backend: it was never up", trouble=False)
        return Missing(f"the state cannot be read: {said(error)}")
    except ValueError:
        return Missing("the state cannot be read: the export is not JSON")
    return of(content.get("deployment") or {}, places)


def of(deployment: Mapping[str, Any], places: Places) -> State | Missing:
    """Return what an export's deployment tells."""
    resources = deployment.get("resources") or []
    if not resources:
        return Missing("the stack exists, and was never up", trouble=False)
    outputs = next((one.get("outputs") or {} for one in resources if one["type"] == "pulumi:pulumi:Stack"), {})
    objects = [_object(one, places) for one in resources if one.get("custom") and _is_of_a_vendor(one["type"])]
    return State(
        objects=sorted(objects, key=_order),
        phase=_text(outputs.get("phase")),
        updated=_time((deployment.get("manifest") or {}).get("time")),
        frontend_url=_text(outputs.get("frontendUrl")),
        backend_url=_text(outputs.get("backendUrl")),
        records=[(r["name"], r["type"], _text(r["target"])) for r in outputs.get("dnsRecords") or []],
        pending=len(deployment.get("pending_operations") or []),
        expiries=dict(_expiries(resources)),
        warnings=[_text(one) for one in outputs.get("warnings") or [] if _text(one)],
    )


def _expiries(resources: list[dict[str, Any]]) -> Iterator[tuple[str, datetime]]:
    """Return what the commands reported of databases that Render will delete."""
    for one in resources:
        try:
            report = json.loads((one.get("outputs") or {}).get("stdout") or "{}")
        except (TypeError, ValueError):  # another command's
            continue
        databases = report.get("databases") if isinstance(report, dict) else None
        for name, database in (databases or {}).items():
            if moment := _time(database.get("expiresAt")):
                yield name, moment


def _is_of_a_vendor(type_: str) -> bool:
    return not type_.startswith("pulumi:")


def _object(resource: Mapping[str, Any], places: Places) -> ManagedObject:
    outputs = resource.get("outputs") or {}
    thing = names.vendor_object(resource["urn"], resource.get("inputs") or {}, outputs)
    address = places.of(resource["type"], outputs)
    return ManagedObject(thing, address, bool(resource.get("protect")), _time(resource.get("modified")))


def _order(one: ManagedObject) -> tuple[int, str, str]:
    vendor = one.thing.vendor
    return LABELS.index(vendor) if vendor in LABELS else len(LABELS), one.thing.type, one.thing.name


def _text(value: object) -> str:
    """Return a value, unless it is a secret: in an export that is an object, and no text."""
    return value if isinstance(value, str) else ""


def _time(text: object) -> datetime | None:
    """Return a time. Go writes nanoseconds."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
