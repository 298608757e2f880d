"""Runs the application's seed scripts: as one-off jobs of its service, or on this machine if its plan has no jobs.

A job's script is run once. On this machine the database is reached from outside Render, at its external address, and
nothing records a run. Facts: render.com/docs/one-off-jobs, render.com/docs/free (no one-off jobs, no shell),
render.com/docs/postgresql-creating-connecting (who may connect from outside), Render API reference (connection-info;
PATCH replaces the whole ipAllowList).
"""

import contextlib
import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from blueprint.errors import RenderError
from blueprint.objects import AllowedAddress
from blueprint.workspace import Json, Session
from components.settings import Settings
from components.vendors import VENDORS
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.process import NotFinished, run_command
from gate.common.redaction import Redactor
from gate.common.report import Report
from gate.common.signals import undisturbed
from gate.vendors.render import ENDED, Jobs, NoJobs

_OURS = "gate seed, for the time that it runs"
"""The description of our entry in the allow list, by which one that a killed run left is found."""
_SHOWN = 300
"""How many characters of the end of its output a failed script shows."""
_CREDENTIALS = {name for vendor in VENDORS for names in vendor.credentials for name in names}


class SeedingRefused(GateError):
    """No script was run."""


@dataclass(frozen=True)
class Seeded:
    """The result of one script."""

    script: str
    outcome: Literal["done", "already done", "failed"]


class SeedReport(Report):
    """The result of every script that was asked for."""

    environment: str
    scripts: list[Seeded]

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if any(one.outcome == "failed" for one in self.scripts) else ExitCode.DONE

    def lines(self) -> Iterable[str]:
        return (f"{one.outcome}: {one.script}" for one in self.scripts)


def seed(
    session: Session, service: str, scripts: Sequence[str], budget: Budget, *, again: bool = False
) -> list[Seeded]:
    """Run each script that has not succeeded yet, up to the first that fails.

    Args:
        again: also those that have.

    Raises:
        SeedingRefused: the service has no jobs.
        StepFailed: one does not end.
        RenderError: of any kind.
    """
    try:
        jobs = Jobs(session, service)
    except NoJobs as error:
        raise SeedingRefused(
            f"{error}. To run the scripts on this machine, name the folder of the application's code and the machine's "
            'public address: gate seed --folder DIR --address "$(curl -s https://checkip.amazonaws.com)". Or set '
            "marketedge:render.service.plan to starter ($7 a month)"
        ) from None
    return _up_to_a_failure(scripts, lambda script: _as_a_job(jobs, script, budget, again=again))


def _up_to_a_failure(scripts: Sequence[str], run: Callable[[str], Seeded]) -> list[Seeded]:
    results: list[Seeded] = []
    for script in scripts:
        results.append(run(script))
        if results[-1].outcome == "failed":
            break
    return results


def _as_a_job(jobs: Jobs, script: str, budget: Budget, *, again: bool) -> Seeded:
    known = jobs.of(script)
    runs = any(job.get("status") not in ENDED for job in known)
    if not runs and not again and any(job.get("status") == "succeeded" for job in known):
        budget.note(f"{script}: succeeded before")
        return Seeded(script, "already done")
    budget.note(f"{script}: {'waiting for the job that runs' if runs else 'starting'}")
    job = jobs.run(script, budget, known)
    budget.note(f"{script}: {job['status']} ({job['id']})")
    return Seeded(script, "done" if job["status"] == "succeeded" else "failed")


@dataclass(frozen=True)
class Machine:
    """Where the scripts run.

    Attributes:
        folder: with the application's code, whose requirements are installed.
        address: the machine's public address, which the database has to let in; None if it does so already.
        environ: what the scripts get, without the vendors' credentials.
    """

    folder: str
    address: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    environ: Mapping[str, str] = field(repr=False)


def seed_here(
    session: Session, settings: Settings, scripts: Sequence[str], budget: Budget, machine: Machine
) -> list[Seeded]:
    """Run the scripts on this machine, up to the first that fails. Nothing records them, so each runs every time.

    Raises:
        SeedingRefused: before anything is changed.
        GateError: the database could not be closed again.
        RenderError: of any kind.
    """
    wanted = {
        str(variable.key): variable.from_database.name
        for variable in settings.render.variables_of(settings.render.service)
        if variable.from_database and variable.from_database.property == "connectionString"
    }
    if not wanted:
        raise SeedingRefused("no variable of the service is a database's connectionString, so there is nothing to seed")
    with contextlib.ExitStack() as doors:
        opened = {name: doors.enter_context(_open(session, name, budget, machine)) for name in set(wanted.values())}
        addresses = {key: opened[name] for key, name in wanted.items()}
        mask = Redactor([*opened.values(), *(urlsplit(url).password or "" for url in opened.values())])
        environ = {key: value for key, value in machine.environ.items() if key not in _CREDENTIALS} | addresses
        return _up_to_a_failure(scripts, lambda script: _run(script, machine.folder, environ, budget, mask))


@contextlib.contextmanager
def _open(session: Session, name: str, budget: Budget, machine: Machine) -> Iterator[str]:
    """Let this machine into a database while the block runs. The block gets its external address."""
    found = session.find("/postgres", name)
    if found is None:
        raise SeedingRefused(f"Render has no database {name}: run pulumi up for this environment first")
    path = f"/postgres/{found['id']}"
    kept = _others(session, path)
    door = [] if machine.address is None else [AllowedAddress(source=str(machine.address), description=_OURS).api()]
    if not kept and not door:
        raise SeedingRefused(
            f"the database {name} lets in nobody from outside Render: add --address and this machine's public address, "
            "which https://checkip.amazonaws.com shows"
        )
    try:
        if door:
            budget.note(f"{name}: letting in {machine.address}")
            session.client.patch(path, {"ipAllowList": kept + door})
        yield str(session.client.get(f"{path}/connection-info")["externalConnectionString"])
    finally:
        if door:
            with undisturbed(budget.note):
                _close(session, path, name, budget)


def _others(session: Session, path: str) -> list[Json]:
    """Return whom the database lets in without us, also after a run that was killed."""
    return [entry for entry in session.client.get(path).get("ipAllowList") or [] if entry["description"] != _OURS]


def _close(session: Session, path: str, name: str, budget: Budget) -> None:
    try:
        session.client.patch(path, {"ipAllowList": _others(session, path)})
    except RenderError as error:
        raise GateError(
            f"the database {name} still lets this machine in: run gate seed again, or pulumi up --refresh, to close it "
            f"({error})"
        ) from None
    budget.note(f"{name}: closed again")


def _run(script: str, folder: str, environ: Mapping[str, str], budget: Budget, mask: Redactor) -> Seeded:
    budget.note(f"{script}: starting in {folder}")
    try:
        code, output = run_command(script, folder, environ, max(budget.left, 1.0))
        end = f"ended with {code}: {mask.text(output)[-_SHOWN:]}" if code else "done"
    except NotFinished:
        code, end = 1, "not finished in time"
    except OSError as error:
        code, end = 1, f"{error.strerror}: {error.filename}"
    budget.note(f"{script}: {end}")
    return Seeded(script, "failed" if code else "done")
