"""Opens everything that a release works with: the vendors' accounts, and the lock in the name of this run."""

import contextlib
import functools
import getpass
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping

from blueprint.workspace import Session, connect
from gate.common.notifications import workflow_run
from gate.release.backend import RenderService
from gate.release.branch_builds import PreviewBuilds
from gate.release.database import DatabaseBackup
from gate.release.frontend import VercelProject
from gate.release.lock import ReleaseLock
from gate.release.migrations import MigrationList
from gate.release.records import Records
from gate.release.release import SPARE, Stage
from gate.release.serving import Production, Smoke
from gate.stack.target import Target, load_peers
from gate.vendors import Accounts, CredentialsMissing, VendorError
from gate.vendors.render_jobs import Jobs, NoJobs
from gate.vendors.repository import Repository


@contextlib.contextmanager
def open_stage(
    target: Target, environ: Mapping[str, str], tell: Callable[[str], None], seconds: float, smoke: Smoke
) -> Iterator[Stage]:
    """Open what a release works with.

    Args:
        environ: GITHUB_TOKEN, RENDER_API_KEY, and VERCEL_API_TOKEN if the environment has a frontend.
        seconds: that everything may take. Waits for Render end a little earlier.
        smoke: tests what serves.

    Raises:
        GateError, RenderError: something cannot be opened.
    """
    settings = target.settings
    with Accounts(environ, target.config) as accounts, connect(environ, tell, deadline=seconds + SPARE) as session:
        repository = Repository(accounts.github, target.repository)
        own = settings.vercel.project if settings.vercel and settings.vercel.target == "production" else None
        frontend = VercelProject(accounts.vercel, own) if own else None  # a preview's builds serve by themselves
        backend = RenderService(session, settings.render.service.name)
        others = [RenderService(session, service.name) for service in settings.render.other_services]
        production = Production(backend, frontend, smoke, others)
        links = {"environment_url": target.frontend_url or target.backend_url, "log_url": workflow_run(environ)}
        records = Records(repository, settings.github.environment.name, live=settings.live, links=links)
        over = functools.partial(is_over, repository=repository)
        lock = ReleaseLock(repository, target.environment, settings.github.branch.name, who(environ), over)
        named = settings.release.database
        yield Stage(
            target,
            repository,
            records,
            production,
            lock,
            preview=None if own else _preview(target, accounts, tell),
            database=DatabaseBackup(session, named, settings.release.backup_max_age_hours) if named else None,
            migration_list=_migration_list(target, session, tell),
            back_to=_merged_before(target, environ),
        )


def _migration_list(target: Target, session: Session, tell: Callable[[str], None]) -> MigrationList | None:
    command = target.settings.release.migrations_command
    try:
        return MigrationList(Jobs(session, target.settings.render.service.name), command) if command else None
    except NoJobs as error:
        tell(f"the migrations are not listed: {error}")
        return None


def _merged_before(target: Target, environ: Mapping[str, str]) -> str:
    """Return the branch of the environment that changes pass before this one; empty if none is known."""
    peers = load_peers(target.settings, environ)
    return next((peer.github.branch.name for peer in peers if not peer.released_by_tag), "")


def _preview(target: Target, accounts: Accounts, tell: Callable[[str], None]) -> PreviewBuilds | None:
    vercel = target.settings.vercel
    if vercel is None:
        return None
    try:
        return PreviewBuilds(accounts.vercel, vercel.project, target.settings.github.branch.name)
    except CredentialsMissing as error:
        tell(f"the frontend's build is not waited for ({error})")
        return None


def who(environ: Mapping[str, str]) -> str:
    """Return the name of this run: a workflow's run, which its second attempt shares, else a process on a machine."""
    if run := environ.get("GITHUB_RUN_ID"):
        return f"run {run} of {environ.get('GITHUB_REPOSITORY', 'a workflow')}"
    return f"{_machine()}, process {os.getpid()}"


def is_over(name: str, repository: Repository) -> bool:
    """Whether the run of a name has ended: a workflow's run at GitHub, or a process of this machine."""
    if run := re.fullmatch(rf"run (\d+) of {re.escape(repository.full_name)}", name):
        try:
            return repository.run_state(run[1]) == "completed"
        except VendorError:  # GITHUB_TOKEN lacks Actions: read; then the lock has to expire
            return False
    found = re.fullmatch(rf"{re.escape(_machine())}, process (\d+)", name)
    if found is None:
        return False
    try:
        os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is there, and somebody else's
        return False
    return False


def _machine() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"
