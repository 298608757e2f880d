"""`gate init`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gate.commands.options import AsJson
from gate.commands.running import command


def _option(text: str, metavar: str) -> Any:
    return typer.Option(help=text, metavar=metavar, show_default=False)


def init(
    repository: Annotated[str, _option("The application's repository at GitHub.", "OWNER/NAME")] = "",
    check: Annotated[str, _option("A check that pull requests must pass: a job's name.", "NAME")] = "",
    auth0_domain: Annotated[str, _option("The Auth0 tenant's domain.", "HOST")] = "",
    application: Annotated[str, _option("Production's application at Auth0.", "NAME")] = "",
    render_service: Annotated[str, _option("Production's backend service at Render.", "NAME")] = "",
    render_workspace: Annotated[str, _option("The workspace at Render, if the key sees several.", "ID")] = "",
    vercel_project: Annotated[str, _option("The frontend's project at Vercel, if there is one.", "NAME")] = "",
    vercel_team: Annotated[str, _option("The project's team at Vercel, if it has one.", "TEAM")] = "",
    domain: Annotated[str, _option("Where people open production's frontend.", "HOST")] = "",
    staging_domain: Annotated[str, _option("Where people will open staging's frontend.", "HOST")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Write the stack files anew if they exist.")] = False,
    as_json: AsJson = False,
) -> int:
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
    with command("init", as_json=as_json) as run:
        import os
        import sys

        from gate.doctor.run import examine
        from gate.setup import files, questions
        from gate.setup.existing import VendorAccounts
        from gate.setup.report import InitReport

        folder = Path()
        ask = _ask if sys.stdin.isatty() else None
        with VendorAccounts(os.environ) as existing:
            answers = questions.answer(given, existing.propose, ask)
            made = files.texts(answers, existing)
            secrets = files.write(made, folder, replace=replace)
            notes = list(existing.notes)
        with run.progress("gate doctor") as tell:
            checks = examine(list(files.STACKS), os.environ, tell, folder)
        run.finish(InitReport(written=list(made), notes=notes, secrets=secrets, checks=checks))
    return run.exit_code


def _ask(text: str, proposals: list[str], optional: bool) -> str:
    """Ask on the terminal; the first proposal, or nothing, is taken with the Enter key."""
    if len(proposals) > 1:
        typer.echo(f"found: {', '.join(proposals)}", err=True)
    default = proposals[0] if proposals else "" if optional else None
    return str(typer.prompt(text, default=default, err=True)).strip()
