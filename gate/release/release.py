"""A release: preconditions, lock, record, both vendors, smoke tests; and back again when one of them does not go well.

Killed at any point and run again it goes on: what serves is left alone, what is under way is waited for, and what
served before is in the record at GitHub.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.errors import GateError
from gate.release.lock import Lock
from gate.release.preconditions import Ready, look
from gate.release.production import Production
from gate.release.records import Record, Records, Serving
from gate.release.report import Report
from gate.release.repository import Repository
from gate.release.waiting import Budget
from gate.target import Target
from render.errors import RenderError

_SPARE = 120
"""Seconds that a lock outlives the budgets, for what a vendor's answer takes at the end."""


@dataclass(frozen=True)
class Stage:
    """Everything that a release and a rollback work with."""

    target: Target
    repository: Repository
    records: Records
    production: Production
    lock: Lock

    def hold(self, sha: str) -> None:
        release = self.target.settings.release
        self.lock.take(sha, release.budget_seconds + release.rollback_budget_seconds + _SPARE)


def release(tag: str, stage: Stage, budget: Budget) -> Report:
    """Release a tag.

    Returns: `done`; `refused`, and nothing was changed; `rolled back`, and what served before serves again; `failed`,
    and what serves has to be looked at.

    Raises: GateError and RenderError before the first change.
    """
    report = Report("release", tag, "refused")
    records = stage.records.newest()
    conditions, ready = look(tag, stage.target, stage.repository, stage.production.frontend, records)
    report.conditions = [(condition.title, condition.problem) for condition in conditions]
    if ready is None:
        report.reason = "a precondition does not hold; nothing was changed"
        return report
    report.sha = ready.sha
    stage.hold(ready.sha)
    try:
        _deploy(ready, records, stage, budget, report)
    finally:
        stage.lock.release()
        report.timeline = budget.timeline
    return report


def _deploy(ready: Ready, records: Sequence[Record], stage: Stage, budget: Budget, report: Report) -> None:
    record = next((r for r in records if r.open and (r.tag, r.sha, r.task) == (ready.tag, ready.sha, "deploy")), None)
    if record:
        budget.note(f"going on with the release that began as deployment {record.id}")
    else:
        record = stage.records.begin(ready.tag, ready.sha, "deploy", stage.production.serving())
        budget.note(f"recorded as deployment {record.id}")
    try:
        stage.production.put(ready.sha, ready.build, budget)
        stage.records.say(record.id, "success", f"{ready.tag} serves production")
    except (GateError, RenderError, KeyboardInterrupt) as error:
        report.reason = str(error) or "interrupted"
        budget.note(f"failed: {report.reason}")
        _take_back(record, stage, budget, report)
        return
    report.outcome = "done"
    budget.note(f"{ready.tag} serves production")


def _take_back(record: Record, stage: Stage, budget: Budget, report: Report) -> None:
    """Automatic rollback (plan 3.3, 8.1), with a budget of its own."""
    own = budget.extended(stage.target.settings.release.rollback_budget_seconds)
    own.note("rolling back")
    try:
        stage.production.put_back(record.before, own)
        stage.records.say(record.id, "failure", f"rolled back: {report.reason}")
    except (GateError, RenderError) as error:
        report.outcome = "failed"
        report.advice = [f"The rollback failed too: {error}", *by_hand(record.before, stage.target)]
        own.note(f"rollback failed: {error}")
        _say_that_it_failed(record, stage, str(error))
        return
    report.outcome = "rolled back"
    report.advice = [migrations(stage.target)]


def _say_that_it_failed(record: Record, stage: Stage, reason: str) -> None:
    try:
        stage.records.say(record.id, "error", f"rollback failed: {reason}")
    except GateError:
        return  # said on the terminal, in the report and by the exit code


def migrations(target: Target) -> str:
    """What no rollback undoes."""
    return (
        "Database migrations of the release are not undone: where the older version cannot work with the newer schema, "
        f"follow {target.settings.release.runbook}"
    )


def by_hand(before: Serving, target: Target) -> list[str]:
    """What a person does where the program could not."""
    deploys = {target.settings.render.service.name: before.render_deploy}
    deploys |= {other.name: before.others.get(other.name, ("",))[0] for other in target.settings.render.other_services}
    lines = [f"Render: {name}, Deploys, {deploy or 'the last good one'}, Rollback" for name, deploy in deploys.items()]
    if target.settings.vercel:
        build = before.vercel_deployment or "the last good one"
        lines.append(f"Vercel: the project's Deployments, {build}, Instant Rollback")
    return [*lines, f"Then: python -m gate smoke --env {target.environment}", migrations(target)]
