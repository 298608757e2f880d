"""A report in words: the sentences and cells that Markdown, table and plain lines have in common."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from gate.changes.drift_report import Finding, Kind, Report, Verdict
from gate.common.text import count, moment, printable

FOLLOW_UPS = "Preview also lists these, which use a value of an object above; they change only if that value does"

_LONGEST = 160


def headline(report: Report) -> str:
    """The verdict in one line."""
    drifted, waiting = len(report.of(Kind.DRIFT)), len(report.of(Kind.NOT_APPLIED))
    match report.verdict:
        case Verdict.CLEAN:
            return f"{report.stack} is clean: everything is as declared"
        case Verdict.ERROR:
            return f"{report.stack} could not be checked"
        case Verdict.NOT_APPLIED:
            return f"{report.stack} has no drift, but {count(waiting, 'difference')} declared and not applied"
        case _:
            also = f", and {count(waiting, 'difference')} declared and not applied" if waiting else ""
            return f"{report.stack} has drifted: {count(drifted, 'difference')} outside Pulumi{also}"


def advice(report: Report) -> list[str]:
    """What to do now; nothing for a clean report."""
    command = f"`pulumi up --refresh --stack {report.stack}`"
    steps = []
    if report.of(Kind.DRIFT):
        steps += [
            f"To put back what is declared: {command}.",
            f"To keep what is live: change `Pulumi.{report.stack}.yaml` (or the component), then {command}.",
        ]
    if report.of(Kind.NOT_APPLIED):
        steps.append(f"To apply what is declared and not applied: {command}; it also puts back what has drifted.")
    if report.verdict == Verdict.ERROR:
        steps.append("Mend that, then check again.")
    return steps


def values(finding: Finding) -> tuple[str, str]:
    """The declared and the live value, short enough for a table; what two lists share is only counted."""
    declared, live = finding.declared, finding.live
    if _is_plain_list(declared) and _is_plain_list(live):
        before, after = Counter(map(value, declared)), Counter(map(value, live))
        shared = sum((before & after).values())
        if before != after and shared > 1:
            return _beside(before - after, shared), _beside(after - before, shared)
    return value(declared), value(live)


def value(content: Any) -> str:
    if content in (None, "", [], {}):
        return "(none)"
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def thing(finding: Finding) -> str:
    return printable(str(finding.object))


def field(finding: Finding) -> str:
    return printable(finding.field) if finding.field else "(the object)"


def since(finding: Finding) -> str:
    if finding.since:
        return moment(finding.since)
    if finding.kind == Kind.DRIFT:
        return f"unknown, seen {moment(finding.seen)}" if finding.seen else "unknown"
    return "last up"


def _is_plain_list(content: Any) -> bool:
    return isinstance(content, list) and not any(isinstance(item, list | dict) for item in content)


def _beside(own: Counter[str], shared: int) -> str:
    listed = printable(", ".join(own.elements()))
    return f"{listed} (and {shared} in both)" if listed else f"({shared} in both)"
