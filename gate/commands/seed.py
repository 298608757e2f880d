"""`python -m gate seed`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from blueprint.errors import RenderError
from blueprint.workspace import connect
from gate.commands.options import AsJson, Env, StackName
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.progress import progress
from gate.stack.target import load_settings
from gate.upkeep.seeds import seed

_BUDGET = 1800.0


def seed_environment(
    env: Env,
    stack: StackName = None,
    script: Annotated[
        list[str] | None,
        typer.Option(help="A command to run, in place of marketedge:seed.scripts.", metavar="COMMAND"),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also run what succeeded before.")] = False,
    as_json: AsJson = False,
) -> int:
    """Fill an environment's database with test data: each seed script once, as a one-off job at Render.

    A script that has succeeded is not run again, so this can be repeated. Production is refused. The free plan has no
    jobs; what to do there is printed. Needs `RENDER_API_KEY`.

    **Exit codes**

    - `0`: every script has succeeded
    - `2`: a script failed; its log is at Render, the service, Jobs
    - `1`: refused, or could not be run

    **Examples**

    - `python -m gate seed --env staging`
    - `python -m gate seed --env staging --script "python database/seeds/phase3_data.py" --again`
    """
    if env == "production":
        print("gate seed: production is not filled with test data", file=sys.stderr)
        return 1
    try:
        settings, _ = load_settings(env, stack, os.environ)
        with (
            progress(f"seeding {env}", budget=_BUDGET) as teller,
            connect(os.environ, teller.line, deadline=_BUDGET) as session,
        ):
            budget = Budget(_BUDGET, teller.line, teller)
            results = seed(session, settings.render.service.name, script or settings.seed.scripts, budget, again=again)
    except (GateError, RenderError) as error:
        print(f"gate seed: {error}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps([asdict(one) for one in results], indent=2))
    else:
        print("\n".join(f"{one.outcome}: {one.script}" for one in results))
    return 2 if any(one.outcome == "failed" for one in results) else 0
