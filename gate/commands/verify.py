"""`python -m gate verify`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gate.checks import show
from gate.commands.options import AsJson, Env, StackName
from gate.common.errors import GateError
from gate.common.progress import progress
from gate.common.redaction import Redactor, environment_secrets
from gate.stack.target import load_target
from gate.verify.run import verify as look


def verify(
    env: Env,
    stack: StackName = None,
    as_json: AsJson = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write verify.md and verify.json into this folder.", metavar="DIR", show_default=False),
    ] = None,
) -> int:
    """Go through the plan's acceptance checks against the live environment: one line each. Changes nothing.

    Branch protection and the checks that really report, environment rules, release tags, the Auth0 application, Render
    service, database, domains and variables (by name), the Vercel project, DNS, certificates, the smoke tests, and that
    frontend and backend use one Auth0 application. What cannot be checked from here says why: a missing token, or that
    people do it.

    **Exit codes**

    - `0`: nothing fails
    - `2`: something fails; its line has the difference and the fix
    - `1`: could not be run

    **Examples**

    - `python -m gate verify --env staging`
    - `python -m gate verify --env production --report out`
    """
    redactor = Redactor(environment_secrets(os.environ))
    try:
        target = load_target(env, stack, os.environ)
        with progress(f"verifying {env}") as tell:
            found = look(target, os.environ, tell)
    except GateError as error:
        print(f"gate verify: {redactor.text(str(error))}", file=sys.stderr)
        return 1
    lines = [{"plan": one.topic, "title": one.title, "verdict": asdict(one.verdict)} for one in found]
    content = redactor.text(json.dumps({"environment": env, "lines": lines}, indent=2))
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        (report / "verify.json").write_text(f"{content}\n", encoding="utf-8")
        page = show.markdown(f"Verification of {env}", "plan", found)
        (report / "verify.md").write_text(redactor.text(page), encoding="utf-8")
    if as_json:
        print(content)
    else:
        show.on_console(found, redactor)
    return 2 if show.fails(found) else 0
