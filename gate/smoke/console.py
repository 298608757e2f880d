"""Prints the report for a person: a table on a terminal, and one plain line for each check elsewhere."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gate.smoke.report import Outcome, SmokeReport

_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.SKIPPED: "yellow"}


def show(report: SmokeReport, console: Console) -> None:
    if console.is_terminal:
        table = Table("", "check", "plan", "seen", "seconds")
        for check in report.checks:
            cells = (check.name, check.plan, check.detail, f"{check.seconds:.1f}")
            table.add_row(Text(check.outcome, _STYLES[check.outcome]), *map(Text, cells))
        console.print(table)
    else:
        for check in report.checks:
            if check.outcome != Outcome.FAILED:
                line = f"{check.outcome}: {check.name}: {check.detail} ({check.seconds:.1f} s)"
                console.print(Text(line), soft_wrap=True)
    for checks in report.failures():
        names = ", ".join(check.name for check in checks)
        text = f"failed: {names}: {checks[0].detail}; expected {checks[0].expected}\n        fix: {checks[0].fix}"
        console.print(Text(text), soft_wrap=True)
    style = "bold green" if report.passed else "bold red"
    headline = f"smoke tests of {report.environment}: {report.headline} in {report.seconds:.1f} s"
    console.print(Text(headline, style), soft_wrap=True)
