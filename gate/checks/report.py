"""Lines of checks for people: on the console and as a Markdown table. Does not know what was checked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from gate.checks.verdict import Line, Outcome
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import escaped, markdown_table

_MARKS: dict[Outcome, str] = {"pass": "✅", "fail": "❌", "note": "📝", "unknown": "❔"}
_COLOURS: dict[Outcome, str] = {"pass": "green", "fail": "bold red", "note": "cyan", "unknown": "yellow"}


class CheckReport(Report):
    """What checks found.

    As JSON: `schema`, `passed` (nothing fails), `title`, `lines` (topic, title, verdict {outcome, detail, fix}).
    """

    title: str
    checks: list[Line]

    @property
    def passed(self) -> bool:
        return not any(one.verdict.outcome == "fail" for one in self.checks)

    @property
    def exit_code(self) -> int:
        return ExitCode.DONE if self.passed else ExitCode.FOUND

    def lines(self) -> Iterable[Text]:
        """One each, and how many there are of each outcome."""
        for one in self.checks:
            fix = f" ({one.verdict.fix})" if one.verdict.fix else ""
            told = f"{one.topic}  {one.title}: {one.verdict.detail}{fix}"
            yield Text.assemble((f"{one.verdict.outcome:8}", _COLOURS[one.verdict.outcome]), told)
        counts = {outcome: sum(one.verdict.outcome == outcome for one in self.checks) for outcome in _COLOURS}
        if not counts["note"]:
            del counts["note"]  # most commands have none
        yield Text(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))

    def markdown(self) -> str:
        rows = (
            (escaped(one.topic), escaped(one.title), _MARKS[one.verdict.outcome], escaped(one.verdict.detail),
             escaped(one.verdict.fix))
            for one in self.checks
        )  # fmt: skip
        return f"## {self.title}\n\n{markdown_table(('topic', 'check', '', 'found', 'fix'), rows)}\n"

    def as_json(self) -> dict[str, Any]:
        content = super().as_json()
        return {"schema": content["schema"], "passed": self.passed, "title": self.title, "lines": content["checks"]}
