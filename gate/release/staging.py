"""A commit that an environment deploys by itself: waited for, smoke-tested, recorded, told (plan 3.1, 3.2)."""

from __future__ import annotations

from blueprint.errors import RenderError
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.release.records import Record
from gate.release.release import Stage
from gate.release.report import Report
from gate.release.signals import undisturbed

PATIENCE = 60.0
"""Seconds that Render gets to begin the deploy by itself."""
_PAUSE = 5.0
_MARK = "<!-- staging gate: {} -->"


def deploy(sha: str, stage: Stage, budget: Budget) -> Report:
    """Wait until a commit serves, and look whether it works. Nothing is taken back: the next commit is the remedy.

    The commit gets the status that main requires and releases ask for; the pull request that brought it, a comment.

    Returns: `done`; `refused`, where a newer commit has taken its place; `failed`, also where the status could not be
    set, because without it nothing goes on from here.

    Raises: GateError and RenderError before there is anything to wait for.
    """
    report = Report(action="deploy", tag=sha[:7], outcome="failed", sha=sha)
    branch = stage.target.settings.github.branch.name
    head = stage.repository.head(branch)
    if head not in (None, sha) and not stage.production.backend.knows(sha):
        report.outcome, report.reason = "refused", f"{str(head)[:7]} has taken its place on {branch}"
        return report
    record = stage.records.begin(sha[:7], sha, "deploy", stage.production.serving())
    try:
        _wait_for_render(sha, stage, budget)
        for service in stage.production.services:
            service.deploy(sha, budget)
        if stage.preview:
            stage.preview.wait_for(sha, budget)
        stage.production.check(budget)
        report.outcome = "done"
    except (GateError, RenderError, KeyboardInterrupt) as error:
        report.reason = str(error) or "interrupted"
        budget.note(f"failed: {report.reason}")
    with undisturbed():
        _tell(sha, record, stage, report)
    report.timeline = budget.timeline
    return report


def _tell(sha: str, record: Record, stage: Stage, report: Report) -> None:
    done = report.outcome == "done"
    told = f"{stage.target.environment}: {'smoke tests passed' if done else report.reason}"
    report.advice += stage.ended(record, "success" if done else "failure", told)
    try:
        _status(sha, stage, done, told)
    except GateError as error:
        report.outcome = "failed"
        report.reason = report.reason or f"the status {stage.target.settings.release.smoke_context} could not be set"
        report.advice.append(str(error))
    try:
        _comment(sha, stage, report)
    except GateError as error:
        report.advice.append(f"The pull request could not be told: {error}")


def _wait_for_render(sha: str, stage: Stage, budget: Budget) -> None:
    budget.note(f"waiting for Render to begin with {sha[:7]} by itself")
    while not all(service.knows(sha) for service in stage.production.services):
        if budget.elapsed + _PAUSE > min(PATIENCE, budget.seconds):
            budget.note("Render did not begin")
            return
        budget.sleep(_PAUSE)


def _status(sha: str, stage: Stage, done: bool, told: str) -> None:
    """docs.github.com/en/rest/commits/statuses; the newest of a context counts."""
    body = {
        "state": "success" if done else "failure",
        "context": stage.target.settings.release.smoke_context,
        "description": told[:140],
    }
    needs = "Commit statuses: write"
    stage.repository.send("POST", f"statuses/{sha}", body, needs=needs, repeatable=True)


def _comment(sha: str, stage: Stage, report: Report) -> None:
    """One comment on each pull request that brought the commit, renewed by a rerun."""
    needs, mark = "Pull requests: write", _MARK.format(stage.target.environment)
    body = {"body": f"{mark}\n{report.markdown()}"}
    for pull in stage.repository.get(f"commits/{sha}/pulls", needs=needs) or []:
        path = f"issues/{pull['number']}/comments"
        mine = [c for c in stage.repository.get(path, needs=needs, per_page=100) or [] if mark in (c["body"] or "")]
        method, where = ("PATCH", f"issues/comments/{mine[0]['id']}") if mine else ("POST", path)
        stage.repository.send(method, where, body, needs=needs)
