"""Opens everything that a release works with: the vendors' accounts, and the lock in the name of this run."""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping

from blueprint.workspace import connect
from gate.release.backend import Backend
from gate.release.branch_builds import PreviewBuilds
from gate.release.frontend import Frontend
from gate.release.lock import Lock
from gate.release.records import Records
from gate.release.release import SPARE, Stage
from gate.release.serving import Production
from gate.smoke.run import run as smoke
from gate.stack.target import Target
from gate.vendors import Accounts, CredentialsMissing
from gate.vendors.repository import Repository


@contextlib.contextmanager
def open_stage(
    target: Target, environ: Mapping[str, str], tell: Callable[[str], None], seconds: float
) -> Iterator[Stage]:
    """Args:

    environ: GITHUB_TOKEN, VERCEL_API_TOKEN where the environment has a frontend, RENDER_API_KEY.
    seconds: that everything may take; Render's answers are waited for no longer, with some to spare.

    Raises: GateError, RenderError.
    """
    settings = target.settings
    with Accounts(environ, target.config) as accounts, connect(environ, tell, deadline=seconds + SPARE) as session:
        repository = Repository(accounts.github, target.repository)
        own = settings.vercel.project if settings.vercel and settings.vercel.settings else None
        frontend = Frontend(accounts.vercel, own) if own else None  # a preview environment's builds serve by themselves
        backend = Backend(session, settings.render.service.name)
        others = [Backend(session, service.name) for service in settings.render.other_services]
        production = Production(backend, frontend, lambda seconds: smoke(target, environ, seconds=seconds), others)
        records = Records(repository, settings.github.environment.name, live=target.environment == "production")
        lock = Lock(repository, target.environment, settings.github.branch.name, who(environ), is_over)
        yield Stage(target, repository, records, production, lock, None if own else _preview(target, accounts, tell))


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
    """A workflow's run, whose second attempt is the same; else a process on a machine."""
    if run := environ.get("GITHUB_RUN_ID"):
        return f"run {run} of {environ.get('GITHUB_REPOSITORY', 'a workflow')}"
    return f"{_machine()}, process {os.getpid()}"


def is_over(name: str) -> bool:
    """Whether the run of a name was a process of this machine that has ended."""
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
