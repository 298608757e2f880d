"""`gate verify`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gate.commands.options import OnlyFailures, Where, gate_command, option
from gate.commands.running import Run

if TYPE_CHECKING:
    from gate.checks.report import CheckReport
    from gate.smoke import SmokeReport
    from gate.stack.target import Target
    from gate.vendors.repository import Repository


@gate_command("verify", report=True)
def verify(
    run: Run,
    where: Where,
    only_failures: OnlyFailures = False,
    wait: Annotated[Literal["dns"] | None, option("Wait for the DNS records, and check only them.", "dns")] = None,
    minutes: Annotated[int, typer.Option(help="How long --wait waits.", metavar="N", min=0, max=2880)] = 30,
) -> None:
    """Run the plan's acceptance checks, one line each.

    Changes nothing. Looks at branch protection and the checks that really report, environment rules, release tags, the
    Auth0 application, Render's service, database, domains and variables (by name), the Vercel project, DNS,
    certificates, the smoke tests, and whether frontend and backend use one Auth0 application. A check that cannot be
    made from here says why: a token is missing, or it is a manual step.

    `--wait dns` looks at nothing but the DNS records of the stack's domains, as this machine sees them, until all of
    them point where the last `up` said, or `--minutes` are over.

    `--report DIR` writes verify.md and verify.json.

    **Exit codes**

    - `0`: nothing fails
    - `2`: something fails; its line has the difference and the fix
    - `1`: could not be run

    **Examples**

    - `gate verify --env staging`
    - `gate verify --env production --report out`
    - `gate verify --env staging --wait dns --minutes 60`
    """
    from gate.checks.report import CheckReport
    from gate.verify.run import Others
    from gate.verify.run import verify as look

    if wait:
        run.finish(_wait_for_dns(where, minutes, run))
        return
    target = where.target()
    with run.progress(f"verifying {where.env}") as tell:
        checks = look(target, os.environ, Others(smoke, undelivered), tell, where.stack)
    run.finish(CheckReport(title=f"Verification of {where.env}", checks=checks, only_failures=only_failures))


def _wait_for_dns(where: Where, minutes: int, run: Run) -> CheckReport:
    """Wait until the DNS records are right.

    Raises:
        GateError: nobody knows what to wait for.
    """
    from gate.checks.report import CheckReport
    from gate.common.budget import Budget
    from gate.stack.project import public_outputs
    from gate.verify import dns

    settings, _ = where.settings()
    records = {one["name"]: one["target"] for one in public_outputs(where.stack).get("dnsRecords", [])}
    with run.progress(f"waiting for the DNS records of {where.env}", minutes * 60) as tell:
        checks = dns.wait(settings, records, Budget(minutes * 60, tell=tell.line, waiting=tell))
    return CheckReport(title=f"DNS records of {where.env}", checks=checks)


def smoke(target: Target, environ: Mapping[str, str]) -> SmokeReport:
    """Run the smoke tests without a login."""
    from gate.smoke.run import run

    return run(target, environ, require_login=False)


def undelivered(target: Target, repository: Repository) -> Sequence[str]:
    """Return the files that the environment's branch does not have as they are delivered."""
    from gate.upkeep.workflows import compare, delivered, names

    files = delivered(names(target.settings, os.environ))
    found = compare(repository, target.settings.github.branch.name, files)
    return [f"{one.path} {one.state}" for one in found]
