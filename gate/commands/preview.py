"""`python -m gate preview`."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gate.changes import preview_console as console
from gate.changes import preview_markdown as markdown
from gate.changes.preview import preview as preview_stack
from gate.changes.preview_report import Report, StackPreview
from gate.commands.options import AsJson
from gate.common.errors import GateError
from gate.common.notifications import workflow_run
from gate.common.progress import progress
from gate.common.redaction import Redactor, environment_secrets
from gate.stack.project import open_stack
from gate.vendors.issues import LIMIT, marker, open_forum

MARK = marker("preview")


def preview(
    env: Annotated[
        list[str],
        typer.Option(help="An environment's stack; more than one can be named.", metavar="NAME", show_default=False),
    ],
    comment: Annotated[
        int | None,
        typer.Option(help="Write it as the one comment of this pull request.", metavar="NUMBER", show_default=False),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write preview.md and preview.json into this folder.", metavar="DIR", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show what `pulumi up` would do to each stack and what it would then cost. Changes nothing.

    Runs `pulumi preview --refresh` on each. Every object that would be created, updated, replaced or deleted is listed
    with its fields: as they are now, as they would be, and whether the declaration changed or somebody changed the
    object by hand. The cost is that of the last `up` beside that of this preview. Secrets are shown as `[secret]`.

    `--comment` writes to the repository that runs the workflow, `GITHUB_REPOSITORY`, with the token `REPORT_TOKEN`
    (Pull requests: write); `GITHUB_TOKEN` belongs to the application's repository. The comment is found again by a
    hidden marker and its author, and renewed.

    **Exit codes**

    - `0`: no changes
    - `2`: something would change
    - `1`: a stack could not be previewed, or the comment not be written; the reason is on standard error

    **Examples**

    - `python -m gate preview --env staging --env production`
    - `python -m gate preview --env staging --comment 12 --report out`: for a workflow; `out/preview.md` for its summary
    """
    outcome = Report(previewed_at=datetime.now(UTC), stacks=[_look(name) for name in dict.fromkeys(env)])
    for stack in outcome.stacks:
        if stack.error is not None:
            print(f"gate preview: {stack.stack}: {stack.error}", file=sys.stderr, flush=True)
    link = workflow_run(os.environ)
    if report is not None:
        report.mkdir(parents=True, exist_ok=True)
        (report / "preview.md").write_text(markdown.render(outcome, link=link), encoding="utf-8")
        text = json.dumps(outcome.as_json(), indent=2, ensure_ascii=False)
        (report / "preview.json").write_text(f"{text}\n", encoding="utf-8")
    if as_json:
        print(json.dumps(outcome.as_json(), indent=2, ensure_ascii=False))
    else:
        console.show(outcome, Console())
    return outcome.exit_code if comment is None or _comment(comment, outcome, link) else 1


def _look(name: str) -> StackPreview:
    try:
        with progress(f"previewing {name}") as tell:
            return preview_stack(open_stack(name), tell)
    except GateError as error:
        return StackPreview(stack=name, error=str(error))


def _comment(number: int, outcome: Report, link: str) -> bool:
    """Whether it could be written."""
    body = f"{MARK}\n{markdown.render(outcome, limit=LIMIT - len(MARK) - 1, link=link)}"
    try:
        with open_forum(os.environ) as repository:
            address, done = repository.comment(number, MARK, body)
    except GateError as error:
        said = Redactor(environment_secrets(os.environ)).text(str(error))
        print(f"gate preview: no comment on pull request {number}: {said}", file=sys.stderr)
        return False
    print(f"comment {done}: {address}", file=sys.stderr)
    return True
