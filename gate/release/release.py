"""A release: preconditions, lock, record, both vendors, smoke tests, and a rollback if one of them fails.

If it is killed, run it again: it continues. It keeps what serves, waits for what is running, and reads what served
before from the record at GitHub.
"""

from collections.abc import Sequence

from components.accounts.repository import Repository
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.signals import undisturbed
from gate.release.database import new_lines, summary
from gate.release.environment import Environment, worded
from gate.release.preconditions import Candidate, check_preconditions, newer
from gate.release.records import Record, Serving
from gate.release.report import ReleaseReport

_LISTING = 120.0
"""Seconds that the command which lists the migrations may take."""


def release(tag: str, env: Environment, budget: Budget, hotfix: str = "") -> ReleaseReport:
    """Release a tag.

    Args:
        hotfix: why it skips staging; empty for a normal release.

    Returns:
        `done`; `refused`: nothing was changed; `rolled back`: what served before serves again; `failed`: somebody has
        to look at what serves.

    Raises:
        GateError, RenderError: before the first change.
    """
    report = ReleaseReport(action="hotfix" if hotfix else "release", tag=tag, outcome="refused")
    found = check_preconditions(tag, env, env.records.newest(), budget, hotfix)
    report.conditions, report.migrations = found.conditions, found.migrations
    if not found.ready:
        report.reason = "a precondition does not hold; nothing was changed"
        return report
    report.sha = found.sha
    report.reason = f"past staging: {hotfix}" if hotfix else ""
    with env.held(report, budget):
        records = env.records.newest()
        overtaken = newer(tag, found.sha, records)  # by a release that ended while this one looked around
        if overtaken.problem:
            report.conditions.append(overtaken)
            report.reason = "a precondition does not hold any more; nothing was changed"
        else:
            _deploy(_record(found, records, env, budget, hotfix), found, env, budget, report)
    return report


def _record(ready: Candidate, records: Sequence[Record], env: Environment, budget: Budget, hotfix: str) -> Record:
    """Return the record of this release: a new one, or that of a run which was killed."""
    unfinished = [record for record in records if record.open and record.task == "deploy"]
    for record in unfinished:
        if (record.tag, record.sha) == (ready.tag, ready.sha):
            budget.note(f"going on with the release that began as deployment {record.id}")
            return record
    before = _before(unfinished, env.serving())
    record = env.records.begin(ready.tag, ready.sha, "deploy", before, ready.build.sha, hotfix=hotfix)
    budget.note(f"recorded as deployment {record.id}")
    for other in unfinished:
        env.records.say(other.id, "failure", f"never ended; {ready.tag} takes its place")
    return record


def _before(unfinished: Sequence[Record], serving: Serving) -> Serving:
    """Return what to go back to: what serves, unless that is half of a killed release."""
    commits = {found.commit for found in serving.values()}
    return next((record.before for record in unfinished if record.sha in commits), serving)


def _deploy(record: Record, ready: Candidate, env: Environment, budget: Budget, report: ReleaseReport) -> None:
    listed: list[str] = []
    try:
        listed = _listed(env, budget)
        env.put(env.at(ready.sha, ready.build), budget)
        env.records.say(record.id, "success", f"{ready.tag} serves production")
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, production is not left half way
        with undisturbed(budget.note):
            report.reason = "; ".join(filter(None, [report.reason, worded(error)]))
            budget.note(f"failed: {report.reason}")
            _take_back(record, env, budget, report)
        return
    report.outcome = "done"
    budget.note(f"{ready.tag} serves production")
    addresses = filter(None, [env.target.frontend_url, env.target.backend_url])
    report.advice = [f"Serves at: {', '.join(addresses)}", *_afterwards(ready.tag, env)]
    with undisturbed(budget.note):  # the release is done, whatever comes now
        if brought := new_lines(listed, _listed(env, budget) if listed else []):
            report.migrations, report.advice = brought, [f"Migrations: {summary(brought)}", *report.advice]


def _listed(env: Environment, budget: Budget) -> list[str]:
    """Return the migrations of what serves; empty if no command lists them."""
    return env.migration_list.lines(budget.extended(_LISTING)) if env.migration_list else []


def _take_back(record: Record, env: Environment, budget: Budget, report: ReleaseReport) -> None:
    """Roll back automatically (plan 3.3, 8.1), with a budget of its own."""
    own = budget.extended(env.target.settings.release.rollback_budget_seconds)
    own.note("rolling back")
    report.outcome = "rolled back"
    if problem := env.go_back(record, record.before, own, report, "failure", f"rolled back: {report.reason}"):
        own.note(f"rollback failed: {problem}")
        report.advice.insert(0, f"The rollback failed: {problem}")


def _afterwards(tag: str, env: Environment) -> list[str]:
    """Write the release's notes at GitHub, and open a pull request that merges main back into staging's branch.

    If one fails, the release is still done (docs.github.com/en/rest: releases/releases, pulls/pulls).

    Returns:
        What came of it, one line each.
    """
    branch, back_to = env.target.settings.github.branch.name, env.back_to
    lines = [_write_notes(tag, env.repository)]
    return [*lines, _bring_back(branch, back_to, env.repository)] if back_to not in ("", branch) else lines


def _write_notes(tag: str, repository: Repository) -> str:
    """Create the release notes. GitHub lists the pull requests since the release before."""
    body = {"tag_name": tag, "name": tag, "generate_release_notes": True}
    try:
        found = repository.get(f"releases/tags/{tag}") or repository.send(
            "POST", "releases", body, needs="Contents: write", repeatable=True
        )
    except GateError as error:
        return f"The release notes could not be written: {error}"
    return f"Release notes: {found['html_url']}"


def _bring_back(branch: str, back_to: str, repository: Repository) -> str:
    """Open the pull request. Without it GitHub calls staging's branch out of date at the next pull request."""
    title = f"Bring {branch} back to {back_to}"
    try:
        if repository.is_on(back_to, repository.head(branch) or ""):
            return f"{back_to} has everything that is on {branch}"
        query = {"head": f"{repository.owner}:{branch}", "base": back_to, "state": "open"}
        found = repository.get("pulls", needs="Pull requests: read", **query) or []
        body = {"title": title, "head": branch, "base": back_to, "body": f"What was merged to {branch}."}
        one = found[0] if found else repository.send("POST", "pulls", body, needs="Pull requests: write")
    except GateError as error:
        return f"Open a pull request from {branch} to {back_to}; the gate could not: {error}"
    return f"{title}: {one['html_url']}"
