"""`python -m gate previews prune`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from blueprint.errors import RenderError
from blueprint.workspace import Session, connect
from gate.commands.options import AsJson, StackName
from gate.common.errors import GateError
from gate.common.progress import progress
from gate.stack.target import load_peer, load_settings
from gate.upkeep import old_previews as pruning
from gate.upkeep.old_previews import Preview
from gate.vendors import Accounts
from gate.vendors.repository import Repository
from gate.vendors.vercel import Vercel

app = typer.Typer(
    name="previews", no_args_is_help=True, help="Look after the previews of pull requests at Vercel and Render."
)


@app.callback()
def previews() -> None:
    """Look after the previews of pull requests at Vercel and Render."""


@app.command()
def prune(
    older_than: Annotated[str, typer.Option(help="Age from which a preview goes: 7d, 2w.", metavar="AGE")] = "7d",
    env: Annotated[str, typer.Option("--env", help="The environment whose service has previews.", metavar="NAME")] = (
        "production"
    ),
    stack: StackName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Delete them; without it they are only listed.")] = False,
    as_json: AsJson = False,
) -> int:
    """Delete previews that are older than a week and that nobody needs any more.

    The newest preview of an open pull request stays, however old, and so does the newest of a branch that a domain
    serves. Nothing but previews is deleted. Needs `GITHUB_TOKEN` (Pull requests: read), `VERCEL_API_TOKEN`,
    `RENDER_API_KEY`.

    **Exit codes**

    - `0`: listed, or all of them deleted
    - `1`: could not be looked at, or some could not be deleted; each with its reason

    **Examples**

    - `python -m gate previews prune`: only look
    - `python -m gate previews prune --older-than 2w --yes`
    """
    try:
        age = _age(older_than)
        settings, config = load_settings(env, stack, os.environ)
        with contextlib.ExitStack() as opened:
            accounts = opened.enter_context(Accounts(os.environ, config))
            tell = opened.enter_context(progress("looking for old previews"))
            session = opened.enter_context(connect(os.environ, tell.line))
            repository = Repository(accounts.github, settings.github.repository)
            vercel = accounts.vercel if settings.vercel else None
            found = pruning.at_render(session, [service.name for service in settings.render.services])
            stacks = (settings, load_peer(settings, os.environ))
            bound = {one.github.branch.name for one in stacks if one}
            if vercel and settings.vercel:
                project = vercel.project_id(settings.vercel.project)
                if project is None:  # without one, Vercel would list the deployments of every project
                    raise GateError(f"Vercel has no project {settings.vercel.project}: correct marketedge:vercel")
                found += pruning.at_vercel(vercel, project)
                bound |= pruning.bound_branches(vercel, project)
            in_use = pruning.open_branches(repository)
            old = list(pruning.outlived(found, in_use, bound, datetime.now(UTC), age))
            problems = list(_remove(old, vercel, session)) if yes else []
    except (GateError, RenderError) as error:
        print(f"gate previews prune: {error}", file=sys.stderr)
        return 1
    _show(old, problems, yes=yes, as_json=as_json, kept=len(found) - len(old))
    return 1 if problems else 0


def _remove(old: list[Preview], vercel: Vercel | None, session: Session) -> list[str]:
    problems = []
    for one in old:
        try:
            pruning.remove(one, vercel, session)
        except (GateError, RenderError) as error:
            problems.append(f"{one.vendor} {one.name}: {error}")
    return problems


def _age(text: str) -> timedelta:
    """Raises: GateError."""
    if not (found := re.fullmatch(r"([1-9]\d{0,3})([dw])", text)):
        raise GateError(f"--older-than {text}: expected days or weeks such as 7d and 2w")
    return timedelta(days=int(found[1]) * (7 if found[2] == "w" else 1))


def _show(old: list[Preview], problems: list[str], *, yes: bool, as_json: bool, kept: int) -> None:
    if as_json:
        entries = [{**vars(one), "created": one.created.isoformat()} for one in old]
        print(json.dumps({"deleted" if yes else "old": entries, "kept": kept, "problems": problems}, indent=2))
        return
    verb = "deleted" if yes else "would delete"
    for one in old:
        print(f"{verb}: {one.vendor} {one.name} (branch {one.branch or 'unknown'}, {one.created:%Y-%m-%d})")
    print(f"{len(old)} previews {'were' if yes else 'are'} old, {kept} stay" + ("" if yes else "; --yes deletes them"))
    for problem in problems:
        print(f"not deleted: {problem}", file=sys.stderr)
