"""The result of a release or a rollback: for a person, as JSON, and as Markdown for a step summary."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict, Field

from gate.common import report
from gate.common.exit_codes import ExitCode
from gate.common.text import escaped, markdown_table

Outcome = Literal["done", "overtaken", "refused", "rolled back", "failed"]
_EXIT_CODES: dict[Outcome, ExitCode] = {
    "done": ExitCode.DONE,
    "overtaken": ExitCode.DONE,
    "refused": ExitCode.ERROR,
    "rolled back": ExitCode.ROLLED_BACK,
    "failed": ExitCode.FAILED,
}


@dataclass(frozen=True)
class Migration:
    """One migration.

    Attributes:
        reversible: None if the team does not say it.
    """

    name: str
    reversible: bool | None = None

    def __str__(self) -> str:
        told = {True: "reversible", False: "not reversible", None: "reversible or not: not said"}
        return f"{self.name} ({told[self.reversible]})"


class Condition(NamedTuple):
    """One precondition of a release.

    Attributes:
        problem: why it does not hold, and what to do; empty if it holds.
    """

    title: str
    problem: str = ""


class ReleaseReport(report.Report):
    """The result, filled in while it runs.

    Attributes:
        outcome: `overtaken` if something newer took its place, so that nothing is left to do.
        conditions: the preconditions.
        timeline: seconds since the beginning, and what happened.
        reason: why it did not succeed; empty if it did.
        migrations: that it brings to the database.
    """

    model_config = ConfigDict(frozen=False)

    action: str
    tag: str
    outcome: Outcome
    reason: str = ""
    sha: str = ""
    migrations: list[Migration] = Field([])
    conditions: list[Condition] = Field([])
    timeline: list[tuple[float, str]] = Field([])
    advice: list[str] = Field([])

    @property
    def exit_code(self) -> int:
        return _EXIT_CODES[self.outcome]

    @property
    def headline(self) -> str:
        return f"{self.action} {self.tag}".strip() + f": {self.outcome}" + (f" ({self.reason})" if self.reason else "")

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "exitCode": self.exit_code}

    def files(self, name: str) -> dict[str, str | bytes]:
        """Return the files' name, which is release for all three commands."""
        return super().files("release")

    def lines(self) -> list[str]:
        """Return lines for a terminal, without the timeline, which was shown while it happened."""
        conditions = [f"  {'no ' if problem else 'yes'}  {title}" + (f": {problem}" if problem else "")
                      for title, problem in self.conditions]  # fmt: skip
        return [*conditions, self.headline, *self.advice]

    def markdown(self) -> str:
        rows = [(f"{seconds:.1f}", escaped(text)) for seconds, text in self.timeline]
        conditions = [f"- {'❌' if problem else '✅'} {escaped(title)}{': ' + escaped(problem) if problem else ''}"
                      for title, problem in self.conditions]  # fmt: skip
        timeline = markdown_table(("seconds", "what happened"), rows) if rows else ""
        parts = [f"## {escaped(self.headline)}", "\n".join(conditions), timeline, "\n".join(self.advice)]
        return "\n\n".join(part for part in parts if part) + "\n"
