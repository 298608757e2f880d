"""Lines of checks for people: on the console, and as a Markdown table. What was checked is none of its business."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape

from gate.checks.verdict import Line
from gate.common.redaction import Redactor

_MARKS = {"pass": "✅", "fail": "❌", "note": "📝", "unknown": "❔"}
_COLOURS = {"pass": "green", "fail": "bold red", "note": "cyan", "unknown": "yellow"}


def fails(found: Iterable[Line]) -> bool:
    return any(one.verdict.outcome == "fail" for one in found)


def markdown(title: str, topic: str, found: Iterable[Line]) -> str:
    """Args: topic: what the lines' topics are."""
    rows = [f"| {topic} | check | | found | fix |", "| --- | --- | --- | --- | --- |"]
    for one in found:
        cells = (one.topic, one.title, _MARKS[one.verdict.outcome], one.verdict.detail, one.verdict.fix)
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return f"## {title}\n\n" + "\n".join(rows) + "\n"


def on_console(found: Sequence[Line], redactor: Redactor) -> None:
    """One line each, and how many there are of each outcome."""
    console = Console(highlight=False, soft_wrap=True)
    for one in found:
        fix = f" ({one.verdict.fix})" if one.verdict.fix else ""
        told = escape(redactor.text(f"{one.topic}  {one.title}: {one.verdict.detail}{fix}"))
        console.print(f"[{_COLOURS[one.verdict.outcome]}]{one.verdict.outcome:8}[/]{told}")
    counts = {outcome: sum(one.verdict.outcome == outcome for one in found) for outcome in _COLOURS}
    if not counts["note"]:
        del counts["note"]  # most commands have none
    console.print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
