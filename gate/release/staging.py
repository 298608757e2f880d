"""A commit that an environment deploys by itself: waited for, smoke-tested, recorded, told (plan 3.1, 3.2)."""

from __future__ import annotations

from gate.errors import GateError
from gate.release.release import Stage
from gate.release.report import Report
from gate.release.waiting import Budget
from render.errors import RenderError

PATIENCE = 60.0
"""Seconds that Render gets to begin the deploy by itself."""
_PAUSE = 5.0
_MARK = "<!-- staging gate: {} -->"


def deploy(sha: str, stage: Stage, budget: Budget) -> Report:
    """Wait until a commit serves, and look whether it works. Nothing is taken back: the next commit is the remedy.

    The commit gets the status that main requires and releases ask for; the pull request that brought it, a comment.

    Returns: `done` or `failed`.
    """
    report = Report("deploy", sha[:7], "failed", sha=sha)
    record = stage.records.begin(sha[:7], sha, "deploy", stage.production.serving())
    try:
        _wait_for_render(sha, stage, budget)
        for service in stage.production.services:
            service.deploy(sha, budget)
        stage.production.check(budget)
        report.outcome = "done"
    except (GateError, RenderError) as error:
        report.reason = str(error)
        budget.note(f"failed: {error}")
    done = report.outcome == "done"
    told = f"{stage.target.environment}: {'smoke tests passed' if done else report.reason}"
    stage.records.say(record.id, "success" if done else "failure", told)
    report.timeline = budget.timeline
    _status(sha, stage, done, told)
    _comment(sha, stage, report)
    return report


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
