"""One environment as a release sees it: what serves there and how that is changed, its records and its lock."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blueprint.workspace import Session, connect
from components.accounts import Accounts, CredentialsMissing
from components.accounts.repository import Repository
from gate.common.budget import Budget
from gate.common.errors import GateError, StepFailed
from gate.common.notifications import workflow_run
from gate.common.signals import undisturbed
from gate.release.backend import RenderService
from gate.release.database import DatabaseBackup, MigrationList
from gate.release.frontend import Build, PreviewBuilds, VercelProject
from gate.release.lock import ReleaseLock, is_over, who
from gate.release.records import BACKEND, FRONTEND, Deployed, Place, Record, Records, Serving
from gate.release.report import ReleaseReport
from gate.stack.target import Target, load_peers
from gate.vendors.render import Jobs, NoJobs

_SPARE = 120
"""Seconds that a run may take beyond its budgets, for a vendor's answer at the end."""
_LEAST = 10.0
"""Seconds that smoke tests get even if the budget is used up, because without them nothing is known."""


class Tested(Protocol):
    """What smoke tests say of what serves.

    Attributes:
        problems: what failed, in a few words each; empty if they passed.
    """

    @property
    def headline(self) -> str: ...
    @property
    def problems(self) -> list[str]: ...


Smoke = Callable[[float], Tested]


@dataclass(frozen=True)
class Environment:
    """One environment.

    Attributes:
        smoke: tests whether what serves works, within so many seconds.
        frontend: None if a release puts none in place.
        others: further services of the same repository, which are released together with the backend.
        preview: where Vercel deploys the frontend by itself.
        database: the one that a release needs a way back for.
        migration_list: lists the migrations of what serves; None if no command is named.
        back_to: the branch that main is merged back into after a release, by a pull request.
    """

    target: Target
    repository: Repository
    records: Records
    lock: ReleaseLock
    smoke: Smoke
    backend: RenderService
    frontend: VercelProject | None = None
    others: Sequence[RenderService] = ()
    preview: PreviewBuilds | None = None
    database: DatabaseBackup | None = None
    migration_list: MigrationList | None = None
    back_to: str = ""

    @property
    def services(self) -> dict[Place, RenderService]:
        return {BACKEND: self.backend, **{Place("Render", other.name): other for other in self.others}}

    @property
    def parts(self) -> dict[Place, RenderService | VercelProject]:
        """What a release puts in place, the backend first."""
        return {**self.services, **({FRONTEND: self.frontend} if self.frontend else {})}

    def serving(self) -> Serving:
        return Serving({place: part.serving() for place, part in self.parts.items()})

    def at(self, sha: str, build: Build) -> Serving:
        """Return what serves when a commit does.

        Args:
            build: the frontend's.
        """
        return Serving({**dict.fromkeys(self.services, Deployed(commit=sha)), FRONTEND: Deployed(build.id, build.sha)})

    def put(self, wanted: Serving, budget: Budget) -> None:
        """Put a release in place, the backend first: a new frontend needs its API, an old one works with a newer API.

        Raises:
            StepFailed, VendorError, RenderError: a part failed.
        """
        for place, part in self.parts.items():
            part.release(wanted[place], budget)
        self.check(wanted, budget)

    def put_back(self, before: Serving, budget: Budget) -> None:
        """Put an earlier state back, the frontend first.

        An old frontend works with the newer API, also if the backend then fails. What serves already is left alone, so
        that this can be tried again.

        Raises:
            StepFailed, VendorError, RenderError: a part failed, or nobody knows what served before.
        """
        unknown = []
        for place, part in reversed(self.parts.items()):
            if any(before[place]):
                part.roll_back(before[place], budget)
            elif any(part.serving()):
                unknown.append(str(place))
        if unknown:
            raise StepFailed(f"nothing had served at {' and '.join(unknown)} before: what serves there now stays")
        self.check(before, budget)

    def check(self, wanted: Serving, budget: Budget) -> None:
        """Check that the right commits serve, and that they work.

        Raises:
            StepFailed: names what serves instead, or the smoke tests that failed.
        """
        wrong = [
            f"{place} serves {now.commit[:7] or 'nothing'}, not {wanted[place].commit[:7]}"
            for place, now in self.serving().items()
            if wanted[place].commit not in ("", now.commit)
        ]
        if wrong:
            raise StepFailed("; ".join(wrong))
        self.test(budget)

    def test(self, budget: Budget) -> None:
        """Run the smoke tests.

        Raises:
            StepFailed: names those that failed.
        """
        budget.note("smoke tests")
        budget.waiting("smoke tests")
        report = self.smoke(max(budget.left, _LEAST))
        budget.note(f"smoke tests: {report.headline}")
        if report.problems:
            raise StepFailed(f"smoke tests failed: {'; '.join(report.problems)}")

    @contextlib.contextmanager
    def held(self, report: ReleaseReport, budget: Budget) -> Iterator[None]:
        """Hold the lock while the block runs. At its end the report gets the timeline.

        Raises:
            ReleaseRefused: another run holds it.
        """
        release = self.target.settings.release
        self.lock.take(release.budget_seconds + release.rollback_budget_seconds + _SPARE)
        try:
            yield
        finally:
            with undisturbed():
                self.lock.release()
            report.timeline = budget.timeline

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

    def go_back(
        self, record: Record, goal: Serving, budget: Budget, report: ReleaseReport, state: str, text: str
    ) -> str:
        """Put an earlier state back, record how that ended, and write the report's advice.

        Args:
            record: of the release or the rollback that does it.
            state, text: of the record if it works.

        Returns:
            What failed; empty if it worked.
        """
        try:
            self.put_back(goal, budget)
        except Exception as error:  # whatever it is, it is said which part serves what
            reason = worded(error)
            report.outcome = "failed"
            report.advice = [*self._not_whole(goal), *self.ended(record, "error", f"rollback failed: {reason}")]
            return reason
        report.advice = [self._migrations, *self.ended(record, state, text)]
        return ""

    @property
    def _migrations(self) -> str:
        """The warning about what no rollback undoes."""
        return (
            "Database migrations of the release are not undone: where the older version cannot work with the newer "
            f"schema, follow {self.target.settings.release.runbook}"
        )

    def _not_whole(self, goal: Serving) -> list[str]:
        """Return advice after a failed rollback: what each part serves, the command that finishes it, manual steps."""
        lines, names = [], {}
        with contextlib.suppress(GateError):  # without GitHub's records, commits are shown without their tags
            names = {record.sha: record.tag for record in self.records.newest() if record.task == "deploy"}
        try:
            for place, found in self.serving().items():
                wanted = goal[place].commit
                should = f"; it should serve {_named(wanted, names)}" if found.commit != wanted else ", as it should"
                if found.commit or wanted:
                    lines.append(f"{place} serves {_named(found.commit, names)}{should if wanted else ''}")
        except GateError as error:
            lines = [f"What serves now could not be read: {error}"]
        return [
            *lines,
            f"To finish it: python -m gate rollback --env {self.target.environment}",
            "By hand:",
            *(part.by_hand(goal[place]) for place, part in self.parts.items()),
            f"Then: python -m gate smoke --env {self.target.environment}",
            self._migrations,
        ]


