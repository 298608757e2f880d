"""A commit that an environment deploys by itself: wait for it, smoke-test it, record it, tell it (plan 3.1, 3.2)."""

import os

from components.accounts.repository import CommitState
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.notifications import workflow_run
from gate.common.signals import undisturbed
from gate.release.backend import Replaced
from gate.release.environment import Environment
from gate.release.records import Deployed, Record
from gate.release.report import ReleaseReport
from gate.vendors.issues import IssueTracker, marker

PATIENCE = 60.0
"""Seconds that Render gets to start the deploy by itself."""
_PAUSE = 5.0


def deploy(sha: str, env: Environment, budget: Budget) -> ReleaseReport:
    """Wait until a commit serves, and test whether it works. Nothing is rolled back, because the next commit fixes it.

    The commit gets the status that main requires and releases ask for. The pull request that brought it gets a comment.

    Returns:
        `done`; `overtaken`: a newer commit took its place before it was tested, which is no failure; `failed`: also if
        the status could not be set, because without it nothing can go on to production.

    Raises:
        GateError, RenderError: before there is anything to wait for.
    """
    report = ReleaseReport(action="deploy", tag=sha[:7], outcome="failed", sha=sha)
    record = None
    try:
        _refuse_overtaken(sha, env)
        record = env.records.begin(sha[:7], sha, "deploy", env.serving())
        _wait_for_render(sha, env, budget)
        for service in env.services.values():
            service.release(Deployed(commit=sha), budget)
        if env.preview:
            env.preview.wait_for(sha, budget)
        env.test(budget)
        report.outcome = "done"
    except (GateError, KeyboardInterrupt) as error:
        if record is None and not isinstance(error, Replaced):
            raise
        report.reason = str(error) or "interrupted"
    newer = env.repository.head(env.target.settings.github.branch.name)
    if newer not in (None, sha) and (record is None or env.backend.serving().commit != sha):
        report.outcome, report.reason = "overtaken", f"overtaken by {str(newer)[:7]}"
    budget.note(f"{report.outcome}: {report.reason}".removesuffix(": "))
    with undisturbed():
        _tell(sha, record, env, report)
    report.timeline = budget.timeline
    return report


def _refuse_overtaken(sha: str, env: Environment) -> None:
    """Refuse to deploy the commit if that would take a newer one back.

    Raises:
        Replaced: it would.
    """
    head = env.repository.head(env.target.settings.github.branch.name)
    if head not in (None, sha) and not env.backend.knows(sha):
        raise Replaced(f"overtaken by {str(head)[:7]}")


_STATUS: dict[str, CommitState] = {"done": "success", "overtaken": "pending"}
_STATE = {"done": "success", "overtaken": "inactive"}


def _tell(sha: str, record: Record | None, env: Environment, report: ReleaseReport) -> None:
    told = "smoke tests passed" if report.outcome == "done" else report.reason
    if record:
        report.advice += env.ended(record, _STATE.get(report.outcome, "failure"), told)
    try:
        context, text = env.target.settings.release.smoke_context, f"{env.target.environment}: {told}"
        state = _STATUS.get(report.outcome, "failure")
        env.repository.set_status(sha, context, state, text, workflow_run(os.environ))
    except GateError as error:
        report.outcome = "failed"
        report.reason = report.reason or f"the status {env.target.settings.release.smoke_context} could not be set"
        report.advice.append(str(error))
    try:
        _comment(sha, env, report)
    except GateError as error:
        report.advice.append(f"The pull request could not be commented on: {error}")


def _wait_for_render(sha: str, env: Environment, budget: Budget) -> None:
    budget.note(f"waiting for Render to start deploying {sha[:7]} by itself")
    while not all(service.knows(sha) for service in env.services.values()):
        _refuse_overtaken(sha, env)
        if budget.elapsed + _PAUSE > min(PATIENCE, budget.seconds):
            budget.note("Render did not begin")
            return
        budget.sleep(_PAUSE)


def _comment(sha: str, env: Environment, report: ReleaseReport) -> None:
    """Write one comment on each pull request that brought the commit. A rerun renews it."""
    mark, tracker = marker(f"deploy {env.target.environment}"), IssueTracker(env.repository)
    for pull in env.repository.pages(f"commits/{sha}/pulls", "Pull requests: read"):
        tracker.comment(pull["number"], mark, f"{mark}\n{report.markdown()}")
