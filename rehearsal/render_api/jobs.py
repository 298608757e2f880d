"""One-off jobs of a service with their logs, and counts of answered requests.

Render documentation, One-Off Jobs; Render API reference, List logs and Get HTTP request count.
"""

from rehearsal.render_api.endpoints import Collection, Resource, route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, not_found, public

FAILING = "exit 1"
"""A job fails if its start command contains this."""


class Jobs(Collection):
    """The jobs of all services. A job is pending, then running, then succeeded or failed."""

    path, table, item, prefix = "/services/{service}/jobs", "jobs", "job", "job"
    post, deletable = "PostJobBody", False
    filters = ("status",)

    def visible(self, call: Call) -> list[Json]:
        """Return the jobs with the status that each has by the clock."""
        return [row | {"status": self.status(row)} for row in super().visible(call)]

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Start a job. A service on the free plan has no jobs."""
        if call.service["serviceDetails"].get("plan", "free") == "free":
            raise ApiError(400, "one-off jobs need a paid instance")
        del row["updatedAt"]
        row |= {"serviceId": call.service["id"], "startCommand": body["startCommand"]}
        row |= {"planId": body.get("planId", "plan-srv-004"), "_service": call.service["id"]}
        row |= {"_began": self.estate.clock(), "_printed": self.estate.job_output.get(body["startCommand"], [])}

    def made(self, row: Json) -> Json:
        """Return the new job."""
        return public(row) | {"status": self.status(row)}

    def status(self, row: Json) -> str:
        """Return how far a job is. It runs as long as a deploy."""
        elapsed, seconds = self.estate.clock() - row["_began"], self.estate.deploy_seconds
        if elapsed >= seconds:
            return "failed" if FAILING in row["startCommand"] else "succeeded"
        return "running" if elapsed >= seconds / 2 else "pending"


class Observability(Resource):
    """Logs, and counts of answered requests. A test says what they are."""

    @route("GET", "/logs")
    def logs(self, call: Call) -> Answer:
        """Return the lines of a job; nobody asks for those of other resources."""
        jobs = Jobs(self.estate)
        if missing := [name for name in ("ownerId", "resource") if not call.last(name)]:
            raise ApiError(400, f"missing: {', '.join(missing)}")
        if (job := jobs.rows.get(call.last("resource"))) is None:
            raise not_found(call.last("resource"))
        ended = jobs.status(job) not in ("pending", "running")
        lines = [
            {"id": f"{job['id']}-{number}", "message": line, "timestamp": job["createdAt"], "labels": []}
            for number, line in enumerate(job["_printed"] if ended else [])
        ]
        period = {"nextStartTime": job["createdAt"], "nextEndTime": self.estate.now()}
        return 200, {"hasMore": False, "logs": lines, **period}

    @route("GET", "/metrics/http-requests")
    def http_requests(self, call: Call) -> Answer:
        """Answer one series for each status."""
        service_id = call.last("resource")
        self.estate.get(call, self.estate.services, service_id)
        if service_id not in self.estate.http_requests:
            raise ApiError(402, "HTTP metrics need a Professional workspace or higher")
        moment = call.last("endTime")
        return 200, [
            {
                "labels": [{"field": "statusCode", "value": str(status)}],
                "unit": "requests",
                "values": [{"timestamp": moment, "value": count}],
            }
            for status, count in self.estate.http_requests[service_id].items()
        ]
