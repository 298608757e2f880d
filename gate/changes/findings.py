"""Turns the steps of a preview into findings: what drifted, what was declared and not applied, what only follows.

To Pulumi an object at Render is a command: its findings are read from the command's environment and its document, by
the contract of `components.render_documents`. A document is public; a secret in it is the name of a variable.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pulumi.automation.events import OpType

from blueprint.fields import DriftKind as Event
from components.consequences import NOT_DECLARED
from components.render_documents import DRIFT, NEW_CONTENTS, FoundDifference, differences, fields, load
from components.vendors import OVERRIDDEN, PUBLIC_VARIABLES, UNKNOWN
from gate.changes.drift import OTHER_RECORD, Finding, FindingKind
from gate.changes.preview import Operation, PlannedChange
from gate.common.redaction import SECRET
from gate.stack import names
from gate.stack.names import VendorObject
from gate.stack.steps import Preview, Properties, Steps
from gate.stack.values import Path, at, holds, readable

Dependencies = Mapping[str, Mapping[str, list[str]]]
"""By URN and property, the URNs of the resources that the property's value comes from."""

EXISTS, MISSING = "exists", "does not exist"
_STAMPS = ("remoteUpdatedAt", "updatedAt")
_WHOLE = (OpType.CREATE, OpType.IMPORT, OpType.DELETE)
"""Operations on an object as a whole."""


def find(preview: Preview, dependencies: Dependencies) -> tuple[list[Finding], list[VendorObject]]:
    """Return the findings, and the objects that would be changed only because of another one's finding."""
    by_object = [(steps, _essential(found)) for steps, found in of_objects(preview, dependencies)]
    findings = [finding for _, found in by_object for finding in found]
    follow_ups = [object_of(steps) for steps, found in by_object if not found]
    if not findings:
        # Something the program declares beside the vendors' objects, such as a provider or a component of its own.
        findings, follow_ups = [_whole(steps) for steps in preview.changing], []
    findings.sort(key=lambda one: (one.kind, str(one.object), one.field or ""))
    return findings, sorted(follow_ups, key=str)


def of_objects(preview: Preview, dependencies: Dependencies) -> list[tuple[Steps, list[Finding]]]:
    """Return every object that `up` would change, with its findings; none if it only follows another one."""
    unsettled = {steps.urn for steps in preview.changing if steps.leaves_open}
    return [
        (steps, list(_of(steps, dependencies.get(steps.urn, {}), unsettled, _public(preview, steps))))
        for steps in preview.changing
        if steps.is_custom and not names.type_of(steps.urn).startswith("pulumi:")
    ]


def change_of(steps: Steps, findings: list[Finding]) -> PlannedChange:
    """Return what `up` would do to one object, as people say it: an existing object at Render is adopted."""
    operation, is_command = Operation(steps.operation or OpType.UPDATE), names.is_command(steps.urn)
    if operation == Operation.CREATE and is_command and any(one.field for one in findings):
        operation = Operation.IMPORT
    adopted = is_command and fields_of(steps).get("ownership") == "adopted"
    return PlannedChange(operation=operation, object=object_of(steps), findings=findings, adopted=adopted)


def object_of(steps: Steps) -> VendorObject:
    """Return the object that the resource stands for."""
    return names.vendor_object(steps.urn, steps.last_declared or steps.declared, steps.outputs_before)


def fields_of(steps: Steps) -> Properties:
    """Return what is declared of a Render object now, or was last; nothing of another resource, or if unknown."""
    text = at(steps.declared or steps.last_declared, ("stdin",))
    return fields(text) if isinstance(text, str) and text not in (SECRET, UNKNOWN) else {}


def overridden(outputs: Properties) -> Iterator[Finding]:
    """Return a finding for each variable at Vercel that another record overrides, which is no object of the stack."""
    for key, record in (readable(outputs.get(OVERRIDDEN)) or {}).items():
        subject = VendorObject(vendor="Vercel", type="variable", name=key)
        live = f"another record wins ({record}), which is bound to the branch"
        yield Finding(kind=FindingKind.DRIFT, object=subject, field=OTHER_RECORD, declared="none", live=live)


def _essential(found: list[Finding]) -> list[Finding]:
    """Return what a check for drift says of an object.

    It leaves out what is in an object that was never applied. It also leaves out that a service takes up what its group
    holds, because the group has findings of its own.
    """
    if whole := [one for one in found if one.field is None and one.kind == FindingKind.NOT_APPLIED]:
        return whole
    return [one for one in found if (one.declared, one.live) != NEW_CONTENTS]


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
    def follows(name: str | int) -> bool:
        return not unsettled.isdisjoint(dependencies.get(str(name), ()))

    is_command = names.is_command(steps.urn)
    if steps.operation in _WHOLE:
        yield _whole(steps)
        found = _new_differences(steps)  # what of an object at Render that `up` would adopt is not as declared
        if not any(one.field is None and one.kind is Event.MISSING for one in found):
            yield from (_worded(steps, one) for one in found if one.field)
        if not (is_command or steps.is_gone):
            yield from _value(steps, public)
    elif is_command:
        yield from _of_command(steps, follows=follows("stdin"))
    else:
        for path in steps.changed_fields():
            finding = _field(steps, path, follows=follows(path[0]))
            if finding and path == ("value",) and finding.declared == SECRET and SECRET not in public:
                # Only its provider makes it a secret. A live value that somebody set is not known.
                hidden = "another value, which the provider hides"
                live = hidden if finding.kind == FindingKind.DRIFT else public[1]
                finding = finding.model_copy(update={"declared": public[0], "live": live})
            if finding and finding.declared != UNKNOWN:
                yield finding


