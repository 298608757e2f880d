"""`gate prune`."""

import os
from typing import Annotated

import typer

from gate.commands.running import Run, Where, flag, gate_command


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
    from components.accounts import Accounts
    from gate.common.period import length
    from gate.stack.target import load_peers
    from gate.upkeep import old_previews

    age = length(older_than, "--older-than")
    settings, config = where.settings()
    everywhere = [settings, *load_peers(settings, os.environ)]
    with (
        Accounts(os.environ, config) as accounts,
        run.progress("looking for old previews") as tell,
        connect(os.environ, tell.line) as session,
    ):
        found = old_previews.prune(everywhere, accounts, session, older_than, age, delete=yes)
    run.finish(found)
