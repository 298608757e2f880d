"""`gate verify`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gate.commands.options import AsJson, Env, ReportFolder, StackName
from gate.commands.running import Run, command

if TYPE_CHECKING:
    from gate.checks.report import CheckReport
    from gate.smoke import SmokeReport
    from gate.stack.target import Target
    from gate.vendors.repository import Repository


def verify(
    env: Env = None,
    stack: StackName = None,
    as_json: AsJson = False,
    report: ReportFolder = None,
    only_failures: Annotated[bool, typer.Option("--only-failures", help="Show only what fails.")] = False,
    wait: Annotated[
        Literal["dns"] | None,
        typer.Option(help="Wait for the DNS records, and check only them.", show_default=False),
    ] = None,
    minutes: Annotated[int, typer.Option(help="How long --wait waits.", metavar="N", min=0, max=2880)] = 30,
) -> int:
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
    with command("verify", as_json=as_json, folder=report) as run:
        from gate.checks.report import CheckReport
        from gate.stack.target import choose, load_target
        from gate.verify.run import verify as look

        env, stack = choose(env, stack, os.environ)
        if wait:
            run.finish(_wait_for_dns(env, stack, minutes, run))
            return run.exit_code
        target = load_target(env, stack, os.environ)
        with run.progress(f"verifying {env}") as tell:
            checks = look(target, os.environ, Others(), tell, stack or "")
        run.finish(CheckReport(title=f"Verification of {env}", checks=checks, only_failures=only_failures))
    return run.exit_code


def _wait_for_dns(env: str, stack: str, minutes: int, run: Run) -> CheckReport:
    """Raises: GateError."""
    from gate.checks.report import CheckReport
    from gate.common.budget import Budget
    from gate.stack.project import public_outputs
    from gate.stack.target import load_settings
    from gate.verify import dns

    settings, _ = load_settings(env, stack, os.environ)
    records = {one["name"]: one["target"] for one in public_outputs(stack).get("dnsRecords", [])}
    with run.progress(f"waiting for the DNS records of {env}", minutes * 60) as tell:
        checks = dns.wait(settings, records, Budget(minutes * 60, tell=tell.line, waiting=tell))
    return CheckReport(title=f"DNS records of {env}", checks=checks)


class Others:
    """The features that verify brings together."""

    def smoke(self, target: Target, environ: Mapping[str, str]) -> SmokeReport:
        from gate.smoke.run import run

        return run(target, environ)

    def undelivered(self, target: Target, repository: Repository) -> Sequence[str]:
        from gate.upkeep.workflows import compare, delivered, names

        files = delivered(names(target.settings, os.environ))
        found = compare(repository, target.settings.github.branch.name, files)
        return [f"{one.path} {one.state}" for one in found]
