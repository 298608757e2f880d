"""Production as a whole: what serves at both vendors, and how a release, or what served before it, is put there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from gate.common.budget import Budget
from gate.release.backend import RenderService
from gate.release.errors import StepFailed
from gate.release.frontend import VercelProject
from gate.release.records import Serving
from gate.vendors.render import commit_of as render_commit
from gate.vendors.vercel import commit_of as vercel_commit


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
    """Both halves of production.

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
    def services(self) -> list[RenderService]:
        return [self.backend, *self.others]

    def serving(self) -> Serving:
        live = self.backend.live() or {}
        shown = (self.frontend.serving() if self.frontend else None) or {}
        others = {other.name: _of(other.live() or {}) for other in self.others}
        return Serving(*_of(live), shown.get("uid", ""), vercel_commit(shown), others)

    def at(self, sha: str, build: str, built: str) -> Serving:
        """Return what serves when a commit does.

        Args:
            build, built: the frontend's, and its commit; empty without one.
        """
        return Serving("", sha, build, built, {other.name: ("", sha) for other in self.others})

    def put(self, wanted: Serving, budget: Budget) -> None:
        """Put a release in place, the backend first: a new frontend needs its API, an old one works with a newer API.

        Raises:
            StepFailed, VendorError, RenderError: a half failed.
        """
        for service in self.services:
            service.deploy(wanted.render_commit, budget)
        if self.frontend and wanted.vercel_deployment:
            self.frontend.promote(wanted.vercel_deployment, budget)
        self.check(budget, wanted)

    def put_back(self, before: Serving, budget: Budget) -> None:
        """Put an earlier state back, the frontend first.

        An old frontend works with the newer API, also if the backend then fails. What serves already is left alone, so
        that this can be tried again.

        Raises:
            StepFailed, VendorError, RenderError: a half failed, or nobody knows what served before.
        """
        unknown = []
        if self.frontend and before.vercel_deployment:
            self.frontend.roll_back(before.vercel_deployment, budget)
        elif self.frontend and self.frontend.serving():
            unknown.append("Vercel")
        for other in self.others:
            deploy, commit = before.others.get(other.name, ("", ""))
            if deploy or commit:
                other.roll_back(commit, budget, deploy)
            elif other.live():
                unknown.append(f"Render ({other.name})")
        if before.render_deploy or before.render_commit:
            self.backend.roll_back(before.render_commit, budget, before.render_deploy)
        elif self.backend.live():
            unknown.append("Render")
        if unknown:
            raise StepFailed(f"nothing had served at {' and '.join(unknown)} before: what serves there now stays")
        self.check(budget, before)

    def check(self, budget: Budget, wanted: Serving | None = None) -> None:
        """Check that the right commits serve, and that they work.

        Raises:
            StepFailed: names what serves instead, or the smoke tests that failed.
        """
        halves = self.serving().beside(wanted) if wanted else []
        if other := [half for half in halves if half.wanted not in ("", half.is_)]:
            raise StepFailed("; ".join(f"{h.where} serves {h.is_[:7] or 'nothing'}, not {h.wanted[:7]}" for h in other))
        budget.note("smoke tests")
        budget.waiting("smoke tests")
        report = self.smoke(max(budget.left, _LEAST))
        budget.note(f"smoke tests: {report.headline}")
        if not report.passed:
            raise StepFailed(f"smoke tests failed: {'; '.join(report.problems) or report.headline}")


def _of(deploy: dict[str, Any]) -> tuple[str, str]:
    return deploy.get("id", ""), render_commit(deploy)
