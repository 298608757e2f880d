"""Lines of checks for people, on the console and as a Markdown table. It does not know what was checked."""

from collections.abc import Iterable
from typing import Any

from rich.text import Text

from gate.checks.verdict import Line, Outcome, Verdict
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import escaped, markdown_table

_MARKS: dict[Outcome, str] = {"pass": "✅", "fail": "❌", "note": "📝", "unknown": "❔"}
_ORDER: tuple[Outcome, ...] = ("pass", "unknown", "note", "fail")
_COLOURS: dict[Outcome, str] = {"pass": "green", "fail": "bold red", "note": "cyan", "unknown": "yellow"}


class CheckReport(Report):
    """What checks found.

    As JSON: `schema`, `passed` (nothing fails), `title`, `lines` (topic, title, verdict {outcome, detail, fix}).
    """

    title: str
    checks: list[Line]
    only_failures: bool = False

    @property
    def passed(self) -> bool:
        return not any(one.verdict.outcome == "fail" for one in self.checks)

    @property
    def exit_code(self) -> int:
        return ExitCode.DONE if self.passed else ExitCode.FOUND

    def lines(self) -> Iterable[Text]:
        """Return one line for each check, the failures last with their fixes, and how many have each outcome."""
        together = self._together()
        shown = [one for one in together if one.verdict.outcome == "fail" or not self.only_failures]
        width = max((len(one.topic) for one in shown), default=0)
        for one in sorted(shown, key=lambda line: _ORDER.index(line.verdict.outcome)):
            outcome, colour = one.verdict.outcome, _COLOURS[one.verdict.outcome]
            yield Text.assemble((f"{outcome:8}", colour), f"{one.topic:{width}}  {one.title}: {one.verdict.detail}")
            if one.verdict.fix:
                yield Text(f"{'':8}{'':{width}}  fix: {one.verdict.fix}")
        counts = {outcome: sum(one.verdict.outcome == outcome for one in together) for outcome in _COLOURS}
        if not counts["note"]:
            del counts["note"]  # most commands have none
        yield Text(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))

    def markdown(self) -> str:
        rows = (
            (escaped(one.topic), escaped(one.title), _MARKS[one.verdict.outcome], escaped(one.verdict.detail),
             escaped(one.verdict.fix))
            for one in self._together()
        )  # fmt: skip
        return f"## {self.title}\n\n{markdown_table(('topic', 'check', '', 'found', 'fix'), rows)}\n"

    def _together(self) -> list[Line]:
        """Return the checks; what was found in the same words for several topics is one line."""
        topics: dict[tuple[str, Verdict], list[str]] = {}
        for one in self.checks:
            topics.setdefault((one.title, one.verdict), []).append(one.topic)
        return [Line(", ".join(dict.fromkeys(names)), *same) for same, names in topics.items()]

    def as_json(self) -> dict[str, Any]:
        content = super().as_json()
        return {"schema": content["schema"], "passed": self.passed, "title": self.title, "lines": content["checks"]}
