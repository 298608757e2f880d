"""`gate metrics`."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from gate.commands.options import AsJson, Env, ReportFolder, StackName
from gate.commands.running import command


def metrics(
    since: Annotated[str, typer.Option(help="How far back: 30d, 12w, or a date.", metavar="PERIOD")] = "30d",
    env: Env = None,
    stack: StackName = None,
    staging: Annotated[
        str | None,
        typer.Option(
            help="Name of staging's environment at GitHub.", metavar="NAME", show_default="as its stack's file says"
        ),
    ] = None,
    as_json: AsJson = False,
    report: ReportFolder = None,
    issue: Annotated[bool, typer.Option("--issue", help="Post them as this month's issue at GitHub.")] = False,
) -> int:
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
    with command("metrics", as_json=as_json, folder=report) as run:
        from gate.common.period import beginning
        from gate.report.figures import FigureReport, figures
        from gate.report.history import detected, read
        from gate.stack.target import choose, load_peers, load_settings
        from gate.vendors import Accounts
        from gate.vendors.repository import Repository

        until = datetime.now(UTC)
        began = beginning(since, until)
        env, stack = choose(env, stack, os.environ, lambda settings: settings.released_by_tag)
        settings, config = load_settings(env, stack, os.environ)
        with run.progress(f"reading deployments since {began:%Y-%m-%d}"), Accounts(os.environ, config) as accounts:
            repository = Repository(accounts.github, settings.github.repository)
            peers = load_peers(settings, os.environ)
            staging = staging or next((peer.github.environment.name for peer in peers if not peer.live), "staging")
            on_staging = read(repository, staging, began, commits=True)
            released = read(repository, settings.github.environment.name, began, commits=True)
            minutes = detected(repository, env, began)
        found = figures(on_staging, released, began, until, minutes)
        made = FigureReport(repository=settings.github.repository, since=began, until=until, figures=found)
        made = run.finish(made)
        if issue:
            from gate.report.monthly import post
            from gate.vendors.issues import open_issue_tracker

            with open_issue_tracker(os.environ) as tracker:
                run.say(post(made, env, tracker))
    return run.exit_code
