"""Going back to an earlier release, or to what served before one that never ended (plan 3.5, 8.3)."""

from __future__ import annotations

from collections.abc import Sequence

from gate.errors import GateError
from gate.release.errors import Refused
from gate.release.records import Record, Serving
from gate.release.release import Stage, by_hand, migrations
from gate.release.report import Report
from gate.release.version import EXPECTED, parse
from gate.release.waiting import Budget
from render.errors import RenderError


def rollback(to: str | None, stage: Stage, budget: Budget) -> Report:
    """Go back. Args: to: a release tag; None is the last good release before the one that serves.

    Returns: `done` or `failed`.

    Raises: Refused and vendors' errors before the first change.
    """
    records = stage.records.newest()
    serving = stage.production.serving()
    tag, goal = _goal(to, stage, records, serving)
    report = Report("rollback", tag, "failed", sha=goal.render_commit)
    stage.hold(goal.render_commit)
    try:
        record = stage.records.begin(tag, goal.render_commit, "rollback", serving)
        _go_back(record, goal, stage, budget, report)
        _close(records, stage)
    finally:
        stage.lock.release()
        report.timeline = budget.timeline
    return report


def _go_back(record: Record, goal: Serving, stage: Stage, budget: Budget, report: Report) -> None:
    try:
        stage.production.put_back(goal, budget)
        stage.records.say(record.id, "success", f"{record.tag} serves production again")
    except (GateError, RenderError) as error:
        report.reason = str(error)
        report.advice = by_hand(goal, stage.target)
        stage.records.say(record.id, "error", f"rollback failed: {error}")
        return
    report.outcome = "done"
    report.advice = [migrations(stage.target)]


def _close(records: Sequence[Record], stage: Stage) -> None:
    """A release that never ended has ended now."""
    for record in records:
        if record.open:
            stage.records.say(record.id, "failure", "rolled back: it never ended")


def _goal(to: str | None, stage: Stage, records: Sequence[Record], serving: Serving) -> tuple[str, Serving]:
    """The tag to go back to, and what has to serve for that."""
    if to is None:
        unfinished = next((r for r in records if r.open and r.task == "deploy"), None)
        if unfinished:
            return _tag_of(unfinished.before.render_commit, records), unfinished.before
        earlier = [r for r in records if r.good and r.task == "deploy" and r.sha != serving.render_commit]
        if not earlier:
            raise Refused("no earlier good release is on record: name one with --to vX.Y.Z")
        to, sha = earlier[0].tag, earlier[0].sha
    elif parse(to) is None:
        raise Refused(f"{to} is no release tag: {EXPECTED}")
    else:
        found = next((r.sha for r in records if r.tag == to and r.task == "deploy" and r.good), None)
        sha = found or stage.repository.commit_of(to) or ""
        if not sha:
            raise Refused(f"tag {to} does not exist at GitHub, and no release of it is on record")
    build = stage.production.frontend.build_of(sha) if stage.production.frontend else None
    if stage.production.frontend and build is None:
        raise Refused(f"Vercel has no production build of {to} ({sha[:7]}) left: name another release with --to")
    return to, stage.production.at(sha, build["uid"] if build else "")


def _tag_of(sha: str, records: Sequence[Record]) -> str:
    return next((r.tag for r in records if r.sha == sha and r.good), sha[:7])
