"""Turns the steps of a preview into findings: what drifted, what was declared and not applied, what only follows."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pulumi.automation.events import OpType

from components.render_documents import NEW_CONTENTS
from components.vendors import OVERRIDDEN, PUBLIC_VARIABLES, UNKNOWN
from gate.changes import render_findings as render
from gate.changes.drift import OTHER_RECORD, Finding, FindingKind
from gate.changes.preview import Operation, PlannedChange
from gate.common.redaction import SECRET
from gate.stack import names
from gate.stack.steps import Preview, Steps
from gate.stack.values import Path, at, holds, readable
from gate.vendors.kinds import VendorObject

Dependencies = Mapping[str, Mapping[str, list[str]]]
"""By URN and property, the URNs of the resources that the property's value comes from."""

EXISTS, MISSING = "exists", "does not exist"
_STAMPS = ("remoteUpdatedAt", "updatedAt")


def find(preview: Preview, dependencies: Dependencies) -> tuple[list[Finding], list[VendorObject]]:
    """Return the findings, and the objects that would be changed only because of another one's finding."""
    by_object = [(steps, _essential(found)) for steps, found in of_objects(preview, dependencies)]
    findings = [finding for _, found in by_object for finding in found]
    follow_ups = [object_of(steps) for steps, found in by_object if not found]
    if not findings:
        # Something the program declares beside the vendors' objects, such as a provider or a component of its own.
        findings = [_whole(steps) for steps in preview.changing]
        follow_ups = []
    return sorted(findings, key=_order), sorted(follow_ups, key=str)


def overridden(outputs: Mapping[str, Any]) -> Iterator[Finding]:
    """Return variables of which the program found another record that wins: it is no object of the stack."""
    for key, record in (readable(outputs.get(OVERRIDDEN)) or {}).items():
        subject = VendorObject(vendor="Vercel", type="variable", name=key)
        live = f"another record wins ({record}), which is bound to the branch"
        yield Finding(kind=FindingKind.DRIFT, object=subject, field=OTHER_RECORD, declared="none", live=live)


def of_objects(preview: Preview, dependencies: Dependencies) -> list[tuple[Steps, list[Finding]]]:
    """Return every object that `up` would change, with its findings; none if it only follows another one."""
    unsettled = {steps.urn for steps in preview.changing if steps.leaves_open}
    return [
        (steps, list(_of(steps, dependencies.get(steps.urn, {}), unsettled, _public(preview, steps))))
        for steps in preview.changing
        if _is_object(steps)
    ]


def _essential(found: list[Finding]) -> list[Finding]:
    """Return what a check for drift says of an object.

    It leaves out what is in an object that was never applied. It also leaves out that a service takes up what its group
    holds, because the group has findings of its own.
    """
    if whole := [one for one in found if one.field is None and one.kind == FindingKind.NOT_APPLIED]:
        return whole
    return [one for one in found if (one.declared, one.live) != NEW_CONTENTS]


def _order(finding: Finding) -> tuple[FindingKind, str, str]:
    return finding.kind, str(finding.object), finding.field or ""


def _is_object(steps: Steps) -> bool:
    states = [state for state in (steps.planned and steps.planned.old, steps.planned and steps.planned.new) if state]
    return any(state.custom for state in states) and not names.type_of(steps.urn).startswith("pulumi:")


def _public(preview: Preview, steps: Steps) -> tuple[Any, Any]:
    """Return the public value of a variable, which its provider hides: as declared now, and as declared last.

    Its component has it among its own inputs. If that has none, it is SECRET.
    """
    key, component = (steps.declared or steps.last_declared).get("key"), preview.resources.get(steps.parent)
    sides = (component.declared, component.last_declared) if component else ({}, {})
    now, before = ((side.get(PUBLIC_VARIABLES) or {}).get(key, SECRET) for side in sides)
    return readable(now), readable(before)


def _of(
    steps: Steps, dependencies: Mapping[str, list[str]], unsettled: set[str], public: tuple[Any, Any]
) -> Iterator[Finding]:
    assert steps.planned is not None
    if steps.planned.op in (OpType.CREATE, OpType.IMPORT, OpType.DELETE):
        yield _whole(steps)
        yield from render.met(steps, object_of(steps))
        yield from _value(steps, public)
    elif names.is_command(steps.urn):
        follows = any(urn in unsettled for urn in dependencies.get("stdin", []))
        yield from render.find(steps, object_of(steps), follows=follows)
    else:
        for path in steps.changed_fields():
            comes_from = dependencies.get(str(path[0]), [])
            if finding := _field(steps, path, follows=any(urn in unsettled for urn in comes_from)):
                shown = _shown(finding, public) if path == ("value",) else finding
                if shown.declared != UNKNOWN:
                    yield shown


