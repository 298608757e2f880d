"""`gate seed`."""

import os
from typing import Annotated

import typer

from gate.commands.options import AsJson, Env, StackName
from gate.commands.running import command
from gate.common.errors import GateError

_BUDGET = 1800.0


def seed(
    env: Env = None,
    stack: StackName = None,
    script: Annotated[
        list[str] | None,
        typer.Option(help="A command to run instead of marketedge:seed.scripts.", metavar="COMMAND"),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also run scripts that succeeded before.")] = False,
    as_json: AsJson = False,
) -> int:
    """Load test data into an environment's database.

    Runs each seed script once, as a one-off job at Render. A script that has succeeded is not run again, so this can be
    repeated. Test data is never loaded into production. The free plan has no jobs; what to do there is printed. Needs
    `RENDER_API_KEY`.

    **Exit codes**

    - `0`: every script has succeeded
    - `2`: a script failed; its log is at Render, the service, Jobs
    - `1`: refused, or could not be run

    **Examples**

    - `gate seed --env staging`
    - `gate seed --env staging --script "python database/seeds/phase3_data.py" --again`
    """
    with command("seed", as_json=as_json) as run:
        from blueprint.workspace import connect
        from gate.common.budget import Budget
        from gate.stack.target import choose, load_settings
        from gate.upkeep.seeds import SeedReport
        from gate.upkeep.seeds import seed as run_scripts

        env, stack = choose(env, stack, os.environ, lambda settings: not settings.live)
        settings, _ = load_settings(env, stack, os.environ)
        if settings.live:
            raise GateError(f"refused: test data is never loaded into {env}")
        scripts, service = script or settings.seed.scripts, settings.render.service.name
        with (
            run.progress(f"seeding {env}", _BUDGET) as tell,
            connect(os.environ, tell.line, deadline=_BUDGET) as session,
        ):
            found = run_scripts(session, service, scripts, Budget(_BUDGET, tell.line, tell), again=again)
        run.finish(SeedReport(environment=env, scripts=found))
    return run.exit_code
