"""`python -m gate smoke`: what it takes, and what it prints."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from blueprint.errors import RenderError
from gate.commands.options import AsJson, Env, StackName
from gate.common.errors import GateError
from gate.common.notifications import notify
from gate.common.progress import progress
from gate.common.redaction import Redactor, environment_secrets
from gate.smoke import console, files, status
from gate.smoke.report import SmokeReport
from gate.smoke.run import run
from gate.stack.target import Target, load_target


def smoke(
    env: Env,
    stack: StackName = None,
    as_json: AsJson = False,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write smoke.xml (JUnit), smoke.json and smoke.md into this folder.", metavar="DIR", show_default=False
        ),
    ] = None,
    expect_version: Annotated[
        str | None,
        typer.Option(help="The commit or tag that has to serve.", metavar="SHA|TAG", show_default=False),
    ] = None,
    sha: Annotated[
        str | None,
        typer.Option("--status", help="Also set the commit status of this commit.", metavar="SHA", show_default=False),
    ] = None,
) -> int:
    """Look whether an environment works, from outside. Changes nothing there.

    All at once, and in less than five minutes: health with database and Redis, CORS from every allowed origin and from
    strangers, the Auth0 audience, the API, a login; on staging also the pages and the super-admin panel. A service on
    the free plan gets 90 seconds to wake up; nothing else is tried twice. What could not be checked has failed.

    The login needs `SMOKE_USER_EMAIL` and `SMOKE_USER_PASSWORD` of a test user, with `SMOKE_AUTH0_CLIENT_ID` and
    `SMOKE_AUTH0_CLIENT_SECRET` of the application (grant type Password); without them it is shown as skipped. Where
    `SMOKE_AUTH0_CLIENT_ID` is set, the backend has to use that application. `BACKEND_URL`, `FRONTEND_URL` and
    `SERVICE_URLS` (further services, as JSON) win over the stack's addresses. `VERCEL_AUTOMATION_BYPASS_SECRET` opens
    protected deployments. `NOTIFY_WEBHOOK_URL` is told of a failure. `--status` needs `GITHUB_TOKEN`; with
    `RENDER_API_KEY` it is set only on the commit that Render serves.

    **Exit codes**

    - `0`: every check passed, or was skipped for the reason shown
    - `2`: a check failed
    - `1`: could not be run (configuration, addresses), or the commit status could not be set

    **Examples**

    - `python -m gate smoke --env staging`
    - `python -m gate smoke --env staging --report out --status "$GITHUB_SHA"`: for a workflow
    - `python -m gate smoke --env production --expect-version v1.2.3`
    """
    try:
        target = load_target(env, stack, os.environ)
        with progress(f"smoke-testing {env}", budget=target.settings.smoke.budget_seconds) as tell:
            found = run(target, os.environ, expect_version=expect_version, tell=tell)
    except GateError as error:
        print(f"gate smoke: {error}", file=sys.stderr)
        return 1
    if report is not None:
        files.write(found, report)
    if as_json:
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        console.show(found, Console())
    if not found.passed and (unheard := notify(f"smoke tests of {env}: {found.headline}", os.environ)):
        print(f"nobody was told: {unheard}", file=sys.stderr)
    return _set_status(found, target, sha) if sha is not None else found.exit_code


def _set_status(found: SmokeReport, target: Target, sha: str) -> int:
    redactor = Redactor(environment_secrets(os.environ))
    try:
        status.post(found, target, sha, os.environ)
    except (GateError, RenderError) as error:
        print(f"gate smoke: the commit status was not set: {redactor.text(str(error))}", file=sys.stderr)
        return found.exit_code or 1
    return found.exit_code
