"""`gate init`."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.running import Run, flag, gate_command, option


@gate_command("init")
def init(
    run: Run,
    repository: Annotated[str, option("The application's repository at GitHub.", "OWNER/NAME")] = "",
    check: Annotated[str, option("A check that pull requests must pass: a job's name.", "NAME")] = "",
    auth0_domain: Annotated[str, option("The Auth0 tenant's domain.", "HOST")] = "",
    application: Annotated[str, option("Production's application at Auth0.", "NAME")] = "",
    render_service: Annotated[str, option("Production's backend service at Render.", "NAME")] = "",
    render_workspace: Annotated[str, option("The workspace at Render, if the key sees several.", "ID")] = "",
    vercel_project: Annotated[str, option("The frontend's project at Vercel, if there is one.", "NAME")] = "",
    vercel_team: Annotated[str, option("The project's team at Vercel, if it has one.", "TEAM")] = "",
    domain: Annotated[str, option("Where people open production's frontend.", "HOST")] = "",
    staging_domain: Annotated[str, option("Where people will open staging's frontend.", "HOST")] = "",
    replace: Annotated[bool, flag("--replace", "Write the stack files anew if they exist.")] = False,
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
    given = {name: value for name, value in locals().items() if isinstance(value, str)}
    from gate.doctor.run import examine
    from gate.setup import files, questions
    from gate.setup.existing import VendorAccounts
    from gate.setup.report import InitReport

    with VendorAccounts(os.environ) as existing:
        answers = questions.answer(given, existing.propose, _ask if sys.stdin.isatty() else None)
        made = files.texts(answers, existing)
        secrets = files.write(made, Path(), replace=replace)
    with run.progress("gate doctor") as tell:
        checks = examine(list(files.STACKS), os.environ, tell)
    run.finish(InitReport(written=list(made), notes=existing.notes, secrets=secrets, checks=checks))


def _ask(text: str, proposals: list[str], optional: bool) -> str:
    """Ask on the terminal; the first proposal, or nothing, is taken with the Enter key."""
    if len(proposals) > 1:
        typer.echo(f"found: {', '.join(proposals)}", err=True)
    default = proposals[0] if proposals else "" if optional else None
    return str(typer.prompt(text, default=default, err=True)).strip()