def _shown(finding: Finding, public: tuple[Any, Any]) -> Finding:
    """Return a value that only its provider makes a secret, if it is known.

    A live one that somebody set is not known.
    """
    declared, before = public
    if finding.declared != SECRET or SECRET in public:
        return finding
    live = "another value, which the provider hides" if finding.kind == FindingKind.DRIFT else before
    return finding.model_copy(update={"declared": declared, "live": live})


def _value(steps: Steps, public: tuple[Any, Any]) -> Iterator[Finding]:
    """Return the value of a variable that is added or removed."""
    assert steps.planned is not None
    sides = [at(side, ("value",)) for side in (steps.declared, steps.live)]
    if steps.is_gone or names.is_command(steps.urn) or sides == [None, None]:
        return
    known = (public[0], SECRET if steps.met_changed(("value",)) else public[1])
    sides = [told if side == SECRET else side for side, told in zip(sides, known, strict=True)]
    if UNKNOWN not in sides:
        subject = object_of(steps)
        yield Finding(kind=FindingKind.NOT_APPLIED, object=subject, field="value", declared=sides[0], live=sides[1])


def _whole(steps: Steps) -> Finding:
    assert steps.planned is not None
    kind = FindingKind.DRIFT if steps.is_gone else FindingKind.NOT_APPLIED
    declared, live = (MISSING, EXISTS) if steps.planned.op == OpType.DELETE else (EXISTS, MISSING)
    if steps.planned.op not in (OpType.CREATE, OpType.IMPORT, OpType.DELETE):
        declared, live = "changed", "as last applied"
    return Finding(kind=kind, object=object_of(steps), field=None, declared=declared, live=live)


def _field(steps: Steps, path: Path, *, follows: bool) -> Finding | None:
    """Return None for a value that only follows from another resource's change, and is known after that."""
    declared, live = at(steps.declared, path), at(steps.live, path)
    drifted = steps.met_changed(path)
    unknown = holds(declared, UNKNOWN)
    if not drifted and (unknown or (follows and holds(declared, SECRET))):
        return None
    if unknown:
        declared = at(steps.last_declared, path)
    if holds(declared, SECRET) or holds(live, SECRET):
        # What is a secret on one side would stand in clear on the other.
        declared = live = SECRET
    subject = object_of(steps)
    field = names.field(subject.vendor, path, {**steps.live, **steps.declared})
    if path[0] in _STAMPS:
        # A secret cannot be read: that it was written to is all that a vendor tells.
        field, declared, live = "value", SECRET, SECRET
    return Finding(
        kind=FindingKind.DRIFT if drifted else FindingKind.NOT_APPLIED,
        object=subject,
        field=field,
        declared=declared,
        live=live,
        since=_since(steps) if drifted else None,
    )


def change_of(steps: Steps, findings: list[Finding]) -> PlannedChange:
    """Return what `up` would do to one object, as people say it: an existing object at Render is adopted."""
    assert steps.planned is not None
    operation = Operation(steps.planned.op.value)
    there = names.is_command(steps.urn) and any(one.field for one in findings)
    return PlannedChange(
        operation=Operation.IMPORT if operation == Operation.CREATE and there else operation,
        object=object_of(steps),
        findings=findings,
        adopted=names.is_command(steps.urn) and render.fields_of(steps).get("ownership") == "adopted",
    )


def object_of(steps: Steps) -> VendorObject:
    """Return the object that the resource stands for."""
    return names.vendor_object(steps.urn, steps.last_declared or steps.declared, steps.outputs_before)


def _since(steps: Steps) -> datetime | None:
    """Return the vendor's time of the last change, if it keeps one that is newer than the last `up`."""
    for key in _STAMPS:
        now: Any = steps.met_outputs.get(key)
        if now and now != steps.outputs_before.get(key):
            try:
                return datetime.fromisoformat(str(now))
            except ValueError:
                continue
    return None
