"""The report for a person: a table on a terminal, one plain line a finding everywhere else."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gate.changes import drift_wording as wording
from gate.changes.drift_report import Report, Verdict

_STYLES = {Verdict.CLEAN: "bold green", Verdict.ERROR: "bold red"}


def show(report: Report, console: Console) -> None:
    """Print it; an error's text is left to whoever prints errors."""
    console.print(Text(wording.headline(report), _STYLES.get(report.verdict, "bold yellow")), soft_wrap=True)
    if report.findings:
        if console.is_terminal:
            console.print(_table(report))
        else:
            for line in _lines(report):
                console.print(Text(line), soft_wrap=True)
    if report.follow_ups:
        listed = ", ".join(map(str, report.follow_ups))
        console.print(Text(f"{wording.FOLLOW_UPS}: {listed}"), soft_wrap=True)
    for step in wording.advice(report):
        console.print(Text(step.replace("`", "")), soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table("kind", "object", "field", "declared", "live", "since")
    for finding in report.findings:
        cells = (finding.kind.value, wording.thing(finding), wording.field(finding))
        table.add_row(*(Text(cell) for cell in (*cells, *wording.values(finding), wording.since(finding))))
    return table


def _lines(report: Report) -> list[str]:
    lines = []
    for finding in report.findings:
        declared, live = wording.values(finding)
        what = f"{wording.thing(finding)}: {wording.field(finding)}"
        lines.append(f"{finding.kind}: {what}: declared {declared}; live {live}; since {wording.since(finding)}")
    return lines
