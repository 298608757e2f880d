"""`gate seed`."""

import os
from pathlib import Path
from typing import Annotated

from gate.commands.running import Run, Where, flag, gate_command, option
from gate.common.errors import GateError

_BUDGET = 1800.0


@gate_command("seed", fits=lambda settings: not settings.live)
def seed(
    run: Run,
    where: Where,
    script: Annotated[list[str] | None, option("A command instead of marketedge:seed.scripts.", "COMMAND")] = None,
    again: Annotated[bool, flag("--again", "Also run scripts that succeeded before.")] = False,
    folder: Annotated[
        Path | None,
        option("Run the scripts on this machine, in the application's folder.", "DIR", exists=True, file_okay=False),
    ] = None,
    address: Annotated[
        str | None, option("With --folder: let this machine's public address in to the database meanwhile.", "IP")
    ] = None,
) -> None:
    """Load test data into an environment's database.

    Runs each seed script once, as a one-off job at Render. A script that has succeeded is not run again, so this can be
    repeated. Test data is never loaded into production. Needs `RENDER_API_KEY`.

    The free plan has no jobs. With `--folder` the scripts run on this machine, in the application's folder, with its
    requirements installed. They get the variables that refer to a database, such as `DATABASE_URL`, with the address
    from outside Render, and none of the vendors' tokens. With `--address` the database lets in that one address until
    the scripts have ended, also if they fail. Nothing records such a run, so each script runs every time.

    **Exit codes**

    - `0`: every script has succeeded
    - `2`: a script failed; its log is at Render, the service, Jobs. With `--folder` the end of it is printed
    - `1`: refused, or could not be run

    **Examples**

    - `gate seed --env staging`
    - `gate seed --env staging --folder ../app --address "$(curl -s https://checkip.amazonaws.com)"`
    - `gate seed --env staging --script "python database/seeds/phase3_data.py" --again`
    """
    from ipaddress import ip_address

    from blueprint.workspace import connect
    from gate.common.budget import Budget
    from gate.common.signals import interruptible
    from gate.upkeep import seeds

    settings, _ = where.settings()
    if settings.live:
        raise GateError(f"refused: test data is never loaded into {where.env}")
    if address and not folder:
        raise GateError("--address goes with --folder: a job at Render needs no address")
    try:
        machine = seeds.Machine(str(folder), ip_address(address) if address else None, os.environ) if folder else None
    except ValueError:
        raise GateError(f"--address {address}: expected one public address, such as 203.0.113.7") from None
    scripts = script or settings.seed.scripts
    with (
        run.progress(f"seeding {where.env}", _BUDGET) as tell,
        connect(os.environ, tell.line, deadline=_BUDGET) as session,
        interruptible(),
    ):
        budget = Budget(_BUDGET, tell.line, tell)
        if machine:
            found = seeds.seed_here(session, settings, scripts, budget, machine)
        else:
            found = seeds.seed(session, settings.render.service.name, scripts, budget, again=again)
    run.finish(seeds.SeedReport(environment=where.env, scripts=found))
