"""The frontend at Vercel: what serves, promoting a staged build, going back. Facts: vercel.com/docs/rest-api."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from gate.release.errors import Refused, StepFailed
from gate.release.waiting import Budget
from gate.vendors.errors import VendorError
from gate.vendors.vercel import Vercel

_NEEDS = "a token whose scope is the team of the project (vercel:team)"


class Frontend:
    """One project's production. Raises (all methods): VendorError."""

    def __init__(self, vercel: Vercel, project: str) -> None:
        self._vercel, self.name = vercel, project
        self._project = self._read()

    def _read(self) -> dict[str, Any]:
        found = self._vercel.api.get(self._path(), self._vercel.query, needs=_NEEDS)
        if found is None:
            raise Refused(f"Vercel shows VERCEL_API_TOKEN no project {self.name}: use {_NEEDS}")
        project: dict[str, Any] = found
        return project

    def _path(self, *steps: str) -> str:
        return "/".join([f"/v9/projects/{quote(self.name, safe='')}", *steps])

    def serving(self) -> dict[str, Any] | None:
        """The deployment that production's domains point at."""
        target = (self._read().get("targets") or {}).get("production") or {}
        return self._deployment(target["id"]) if target.get("id") else None

    def _deployment(self, identity: str) -> dict[str, Any] | None:
        found = self._vercel.api.get(f"/v13/deployments/{identity}", self._vercel.query, needs=_NEEDS)
        return {**found, "uid": found.get("uid") or found["id"]} if found else None

    def build_of(self, sha: str) -> dict[str, Any] | None:
        """The newest production build of a commit that is ready, staged or promoted."""
        query = {"projectId": self._project["id"], "target": "production", "state": "READY", "sha": sha, "limit": 20}
        found = self._vercel.api.get("/v6/deployments", {**query, **self._vercel.query}, needs=_NEEDS)
        builds = [one for one in found["deployments"] if (one.get("meta") or {}).get("githubCommitSha") == sha]
        return builds[0] if builds else None

    def promote(self, deployment: str, budget: Budget) -> None:
        """Point production's domains at a build, unless they do; nothing is built again.

        Raises: StepFailed.
        """
        self._alias("promote", f"/v10/projects/{self._project['id']}/promote/{deployment}", deployment, budget)

    def roll_back(self, deployment: str, budget: Budget) -> None:
        """Go back to a build that has served. Where Vercel refuses (the Hobby plan goes back one step only), it is
        promoted, which also lets later builds take the domains by themselves again where the project says so.

        Raises: StepFailed.
        """
        try:
            self._alias("rollback", self._path("rollback", deployment), deployment, budget)
        except VendorError as refused:
            budget.note(f"Vercel refused to roll back ({refused}): promoting it instead")
            self.promote(deployment, budget)

    def _alias(self, kind: str, path: str, deployment: str, budget: Budget) -> None:
        serving = self.serving()
        if serving and serving["uid"] == deployment:
            budget.note(f"Vercel: {deployment} serves already")
            return
        budget.note(f"Vercel: {kind} of {deployment}")
        before = (self._read().get("lastAliasRequest") or {}).get("requestedAt")
        team = f"?teamId={self._vercel.team_id}" if self._vercel.query else ""
        # Sent again after a lost answer, it points the same domains at the same build.
        self._vercel.api.send("POST", path + team, {}, needs=_NEEDS, repeatable=True)

        def done() -> str | None:
            last = self._read().get("lastAliasRequest") or {}
            mine = last.get("toDeploymentId") == deployment and last.get("requestedAt") != before
            status = str(last.get("jobStatus")) if mine else "pending"
            return None if status in ("pending", "in-progress") else status

        if (status := budget.wait_for(f"Vercel: {kind} of {deployment}", done)) != "succeeded":
            raise StepFailed(f"Vercel: {kind} of {deployment} ended as {status}: see the project's Deployments")
        budget.note(f"Vercel: {deployment} serves production")


def commit_of(deployment: dict[str, Any]) -> str:
    return str((deployment.get("meta") or {}).get("githubCommitSha", ""))
