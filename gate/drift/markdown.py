"""The report as Markdown, fit for an issue and for a workflow's step summary."""

from __future__ import annotations

import re

from gate.drift import wording
from gate.drift.report import Finding, Kind, Report

_TITLES = {Kind.DRIFT: "Changed outside Pulumi", Kind.NOT_APPLIED: "Declared and not applied"}


def render(report: Report) -> str:
    """Heading with the verdict, a table for each kind of finding, what to do."""
    blocks = [f"# Drift check: {wording.headline(report)}"]
    how = f"`pulumi preview --refresh --stack {report.stack}`"
    blocks.append(f"Checked on {wording.moment(report.checked_at)} with {how}. Nothing was changed.")
    if report.error is not None:
        blocks.append(f"```text\n{report.error.replace('```', '` ` `')}\n```")
    for kind, title in _TITLES.items():
        if findings := report.of(kind):
            blocks += [f"## {title}", _table(findings)]
    if report.follow_ups:
        listed = "\n".join(f"- {_text(str(thing))}" for thing in report.follow_ups)
        blocks.append(f"{wording.FOLLOW_UPS}:\n\n{listed}")
    if steps := wording.advice(report):
        blocks += ["## What to do", "\n".join(f"- {step}" for step in steps)]
    return "\n\n".join(blocks) + "\n"


def _table(findings: list[Finding]) -> str:
    rows = ["| object | field | declared | live | since |", "| --- | --- | --- | --- | --- |"]
    for finding in findings:
        declared, live = wording.values(finding)
        field = _code(wording.field(finding)) if finding.field else wording.field(finding)
        cells = (_text(wording.thing(finding)), field, _code(declared), _code(live), wording.since(finding))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _text(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|@#])", r"\\\1", text)


def _code(text: str) -> str:
    """As code, so that nothing in it is markup, a mention or a new column."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", "\\|")
