"""Goes back to an earlier release, or to what served before one that never ended (plan 3.5, 8.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from gate.common.budget import Budget
from gate.common.signals import undisturbed
from gate.common.version import parse, problem_with
from gate.release.builds import build_of
from gate.release.errors import ReleaseRefused
from gate.release.records import Record, Serving
from gate.release.release import Stage, migrations, not_whole, worded
from gate.release.report import ReleaseReport


@dataclass(frozen=True)
class _Goal:
    """What has to serve.

    Attributes:
        record: of an earlier rollback to it that was killed, or failed.
    """

    tag: str
    serving: Serving
    record: Record | None = None


def rollback(
    to: str | None, stage: Stage, budget: Budget, *, leaving: str | None = None, asked: str = "", why: str = ""
) -> ReleaseReport:
    """Go back.

    Args:
        to: a release tag; None is the last good release before the one that serves.
        leaving: the release that is to be taken back. If another one serves, nothing is done.
        asked: the tag that asked for it, which works once only.
        why: what is wrong with the release that serves.

    Returns:
        `done`, `refused` or `failed`.

    Raises:
        ReleaseRefused, VendorError, RenderError: before the first change.
    """
    records = stage.records.newest()
    serving = stage.production.serving()
    reason = _carried_out(asked, records) or (leaving and _elsewhere(leaving, stage, records, serving))
    if reason:
        return ReleaseReport(
            action="rollback",
            tag=asked or f"of {leaving}",
            outcome="refused",
            reason=f"{reason}; nothing was changed",
        )
    goal = _goal(to, stage, records, serving)
    report = ReleaseReport(
        action="rollback", tag=goal.tag, outcome="failed", reason=why, sha=goal.serving.render_commit
    )
    stage.hold()
    try:
        record = goal.record or stage.records.begin(
            goal.tag, goal.serving.render_commit, "rollback", serving, goal.serving.vercel_commit, asked
        )
        with undisturbed(budget.note):
            _go_back(record, goal.serving, stage, budget, report)
            if report.outcome == "done":  # a release that never ended has ended now
                for other in records:
                    if other.open and other.id != record.id:
                        report.advice += stage.ended(other, "failure", "rolled back: it never ended")
    finally:
        stage.let_go()
        report.timeline = budget.timeline
    return report


def _go_back(record: Record, goal: Serving, stage: Stage, budget: Budget, report: ReleaseReport) -> None:
    try:
        stage.production.put_back(goal, budget)
    except Exception as error:  # whatever it is, it is said which half serves what
        report.reason = worded(error)
        report.advice = [*not_whole(goal, stage), *stage.ended(record, "error", f"rollback failed: {report.reason}")]
        return
    report.outcome = "done"
    report.advice = [migrations(stage.target)]
    report.advice += stage.ended(record, "success", f"{record.tag} serves production again")


def _carried_out(asked: str, records: Sequence[Record]) -> str:
    """Return why it is not done again: a workflow that runs again much later must not go back a second time."""
    done = asked and any(record.asked == asked and record.good for record in records)
    return f"{asked} was carried out before: push another such tag, or run gate rollback" if done else ""


def _elsewhere(leaving: str, stage: Stage, records: Sequence[Record], serving: Serving) -> str:
    """Return why a release need not be taken back: nothing of it serves, or will serve. Empty if it has to be.

    Raises:
        ReleaseRefused: nobody knows the release.
    """
    sha = next((r.sha for r in records if (r.tag, r.task) == (leaving, "deploy")), None)
    sha = sha or stage.repository.commit_of(leaving)
    if not sha:
        raise ReleaseRefused(f"tag {leaving} does not exist at GitHub, and no release of it is on record")
    newest = next(iter(records), None)
    if newest and not newest.ended and leaving in (newest.tag, *(r.tag for r in records if _left(newest, r))):
        return ""
    whole = next((r.tag for r in records if r.task == "deploy" and r.good and r.serves(serving)), None)
    halves = {serving.render_commit, serving.vercel_commit, *(commit for _, commit in serving.others.values())}
    if whole != leaving and (whole or sha not in halves):
        return f"{whole or serving.render_commit[:7] or 'nothing'} serves, not {leaving}"
    return ""


def _left(rollback: Record, release: Record) -> bool:
    return rollback.task == "rollback" and rollback.before.render_commit == release.sha


def _goal(to: str | None, stage: Stage, records: Sequence[Record], serving: Serving) -> _Goal:
    if to is None:
        return _unfinished(records, stage) or _release(_last_good(records, serving), stage, records)
    if problem := problem_with(to):
        raise ReleaseRefused(problem)
    sha = next((r.sha for r in records if r.tag == to and r.task == "deploy" and r.good), None)
    sha = sha or stage.repository.commit_of(to)
    if not sha:
        raise ReleaseRefused(f"tag {to} does not exist at GitHub, and no release of it is on record")
    return _release((to, sha), stage, records)


def _unfinished(records: Sequence[Record], stage: Stage) -> _Goal | None:
    """Return the goal if the newest run was killed or could not go back: its own goal, or what served before it."""
    newest = next(iter(records), None)
    if newest is None or newest.ended:
        return None
    if newest.task == "rollback":
        goal = _release((newest.tag, newest.sha), stage, records)
        return _Goal(goal.tag, goal.serving, newest)
    before = newest.before
    return _Goal(next((r.tag for r in records if r.sha == before.render_commit and r.good), before.render_commit[:7]),
                 before)  # fmt: skip


def _last_good(records: Sequence[Record], serving: Serving) -> tuple[str, str]:
    """Return tag and commit of the newest good release that does not serve and was not taken back since."""
    names = {record.sha: record.tag for record in records}
    left: set[str] = set()
    for record in records:
        if record.task == "deploy" and record.good and not record.serves(serving) and record.sha not in left:
            return record.tag, record.sha
        if record.task == "rollback" and record.good and _is_back(names, record):
            left.add(record.before.render_commit)
    raise ReleaseRefused("no earlier good release is on record: name one with --to vX.Y.Z")


def _is_back(names: dict[str, str], record: Record) -> bool:
    """Whether a rollback went back. One to a newer version went forward again."""
    here, there = parse(names.get(record.before.render_commit, "")), parse(record.tag)
    return here is None or there is None or there < here


def _release(found: tuple[str, str], stage: Stage, records: Sequence[Record]) -> _Goal:
    tag, sha = found
    frontend = stage.production.frontend
    if frontend is None:
        return _Goal(tag, stage.production.at(sha, "", ""))
    recorded = next((r.frontend for r in records if r.sha == sha and r.frontend), sha)
    build = build_of(recorded, frontend, stage.repository, stage.target.settings.frontend_folder)
    if not build.id:
        told = f"Vercel has no production build of {tag} ({sha[:7]}) left: name another release with --to"
        raise ReleaseRefused(told)
    return _Goal(tag, stage.production.at(sha, build.id, build.sha))
