"""Findings about Render objects, which Pulumi knows as commands: the reasons in their environment, their documents.

The contract with `components.render`: a command whose object drifted has RENDER_DRIFT in its environment (the reasons
between `; `, and in brackets when that was); otherwise its environment is what it was. Reasons are worded by `render`:
`plan: free → starter` (declared → live), or what happened to something whose value is not shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from blueprint import datastores, services
from components.render import DRIFT
from components.render import SECRET as SECRET_VARIABLE
from gate.changes.drift_report import Finding, Kind, Thing
from gate.common.redaction import SECRET
from gate.stack.steps import Steps
from gate.stack.values import UNKNOWN, at, holds

_FIELDS = sorted(
    {field.label for field in (*datastores.POSTGRES.fields, *datastores.KEY_VALUE.fields, *services.FIELDS)}
)
_EVENT = r"(?P<what>env\.\S+|domain \S+|group .+?) (?P<event>\w+) outside Pulumi"
_DIFFERENCE = rf"(?P<field>{'|'.join(_FIELDS)}): (?P<declared>.*?) → (?P<live>.*)"
_OTHERS = r"suspended outside Pulumi|never applied by this program|does not exist|missing at"
_JOINT = re.compile(rf"; (?=env\.\S+ \w+ outside|domain |group |(?:{'|'.join(_FIELDS)}): |{_OTHERS})")
"""Between two reasons. A value may hold the same characters, but is not followed by the start of a reason."""


def find(steps: Steps, thing: Thing, *, follows: bool) -> Iterator[Finding]:
    """What is to be said of one command that would run again; nothing where it merely follows another one.

    Args: follows: whether its document uses what a changing command reports.
    """
    before, now = at(steps.last_declared, ("environment",)) or {}, at(steps.declared, ("environment",)) or {}
    # The reasons of the last drift stay in the state: only new ones are about what is live now.
    if (text := now.get(DRIFT)) and text != before.get(DRIFT):
        reasons, since, seen = split(text)
        for reason in reasons:
            yield drift(reason, thing, since, seen)
    yield from _not_applied(steps, thing, follows=follows)


_TIMES = re.compile(r" \(last changed (?P<since>\S+), seen (?P<seen>\S+)\)$")


def split(text: str) -> tuple[list[str], datetime | None, datetime | None]:
    """The single reasons, when the object was last changed as far as Render knows, and when drift was seen."""
    times = _TIMES.search(text)
    if times is None:
        return _JOINT.split(text), None, None
    return _JOINT.split(text[: times.start()]), _time(times["since"]), _time(times["seen"])


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def drift(reason: str, thing: Thing, since: datetime | None, seen: datetime | None) -> Finding:
    """One reason as a finding."""
    field: str | None = None
    declared, live = "as last applied", reason.removesuffix(" outside Pulumi")
    if match := re.fullmatch(_DIFFERENCE, reason, re.DOTALL):
        field, declared, live = match["field"], match["declared"], match["live"]
    elif match := re.fullmatch(_EVENT, reason):
        field, live = match["what"], match["event"]
        declared = {"added": "not declared", "linked": "not declared"}.get(live, declared)
    elif "exist" in reason or reason.startswith("missing"):
        declared, live = "exists", "does not exist"
    return Finding(kind=Kind.DRIFT, object=thing, field=field, declared=declared, live=live, since=since, seen=seen)


def _not_applied(steps: Steps, thing: Thing, *, follows: bool) -> Iterator[Finding]:
    """What changed in the declaration since the last apply, where both documents can be read."""
    assert steps.planned is not None
    changed = {str(path[0]) for path in steps.changed_fields()} - {"environment"}
    yield from _secrets(steps, thing)
    for key in sorted(changed - {"stdin"}):
        yield _changed(thing, key, at(steps.declared, (key,)), at(steps.last_declared, (key,)))
    if "stdin" not in changed:
        return
    declared, applied = at(steps.declared, ("stdin",)), at(steps.last_declared, ("stdin",))
    masked = SECRET in (declared, applied)
    if holds(declared, UNKNOWN) or (masked and follows):
        return  # known when the other command has run
    if masked:
        yield _changed(thing, "variables and settings", SECRET, SECRET)
        return
    old, new = _fields(applied), _fields(declared)
    for field in sorted(old.keys() | new.keys()):
        if old.get(field) != new.get(field):
            yield _changed(thing, field, new.get(field), old.get(field))


def _secrets(steps: Steps, thing: Thing) -> Iterator[Finding]:
    """A secret variable is a variable of the command, of which nothing but the name is to be seen."""
    names = [str(path[1]) for path in steps.changed_fields() if path[0] == "environment" and len(path) > 1]
    for name in names:
        if name.startswith(SECRET_VARIABLE):
            there = [at(side, ("environment", name)) and SECRET for side in (steps.declared, steps.last_declared)]
            yield _changed(thing, f"env.{name.removeprefix(SECRET_VARIABLE)}", *there)


def _changed(thing: Thing, field: str, declared: Any, applied: Any) -> Finding:
    return Finding(kind=Kind.NOT_APPLIED, object=thing, field=field, declared=declared, live=applied)


def _fields(text: Any) -> dict[str, Any]:
    """The declared fields of a document's one object; its variables by key, without what it knows of other objects."""
    document: Mapping[str, Any] = json.loads(text or "{}")
    fields: dict[str, Any] = {}
    for section, objects in document.items():
        if section == "known":
            continue
        for one in objects:
            for name, value in one.items():
                if name == "envVars":
                    fields |= {_variable(variable): variable.get("value", variable) for variable in value}
                else:
                    fields[name] = value
    return fields


def _variable(variable: Mapping[str, Any]) -> str:
    return f"env.{variable['key']}" if "key" in variable else f"group {variable.get('fromGroup')}"
