"""Production as a whole: what serves at both vendors, and how a release, or what served before it, is put there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gate.common.budget import Budget
from gate.common.errors import StepFailed
from gate.release.backend import RenderService
from gate.release.frontend import Build, VercelProject
from gate.release.records import BACKEND, FRONTEND, Deployed, Place, Serving


class Tested(Protocol):
    """What smoke tests say of what serves.

    Attributes:
        problems: what failed, in a few words each.
    """

    @property
    def passed(self) -> bool: ...
    @property
    def headline(self) -> str: ...
    @property
    def problems(self) -> list[str]: ...


Smoke = Callable[[float], Tested]
_LEAST = 10.0
"""Seconds that smoke tests get even if the budget is used up, because without them nothing is known."""


@dataclass(frozen=True)
class Production:
    """Everything that serves an environment.

    Attributes:
        frontend: None if the environment has none.
        smoke: tests whether what serves works, within so many seconds.
        others: further services of the same repository, which are released together with the backend.
    """

    backend: RenderService
    frontend: VercelProject | None
    smoke: Smoke
    others: Sequence[RenderService] = ()

    @property
    def services(self) -> dict[Place, RenderService]:
        return {BACKEND: self.backend, **{Place("Render", other.name): other for other in self.others}}

    @property
    def parts(self) -> dict[Place, RenderService | VercelProject]:
        """What a release puts in place, the backend first."""
        return {**self.services, **({FRONTEND: self.frontend} if self.frontend else {})}

    def serving(self) -> Serving:
        return {place: part.serving() for place, part in self.parts.items()}

    def at(self, sha: str, build: Build) -> Serving:
        """Return what serves when a commit does.

        Args:
            build: the frontend's.
        """
        services = dict.fromkeys(self.services, Deployed(commit=sha))
        return services | ({FRONTEND: Deployed(build.id, build.sha)} if self.frontend else {})

    def put(self, wanted: Serving, budget: Budget) -> None:
        """Put a release in place, the backend first: a new frontend needs its API, an old one works with a newer API.

        Raises:
            StepFailed, VendorError, RenderError: a part failed.
        """
        for place, part in self.parts.items():
            part.release(wanted[place], budget)
        self.check(wanted, budget)

    def put_back(self, before: Serving, budget: Budget) -> None:
        """Put an earlier state back, the frontend first.

        An old frontend works with the newer API, also if the backend then fails. What serves already is left alone, so
        that this can be tried again.

        Raises:
            StepFailed, VendorError, RenderError: a part failed, or nobody knows what served before.
        """
        unknown = []
        for place, part in reversed(self.parts.items()):
            wanted = before.get(place, Deployed())
            if any(wanted):
                part.roll_back(wanted, budget)
            elif any(part.serving()):
                unknown.append(str(place))
        if unknown:
            raise StepFailed(f"nothing had served at {' and '.join(unknown)} before: what serves there now stays")
        self.check(before, budget)

    def check(self, wanted: Serving, budget: Budget) -> None:
        """Check that the right commits serve, and that they work.

        Raises:
            StepFailed: names what serves instead, or the smoke tests that failed.
        """
        wrong = []
        for place, now in self.serving().items():
            commit = wanted.get(place, Deployed()).commit
            if commit not in ("", now.commit):
                wrong.append(f"{place} serves {now.commit[:7] or 'nothing'}, not {commit[:7]}")
        if wrong:
            raise StepFailed("; ".join(wrong))
        self.test(budget)

    def test(self, budget: Budget) -> None:
        """Run the smoke tests.

        Raises:
            StepFailed: names those that failed.
        """
        budget.note("smoke tests")
        budget.waiting("smoke tests")
        report = self.smoke(max(budget.left, _LEAST))
        budget.note(f"smoke tests: {report.headline}")
        if not report.passed:
            raise StepFailed(f"smoke tests failed: {'; '.join(report.problems) or report.headline}")
