"""What came of a release or a rollback: for a person, as JSON, as Markdown for a step summary."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["done", "overtaken", "refused", "rolled back", "failed"]
EXIT_CODES: dict[Outcome, int] = {"done": 0, "overtaken": 0, "refused": 1, "rolled back": 3, "failed": 4}


@dataclass
class Report:
    """Attributes:

    outcome: `overtaken` where something newer has taken the place meanwhile, so that nothing is left to do.
    conditions: title and problem of each precondition; an empty problem is one that holds.
    timeline: seconds since the beginning, and what happened.
    reason: of what did not go well; empty where everything did.
    """

    action: str
    tag: str
    outcome: Outcome
    reason: str = ""
    sha: str = ""
    conditions: list[tuple[str, str]] = field(default_factory=list)
    timeline: list[tuple[float, str]] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    @property
    def headline(self) -> str:
        return f"{self.action} {self.tag}".strip() + f": {self.outcome}" + (f" ({self.reason})" if self.reason else "")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "exitCode": self.exit_code}

    def lines(self) -> list[str]:
        """For a terminal. The timeline was told while it happened."""
        conditions = [f"  {'no ' if problem else 'yes'}  {title}" + (f": {problem}" if problem else "")
                      for title, problem in self.conditions]  # fmt: skip
        return [*conditions, self.headline, *self.advice]

    def markdown(self) -> str:
        rows = [f"| {seconds:.1f} | {_cell(text)} |" for seconds, text in self.timeline]
        conditions = [f"- {'❌' if problem else '✅'} {_cell(title)}{': ' + _cell(problem) if problem else ''}"
                      for title, problem in self.conditions]  # fmt: skip
        timeline = ["| seconds | what happened |", "| ---: | --- |", *rows] if rows else []
        parts = [f"## {_cell(self.headline)}", "\n".join(conditions), "\n".join(timeline), "\n".join(self.advice)]
        return "\n\n".join(part for part in parts if part) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
