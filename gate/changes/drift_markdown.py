"""The report as Markdown, fit for an issue and for a workflow's step summary."""

from __future__ import annotations

import re

from gate.changes import drift_wording as wording
from gate.changes.drift_report import Finding, Kind, Report

_TITLES = {Kind.DRIFT: "Changed outside Pulumi", Kind.NOT_APPLIED: "Declared and not applied"}


def render(report: Report) -> str:
    """Heading with the verdict, a table for each kind of finding, what to do."""
    blocks = [f"# Drift check: {wording.headline(report)}"]
    how = f"`pulumi preview --refresh --stack {report.stack}`"
    blocks.append(f"Checked on {wording.moment(report.checked_at)} with {how}. Nothing was changed.")
    if report.error is not None:
        blocks.append(fenced(report.error))
    for kind, title in _TITLES.items():
        if findings := report.of(kind):
            blocks += [f"## {title}", _table(findings)]
    if report.follow_ups:
        listed = "\n".join(f"- {escaped(str(thing))}" for thing in report.follow_ups)
        blocks.append(f"{wording.FOLLOW_UPS}:\n\n{listed}")
    if steps := wording.advice(report):
        blocks += ["## What to do", "\n".join(f"- {step}" for step in steps)]
    return "\n\n".join(blocks) + "\n"


def _table(findings: list[Finding]) -> str:
    rows = ["| object | field | declared | live | since |", "| --- | --- | --- | --- | --- |"]
    for finding in findings:
        declared, live = wording.values(finding)
        field = code(wording.field(finding)) if finding.field else wording.field(finding)
        cells = (escaped(wording.thing(finding)), field, code(declared), code(live), wording.since(finding))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def escaped(text: str) -> str:
    """As text in which nothing is markup or a mention."""
    return re.sub(r"([\\`*_{}\[\]<>|@#])", r"\\\1", text)


def fenced(text: str) -> str:
    """As a block of its own, in which nothing is markup."""
    return f"```text\n{text.replace('```', '` ` `')}\n```"


def code(text: str) -> str:
    """As code, so that nothing in it is markup, a mention or a new column."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", "\\|")
