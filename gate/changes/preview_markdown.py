"""A preview as Markdown, fit for a comment on a pull request and for a workflow's step summary."""

from __future__ import annotations

from gate.changes import preview_wording as wording
from gate.changes.preview_report import Report, StackPreview
from gate.common.text import code, escaped, fenced, moment, printable
from gate.vendors.issues import cut

_NOTE = "*{lines} more lines are left out here; `--report` and the run's summary have them all.*"


def render(report: Report, *, limit: int | None = None, link: str = "") -> str:
    """What would happen to each stack and what it would cost, then each stack's changes.

    Args:
        limit: characters at most; each stack then gets its share of them.
        link: to the workflow's run.
    """
    head = _head(report, link)
    sections = [_section(stack) for stack in report.stacks]
    if limit is not None:
        sections = _fit(sections, limit - len(head) - 2 * len(sections) - 1)
    return "\n\n".join([head, *sections]) + "\n"


def _fit(sections: list[str], room: int) -> list[str]:
    """What a short section leaves is for the long ones."""
    fitted = list(sections)
    shortest_first = sorted(range(len(sections)), key=lambda index: len(sections[index]))
    for done, index in enumerate(shortest_first):
        fitted[index] = cut(sections[index], room // (len(sections) - done), _NOTE)
        room -= len(fitted[index])
    return fitted


def _head(report: Report, link: str) -> str:
    rows = ["| stack | changes | cost at Render |", "| --- | --- | --- |"]
    for stack in report.stacks:
        cost = wording.cost(stack.cost) if stack.cost else "unknown"
        rows.append(f"| {escaped(stack.stack)} | {wording.headline(stack)} | {cost} |")
    when = f"Previewed on {moment(report.previewed_at)} with `pulumi preview --refresh`. Nothing was changed."
    return "\n".join(["# Preview", "", *rows, "", f"{when} [This run]({link})" if link else when])


def _section(stack: StackPreview) -> str:
    blocks = [f"## {escaped(stack.stack)}: {wording.headline(stack)}"]
    if stack.error is not None:
        return "\n\n".join([*blocks, fenced(stack.error)])
    if stack.cost and (parts := wording.changed_parts(stack.cost)):
        blocks.append(f"Cost: {escaped(', '.join(parts))}")
    if stack.warnings:
        blocks.append("\n".join(["Warnings:", "", *(f"- {escaped(printable(text))}" for text in stack.warnings)]))
    if stack.changes:
        blocks.append(_table(stack))
    return "\n\n".join(blocks)


def _table(stack: StackPreview) -> str:
    rows = ["| operation | object | field | now | then | why |", "| --- | --- | --- | --- | --- | --- |"]
    for change in stack.changes:
        thing = escaped(printable(str(change.object)))
        for field, now, then, why in wording.cells(change):
            shown = " | ".join(code(text) if text else "" for text in (field, now, then))
            rows.append(f"| {change.operation} | {thing} | {shown} | {why} |")
    return "\n".join(rows)
