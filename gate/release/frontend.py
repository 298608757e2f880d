"""The frontend at Vercel: what serves, promoting a staged build, going back. Facts: vercel.com/docs/rest-api."""

from collections.abc import Iterator
from typing import Any, Literal

from gate.common.budget import Budget
from gate.common.errors import StepFailed
from gate.vendors.errors import VendorError, VendorForbidden
from gate.vendors.vercel import Vercel, commit_of, state_of

_UNDER_WAY = frozenset({"pending", "in-progress"})
_PATIENCE = 60.0
"""Seconds that a request for another build gets. Vercel may refuse a second one during that time."""
_VERSIONS = {"promote": "v10", "rollback": "v9"}
Kind = Literal["promote", "rollback"]


class VercelProject:
    """The production of one project.

    Raises:
        VendorError: any method.
    """

    def __init__(self, vercel: Vercel, project: str) -> None:
        self._vercel, self.name = vercel, project
        self._id = vercel.require_project(project)

    def _read(self) -> dict[str, Any]:
        return self._vercel.project(self._id) or {}

    def serving(self) -> dict[str, Any] | None:
        """Return the deployment that production's domains point at.

        That is the one that the project names, unless it is only staged; else the target of the last promotion or
        rollback; else the newest that has served.
        """
        project = self._read()
        last = project.get("lastAliasRequest") or {}
        named = [((project.get("targets") or {}).get("production") or {}).get("id")]
        named += [last.get("toDeploymentId")] if last.get("jobStatus") == "succeeded" else []
        for identity in filter(None, named):
            found = self._deployment(identity)
            if found and found.get("readySubstate") != "STAGED":
                return found
        return next((one for one in self._builds(state="READY") if one.get("readySubstate") == "PROMOTED"), None)

    def _deployment(self, identity: str) -> dict[str, Any] | None:
        found = self._vercel.get(f"/v13/deployments/{identity}")
        return {**found, "uid": found.get("uid") or found["id"]} if found else None

    def build_of(self, sha: str) -> dict[str, Any] | None:
        """Return the newest ready production build of a commit, staged or promoted."""
        return next(self._builds(state="READY", sha=sha), None)

    def state_of(self, sha: str) -> str | None:
        """Return the state of the newest production build of a commit: QUEUED, BUILDING, READY, ERROR, CANCELED."""
        found = next(self._builds(sha=sha), None)
        return state_of(found) if found else None

    def ready_builds(self) -> Iterator[dict[str, Any]]:
        """Return production's builds, newest first."""
        return self._builds(state="READY")

    def _builds(self, **filters: str) -> Iterator[dict[str, Any]]:
        sha = filters.get("sha")
        found = self._vercel.deployments(self._id, target="production", **filters)
        return (one for one in found if sha is None or commit_of(one) == sha)

    def promote(self, deployment: str, budget: Budget) -> None:
        """Point production's domains at a build, unless they do. Nothing is built again.

        One that has served before may have to be rolled back to instead.

        Raises:
            StepFailed: Vercel refused, or the budget is used up.
        """
        self._either("promote", "rollback", deployment, budget)

    def roll_back(self, deployment: str, budget: Budget) -> None:
        """Go back to a build that has served.

        If Vercel refuses (the Hobby plan goes back one step only), the build is promoted. That also lets later builds
        take the domains by themselves again, if the project says so.

        Raises:
            StepFailed: Vercel refused both, or the budget is used up.
        """
        self._either("rollback", "promote", deployment, budget)

    def _either(self, first: Kind, second: Kind, deployment: str, budget: Budget) -> None:
        settled = self._settled(deployment, budget)
        if settled and (self.serving() or {}).get("uid") == deployment:
            budget.note(f"Vercel: {deployment} serves already")
            return
        try:
            self._point(first, deployment, budget)
        except VendorError as refused:
            if type(refused) not in (VendorError, VendorForbidden):  # only a refusal rules this way out
                raise
            budget.note(f"Vercel refused the {first} ({refused}): trying a {second} instead")
            try:
                self._point(second, deployment, budget)
            except VendorError:
                raise refused from None

    def _point(self, kind: Kind, deployment: str, budget: Budget) -> None:
        before = self._last()
        if before.get("toDeploymentId") == deployment and before.get("jobStatus") in _UNDER_WAY:
            budget.note(f"Vercel: {kind} of {deployment} is under way")
            before = {}
        else:
            budget.note(f"Vercel: {kind} of {deployment}")
            self._ask(kind, deployment, before)

        def done() -> str | None:
            status = str(self._since(before, deployment).get("jobStatus", "pending"))
            return None if status in _UNDER_WAY else status

        status = budget.wait_for(f"Vercel: {kind} of {deployment}", done)
        if status != "succeeded" and ((self.serving() or {}).get("uid") != deployment):
            raise StepFailed(f"Vercel: {kind} of {deployment} ended as {status}: see the project's Deployments")
        budget.note(f"Vercel: {deployment} serves production")

    def _settled(self, deployment: str, budget: Budget) -> bool:
        """Wait until a request for another build has ended, such as a promotion that is to be taken back.

        Until then, what serves is about to change.

        Returns:
            Whether it has ended.
        """
        until = budget.elapsed + _PATIENCE

        def ended() -> list[bool] | None:
            last = self._last()
            if last.get("toDeploymentId") == deployment or last.get("jobStatus") not in _UNDER_WAY:
                return [True]
            return [False] if budget.elapsed >= until else None

        return budget.wait_for("Vercel: the request before", ended)[0]

    def _ask(self, kind: Kind, deployment: str, before: dict[str, Any]) -> None:
        try:
            # Sent again after a lost answer, it points the same domains at the same build.
            self._vercel.send("POST", f"/{_VERSIONS[kind]}/projects/{self._id}/{kind}/{deployment}", {})
        except VendorError:
            if not self._since(before, deployment):  # 409 where the first of two was carried out
                raise

    def _last(self) -> dict[str, Any]:
        return self._read().get("lastAliasRequest") or {}

    def _since(self, before: dict[str, Any], deployment: str) -> dict[str, Any]:
        """Return the last request, if it is a newer one for this deployment."""
        last = self._last()
        newer = last.get("requestedAt") != before.get("requestedAt")
        return last if newer and last.get("toDeploymentId") == deployment else {}