def _named(sha: str, names: Mapping[str, str]) -> str:
    return f"{names[sha]} ({sha[:7]})" if sha in names else sha[:7] or "nothing"


def worded(error: BaseException) -> str:
    """Return what went wrong, in a line. An unexpected error may quote an answer, so only its kind is shown."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, GateError) else f"unexpected {type(error).__name__}"


@contextlib.contextmanager
def open_environment(
    target: Target, environ: Mapping[str, str], tell: Callable[[str], None], seconds: float, smoke: Smoke
) -> Iterator[Environment]:
    """Open what a release works with.

    Args:
        environ: GITHUB_TOKEN, RENDER_API_KEY, and VERCEL_API_TOKEN if the environment has a frontend.
        seconds: that everything may take. Waits for Render end a little earlier.
        smoke: tests what serves.

    Raises:
        GateError, RenderError: something cannot be opened.
    """
    settings, release = target.settings, target.settings.release
    branch, service = settings.github.branch.name, settings.render.service.name
    with Accounts(environ, target.config) as accounts, connect(environ, tell, deadline=seconds + _SPARE) as session:
        repository = accounts.repository(target.repository)
        own = settings.vercel.project if settings.vercel and settings.vercel.target == "production" else None
        frontend = VercelProject(accounts.vercel, own) if own else None  # a preview's builds serve by themselves
        links = {"environment_url": target.frontend_url or target.backend_url, "log_url": workflow_run(environ)}
        over = functools.partial(is_over, repository=repository)
        peers = load_peers(settings, environ)
        yield Environment(
            target,
            repository,
            Records(repository, settings.github.environment.name, live=settings.live, links=links),
            ReleaseLock(repository, target.environment, branch, who(environ), over),
            smoke,
            RenderService(session, service),
            frontend,
            [RenderService(session, other.name) for other in settings.render.other_services],
            None if own else _preview(target, accounts, tell),
            DatabaseBackup(session, release.database, release.backup_max_age_hours) if release.database else None,
            _migration_list(service, release.migrations_command, session, tell),
            next((peer.github.branch.name for peer in peers if not peer.released_by_tag), ""),
        )


def _migration_list(
    service: str, command: str | None, session: Session, tell: Callable[[str], None]
) -> MigrationList | None:
    try:
        return MigrationList(Jobs(session, service), command) if command else None
    except NoJobs as error:
        tell(f"the migrations are not listed: {error}")
        return None


def _preview(target: Target, accounts: Accounts, tell: Callable[[str], None]) -> PreviewBuilds | None:
    try:
        vercel, branch = target.settings.vercel, target.settings.github.branch.name
        return PreviewBuilds(accounts.vercel, vercel.project, branch) if vercel else None
    except CredentialsMissing as error:
        tell(f"the frontend's build is not waited for ({error})")
        return None
