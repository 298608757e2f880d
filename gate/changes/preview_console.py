"""A preview for a person at a terminal: one line a difference."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from gate.changes import preview_wording as wording
from gate.changes.preview_report import Change, Report, StackPreview
from gate.common.text import printable

_STYLES = {0: "bold green", 1: "bold red", 2: "bold yellow"}


def show(report: Report, console: Console) -> None:
    """Print it; an error's text is left to whoever prints errors."""
    for stack in report.stacks:
        code = 1 if stack.error is not None else 2 if stack.changes else 0
        cost = f"; cost at Render: {wording.cost(stack.cost)}" if stack.cost else ""
        console.print(Text(f"{stack.stack}: {wording.headline(stack)}{cost}", _STYLES[code]), soft_wrap=True)
        for line in _lines(stack):
            console.print(Text(line), soft_wrap=True)


def _lines(stack: StackPreview) -> list[str]:
    warnings = [f"warning: {printable(text)}" for text in stack.warnings]
    return [*warnings, *(line for change in stack.changes for line in _differences(change))]


def _differences(change: Change) -> list[str]:
    what = f"{change.operation}: {printable(str(change.object))}"
    return [
        f"{what}: {field}: now {now}; then {then} ({why})" if field else f"{what} ({why})"
        for field, now, then, why in wording.cells(change)
    ]
