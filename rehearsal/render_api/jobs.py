"""One-off jobs of a service (Render documentation, One-Off Jobs): pending, running, then succeeded or failed."""

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found

FAILING = "exit 1"
"""A job fails if its start command contains this."""


class Jobs:
    """The jobs of all services.

    Args:
        seconds: how long a job runs.

    Attributes:
        prints: by start command, the lines that a job which begins now prints.
    """

    def __init__(self, estate: Estate, seconds: float) -> None:
        self._estate, self._seconds = estate, seconds
        self.jobs: dict[str, Json] = {}
        self.prints: dict[str, list[str]] = {}

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("GET", "/services/{id}/jobs", self.list_all),
            Route("POST", "/services/{id}/jobs", self.create, "PostJobBody"),
            Route("GET", "/services/{id}/jobs/{job}", self.get),
            Route("GET", "/logs", self.logs),
        ]

    def list_all(self, call: Call, service_id: str) -> Answer:
        """Answer the jobs of a service, newest first."""
        self._estate.get(call, self._estate.services, service_id)
        mine = [self._shown(job) for job in reversed(self.jobs.values()) if job["serviceId"] == service_id]
        return 200, call.page(mine, "job", lambda row: str(row["id"]))

    def create(self, call: Call, service_id: str) -> Answer:
        """Start a job. A service on the free plan has no jobs."""
        service = self._estate.get(call, self._estate.services, service_id)
        body = call.object()
        if service["serviceDetails"].get("plan", "free") == "free":
            raise ApiError(400, "one-off jobs need a paid instance")
        job = {"id": self._estate.new_id("job"), "serviceId": service_id, "startCommand": body["startCommand"]}
        job["planId"] = body.get("planId", "plan-srv-004")
        job |= {"createdAt": self._estate.now(), "_began": self._estate.clock()}
        job["_printed"] = self.prints.get(body["startCommand"], [])
        self.jobs[job["id"]] = job
        return 201, self._shown(job)

    def get(self, call: Call, service_id: str, job_id: str) -> Answer:
        """Answer one job."""
        self._estate.get(call, self._estate.services, service_id)
        if (job := self.jobs.get(job_id)) is None or job["serviceId"] != service_id:
            raise not_found(job_id)
        return 200, self._shown(job)

    def logs(self, call: Call) -> Answer:
        """Return the lines of a job (Render API reference, List logs); nobody asks for those of other resources."""
        missing = [name for name in ("ownerId", "resource") if not call.query.get(name)]
        if missing:
            raise ApiError(400, f"missing: {', '.join(missing)}")
        if (job := self.jobs.get(call.query["resource"][-1])) is None:
            raise not_found(call.query["resource"][-1])
        ended = self._shown(job)["status"] not in ("pending", "running")
        lines = [
            {"id": f"{job['id']}-{number}", "message": line, "timestamp": job["createdAt"], "labels": []}
            for number, line in enumerate(job["_printed"] if ended else [])
        ]
        period = {"nextStartTime": job["createdAt"], "nextEndTime": self._estate.now()}
        return 200, {"hasMore": False, "logs": lines, **period}

    def _shown(self, job: Json) -> Json:
        elapsed = self._estate.clock() - job["_began"]
        ended = "failed" if FAILING in job["startCommand"] else "succeeded"
        status = ended if elapsed >= self._seconds else "running" if elapsed >= self._seconds / 2 else "pending"
        return {**{key: value for key, value in job.items() if not key.startswith("_")}, "status": status}
