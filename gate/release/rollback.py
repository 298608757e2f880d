"""Goes back to an earlier release, or to what served before one that never ended (plan 3.5, 8.3)."""

from collections.abc import Sequence
from typing import NamedTuple

from gate.common.budget import Budget
from gate.common.errors import ReleaseRefused
from gate.common.signals import undisturbed
from gate.common.version import parse, problem_with
from gate.release.environment import Environment
from gate.release.frontend import Build
from gate.release.records import BACKEND, FRONTEND, Record, Serving
from gate.release.report import ReleaseReport


class _Goal(NamedTuple):
    """What has to serve.

    Attributes:
        record: of an earlier rollback to it that was killed, or failed.
    """

    tag: str
    serving: Serving
    record: Record | None = None


def rollback(
    to: str | None, env: Environment, budget: Budget, *, leaving: str | None = None, asked: str = "", why: str = ""
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
    records, serving = env.records.newest(), env.serving()
    report = ReleaseReport(action="rollback", tag=asked or f"of {leaving}", outcome="refused", reason=why)
    if reason := _carried_out(asked, records) or _elsewhere(leaving, env, records, serving):
        report.reason = f"{reason}; nothing was changed"
        return report
    goal = _goal(to, env, records, serving)
    report.tag, report.sha = goal.tag, goal.serving[BACKEND].commit
    with env.held(report, budget):
        frontend = goal.serving[FRONTEND].commit
        record = goal.record or env.records.begin(goal.tag, report.sha, "rollback", serving, frontend, asked)
        with undisturbed(budget.note):
            report.outcome, text = "done", f"{record.tag} serves production again"
            report.reason = env.go_back(record, goal.serving, budget, report, "success", text) or why
            # A release that never ended has ended now.
            for other in records if report.outcome == "done" else ():
                if other.open and other.id != record.id:
                    report.advice += env.ended(other, "failure", "rolled back: it never ended")
    return report


def _carried_out(asked: str, records: Sequence[Record]) -> str:
    """Return why it is not done again: a workflow that runs again much later must not go back a second time."""
    done = asked and any(record.asked == asked and record.good for record in records)
    return f"{asked} was carried out before: push another such tag, or run gate rollback" if done else ""


def _elsewhere(leaving: str | None, env: Environment, records: Sequence[Record], serving: Serving) -> str:
    """Return why a release need not be taken back: nothing of it serves, or will serve. Empty if it has to be.

    Raises:
        ReleaseRefused: nobody knows the release.
    """
    if not leaving:
        return ""
    sha = _commit_of(leaving, env, [record for record in records if record.task == "deploy"])
    newest = next(iter(records), None)
    if newest and not newest.ended and leaving in (newest.tag, *(r.tag for r in records if _left(newest, r))):
        return ""
    whole = next((r.tag for r in records if r.task == "deploy" and r.good and r.serves(serving)), None)
    if whole != leaving and (whole or sha not in {found.commit for found in serving.values()}):
        return f"{whole or serving[BACKEND].commit[:7] or 'nothing'} serves, not {leaving}"
    return ""


def _commit_of(tag: str, env: Environment, releases: Sequence[Record]) -> str:
    """Return the commit of a release.

    Raises:
        ReleaseRefused: nobody knows it.
    """
    sha = next((record.sha for record in releases if record.tag == tag), None) or env.repository.commit_of(tag)
    if not sha:
        raise ReleaseRefused(f"tag {tag} does not exist at GitHub, and no release of it is on record")
    return sha


def _left(rollback: Record, release: Record) -> bool:
    return rollback.task == "rollback" and rollback.replaced == release.sha


def _goal(to: str | None, env: Environment, records: Sequence[Record], serving: Serving) -> _Goal:
    if to is None:
        return _unfinished(records, env) or _release(*_last_good(records, serving), env, records)
    if problem := problem_with(to):
        raise ReleaseRefused(problem)
    good = [record for record in records if record.task == "deploy" and record.good]
    return _release(to, _commit_of(to, env, good), env, records)


def _unfinished(records: Sequence[Record], env: Environment) -> _Goal | None:
    """Return the goal if the newest run was killed or could not go back: its own goal, or what served before it."""
    newest = next(iter(records), None)
    if newest is None or newest.ended:
        return None
    if newest.task == "rollback":
        return _release(newest.tag, newest.sha, env, records)._replace(record=newest)
    earlier = (record.tag for record in records if record.sha == newest.replaced and record.good)
    return _Goal(next(earlier, newest.replaced[:7]), newest.before)


def _last_good(records: Sequence[Record], serving: Serving) -> tuple[str, str]:
    """Return tag and commit of the newest good release that does not serve and was not taken back since."""
    names = {record.sha: record.tag for record in records}
    left: set[str] = set()
    for record in records:
        if record.task == "deploy" and record.good and not record.serves(serving) and record.sha not in left:
            return record.tag, record.sha
        if record.task == "rollback" and record.good and _is_back(names, record):
            left.add(record.replaced)
    raise ReleaseRefused("no earlier good release is on record: name one with --to vX.Y.Z")


def _is_back(names: dict[str, str], record: Record) -> bool:
    """Whether a rollback went back. One to a newer version went forward again."""
    here, there = parse(names.get(record.replaced, "")), parse(record.tag)
    return here is None or there is None or there < here


def _release(tag: str, sha: str, env: Environment, records: Sequence[Record]) -> _Goal:
    """Return the goal that is a release with its frontend.

    Raises:
        ReleaseRefused: Vercel has no build of it any more.
    """
    build = Build()
    if frontend := env.frontend:
        recorded = next((record.frontend for record in records if record.sha == sha and record.frontend), sha)
        build = frontend.build_of(recorded, env.repository, env.target.settings.frontend_folder)
        if not build.id:
            told = f"Vercel has no production build of {tag} ({sha[:7]}) left: name another release with --to"
            raise ReleaseRefused(told)
    return _Goal(tag, env.at(sha, build))
