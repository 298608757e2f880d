"""The frontend of an environment that Vercel deploys by itself: builds of a branch, served at the branch's domain."""

from collections.abc import Callable

from gate.common.budget import Budget
from gate.common.errors import StepFailed
from gate.vendors.vercel import Vercel, commit_of, state_of

_ENDED = frozenset({"READY", "ERROR", "CANCELED"})
_PATIENCE = 60.0
"""Seconds that Vercel gets to start a build. It starts none if the commit did not change the frontend."""


class PreviewBuilds:
    """The builds of one branch of one project."""

    def __init__(self, vercel: Vercel, project: str, branch: str) -> None:
        self._vercel, self._project, self._branch = vercel, project, branch

    def wait_for(self, sha: str, budget: Budget) -> None:
        """Wait until the branch's domain serves the build of a commit, or until it is clear that there is none.

        Raises:
            StepFailed: the build failed.
            VendorError: Vercel cannot be read.
        """
        project = self._vercel.require_project(self._project)
        state = build_end(lambda: self._state(project, sha), sha, budget)
        if state == "ERROR":
            raise StepFailed(f"Vercel: the build of {sha[:7]} failed: see its log, the project's Deployments")
        told = {"READY": "is ready", "CANCELED": "was skipped: the one before it serves"}
        budget.note(f"Vercel: the build of {sha[:7]} {told.get(state, 'did not begin: the one before it serves')}")

    def _state(self, project: str, sha: str) -> str | None:
        for one in self._vercel.deployments(project, sha=sha):
            if commit_of(one) == sha and one["meta"].get("githubCommitRef") == self._branch:
                return state_of(one)
        return None


def build_end(state: Callable[[], str | None], sha: str, budget: Budget) -> str:
    """Wait for the end of a build.

    Args:
        state: of the build now; None if there is none.

    Returns:
        READY, ERROR or CANCELED; `none` if Vercel did not start one.

    Raises:
        StepFailed: the budget is used up.
    """
    until = budget.elapsed + _PATIENCE

    def ended() -> str | None:
        now = state()
        if now is None and budget.elapsed >= until:
            return "none"
        return now if now in _ENDED else None

    return budget.wait_for(f"Vercel: the build of {sha[:7]}", ended)
