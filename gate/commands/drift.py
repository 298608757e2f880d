"""`python -m gate drift`."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gate.changes import drift_console, drift_markdown
from gate.changes.drift_check import check
from gate.changes.drift_issue import settle
from gate.changes.drift_report import Report
from gate.commands.options import AsJson, Env, StackName
from gate.common.errors import GateError
from gate.common.notifications import workflow_run
from gate.common.progress import progress
from gate.common.redaction import Redactor, environment_secrets
from gate.stack.project import open_stack
from gate.vendors.issues import open_forum


def drift(
    env: Env,
    stack: StackName = None,
    as_json: AsJson = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write drift.md and drift.json into this folder.", metavar="DIR", show_default=False),
    ] = None,
    issue: Annotated[
        bool, typer.Option("--issue", help="Open, renew or close the stack's issue, as the outcome wants.")
    ] = False,
) -> int:
    """Find what was changed by hand at GitHub, Auth0, Vercel or Render. Changes nothing.

    Runs `pulumi preview --refresh` on the environment's stack and expects no changes. Every difference is one row:
    object, field, declared and live value, since when. What was declared and not applied yet is told apart from
    drift. Secrets are shown as `[secret]`.

    `--issue` writes to the repository that runs the workflow, `GITHUB_REPOSITORY`, with the token `REPORT_TOKEN`
    (Issues: write); `GITHUB_TOKEN` belongs to the application's repository. One issue a stack: opened when something
    differs or could not be checked, its text renewed by every check, a comment when the findings are others, closed
    when the stack is clean. A closed one stays closed; the next drift opens another.

    **Exit codes**

    - `0`: clean, everything is as declared
    - `2`: something differs: drift, or declared and not applied
    - `1`: could not be checked (credentials, configuration, a vendor, the engine), or the issue not be written, with
      the reason on standard error

    **Examples**

    - `python -m gate drift --env staging`
    - `python -m gate drift --env staging --json`: for a program
    - `python -m gate drift --env staging --report out`: `out/drift.md` for a step summary, and `out/drift.json`
    - `python -m gate drift --env staging --issue`: for a schedule
    """
    name = stack or env
    try:
        with progress(f"looking at {name}") as tell:
            outcome = check(open_stack(name), tell)
    except GateError as error:
        outcome = Report(stack=name, checked_at=datetime.now(UTC), error=str(error))
    if outcome.error is not None:
        print(f"gate drift: {outcome.error}", file=sys.stderr, flush=True)
    if report is not None:
        _write(outcome, report)
    if as_json:
        print(json.dumps(outcome.as_json(), indent=2, ensure_ascii=False))
    else:
        drift_console.show(outcome, Console())
    return outcome.exit_code if not issue or _settle(outcome) else 1


def _settle(report: Report) -> bool:
    """Whether the stack's issue could be made to say it."""
    try:
        with open_forum(os.environ) as repository:
            print(settle(report, repository, workflow_run(os.environ)), file=sys.stderr)
    except GateError as error:
        said = Redactor(environment_secrets(os.environ)).text(str(error))
        print(f"gate drift: no issue: {said}", file=sys.stderr)
        return False
    return True


def _write(report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drift.md").write_text(drift_markdown.render(report), encoding="utf-8")
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=False)
    (folder / "drift.json").write_text(f"{text}\n", encoding="utf-8")