def _finding(
    steps: Steps, field: str | None, declared: Any, live: Any, *, drift: bool = False, **times: Any
) -> Finding:
    """Return a finding of a resource. The times, `since` and `seen`, are told of drift only."""
    kind = FindingKind.DRIFT if drift else FindingKind.NOT_APPLIED
    subject = object_of(steps)
    return Finding(kind=kind, object=subject, field=field, declared=declared, live=live, **(times if drift else {}))


def _whole(steps: Steps) -> Finding:
    declared, live = (MISSING, EXISTS) if steps.operation == OpType.DELETE else (EXISTS, MISSING)
    if steps.operation not in _WHOLE:
        declared, live = "changed", "as last applied"
    return _finding(steps, None, declared, live, drift=steps.is_gone)


def _value(steps: Steps, public: tuple[Any, Any]) -> Iterator[Finding]:
    """Return the value of a variable that is added or removed."""
    sides = [at(side, ("value",)) for side in (steps.declared, steps.live)]
    known = (public[0], SECRET if steps.met_changed(("value",)) else public[1])
    shown = [told if side == SECRET else side for side, told in zip(sides, known, strict=True)]
    if sides != [None, None] and UNKNOWN not in shown:
        yield _finding(steps, "value", *shown)


def _field(steps: Steps, path: Path, *, follows: bool) -> Finding | None:
    """Return None for a value that only follows from another resource's change, and is known after that."""
    declared, live = at(steps.declared, path), at(steps.live, path)
    drifted, unknown = steps.met_changed(path), holds(declared, UNKNOWN)
    if not drifted and (unknown or (follows and holds(declared, SECRET))):
        return None
    if unknown:
        declared = at(steps.last_declared, path)
    field = names.field(object_of(steps).vendor, path, {**steps.live, **steps.declared})
    if path[0] in _STAMPS:
        field = "value"  # a secret cannot be read: that it was written to is all that a vendor tells
    if path[0] in _STAMPS or holds(declared, SECRET) or holds(live, SECRET):
        declared = live = SECRET  # what is a secret on one side would stand in clear on the other
    return _finding(steps, field, declared, live, drift=drifted, since=_since(steps))


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


_EVENTS = {
    # What is declared, and what is live, of something whose value is not shown.
    Event.CHANGED: ("as last applied", "changed by hand"),
    Event.REPLACED: ("what is there, because nobody has the generated value", "changed by hand"),
    Event.MISSING: ("as last applied", "removed by hand"),
    Event.UNDECLARED: (NOT_DECLARED, "added by hand"),
    Event.SUSPENDED: ("running", "suspended"),
    Event.UNMARKED: ("applied by this program", "never applied by it"),
    Event.NOT_APPLIED: ("declared", "not applied yet"),
}


def _of_command(steps: Steps, *, follows: bool) -> Iterator[Finding]:
    """Return the findings of a Render object whose command would run again; none if it only follows another one.

    Args:
        follows: whether its document uses what a changing command reports.
    """
    declared = {finding.field: finding for finding in _not_applied(steps, follows=follows)}
    for found in _new_differences(steps):
        finding = _worded(steps, found)
        if other := declared.pop(finding.field, None):
            # The declaration changed as well: what it says now is what will be.
            is_drift = finding.kind == FindingKind.DRIFT
            finding = finding.model_copy(update={"declared": other.declared}) if is_drift else other
        yield finding
    yield from declared.values()


def _new_differences(steps: Steps) -> list[FoundDifference]:
    """Return what a look at Render found. What an earlier look found stays in the state, and says nothing of today."""
    before, now = (at(side, ("environment", DRIFT)) for side in (steps.last_declared, steps.declared))
    return load(now) if now and now != before else []


def _worded(steps: Steps, found: FoundDifference) -> Finding:
    """Return one difference at Render as a finding."""
    declared, live = found.declared, found.live
    if found.kind is Event.NOT_APPLIED and (found.field or "").startswith("fromGroup."):
        declared, live = NEW_CONTENTS
    elif found.field is None and found.kind is Event.MISSING:
        declared, live = EXISTS, MISSING
    elif declared is None and live is None:
        declared, live = _EVENTS[found.kind]
    elif declared is None and found.kind is Event.CHANGED:
        declared = "as last applied"
    return _finding(steps, found.field, declared, live, drift=found.is_drift, since=found.since, seen=found.seen)


def _not_applied(steps: Steps, *, follows: bool) -> Iterator[Finding]:
    """Return what changed in the declaration since the last apply, as far as it can be read."""
    paths = steps.changed_fields()
    changed = {str(path[0]) for path in paths} - {"environment"}
    for key in sorted(changed - {"stdin"}):
        yield _finding(steps, key, at(steps.declared, (key,)), at(steps.last_declared, (key,)))
    now, applied = (at(side, ("stdin",)) for side in (steps.declared, steps.last_declared))
    masked = SECRET in (now, applied)
    if not isinstance(now, str) or now == UNKNOWN or (masked and follows):
        return  # known when the other command has run
    if masked:  # the last apply was that of an older program, which kept the secrets in it
        if "stdin" in changed:
            yield _finding(steps, "variables and settings", "shown from the next preview on", SECRET)
        return
    variables = {str(path[1]) for path in paths if path[0] == "environment" and len(path) > 1}
    for field, (declared, live) in differences(now, applied or "", variables).items():
        yield _finding(steps, field, declared, live)
