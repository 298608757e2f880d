"""What a check finds, and how it is shown on the console and in Markdown. It does not know what is checked."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from rich.text import Text

from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import escaped, markdown_table

Outcome = Literal["pass", "fail", "note", "unknown"]
_MARKS: dict[Outcome, str] = {"pass": "✅", "fail": "❌", "note": "📝", "unknown": "❔"}
_ORDER: tuple[Outcome, ...] = ("pass", "unknown", "note", "fail")
_COLOURS: dict[Outcome, str] = {"pass": "green", "fail": "bold red", "note": "cyan", "unknown": "yellow"}
UP = "pulumi up --refresh"
"""The fix for everything that the stack declares. The engine needs a refresh to see what was changed by hand."""


@dataclass(frozen=True)
class Verdict:
    """The result of one check.

    Attributes:
        outcome: a `note` is no failure, but there is something to do.
        detail: what was found, or why it cannot be checked from here.
        fix: what to do.
    """

    outcome: Outcome
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Line:
    """One check.

    Attributes:
        topic: what it belongs to; for the plan's checks, the task or the section.
    """

    topic: str
    title: str
    verdict: Verdict


def passed(detail: str) -> Verdict:
    return Verdict("pass", detail)


def failed(detail: str, fix: str) -> Verdict:
    return Verdict("fail", detail, fix)


def note(detail: str, fix: str) -> Verdict:
    return Verdict("note", detail, fix)


def unknown(why: str) -> Verdict:
    return Verdict("unknown", why)


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
