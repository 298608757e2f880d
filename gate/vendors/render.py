"""A service at Render, its deploys and its one-off jobs.

Facts: api-docs.render.com (List deploys), render.com/docs/one-off-jobs (a command in the environment of a service).
"""

from collections.abc import Mapping
from typing import Any

from blueprint.workspace import Json, Session
from gate.common.budget import Budget
from gate.common.errors import GateError

UNDER_WAY = frozenset({"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"})
"""The states of a deploy that has not ended."""
ENDED = frozenset({"succeeded", "failed", "canceled"})
"""The states of a job that has ended."""
_LATE = 10.0
"""Seconds to wait for the lines of a job that has ended."""


def commit_of(deploy: Mapping[str, Any]) -> str:
    """Return the id of the commit that was deployed; empty for a deploy without one, such as an image's."""
    return str((deploy.get("commit") or {}).get("id", ""))


def live_deploy(session: Session, name: str) -> Json | None:
    """Return the deploy that a service serves. Render looks for it, because many newer ones may have failed.

    Raises:
        GateError: the workspace has no such service.
        RenderError: Render cannot be read.
    """
    path = f"/services/{require_service(session, name)['id']}/deploys"
    return next((entry["deploy"] for entry in session.client.get(path, status="live", limit=1)), None)


def require_service(session: Session, name: str) -> Json:
    """Return a service as the API lists it.

    Raises:
        GateError: the workspace has no such service.
        RenderError: Render cannot be read.
    """
    if (found := session.find("/services", name)) is None:
        raise GateError(
            f"Render has no service {name}: run pulumi up for this environment first, or correct "
            "marketedge:render.service.name or the API key"
        )
    return found


class NoJobs(GateError):
    """The service's plan has no one-off jobs."""


class Jobs:
    """The jobs of one service.

    Raises:
        RenderError: any method.
        StepFailed: a job does not end within the budget.
    """

    def __init__(self, session: Session, service: str) -> None:
        """Find the service.

        Raises:
            NoJobs: it is on the free plan (render.com/docs/free).
            GateError: there is no such service.
        """
        found = require_service(session, service)
        if found["serviceDetails"].get("plan") == "free":
            raise NoJobs(f"{service} is on the free plan, which has no one-off jobs")
        self._session, self._path = session, f"/services/{found['id']}/jobs"
        self._owner = session.owner_of(found)

    def of(self, command: str) -> list[Json]:
        """Return every job that has run this command, newest first."""
        return [job for job in self._session.client.pages(self._path) if job["startCommand"] == command]

    def run(self, command: str, budget: Budget, known: list[Json] | None = None) -> Json:
        """Run a command and wait until it ends. If it is running already, wait for that one.

        Args:
            known: what `of` has answered, if it has been asked.

        Returns:
            The job. Its `status` is succeeded, failed or canceled.
        """
        known = self.of(command) if known is None else known
        job = next((one for one in known if one.get("status") not in ENDED), None)
        if job is None:
            seen = {one["id"] for one in known}

            def made() -> Json | None:
                return next((one for one in self.of(command) if one["id"] not in seen), None)

            job = self._session.create(self._path, {"startCommand": command}, made)
        place = f"{self._path}/{job['id']}"

        def ended() -> Json | None:
            found: Json = self._session.client.get(place)
            return found if found.get("status") in ENDED else None

        return budget.wait_for(command, ended)

    def output(self, job: Json, budget: Budget) -> list[str]:
        """Return the lines that a job has printed, at most 100 (Render API reference, List logs)."""
        place, until = {"ownerId": self._owner, "resource": job["id"]}, budget.elapsed + _LATE
        while True:
            logs = self._session.client.get("/logs", **place, direction="forward", limit=100)["logs"]
            if logs or budget.elapsed >= until:
                return [str(one["message"]) for one in logs]
            budget.sleep(1.0)
