"""The words for a look at a stack: sentences and cells that Markdown, tables and plain lines share."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from components.cost import change, in_words
from components.render_consequences import NOT_DECLARED
from gate.changes.findings import OTHER_RECORD
from gate.changes.report import (
    CostChange,
    DriftReport,
    DriftVerdict,
    Finding,
    FindingKind,
    Operation,
    PlannedChange,
    StackPreview,
)
from gate.common.redaction import SECRET
from gate.common.text import count, moment, printable
from gate.vendors.kinds import VendorObject

FOLLOW_UPS = (
    "`pulumi preview` lists these too, because they depend on an object above. They do not change unless its value does"
)
DECLARED, BY_HAND = "declared", "changed outside Pulumi"

_LONGEST = 160
_DOES = {
    Operation.DELETE: "deletes",
    Operation.REPLACE: "replaces",
    Operation.UPDATE: "updates",
    Operation.CREATE: "creates",
    Operation.IMPORT: "adopts",
}


def headline(report: DriftReport) -> str:
    """Return the verdict of a check in one line."""
    drifted, waiting = len(report.of(FindingKind.DRIFT)), len(report.of(FindingKind.NOT_APPLIED))
    match report.verdict:
        case DriftVerdict.CLEAN:
            return f"{report.stack} is clean: everything is as declared"
        case DriftVerdict.ERROR:
            return f"{report.stack} could not be checked"
        case DriftVerdict.NOT_APPLIED:
            return f"{report.stack} has no drift, but {count(waiting, 'difference')} declared and not applied"
        case _:
            also = f", and {count(waiting, 'difference')} declared and not applied" if waiting else ""
            return f"{report.stack} has drifted: {count(drifted, 'difference')} outside Pulumi{also}"


def advice(report: DriftReport) -> list[str]:
    """Return what to do now; nothing for a clean report."""
    command = f"`pulumi up --refresh --stack {report.stack}`"
    steps = []
    if report.of(FindingKind.DRIFT):
        steps += [
            f"To put back what is declared: {command}.",
            f"To keep what is live: change `Pulumi.{report.stack}.yaml` (or the component), then {command}.",
        ]
    if any(finding.field == OTHER_RECORD for finding in report.findings):
        steps.append(
            "Delete the other record of a variable at Vercel (Settings, Environment Variables): no up does that."
        )
    if report.of(FindingKind.NOT_APPLIED):
        steps.append(f"To apply what is declared and not applied: {command}; it also puts back what has drifted.")
    if report.verdict == DriftVerdict.ERROR:
        steps.append("Fix this problem, then run the check again.")
    return steps


def verdict(stacks: Iterable[StackPreview]) -> str:
    """Return the result of a preview in one sentence, for somebody who reads nothing else."""
    return ". ".join(f"{stack.stack} {outcome(stack)}" for stack in stacks)


def outcome(stack: StackPreview) -> str:
    """Return what would happen to one stack, without its name."""
    if stack.error is not None:
        return "could not be previewed"
    if not stack.changes:
        return "does not change" if not stack.consequences else "changes no object"
    *others, last = (f"{_DOES[operation]} {number}" for operation, number in stack.counts.items())
    done = f"{', '.join(others)} and {last}" if others else last
    dangers = sum(one.danger for one in stack.consequences)
    careful = f"; {count(dangers, 'consequence')} {'needs' if dangers == 1 else 'need'} care" if dangers else ""
    return f"{done} object{'' if done.endswith(' 1') else 's'}{careful}"


def follow_ups(things: Iterable[VendorObject]) -> str:
    return f"{FOLLOW_UPS}: {', '.join(printable(str(thing)) for thing in things)}"


def cost(found: CostChange) -> str:
    """Return `$0 → $7 a month (+$7)`."""
    return in_words(found.before, found.after)


def changed_parts(found: CostChange) -> list[str]:
    """Return the objects whose price changes, or is not known."""
    return [
        f"{printable(name)} {change(part.before, part.after)}"
        for name, part in found.parts.items()
        if part.before != part.after or part.after is None
    ]


def cells(change: PlannedChange) -> list[tuple[str, str, str, str]]:
    """Return each row of a change: the field, its value now, its value then, and why it differs."""
    told = [finding for finding in change.findings if finding.field or finding.kind == FindingKind.DRIFT]
    return [_cells(finding) for finding in told] or [("", "", "", DECLARED)]


def _cells(finding: Finding) -> tuple[str, str, str, str]:
    declared, live = values(finding)
    if finding.declared == finding.live == SECRET:
        declared = "another secret"
    elif (finding.field or "").startswith("env.") and finding.declared in (None, NOT_DECLARED):
        declared = "(removed)"
    return field(finding), live, declared, why(finding)


def why(finding: Finding) -> str:
    return BY_HAND if finding.kind == FindingKind.DRIFT else DECLARED


def values(finding: Finding) -> tuple[str, str]:
    """Return the declared and the live value, short enough for a table. What two lists share is only counted."""
    declared, live = finding.declared, finding.live
    if _is_plain_list(declared) and _is_plain_list(live):
        before, after = Counter(map(value, declared)), Counter(map(value, live))
        shared = sum((before & after).values())
        if before != after and shared > 1:
            return _beside(before - after, shared), _beside(after - before, shared)
    texts = [_text(side, finding.field or "") for side in (declared, live)]
    same = next((place for place, (one, other) in enumerate(zip(*texts, strict=False)) if one != other), 0)
    start = max(0, same - 40) if max(map(len, texts)) > _LONGEST else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def value(content: Any) -> str:
    """Return one value on one line, short enough for a table."""
    return _cut(_text(content))


def _text(content: Any, field: str = "") -> str:
    """Return a value on one line. One that would look like another value on one line is written as JSON."""
    if content in (None, [], {}) or (content == "" and not field.startswith("env.")):
        return "(none)"
    if isinstance(content, str) and content and printable(content) == content:
        return content
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    shown = (char if char.isprintable() else f"\\u{ord(char):04x}" for char in re.sub("(?<= ) ", "\u00a0", text))
    return "".join(shown)


def _cut(text: str, start: int = 0) -> str:
    """Return what fits into a table, from where two long values begin to differ."""
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def subject(finding: Finding) -> str:
    return printable(str(finding.object))


def field(finding: Finding) -> str:
    return printable(finding.field) if finding.field else "(the object)"


def since(finding: Finding) -> str:
    if finding.since:
        return moment(finding.since)
    if finding.kind == FindingKind.DRIFT:
        return f"unknown, seen {moment(finding.seen)}" if finding.seen else "unknown"
    return "last up"


def _is_plain_list(content: Any) -> bool:
    return isinstance(content, list) and not any(isinstance(item, list | dict) for item in content)


def _beside(own: Counter[str], shared: int) -> str:
    listed = printable(", ".join(own.elements()))
    return f"{listed}, and the {shared} in both" if listed else f"only the {shared} in both"
