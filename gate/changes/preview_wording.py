"""A preview in words: the sentences and cells that Markdown and plain lines have in common."""

from __future__ import annotations

from gate.changes import drift_wording as wording
from gate.changes.drift_report import Finding, Kind
from gate.changes.preview_report import Change, Cost, Price, StackPreview
from gate.common.text import printable

DECLARED, FOLLOWS = "declared", "follows from another object"


def headline(stack: StackPreview) -> str:
    """What `up` would do, in one line."""
    if stack.error is not None:
        return "could not be previewed"
    if not stack.changes:
        return "no changes"
    return ", ".join(f"{number} to {kind}" for kind, number in stack.counts.items())


def cost(found: Cost) -> str:
    """`$0 → $7 a month (+$7)`."""
    text = f"{price(found)} a month"
    if found.before is None or found.after is None:
        return text
    difference = found.after - found.before
    sign = "+" if difference > 0 else "-"
    return f"{text} ({sign}{_dollars(abs(difference))})" if difference else f"{text} (no change)"


def price(found: Price) -> str:
    before, after = _dollars(found.before), _dollars(found.after)
    return after if before == after else f"{before} → {after}"


def changed_parts(found: Cost) -> list[str]:
    """The objects whose price is another one, or is not known."""
    return [
        f"{printable(name)} {price(part)}"
        for name, part in found.parts.items()
        if part.before != part.after or part.after is None
    ]


def cells(change: Change) -> list[tuple[str, str, str, str]]:
    """Of each of its rows: the field, what it is now, what it will be, and why it differs."""
    if not change.findings:
        return [("", "", "", FOLLOWS)]
    return [_cells(finding) for finding in change.findings]


def _cells(finding: Finding) -> tuple[str, str, str, str]:
    if finding.kind == Kind.NOT_APPLIED and finding.field is None:
        return "", "", "", DECLARED  # the operation says it all
    declared, live = wording.values(finding)
    why = "changed outside Pulumi" if finding.kind == Kind.DRIFT else DECLARED
    return wording.field(finding), live, declared, why


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:.2f}".removesuffix(".00")
