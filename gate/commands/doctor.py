"""`gate doctor`."""

import os
from typing import Annotated

import typer

from gate.commands.options import AsJson, Envs
from gate.commands.running import command


def doctor(
    env: Envs = None,
    as_json: AsJson = False,
    only_failures: Annotated[bool, typer.Option("--only-failures", help="Show only what fails.")] = False,
) -> int:
    """Check that everything a first preview needs is there.

    Reads only. Looks at this machine (Python and its packages, Pulumi CLI, plugins, backend), at each stack (it exists,
    its secrets open, its file is valid and every secret is set), at each vendor (credentials are set and accepted, with
    the permissions that are needed; repository, tenant, team, project, workspace and adopted service are found), at the
    vendors' hosts, and at the DNS of the declared domains. Where a vendor's credentials are missing, nothing else is
    looked at there. Every problem comes with its fix.

    Outcomes: `pass`, `fail`, `note` (no problem, but something to do), `unknown` (cannot be seen from here).

    **Exit codes**

    - `0`: ready, nothing fails
    - `2`: a check failed; its line says how to fix it
    - `1`: could not be run

    **Examples**

    - `gate doctor`
    - `gate doctor --env staging --json`
    """
    with command("doctor", as_json=as_json) as run:
        from gate.checks.report import CheckReport
        from gate.doctor.run import examine
        from gate.stack.target import chosen_stacks

        names = " and ".join(chosen := chosen_stacks(env))
        with run.progress(f"looking at {names}") as tell:
            checks = examine(chosen, os.environ, tell)
        run.finish(CheckReport(title=f"Doctor: {names}", checks=checks, only_failures=only_failures))
    return run.exit_code
