"""One-off jobs in the documented shapes (render.com/docs/one-off-jobs; API reference: Create, List, Retrieve job)."""

from __future__ import annotations

import httpx
import pytest

from rehearsal.render_api import RenderSimulator

OWNER = {"id": "tea-1", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}


class Account:
    """A service, and time that passes where a test says so."""

    def __init__(self, plan: str) -> None:
        self.time = 1_800_000_000.0
        simulator = RenderSimulator(
            api_keys={"rnd_key": ["tea-1"]},
            owners=[OWNER],
            clock=lambda: self.time,
            rate_limits=False,
            deploy_seconds=10.0,
        )
        self.http = httpx.Client(
            base_url="http://render.test/v1",
            headers={"Authorization": "Bearer rnd_key"},
            transport=simulator.transport(),
        )
        commands = {"buildCommand": "b", "startCommand": "s"}
        details = {"runtime": "python", "plan": plan, "region": "oregon", "envSpecificDetails": commands}
        body = {"type": "web_service", "name": "api", "ownerId": "tea-1", "serviceDetails": details}
        made = self.http.post("/services", json={**body, "repo": "https://github.com/a/b", "branch": "main"}).json()
        self.path = f"/services/{made['service']['id']}/jobs"


def test_a_job_runs_and_succeeds() -> None:
    account = Account("starter")
    made = account.http.post(account.path, json={"startCommand": "echo hi"})
    assert made.status_code == 201
    job = made.json()
    assert job["id"].startswith("job-")
    assert job["startCommand"] == "echo hi"
    statuses = []
    for seconds in (0, 6, 5):
        account.time += seconds
        statuses.append(account.http.get(f"{account.path}/{job['id']}").json()["status"])
    assert statuses == ["pending", "running", "succeeded"]
    assert [entry["job"]["id"] for entry in account.http.get(account.path).json()] == [job["id"]]


def test_a_failing_command_fails() -> None:
    account = Account("starter")
    job = account.http.post(account.path, json={"startCommand": "exit 1"}).json()
    account.time += 20
    assert account.http.get(f"{account.path}/{job['id']}").json()["status"] == "failed"


@pytest.mark.parametrize(("plan", "body"), [("free", {"startCommand": "echo hi"}), ("starter", {})])
def test_what_is_refused(plan: str, body: dict[str, str]) -> None:
    account = Account(plan)
    assert account.http.post(account.path, json=body).status_code == 400
    assert account.http.get(account.path).json() == []


def test_a_job_that_does_not_exist_is_not_found() -> None:
    account = Account("starter")
    assert account.http.get(f"{account.path}/job-none").status_code == 404
