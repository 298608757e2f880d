"""Prints a look at a stack for a person: a table on a terminal, and one plain line for each difference elsewhere."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gate.changes import wording
from gate.changes.report import DriftReport, DriftVerdict, PlannedChange, PreviewReport, StackPreview
from gate.common.text import count, printable

_STYLES = {DriftVerdict.CLEAN: "bold green", DriftVerdict.ERROR: "bold red"}


def show_drift(report: DriftReport, console: Console) -> None:
    """Print a check. The command prints its error, if it has one."""
    console.print(Text(wording.headline(report), _STYLES.get(report.verdict, "bold yellow")), soft_wrap=True)
    if report.findings and console.is_terminal:
        console.print(_table(report))
    else:
        _print(console, _findings(report))
    if report.follow_ups:
        _print(console, [wording.follow_ups(report.follow_ups).replace("`", "")])
    _print(console, (step.replace("`", "") for step in wording.advice(report)))


def show_preview(report: PreviewReport, console: Console) -> None:
    """Print a preview. The command prints its error, if it has one."""
    for stack in report.stacks:
        style = "bold red" if stack.error is not None else "bold yellow" if stack.changes else "bold green"
        cost = f"; cost at Render: {wording.cost(stack.cost)}" if stack.cost else ""
        console.print(Text(f"{stack.stack} {wording.outcome(stack)}{cost}", style), soft_wrap=True)
        _print(console, _stack(stack))


def _print(console: Console, lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def _table(report: DriftReport) -> Table:
    table = Table("kind", "object", "field", "declared", "live", "since")
    for finding in report.findings:
        cells = (finding.kind.value, wording.subject(finding), wording.field(finding))
        table.add_row(*(Text(cell) for cell in (*cells, *wording.values(finding), wording.since(finding))))
    return table


def _findings(report: DriftReport) -> Iterator[str]:
    for finding in report.findings:
        declared, live = wording.values(finding)
        what = f"{wording.subject(finding)}: {wording.field(finding)}"
        yield f"{finding.kind}: {what}: declared {declared}; live {live}; since {wording.since(finding)}"


def _stack(stack: StackPreview) -> Iterator[str]:
    for one in stack.consequences:
        yield f"{'careful' if one.danger else 'then'}: {printable(one.text)}"
    for change in stack.changes:
        yield from _differences(change)
    if stack.follow_ups:
        yield wording.follow_ups(stack.follow_ups).replace("`", "")
    for text in stack.new_warnings:
        yield f"warning: {printable(text)}"
    if stack.known_warnings:
        yield f"{count(len(stack.known_warnings), 'warning')} that the last up gave as well; --json lists them"


def _differences(change: PlannedChange) -> Iterator[str]:
    what = f"{change.operation}: {printable(str(change.object))}"
    for field, now, then, why in wording.cells(change):
        yield f"{what}: {field}: now {now}; then {then} ({why})" if field else f"{what} ({why})"
