"""`gate verify`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands.options import AsJson, Env, ReportFolder, StackName
from gate.commands.running import command

if TYPE_CHECKING:
    from gate.smoke import SmokeReport
    from gate.stack.target import Target
    from gate.vendors.repository import Repository


def verify(
    env: Env = None,
    stack: StackName = None,
    as_json: AsJson = False,
    report: ReportFolder = None,
    only_failures: Annotated[bool, typer.Option("--only-failures", help="Show only what fails.")] = False,
) -> int:
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
        from gate.stack.target import choose, load_target
        from gate.verify.run import verify as look

        env, stack = choose(env, stack, os.environ)
        target = load_target(env, stack, os.environ)
        with run.progress(f"verifying {env}") as tell:
            checks = look(target, os.environ, Others(), tell, stack or "")
        run.finish(CheckReport(title=f"Verification of {env}", checks=checks, only_failures=only_failures))
    return run.exit_code


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
