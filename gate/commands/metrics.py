"""`python -m gate metrics`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gate.commands.options import AsJson, StackName
from gate.common.errors import GateError
from gate.common.period import beginning
from gate.common.progress import progress
from gate.report.figures import Figure, by_week, figures
from gate.report.figures_page import page
from gate.report.history import read
from gate.stack.target import load_peer, load_settings
from gate.vendors import Accounts
from gate.vendors.repository import Repository


def metrics(
    since: Annotated[str, typer.Option(help="How far back: 30d, 12w, or a date.", metavar="PERIOD")] = "30d",
    env: Annotated[str, typer.Option("--env", help="The environment that is released to.", metavar="NAME")] = (
        "production"
    ),
    stack: StackName = None,
    staging: Annotated[
        str | None,
        typer.Option(
            help="Name of staging's environment at GitHub.", metavar="NAME", show_default="as its stack's file says"
        ),
    ] = None,
    as_json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Also write one page with charts, which opens offline.", metavar="FILE", show_default=False),
    ] = None,
) -> int:
    """How often, how fast and how well is released, from the deployments that the gate records at GitHub.

    Deployment frequency, lead time for changes, change failure rate and time to restore as DORA defines them, beside
    the plan's own targets. What GitHub does not know (bugs, incidents) is listed with where it would come from. Needs
    `GITHUB_TOKEN` (Deployments, Contents: read).

    **Exit codes**

    - `0`: computed, whatever the verdicts
    - `1`: could not be computed; the reason is printed

    **Examples**

    - `python -m gate metrics`
    - `python -m gate metrics --since 12w --html metrics.html`
    """
    until = datetime.now(UTC)
    try:
        began = beginning(since, until)
        settings, config = load_settings(env, stack, os.environ)
        with progress(f"reading deployments since {began:%Y-%m-%d}"), Accounts(os.environ, config) as accounts:
            repository = Repository(accounts.github, settings.github.repository)
            peer = load_peer(settings, os.environ)
            staging = staging or (peer.github.environment.name if peer else "staging")
            on_staging = read(repository, staging, began, commits=True)
            released = read(repository, settings.github.environment.name, began, commits=True)
    except GateError as error:
        print(f"gate metrics: {error}", file=sys.stderr)
        return 1
    found = figures(on_staging, released, began, until)
    if html is not None:
        charts = [("Production by week", released), ("Staging by week", on_staging)]
        weeks = [(title, by_week(of, began, until)) for title, of in charts]
        period = f"{began:%d %B %Y} to {until:%d %B %Y}"
        html.write_text(page(f"Releases of {settings.github.repository}", period, found, weeks), encoding="utf-8")
    if as_json:
        content = {"since": began.isoformat(), "until": until.isoformat(), "figures": [asdict(one) for one in found]}
        print(json.dumps(content, indent=2))
    else:
        Console().print(_table(found, began))
    return 0


def _table(found: list[Figure], since: datetime) -> Table:
    table = Table("figure", "value", "target", "verdict", "from", title=f"Since {since:%Y-%m-%d}")
    table.columns[1].justify = "right"
    for one in found:
        table.add_row(one.name, one.text, one.target, one.verdict, one.note or f"{one.samples} samples")
    return table
