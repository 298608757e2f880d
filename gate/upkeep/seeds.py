"""Runs the application's seed scripts as one-off jobs of its service, each once (render.com/docs/one-off-jobs)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from blueprint.workspace import Session
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.report import Report

_ENDED = frozenset({"succeeded", "failed", "canceled"})


class SeedingRefused(GateError):
    """Nothing was run."""


@dataclass(frozen=True)
class Seeded:
    """What came of one script."""

    script: str
    outcome: Literal["done", "already done", "failed"]


class SeedReport(Report):
    """What came of every script that was asked for."""

    environment: str
    scripts: list[Seeded]

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if any(one.outcome == "failed" for one in self.scripts) else ExitCode.DONE

    def lines(self) -> Iterable[str]:
        return (f"{one.outcome}: {one.script}" for one in self.scripts)


def seed(
    session: Session, service: str, scripts: Sequence[str], budget: Budget, *, again: bool = False
) -> list[Seeded]:
    """Run each script that has not succeeded yet; the first that fails is the last.

    Args: again: also those that have.

    Raises: SeedingRefused where the service has no jobs; StepFailed where one does not end; RenderError.
    """
    found = session.find("/services", "service", service)
    if found is None:
        raise SeedingRefused(f"Render has no service {service}: run pulumi up for this environment first")
    if found["serviceDetails"]["plan"] == "free":
        raise SeedingRefused(
            f"{service} is on the free plan, which has no one-off jobs: set marketedge:render.service.plan to starter "
            f"($7 a month) for the time being, or run on a machine that reaches the database: {'; '.join(scripts)}"
        )
    path = f"/services/{found['id']}/jobs"
    results = []
    for script in scripts:
        known = [job for job in session.client.pages(path, "job") if job["startCommand"] == script]
        results.append(_seed(session, path, script, known, budget, again=again))
        if results[-1].outcome == "failed":
            break
    return results


def _seed(
    session: Session, path: str, script: str, known: list[dict[str, Any]], budget: Budget, *, again: bool
) -> Seeded:
    running = next((job for job in known if job.get("status") not in _ENDED), None)
    if running is None and not again and any(job.get("status") == "succeeded" for job in known):
        budget.note(f"{script}: succeeded before")
        return Seeded(script, "already done")
    if running is None:
        budget.note(f"{script}: starting")
        seen = {job["id"] for job in known}

        def made() -> dict[str, Any] | None:
            new = [j for j in session.client.pages(path, "job") if j["startCommand"] == script and j["id"] not in seen]
            return new[0] if new else None

        running = session.create(path, {"startCommand": script}, made)
    job_id = running["id"]

    def ended() -> str | None:
        status = session.client.get(f"{path}/{job_id}").get("status")
        return str(status) if status in _ENDED else None

    status = budget.wait_for(script, ended)
    budget.note(f"{script}: {status} ({job_id})")
    return Seeded(script, "done" if status == "succeeded" else "failed")
