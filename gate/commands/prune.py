"""`gate prune`."""

import contextlib
import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from blueprint.errors import RenderError
from gate.commands.options import Where, flag, gate_command
from gate.commands.running import Run
from gate.common.errors import GateError


@gate_command("prune", fits=lambda settings: settings.released_by_tag)
def prune(
    run: Run,
    where: Where,
    older_than: Annotated[str, typer.Option(help="Age from which a preview is old: 7d, 2w.", metavar="AGE")] = "7d",
    yes: Annotated[bool, flag("--yes", "Delete them; without it they are only listed.")] = False,
) -> None:
    """Delete old previews of pull requests.

    The newest preview of an open pull request stays, however old it is, and so does the newest of a branch that a
    domain serves. Only what is recognised as a pull request's preview is deleted; everything else is listed as kept,
    with the reason. Needs `GITHUB_TOKEN` (Pull requests: read), `VERCEL_API_TOKEN`,
    `RENDER_API_KEY`.

    **Exit codes**

    - `0`: listed, or all of them deleted
    - `1`: could not be looked at, or some could not be deleted; each with its reason

    **Examples**

    - `gate prune`: only look
    - `gate prune --older-than 2w --yes`
    """
    from blueprint.workspace import connect
    from gate.common.period import length
    from gate.stack.target import load_peers
    from gate.upkeep import old_previews as pruning
    from gate.vendors import Accounts
    from gate.vendors.repository import Repository

    age = length(older_than, "--older-than")
    settings, config = where.settings()
    with contextlib.ExitStack() as opened:
        accounts = opened.enter_context(Accounts(os.environ, config))
        tell = opened.enter_context(run.progress("looking for old previews"))
        session = opened.enter_context(connect(os.environ, tell.line))
        repository = Repository(accounts.github, settings.github.repository)
        vercel = accounts.vercel if settings.vercel else None
        found = pruning.at_render(session, [service.name for service in settings.render.services])
        bound = {one.github.branch.name for one in (settings, *load_peers(settings, os.environ))}
        if vercel and settings.vercel:
            project = vercel.require_project(settings.vercel.project)
            found += pruning.at_vercel(vercel, project)
            bound |= pruning.bound_branches(vercel, project)
        pulls = pruning.of_pull_requests(repository, {one.branch for one in found if one.branch and not one.of})
        every = list(pruning.judged(found, pulls, bound, datetime.now(UTC), age))
        old = [one for one in every if not one.reason]
        problems = []
        for one in old if yes else []:
            try:
                pruning.remove(one, vercel, session)
            except (GateError, RenderError) as error:
                problems.append(f"{one.vendor} {one.name}: {error}")
    kept = [one for one in every if one.reason]
    pruned = pruning.Pruned(old=old, kept=kept, older_than=older_than, deleted=yes, problems=problems)
    run.finish(pruned)
