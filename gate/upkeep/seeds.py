"""Runs the application's seed scripts as one-off jobs of its service, each once (render.com/docs/one-off-jobs)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from blueprint.workspace import Session
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.vendors.render_jobs import ENDED, Jobs, NoJobs


class SeedingRefused(GateError):
    """No script was run."""


@dataclass(frozen=True)
class Seeded:
    """The result of one script."""

    script: str
    outcome: Literal["done", "already done", "failed"]


class SeedReport(Report):
    """The result of every script that was asked for."""

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
    """Run each script that has not succeeded yet, up to the first that fails.

    Args:
        again: also those that have.

    Raises:
        SeedingRefused: the service has no jobs.
        StepFailed: one does not end.
        RenderError: of any kind.
    """
    try:
        jobs = Jobs(session, service)
    except NoJobs as error:
        raise SeedingRefused(
            f"{error}. To run the scripts on this machine, name the folder of the application's code and the machine's "
            'public address: gate seed --folder DIR --address "$(curl -s https://checkip.amazonaws.com)". Or set '
            "marketedge:render.service.plan to starter ($7 a month)"
        ) from None
    results = []
    for script in scripts:
        results.append(_seed(jobs, script, budget, again=again))
        if results[-1].outcome == "failed":
            break
    return results


def _seed(jobs: Jobs, script: str, budget: Budget, *, again: bool) -> Seeded:
    known = jobs.of(script)
    runs = any(job.get("status") not in ENDED for job in known)
    if not runs and not again and any(job.get("status") == "succeeded" for job in known):
        budget.note(f"{script}: succeeded before")
        return Seeded(script, "already done")
    budget.note(f"{script}: {'waiting for the job that runs' if runs else 'starting'}")
    job = jobs.run(script, budget, known)
    budget.note(f"{script}: {job['status']} ({job['id']})")
    return Seeded(script, "done" if job["status"] == "succeeded" else "failed")
