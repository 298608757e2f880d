"""`gate report`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gate.commands.options import AsJson, Envs
from gate.commands.running import command
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.redaction import Redactor, environment_secrets

if TYPE_CHECKING:
    from gate.changes.report import DriftReport as Drift
    from gate.report.estate import Estate, Stack


def report(
    html: Annotated[Path, typer.Option(help="The page to write.", metavar="FILE", show_default=False)],
    env: Envs = None,
    since: Annotated[str, typer.Option(help="Releases since: 30d, 12w, or a date.", metavar="PERIOD")] = "30d",
    drift: Annotated[bool, typer.Option("--drift", help="Look for drift now: a preview of each stack.")] = False,
    drift_from: Annotated[
        list[Path] | None,
        typer.Option(
            help="A drift.json of `gate drift --report`, instead of looking; may be repeated.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Write everything about the environments to one HTML page.

    Changes nothing. The page opens without a network and shows the environments, each stack's phase and objects with
    links to the vendors' dashboards, drift, the last releases and rollbacks with their figures, the cost and its
    budget. A part that could not be looked at says why: a stack that was never up, a vendor without a token. Objects
    come from the state, whose secrets stay encrypted; releases need `GITHUB_TOKEN` (Deployments, Contents: read).

    **Exit codes**

    - `0`: the page is written
    - `2`: written, and something could not be looked at; the page and standard error say what
    - `1`: not written; the reason is printed

    **Examples**

    - `gate report --html estate.html`
    - `gate report --html estate.html --drift`
    - `gate report --html estate.html --drift-from out/drift.json`: as `gate drift --report out` left it
    """
    with command("report") as run:
        from gate.changes.look import check
        from gate.common.period import beginning
        from gate.report.gather import Wanted, gather
        from gate.report.page import page
        from gate.stack.project import open_stack
        from gate.stack.target import chosen_stacks

        until = datetime.now(UTC)
        names = chosen_stacks(env)
        earlier = dict(_read(path, names) for path in drift_from or [])
        check_now = (lambda name: check(open_stack(name))) if drift else None
        wanted = Wanted(names, beginning(since, until), until, earlier, check_now)
        with run.progress(f"looking at {' and '.join(names)}") as tell:
            estate = gather(wanted, os.environ, tell)
        # A page holds some characters of a secret in another form.
        masked = Redactor([form for one in environment_secrets(os.environ) for form in (one, escape(one))])
        html.write_text(masked.text(page(estate)), encoding="utf-8")
        for gap in estate.gaps:
            run.fail(gap)
        run.exit_code = ExitCode.FOUND if estate.gaps else ExitCode.DONE
        if as_json:
            print(json.dumps(run.redactor.value(as_content(estate)), indent=2, ensure_ascii=False))
        else:
            print(f"written: {html}")
    return run.exit_code


def _read(path: Path, names: list[str]) -> tuple[str, Drift]:
    """A stack's name and its report. Raises: GateError naming the file."""
    from gate.changes.report import DriftReport as Drift

    try:
        found = Drift.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise GateError(f"--drift-from {path}: {error.strerror}") from None
    except ValueError:
        raise GateError(f"--drift-from {path}: expected the drift.json that gate drift --report writes") from None
    if found.stack not in names:
        raise GateError(f"--drift-from {path} is of the stack {found.stack}, expected one of {', '.join(names)}")
    return found.stack, found


def as_content(estate: Estate) -> dict[str, Any]:
    """The page's content: `made`, `since`, `stacks`, `environments`, `figures`; `{why, trouble}` in place of a part
    that is not there."""
    return {
        "made": estate.made.isoformat(),
        "since": estate.since.isoformat(),
        "stacks": [_stack(stack) for stack in estate.stacks],
        "environments": _plain(estate.matrix),
        "figures": _plain(estate.figures),
    }


def _stack(stack: Stack) -> dict[str, Any]:
    from components.settings import Settings

    settings = stack.settings
    declared = (
        {"environment": settings.environment, "phase": settings.phase, "budgetUsd": settings.budget_usd}
        if isinstance(settings, Settings)
        else _plain(settings)
    )
    parts = {"state": stack.state, "drift": stack.drift, "releases": stack.releases}
    return {"name": stack.name, "declared": declared, **{name: _plain(part) for name, part in parts.items()}}


def _plain(value: Any) -> Any:
    from pydantic import BaseModel

    from gate.changes.report import DriftReport as Drift

    if isinstance(value, Drift):
        return value.as_json()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return _plain(asdict(value)) if hasattr(value, "__dataclass_fields__") else value
