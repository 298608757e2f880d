"""Opens everything that a release works with: the vendors' accounts, and the lock in the name of this run."""

from __future__ import annotations

import contextlib
import getpass
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

from gate.release.backend import Backend
from gate.release.frontend import Frontend
from gate.release.lock import Lock
from gate.release.production import Production
from gate.release.records import Records
from gate.release.release import Stage
from gate.release.repository import Repository
from gate.smoke.run import run as smoke
from gate.target import Target
from gate.vendors import Accounts
from render.session import connect


@contextlib.contextmanager
def open_stage(target: Target, environ: Mapping[str, str], tell: Callable[[str], None]) -> Iterator[Stage]:
    """Args: environ: GITHUB_TOKEN, VERCEL_API_TOKEN where the environment has a frontend, RENDER_API_KEY.

    Raises: GateError, RenderError.
    """
    settings = target.settings
    ends = float(settings.release.budget_seconds + settings.release.rollback_budget_seconds)
    with Accounts(environ, target.config) as accounts, connect(environ, tell, deadline=ends) as session:
        repository = Repository(accounts.github, target.repository)
        own = settings.vercel.project if settings.vercel and settings.vercel.settings else None
        frontend = Frontend(accounts.vercel, own) if own else None  # a preview environment's builds serve by themselves
        backend = Backend(session, settings.render.service.name)
        others = [Backend(session, service.name) for service in settings.render.other_services]
        production = Production(backend, frontend, lambda: smoke(target, environ), others)
        records = Records(repository, settings.github.environment.name, live=target.environment == "production")
        yield Stage(target, repository, records, production, Lock(repository, target.environment, who(environ)))


def who(environ: Mapping[str, str]) -> str:
    """A workflow's run, whose second attempt is the same; else a person on a machine."""
    if run := environ.get("GITHUB_RUN_ID"):
        return f"run {run} of {environ.get('GITHUB_REPOSITORY', 'a workflow')}"
    return f"{getpass.getuser()}@{socket.gethostname()}"


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A polite kill, as a canceled workflow gets it, counts as Ctrl-C: there is time to roll back."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
