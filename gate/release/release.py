"""A release: preconditions, lock, record, both vendors, smoke tests, and a rollback if one of them fails.

If it is killed, run it again: it continues. It keeps what serves, waits for what is running, and reads what served
before from the record at GitHub.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blueprint.errors import RenderError
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.signals import undisturbed
from gate.release.afterwards import afterwards
from gate.release.branch_builds import PreviewBuilds
from gate.release.database import DatabaseBackup
from gate.release.lock import ReleaseLock
from gate.release.migrations import MigrationList, new_lines, of_the_files, sentence
from gate.release.preconditions import Condition, Ready, check_preconditions, newer
from gate.release.records import Half, Record, Records, Serving
from gate.release.report import ReleaseReport
from gate.release.serving import Production
from gate.stack.target import Target
from gate.vendors.repository import Repository

SPARE = 120
"""Seconds that a run may take beyond its budgets, for a vendor's answer at the end."""

_LISTING = 120.0
"""Seconds that the command which lists the migrations may take."""


@dataclass(frozen=True)
class Stage:
    """Everything that a release and a rollback work with.

    Attributes:
        preview: where Vercel deploys the frontend by itself.
        database: the one that a release needs a way back for.
        migration_list: lists the migrations of what serves; None if no command is named.
        back_to: the branch that main is merged back into after a release, by a pull request.
    """

    target: Target
    repository: Repository
    records: Records
    production: Production
    lock: ReleaseLock
    preview: PreviewBuilds | None = None
    database: DatabaseBackup | None = None
    migration_list: MigrationList | None = None
    back_to: str = ""

    def hold(self) -> None:
        release = self.target.settings.release
        self.lock.take(release.budget_seconds + release.rollback_budget_seconds + SPARE)

    def let_go(self) -> None:
        with undisturbed():
            self.lock.release()

    def ended(self, record: Record, state: str, text: str) -> list[str]:
        """Record how it ended, when that changes nothing about what serves.

        Returns:
            Advice, if it cannot be recorded.
        """
        try:
            self.records.say(record.id, state, text)
        except GateError as error:
            return [f"This could not be recorded at GitHub, so that {record.tag} counts as not ended: {error}"]
        return []


def release(tag: str, stage: Stage, budget: Budget, hotfix: str = "") -> ReleaseReport:
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
    records = stage.records.newest()
    conditions, ready = check_preconditions(
        tag, stage.target, stage.repository, stage.production.frontend, records, budget, hotfix
    )
    if ready:
        conditions += _data(ready, stage, budget, report)
        ready = None if any(condition.problem for condition in conditions) else ready
    report.conditions = [(condition.title, condition.problem) for condition in conditions]
    if ready is None:
        report.reason = "a precondition does not hold; nothing was changed"
        return report
    report.sha = ready.sha
    report.reason = f"past staging: {hotfix}" if hotfix else ""
    stage.hold()
    try:
        records = stage.records.newest()
        overtaken = newer(tag, ready.sha, records)  # by a release that ended while this one looked around
        if overtaken.problem:
            report.conditions.append((overtaken.title, overtaken.problem))
            report.reason = "a precondition does not hold any more; nothing was changed"
        else:
            _deploy(_record(ready, records, stage, budget, hotfix), ready, stage, budget, report)
    finally:
        stage.let_go()
        report.timeline = budget.timeline
    return report


def _data(ready: Ready, stage: Stage, budget: Budget, report: ReleaseReport) -> list[Condition]:
    """Make sure that the data has a way back while nothing has changed, and find the migrations."""
    settings, serving = stage.target.settings.release, stage.production.serving()
    brought = of_the_files(serving.render_commit, ready.sha, stage.repository, settings.migrations)
    report.migrations = brought or []
    found = [] if brought is None else [Condition(sentence(brought))]
    if settings.backup and stage.database is None:
        budget.note("the database's backup is not checked: name the database in marketedge:release.database")
    elif settings.backup and stage.database:
        there, problem = stage.database.way_back(budget)
        found.append(Condition(f"the database has a way back{there and f': {there}'}", problem))
    return found


def _record(ready: Ready, records: Sequence[Record], stage: Stage, budget: Budget, hotfix: str) -> Record:
    """Return the record of this release: a new one, or that of a run which was killed."""
    unfinished = [record for record in records if record.open and record.task == "deploy"]
    for record in unfinished:
        if (record.tag, record.sha) == (ready.tag, ready.sha):
            budget.note(f"going on with the release that began as deployment {record.id}")
            return record
    before = _before(unfinished, stage.production.serving())
    record = stage.records.begin(ready.tag, ready.sha, "deploy", before, ready.build.sha, hotfix=hotfix)
    budget.note(f"recorded as deployment {record.id}")
    for other in unfinished:
        stage.records.say(other.id, "failure", f"never ended; {ready.tag} takes its place")
    return record


