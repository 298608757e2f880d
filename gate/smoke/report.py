"""What the smoke tests found, and its JSON form. It knows neither HTTP nor a terminal."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gate.common.exit_codes import ExitCode
from gate.common.report import Report


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Result:
    """The result of one check.

    Attributes:
        plan: the row of the plan that asks for it.
        detail: what was seen, or why it was skipped.
        expected, fix: what should have been seen, and what to do; empty unless it failed.
    """

    name: str
    plan: str
    outcome: Outcome
    seconds: float
    detail: str
    expected: str = ""
    fix: str = ""


class SmokeReport(Report):
    """The result of one run, with the checks in the order of the table.

    As JSON: `schema` (1; raised when a field changes its meaning or is removed), `passed`, `environment`,
    `frontendUrl`, `backendUrl`, `startedAt`, `seconds`, `checks` (name, plan, outcome, seconds, detail, expected, fix).
    """

    environment: str
    frontend_url: str
    backend_url: str
    started_at: datetime
    seconds: float
    checks: list[Result]

    @property
    def passed(self) -> bool:
        """Whether it passed. A run that checked nothing did not."""
        return not self.of(Outcome.FAILED) and bool(self.of(Outcome.PASSED))

    @property
    def exit_code(self) -> int:
        return ExitCode.DONE if self.passed else ExitCode.FOUND

    @property
    def headline(self) -> str:
        """Return `12 passed, 1 skipped`."""
        counts = [f"{len(found)} {outcome}" for outcome in Outcome if (found := self.of(outcome))]
        return ", ".join(counts) or "nothing was checked"

    @property
    def problems(self) -> list[str]:
        """Return the failed checks, those with one reason together."""
        return [
            checks[0].name if len(checks) == 1 else f"{checks[0].detail} ({len(checks)} checks)"
            for checks in self.failures()
        ]

    def failures(self) -> list[list[Result]]:
        """Return the failed checks, those with the same reason and the same fix together."""
        groups: dict[tuple[str, ...], list[Result]] = {}
        for check in self.of(Outcome.FAILED):
            groups.setdefault((check.detail, check.expected, check.fix), []).append(check)
        return list(groups.values())

    def of(self, outcome: Outcome) -> list[Result]:
        return [result for result in self.checks if result.outcome == outcome]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        return {**super().as_json(), "passed": self.passed}
