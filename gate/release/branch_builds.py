"""The frontend of an environment that Vercel deploys by itself: builds of a branch, served at the branch's domain."""

from collections.abc import Callable
from typing import Any

from gate.common.budget import Budget
from gate.release.errors import StepFailed
from gate.release.frontend import NEEDS, commit_of
from gate.vendors.errors import VendorError
from gate.vendors.vercel import Vercel

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
        project = self._vercel.project_id(self._project)
        if project is None:
            raise VendorError(f"Vercel shows VERCEL_API_TOKEN no project {self._project}: use {NEEDS}")
        state = build_end(lambda: self._state(project, sha), sha, budget)
        if state == "ERROR":
            raise StepFailed(f"Vercel: the build of {sha[:7]} failed: see its log, the project's Deployments")
        told = {"READY": "is ready", "CANCELED": "was skipped: the one before it serves"}
        budget.note(f"Vercel: the build of {sha[:7]} {told.get(state, 'did not begin: the one before it serves')}")

    def _state(self, project: str, sha: str) -> str | None:
        query: dict[str, str | int] = {"projectId": project, "sha": sha, "limit": 20, **self._vercel.query}
        found: list[dict[str, Any]] = self._vercel.api.get("/v6/deployments", query, needs=NEEDS)["deployments"]
        mine = [o for o in found if commit_of(o) == sha and o["meta"].get("githubCommitRef") == self._branch]
        return str(mine[0].get("readyState") or mine[0].get("state")) if mine else None


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
