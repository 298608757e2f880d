"""`gate report`."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from markupsafe import escape

from gate.commands.running import Run, flag, gate_command, option
from gate.common.errors import GateError
from gate.common.redaction import environment_secrets

_ANSWER = 4.0
"""Seconds that a frontend or backend gets to answer."""

if TYPE_CHECKING:
    from gate.changes.drift import DriftReport


@gate_command("report")
def report(
    run: Run,
    stacks: list[str],
    html: Annotated[Path, option("The page to write.", "FILE")],
    since: Annotated[str, typer.Option(help="Releases since: 30d, 12w, or a date.", metavar="PERIOD")] = "30d",
    drift: Annotated[bool, flag("--drift", "Look for drift now: a preview of each stack.")] = False,
    drift_from: Annotated[
        list[Path] | None, option("A drift.json of `gate drift --report`, instead of looking; may be repeated.", "FILE")
    ] = None,
) -> None:
    """Write everything about the environments to one HTML page.

    Changes nothing. The page opens without a network. First comes what needs attention and a picture of each
    environment: who calls whom, what serves where and since when, health, cost. Then the releases as a timeline with
    their figures, drift, and every object with a link to its vendor's dashboard.

    A part that could not be looked at says why: a stack that was never up, a vendor without a token. Objects come from
    the state, whose secrets stay encrypted; releases need `GITHUB_TOKEN` (Deployments, Contents: read).

    **Exit codes**

    - `0`: the page is written
    - `2`: written, and something could not be looked at; the page and standard error say what
    - `1`: not written; the reason is printed

    **Examples**

    - `gate report --html estate.html`
    - `gate report --html estate.html --drift`
    - `gate report --html estate.html --drift-from out/drift.json`: as `gate drift --report out` left it
    """
    import httpx

    from gate.changes.look import check
    from gate.common.period import beginning
    from gate.report.gather import Wanted
    from gate.report.page import report_of
    from gate.smoke.watch import problem
    from gate.stack.project import open_stack

    until = datetime.now(UTC)
    earlier = dict(_read(path, stacks) for path in drift_from or [])
    with (
        httpx.Client(timeout=_ANSWER, follow_redirects=True) as http,
        run.progress(f"looking at {' and '.join(stacks)}") as tell,
    ):
        look = (lambda stack: check(open_stack(stack))) if drift else None
        wanted = Wanted(stacks, beginning(since, until), until, os.environ, earlier, look, partial(problem, http))
        estate = wanted.gather(tell)
    # A page holds some characters of a secret in another form.
    run.hide(str(escape(secret)) for secret in environment_secrets(os.environ))
    made = report_of(estate, str(html)).redacted(run.redactor)
    html.write_text(made.page, encoding="utf-8")
    for gap in made.gaps:
        run.say(f"gate report: {gap}")
    run.finish(made)


def _read(path: Path, names: list[str]) -> tuple[str, DriftReport]:
    """Return a stack's name and its report, from a file.

    Raises:
        GateError: names the file.
    """
    from gate.changes.drift import DriftReport

    try:
        found = DriftReport.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise GateError(f"--drift-from {path}: {error.strerror}") from None
    except ValueError:
        raise GateError(f"--drift-from {path}: expected the drift.json that gate drift --report writes") from None
    if found.stack not in names:
        raise GateError(f"--drift-from {path} is of the stack {found.stack}, expected one of {', '.join(names)}")
    return found.stack, found
