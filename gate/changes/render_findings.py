"""Findings about Render objects, which Pulumi knows as commands: from their environment and their documents.

The contract is `components.render_documents`. A document is public; a secret in it is the name of a variable.
"""

from collections.abc import Iterator
from typing import Any

from blueprint.fields import DriftKind as Event
from components.consequences import NOT_DECLARED
from components.render_documents import DRIFT, NEW_CONTENTS, FoundDifference, differences, fields, load
from components.vendors import UNKNOWN
from gate.changes.drift import Finding, FindingKind
from gate.common.redaction import SECRET
from gate.stack.steps import Properties, Steps
from gate.stack.values import at
from gate.vendors.kinds import VendorObject

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


def find(steps: Steps, subject: VendorObject, *, follows: bool) -> Iterator[Finding]:
    """Return the findings of one command that would run again; none if it only follows another one.

    Args:
        follows: whether its document uses what a changing command reports.
    """
    declared = {finding.field: finding for finding in _not_applied(steps, subject, follows=follows)}
    for found in new_differences(steps):
        finding = worded(found, subject)
        if other := declared.pop(finding.field, None):
            # The declaration changed as well: what it says now is what will be.
            is_drift = finding.kind == FindingKind.DRIFT
            finding = finding.model_copy(update={"declared": other.declared}) if is_drift else other
        yield finding
    yield from declared.values()


def met(steps: Steps, subject: VendorObject) -> Iterator[Finding]:
    """Return what of an object that `up` would adopt is not as declared; none if there is no such object."""
    found = new_differences(steps)
    if not any(one.field is None and one.kind is Event.MISSING for one in found):
        yield from (worded(one, subject) for one in found if one.field)


def fields_of(steps: Steps) -> Properties:
    """Return what is declared of a Render object now, or was last. None for another resource, or if it is not known."""
    text = at(steps.declared or steps.last_declared, ("stdin",))
    return fields(text) if isinstance(text, str) and text not in (SECRET, UNKNOWN) else {}


def new_differences(steps: Steps) -> list[FoundDifference]:
    """Return what a look at Render found. What an earlier look found stays in the state, and says nothing of today."""
    before, now = (at(side, ("environment", DRIFT)) for side in (steps.last_declared, steps.declared))
    return load(now) if now and now != before else []


def worded(found: FoundDifference, subject: VendorObject) -> Finding:
    """Return one difference as a finding."""
    declared, live = found.declared, found.live
    if found.kind is Event.NOT_APPLIED and (found.field or "").startswith("fromGroup."):
        declared, live = NEW_CONTENTS
    elif found.field is None and found.kind is Event.MISSING:
        declared, live = "exists", "does not exist"
    elif declared is None and live is None:
        declared, live = _EVENTS[found.kind]
    elif declared is None and found.kind is Event.CHANGED:
        declared = "as last applied"
    kind = FindingKind.DRIFT if found.is_drift else FindingKind.NOT_APPLIED
    return Finding(
        kind=kind,
        object=subject,
        field=found.field,
        declared=declared,
        live=live,
        since=found.since if found.is_drift else None,
        seen=found.seen if found.is_drift else None,
    )


def _not_applied(steps: Steps, subject: VendorObject, *, follows: bool) -> Iterator[Finding]:
    """Return what changed in the declaration since the last apply, as far as it can be read."""
    assert steps.planned is not None
    changed = {str(path[0]) for path in steps.changed_fields()} - {"environment"}
    for key in sorted(changed - {"stdin"}):
        yield _changed(subject, key, at(steps.declared, (key,)), at(steps.last_declared, (key,)))
    now, applied = (at(side, ("stdin",)) for side in (steps.declared, steps.last_declared))
    masked = SECRET in (now, applied)
    if not isinstance(now, str) or now == UNKNOWN or (masked and follows):
        return  # known when the other command has run
    if masked:  # the last apply was that of an older program, which kept the secrets in it
        if "stdin" in changed:
            yield _changed(subject, "variables and settings", "shown from the next preview on", SECRET)
        return
    names = {str(path[1]) for path in steps.changed_fields() if path[0] == "environment" and len(path) > 1}
    for field, (declared, live) in differences(now, applied or "", names).items():
        yield _changed(subject, field, declared, live)


def _changed(subject: VendorObject, field: str, declared: Any, applied: Any) -> Finding:
    return Finding(kind=FindingKind.NOT_APPLIED, object=subject, field=field, declared=declared, live=applied)
