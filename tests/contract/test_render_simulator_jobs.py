"""One-off jobs in the documented shapes (render.com/docs/one-off-jobs; API reference: Create, List, Retrieve job)."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.render_api import RenderSimulator
from render.errors import RenderError
from render.session import connect

OWNER = {"id": "tea-1", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}


def account(plan: str) -> tuple[Any, str, list[float]]:
    time = [1_800_000_000.0]
    simulator = RenderSimulator(
        api_keys={"rnd_key": ["tea-1"]}, owners=[OWNER], clock=lambda: time[0], rate_limits=False, deploy_seconds=10.0
    )
    opened = connect({"RENDER_API_KEY": "rnd_key"}, lambda _line: None, simulator.transport())
    client = opened.__enter__().client
    commands = {"buildCommand": "b", "startCommand": "s"}
    details = {"runtime": "python", "plan": plan, "region": "oregon", "envSpecificDetails": commands}
    body = {
        "type": "web_service",
        "name": "api",
        "ownerId": "tea-1",
        "repo": "https://github.com/a/b",
        "branch": "main",
    }
    made = client.post("/services", {**body, "serviceDetails": details})
    return client, f"/services/{made['service']['id']}/jobs", time


def test_a_job_runs_and_succeeds() -> None:
    client, path, time = account("starter")
    made = client.post(path, {"startCommand": "echo hi"})
    assert made["id"].startswith("job-")
    assert made["startCommand"] == "echo hi"
    statuses = []
    for seconds in (0, 6, 5):
        time[0] += seconds
        statuses.append(client.get(f"{path}/{made['id']}")["status"])
    assert statuses == ["pending", "running", "succeeded"]
    assert [job["id"] for job in client.pages(path, "job")] == [made["id"]]


def test_a_failing_command_fails() -> None:
    client, path, time = account("starter")
    made = client.post(path, {"startCommand": "exit 1"})
    time[0] += 20
    assert client.get(f"{path}/{made['id']}")["status"] == "failed"


@pytest.mark.parametrize(("plan", "body"), [("free", {"startCommand": "echo hi"}), ("starter", {})])
def test_what_is_refused(plan: str, body: dict[str, str]) -> None:
    client, path, _ = account(plan)
    with pytest.raises(RenderError, match="400"):
        client.post(path, body)
