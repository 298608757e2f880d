"""A look at a stack as Markdown, for an issue, a comment on a pull request and a workflow's step summary."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal

from components.vendors import LABELS, RENDER
from gate.changes import wording
from gate.changes.report import DriftReport, Finding, FindingKind, PlannedChange, PreviewReport, StackPreview
from gate.common.text import code, count, escaped, fenced, markdown_table, moment, printable
from gate.vendors.issues import cut

_TITLES = {FindingKind.DRIFT: "Changed outside Pulumi", FindingKind.NOT_APPLIED: "Declared and not applied"}
_NOTE = "*{lines} more lines are left out here; `--report` and the run's summary have them all.*"


def drift(report: DriftReport) -> str:
    """Return a heading with the verdict, a table for each kind of finding, and what to do."""
    blocks = [f"# Drift check: {wording.headline(report)}"]
    how = f"`pulumi preview --refresh --stack {report.stack}`"
    blocks.append(f"Checked on {moment(report.checked_at)} with {how}. Nothing was changed.")
    if report.error is not None:
        blocks.append(fenced(report.error))
    for kind, title in _TITLES.items():
        if findings := report.of(kind):
            header = ("object", "field", "declared", "live", "since")
            blocks += [f"## {title}", markdown_table(header, map(_finding, findings))]
    if report.follow_ups:
        blocks.append(f"{wording.FOLLOW_UPS}:\n\n{_list(map(str, report.follow_ups))}")
    if steps := wording.advice(report):
        blocks += ["## What to do", "\n".join(f"- {step}" for step in steps)]
    return "\n\n".join(blocks) + "\n"


def preview(report: PreviewReport, *, limit: int | None = None, link: str = "") -> str:
    """Return the verdict in words, then for each stack its changes by vendor, their consequences, and its warnings.

    Args:
        limit: the most characters. Known warnings are left out first; then each stack gets its share of the space.
        link: to the workflow's run.
    """
    head = _head(report, link)
    sections = [_Section(stack, known_warnings=True) for stack in report.stacks]
    if limit is not None:
        room = limit - len(head) - 10 * len(sections)
        if sum(map(len, sections)) > room:
            sections = [_Section(stack, known_warnings=False) for stack in report.stacks]
            room -= sum(len(one.heading) for one in sections)
            _fit(sections, "rest", max(room // 2, room - sum(len(one.body) for one in sections)))
            _fit(sections, "body", room - sum(len(one.rest) for one in sections))
    return "\n\n".join([head, *map(str, sections)]) + "\n"


def _finding(finding: Finding) -> tuple[str, ...]:
    declared, live = wording.values(finding)
    field = code(wording.field(finding)) if finding.field else wording.field(finding)
    return escaped(wording.subject(finding)), field, code(declared), code(live), wording.since(finding)


class _Section:
    """One stack's section. Of each part the end is cut first, so that danger is always shown."""

    def __init__(self, stack: StackPreview, *, known_warnings: bool) -> None:
        self.heading = f"## {escaped(stack.stack)}"
        self.body = fenced(stack.error) if stack.error is not None else _changes(stack) if stack.changes else ""
        self.rest = "" if stack.error is not None else "\n\n".join(_besides(stack, known_warnings=known_warnings))

    def __len__(self) -> int:
        return len(self.heading) + len(self.body) + len(self.rest)

    def __str__(self) -> str:
        return "\n\n".join(part for part in (self.heading, self.body, self.rest) if part)


def _fit(sections: list[_Section], part: Literal["body", "rest"], room: int) -> None:
    """Share the space between the sections' parts: what a short one leaves is for the long ones."""
    shortest_first = sorted(sections, key=lambda one: len(getattr(one, part)))
    for done, one in enumerate(shortest_first):
        text = cut(getattr(one, part), room // (len(sections) - done), _NOTE)
        setattr(one, part, text)
        room -= len(text)


def _head(report: PreviewReport, link: str) -> str:
    what = f"Commit {report.commit}, previewed" if report.commit else "Previewed"  # GitHub makes a link of it
    when = f"{what} on {moment(report.previewed_at)} with `pulumi preview --refresh`. Nothing was changed."
    return f"**{escaped(wording.verdict(report.stacks))}.**\n\n{f'{when} [This run]({link})' if link else when}"


def _besides(stack: StackPreview, *, known_warnings: bool) -> Iterator[str]:
    if stack.follow_ups:
        yield escaped(wording.follow_ups(stack.follow_ups)).replace("\\`", "`")
    if stack.consequences:
        yield "**What else happens**"
        yield "\n".join(f"- {'⚠️ ' if one.danger else ''}{_text(one.text)}" for one in stack.consequences)
    if stack.cost:
        parts = f": {escaped(', '.join(changed))}" if (changed := wording.changed_parts(stack.cost)) else ""
        yield f"Cost at Render: {wording.cost(stack.cost)}{parts}"
    if stack.new_warnings:
        yield "**Warnings that are new**"
        yield _list(stack.new_warnings)
    if stack.known_warnings:
        title = f"{count(len(stack.known_warnings), 'warning')} that the last `up` gave as well"
        yield (
            f"<details><summary>{title}</summary>\n\n{_list(stack.known_warnings)}\n\n</details>"
            if (known_warnings)
            else f"*{title}*"
        )


def _changes(stack: StackPreview) -> str:
    """Return one table, its rows grouped by vendor."""
    header = ("vendor", "operation", "object", "field", "now", "then", "why")
    order = [RENDER.label, *(label for label in LABELS if label != RENDER.label)]  # what is served comes first
    changes = sorted(
        stack.changes, key=lambda change: order.index(change.object.vendor) if change.object.vendor in order else 9
    )
    by_vendor = groupby(changes, key=lambda change: change.object.vendor)
    return markdown_table(header, (row for vendor, group in by_vendor for row in _rows(vendor, group)))


def _rows(vendor: str, changes: Iterable[PlannedChange]) -> Iterator[tuple[str, ...]]:
    """Leave out a name that is repeated from the row above."""
    shown = escaped(vendor)
    for change in changes:
        operation, name = change.operation.value, escaped(printable(f"{change.object.type} {change.object.name}"))
        for field, now, then, why in wording.cells(change):
            yield shown, operation, name, *(code(text) if text else "" for text in (field, now, then)), why
            shown = operation = name = ""


def _list(texts: Iterable[str]) -> str:
    return "\n".join(f"- {_text(text)}" for text in texts)


def _text(text: str) -> str:
    return escaped(printable(text))
