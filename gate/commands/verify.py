"""`gate verify`."""

import os
from functools import partial
from typing import Annotated, Literal

import typer

from gate.commands.running import OnlyFailures, Run, Where, gate_command, option


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
    from gate.checks.verdict import CheckReport
    from gate.smoke import run as smoke_tests
    from gate.upkeep.workflows import undelivered
    from gate.verify import run as verification

    if wait:
        _wait_for_dns(run, where, minutes)
        return
    target = where.target()
    with run.progress(f"verifying {where.env}") as tell:
        others = verification.Others(partial(smoke_tests.run, require_login=False), undelivered)
        checks = verification.verify(target, os.environ, others, tell, where.stack)
    run.finish(CheckReport(title=f"Verification of {where.env}", checks=checks, only_failures=only_failures))


def _wait_for_dns(run: Run, where: Where, minutes: int) -> None:
    """Wait until the DNS records are right.

    Raises:
        GateError: nobody knows what to wait for.
    """
    from gate.checks import dns
    from gate.checks.verdict import CheckReport
    from gate.common.budget import Budget
    from gate.stack.project import public_outputs

    settings, _ = where.settings()
    records = {one["name"]: one["target"] for one in public_outputs(where.stack).get("dnsRecords", [])}
    with run.progress(f"waiting for the DNS records of {where.env}", minutes * 60) as tell:
        checks = dns.wait(settings, records, Budget(minutes * 60, tell=tell.line, waiting=tell))
    run.finish(CheckReport(title=f"DNS records of {where.env}", checks=checks))
