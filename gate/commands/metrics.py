"""`gate metrics`."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from gate.commands.running import Run, Where, flag, gate_command, option


@gate_command("metrics", fits=lambda settings: settings.released_by_tag, report=True)
def metrics(
    run: Run,
    where: Where,
    since: Annotated[str, typer.Option(help="How far back: 30d, 12w, or a date.", metavar="PERIOD")] = "30d",
    staging: Annotated[
        str | None, option("Staging's environment at GitHub.", "NAME", show_default="as its stack's file says")
    ] = None,
    issue: Annotated[bool, flag("--issue", "Post them as this month's issue at GitHub.")] = False,
) -> None:
    """Show how often, how fast and how well you release.

    Reads the deployments that the gate records at GitHub. Deployment frequency, lead time for changes, change failure
    rate and time to restore are defined as DORA does, and stand beside the plan's own targets. Time to
    detect is read from the incidents' issues (`gate watch --incident`; Issues: read). What GitHub does not know (bugs)
    is listed with its source. `--report DIR` writes metrics.md and metrics.json; `gate report` draws the same figures
    on a page. Needs `GITHUB_TOKEN` (Deployments, Contents: read).

    `--issue` writes to the repository that runs the workflow, `GITHUB_REPOSITORY`, with `REPORT_TOKEN` (Issues: write).
    It opens one issue a month, renews it, and closes those of earlier months.

    **Exit codes**

    - `0`: computed, whatever the verdicts
    - `1`: could not be computed; the reason is printed

    **Examples**

    - `gate metrics`
    - `gate metrics --since 12w --report out`
    - `gate metrics --since 31d --issue`: for a schedule
    """
    from gate.common.period import beginning
    from gate.report.figures import FigureReport, figures
    from gate.report.releases import detected, read
    from gate.stack.target import load_peers

    until = datetime.now(UTC)
    began = beginning(since, until)
    with run.progress(f"reading deployments since {began:%Y-%m-%d}"), where.repository() as (repository, settings):
        peers = load_peers(settings, os.environ)
        staging = staging or next((peer.github.environment.name for peer in peers if not peer.live), "staging")
        on_staging = read(repository, staging, began)
        released = read(repository, settings.github.environment.name, began)
        minutes = detected(repository, where.env, began)
    found = figures(on_staging, released, began, until, minutes)
    made = run.finish(FigureReport(repository=settings.github.repository, since=began, until=until, figures=found))
    if issue:
        from gate.report.monthly import post
        from gate.vendors.issues import open_issue_tracker

        with open_issue_tracker(os.environ) as tracker:
            run.say(post(made, where.env, tracker))
