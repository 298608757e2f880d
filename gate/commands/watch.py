"""`python -m gate watch`."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated

import httpx
import typer

from blueprint.errors import RenderError
from gate.commands.options import AsJson, Env, StackName
from gate.common.errors import GateError
from gate.common.progress import progress
from gate.smoke import watching
from gate.smoke.probes import error_rate, health
from gate.stack.target import load_target


def watch(
    env: Env,
    stack: StackName = None,
    minutes: Annotated[
        int | None,
        typer.Option(help="How long.", metavar="N", min=0, max=60, show_default="marketedge:watch.minutes"),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Watch an environment for a while: is there a reason to roll back that smoke tests are too short to see?

    Plan 8.1 has two: the health endpoint answers errors for more than five minutes, or more than a tenth of the
    answers are server errors. The first is looked at from here every few seconds; the second is counted by Render, for
    workspaces whose plan has HTTP metrics, and needs `RENDER_API_KEY`. Changes nothing: "Production deploy" runs it
    after a release and rolls back on an alarm.

    **Exit codes**

    - `0`: quiet
    - `2`: an alarm; the reason is printed
    - `1`: could not be run

    **Examples**

    - `python -m gate watch --env production`
    - `python -m gate watch --env production --minutes 30`
    """
    try:
        target = load_target(env, stack, os.environ)
        rules = target.settings.watch
        rules = rules if minutes is None else rules.model_copy(update={"minutes": minutes})
        url = f"{target.backend_url}{target.settings.smoke.health_path}"
        with progress(f"watching {env} for {rules.minutes} min") as tell, httpx.Client(timeout=10.0) as http:
            rate = error_rate(os.environ, target.settings.render.service.name)
            seen = watching.watch(rules, lambda: health(http, url), rate, tell)
    except (GateError, RenderError) as error:
        print(f"gate watch: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"environment": env, **seen.as_json()}, indent=2) if as_json else f"{env}: {seen.headline}")
    return 2 if seen.alarm else 0
