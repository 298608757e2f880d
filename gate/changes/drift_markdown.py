"""The report as Markdown, fit for an issue and for a workflow's step summary."""

from __future__ import annotations

from gate.changes import drift_wording as wording
from gate.changes.drift_report import Finding, Kind, Report
from gate.common.text import code, escaped, fenced, moment

_TITLES = {Kind.DRIFT: "Changed outside Pulumi", Kind.NOT_APPLIED: "Declared and not applied"}


def render(report: Report) -> str:
    """Heading with the verdict, a table for each kind of finding, what to do."""
    blocks = [f"# Drift check: {wording.headline(report)}"]
    how = f"`pulumi preview --refresh --stack {report.stack}`"
    blocks.append(f"Checked on {moment(report.checked_at)} with {how}. Nothing was changed.")
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
