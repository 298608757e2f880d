"""`gate verify`."""

from __future__ import annotations

import os

from gate.commands.options import AsJson, Env, ReportFolder, StackName
from gate.commands.running import command


def verify(env: Env, stack: StackName = None, as_json: AsJson = False, report: ReportFolder = None) -> int:
    """Run the plan's acceptance checks, one line each.

    Changes nothing. Looks at branch protection and the checks that really report, environment rules, release tags, the
    Auth0 application, Render's service, database, domains and variables (by name), the Vercel project, DNS,
    certificates, the smoke tests, and whether frontend and backend use one Auth0 application. A check that cannot be
    made from here says why: a token is missing, or it is a manual step.

    `--report DIR` writes verify.md and verify.json.

    **Exit codes**

    - `0`: nothing fails
    - `2`: something fails; its line has the difference and the fix
    - `1`: could not be run

    **Examples**

    - `gate verify --env staging`
    - `gate verify --env production --report out`
    """
    with command("verify", as_json=as_json, folder=report) as run:
        from gate.checks.report import CheckReport
        from gate.stack.target import load_target
        from gate.verify.run import verify as look

        target = load_target(env, stack, os.environ)
        with run.progress(f"verifying {env}") as tell:
            run.finish(CheckReport(title=f"Verification of {env}", checks=look(target, os.environ, tell)))
    return run.exit_code
