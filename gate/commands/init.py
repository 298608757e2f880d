"""`gate init`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.running import Run, flag, gate_command, option
from gate.setup.questions import QUESTIONS, answer

_ANSWERS = {one.name: Annotated[str, option(f"{one.text}.", one.metavar)] for one in QUESTIONS}


@gate_command("init", options=_ANSWERS)
def init(
    run: Run,
    replace: Annotated[bool, flag("--replace", "Write the stack files anew if they exist.")] = False,
    **given: str,
) -> None:
    """Write the two stack files from what exists.

    Asks for what no option says, and proposes what it finds at GitHub, Auth0, Vercel and Render with the tokens in the
    environment. Reads names and settings only, never the value of a variable, and changes nothing at a vendor. Writes
    `Pulumi.staging.yaml` (a staging environment modelled on production's service) and `Pulumi.production.yaml` (what
    exists, to be adopted). Then it runs `gate doctor` and shows the next two commands.

    Without a terminal every answer has to be an option; those that are missing are listed with what was found.

    **Exit codes**

    - `0`: written, and doctor finds nothing in the way
    - `2`: written; doctor lists what is still to be done
    - `1`: an answer is missing or wrong, or a file exists already; nothing was written

    **Examples**

    - `gate init`
    - `gate init --repository acme/shop --check test --auth0-domain acme.eu.auth0.com --application Shop
      --render-service shop-api --domain app.acme.com --staging-domain staging.acme.com`
    """
    from gate.doctor.run import examine
    from gate.setup import files
    from gate.setup.existing import VendorAccounts

    with VendorAccounts(os.environ) as existing:
        answers = answer(given, existing.propose, _ask if sys.stdin.isatty() else None)
        made = files.texts(answers, existing)
        secrets = files.write(made, Path(), replace=replace)
    with run.progress("gate doctor") as tell:
        checks = examine(list(files.STACKS), os.environ, tell)
    run.finish(files.InitReport(written=list(made), notes=existing.notes, secrets=secrets, checks=checks))


def _ask(text: str, proposals: list[str], optional: bool) -> str:
    """Ask on the terminal; the first proposal, or nothing, is taken with the Enter key."""
    if len(proposals) > 1:
        typer.echo(f"found: {', '.join(proposals)}", err=True)
    default = proposals[0] if proposals else "" if optional else None
    return str(typer.prompt(text, default=default, err=True)).strip()