def _before(unfinished: Sequence[Record], serving: Serving) -> Serving:
    """Return what to go back to: what serves, unless that is half of a killed release."""
    half = next((r for r in unfinished if r.sha in (serving.render_commit, serving.vercel_commit)), None)
    return half.before if half else serving


def _deploy(record: Record, ready: Ready, stage: Stage, budget: Budget, report: ReleaseReport) -> None:
    listed: list[str] = []
    try:
        listed = _listed(stage, budget)
        stage.production.put(stage.production.at(ready.sha, ready.build.id, ready.build.sha), budget)
        stage.records.say(record.id, "success", f"{ready.tag} serves production")
    except (Exception, KeyboardInterrupt) as error:  # whatever it is, production is not left half way
        with undisturbed(budget.note):
            report.reason = "; ".join(filter(None, [report.reason, worded(error)]))
            budget.note(f"failed: {report.reason}")
            _take_back(record, stage, budget, report)
        return
    report.outcome = "done"
    budget.note(f"{ready.tag} serves production")
    branch = stage.target.settings.github.branch.name
    addresses = filter(None, [stage.target.frontend_url, stage.target.backend_url])
    done = afterwards(ready.tag, branch, stage.back_to, stage.repository)
    report.advice = [f"Serves at: {', '.join(addresses)}", *done]
    with undisturbed(budget.note):  # the release is done, whatever comes now
        if brought := new_lines(listed, _listed(stage, budget) if listed else []):
            report.migrations, report.advice = brought, [f"Migrations: {sentence(brought)}", *report.advice]


def _listed(stage: Stage, budget: Budget) -> list[str]:
    """Return the migrations of what serves; empty if no command lists them."""
    return stage.migration_list.lines(budget.extended(_LISTING)) if stage.migration_list else []


def _take_back(record: Record, stage: Stage, budget: Budget, report: ReleaseReport) -> None:
    """Roll back automatically (plan 3.3, 8.1), with a budget of its own."""
    own = budget.extended(stage.target.settings.release.rollback_budget_seconds)
    own.note("rolling back")
    try:
        stage.production.put_back(record.before, own)
    except Exception as error:
        failed = f"rollback failed: {worded(error)}"
        own.note(failed)
        report.outcome = "failed"
        report.advice = [f"The {failed}", *not_whole(record.before, stage), *stage.ended(record, "error", failed)]
        return
    report.outcome = "rolled back"
    report.advice = [migrations(stage.target), *stage.ended(record, "failure", f"rolled back: {report.reason}")]


def worded(error: BaseException) -> str:
    """Return what went wrong, in a line. An unexpected error may quote an answer, so only its kind is shown."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, GateError | RenderError) else f"unexpected {type(error).__name__}"


def migrations(target: Target) -> str:
    """Return the warning about what no rollback undoes."""
    return (
        "Database migrations of the release are not undone: where the older version cannot work with the newer schema, "
        f"follow {target.settings.release.runbook}"
    )


def not_whole(goal: Serving, stage: Stage) -> list[str]:
    """Return the advice after a failed rollback: what each half serves, the command that finishes it, manual steps."""
    try:
        now = stage.production.serving()
    except (GateError, RenderError) as error:
        lines = [f"What serves now could not be read: {error}"]
    else:
        names = {record.sha: record.tag for record in stage.records.newest() if record.task == "deploy"}
        lines = [_line(half, names) for half in now.beside(goal) if half.is_ or half.wanted]
    environment = stage.target.environment
    return [*lines, f"To finish it: python -m gate rollback --env {environment}", *by_hand(goal, stage.target)]


def _line(half: Half, names: Mapping[str, str]) -> str:
    should = f"; it should serve {_named(half.wanted, names)}" if half.is_ != half.wanted else ", as it should"
    return f"{half.where} serves {_named(half.is_, names)}{should if half.wanted else ''}"


def _named(sha: str, names: Mapping[str, str]) -> str:
    return f"{names[sha]} ({sha[:7]})" if sha in names else sha[:7] or "nothing"


def by_hand(before: Serving, target: Target) -> list[str]:
    """Return what a person does if the program cannot."""
    deploys = {target.settings.render.service.name: before.render_deploy}
    deploys |= {other.name: before.others.get(other.name, ("",))[0] for other in target.settings.render.other_services}
    lines = [f"Render: {name}, Deploys, {deploy or 'the last good one'}, Rollback" for name, deploy in deploys.items()]
    if target.settings.vercel:
        build = before.vercel_deployment or "the last good one"
        lines.append(f"Vercel: the project's Deployments, {build}, Instant Rollback")
    return ["By hand:", *lines, f"Then: python -m gate smoke --env {target.environment}", migrations(target)]
