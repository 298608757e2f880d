"""`gate import`, `gate export` and `gate disconnect`."""

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from gate.commands.running import Run, Where, flag, gate_command, option
from gate.common.errors import GateError


@gate_command("import")
def import_blueprint(
    run: Run,
    where: Where,
    blueprint: Annotated[Path, typer.Argument(help="The Blueprint's path.", metavar="FILE")] = Path("render.yaml"),
    source: Annotated[
        Literal["file", "repository", "account"],
        typer.Option("--from", help="A file here, one in the application's repository, or what lives at Render."),
    ] = "file",
    ref: Annotated[
        str, typer.Option(help="With --from repository: a branch, tag or commit.", show_default="the default branch")
    ] = "",
    rename: Annotated[list[str] | None, option("Another name for an object; may be repeated.", "OLD=NEW")] = None,
    suffix: Annotated[str, option("What every other name gets at its end, such as -staging.", "TEXT")] = "",
    adopted: Annotated[bool, flag("--adopted", "The objects exist: manage what is declared, deploy nothing.")] = False,
    replace: Annotated[bool, flag("--replace", "Replace the section that the file has.")] = False,
    dry_run: Annotated[bool, flag("--dry-run", "Print the section and write nothing.")] = False,
) -> None:
    """Write a Render Blueprint into a stack's file.

    Writes `marketedge:render` of `Pulumi.<stack>.yaml` and leaves every other line as it is. Everything that means
    something else here than in a Blueprint is said, one line each. Variables with `sync: false` become named secrets,
    and the commands that set them are printed. With `--from account`, what lives in the workspace is declared as
    adopted, and no value of a variable is read into the file.

    **Exit codes**

    - `0`: written
    - `1`: nothing was written; the reason is printed

    **Examples**

    - `gate import render.yaml --env staging --suffix -staging`
    - `gate import --from repository --ref main --env staging --dry-run`
    - `gate import --from account --env production`
    """
    from gate.blueprints.run import Origin, import_into

    how = {"renames": dict(map(_pair, rename or ())), "suffix": suffix, "adopted": adopted or source == "account"}
    with run.progress(f"reading the Blueprint for {where.stack}") as tell:
        origin = Origin(source, blueprint, ref)
        found = import_into(where.stack, origin, os.environ, tell, replace=replace, dry_run=dry_run, **how)
    run.finish(found)


@gate_command("export")
def export_blueprint(
    run: Run,
    where: Where,
    output: Annotated[Path | None, option("The file to write.", "FILE", show_default="standard output")] = None,
) -> None:
    """Write a stack's Render section as a Blueprint.

    The Blueprint is checked against Render's published schema. What a Blueprint cannot say is printed on standard
    error, one line each. Secrets become `sync: false`: Render asks for their values once.

    **Exit codes**

    - `0`: written
    - `1`: not written; the reason is printed

    **Examples**

    - `gate export --env staging`
    - `gate export --env staging --output render.yaml`
    """
    from gate.blueprints.run import export_from

    found = export_from(where.env, where.stack, os.environ, output)
    for note in found.notes:
        run.say(f"- {note}")
    run.finish(found)


@gate_command("disconnect", fits=lambda settings: settings.adopted)
def disconnect(
    run: Run,
    where: Where,
    yes: Annotated[bool, flag("--yes", "Disconnect it; without it nothing is changed.")] = False,
) -> None:
    """Disconnect a Render Blueprint that still syncs our services.

    Shows every Blueprint that manages an object of the environment, with everything that it manages: each sync sets
    variables, plan and automatic deploys again as its file says. `--yes` disconnects it. Render keeps the services,
    databases and groups as they are; none is deployed or restarted. Needs `RENDER_API_KEY`.

    **Exit codes**

    - `0`: no Blueprint manages them, or it is disconnected
    - `2`: one does, and still syncs or can
    - `1`: could not be looked at or done

    **Examples**

    - `gate disconnect --env production`: only look
    - `gate disconnect --env production --yes`
    """
    from gate.blueprints.run import disconnect_all

    names = [one.name for one in where.settings()[0].render.objects]
    with run.progress("looking for Blueprints") as tell:
        found = disconnect_all(names, os.environ, tell.line, change=yes)
    run.finish(found)


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not (old and sign and new):
        raise GateError(f"--rename {text}: expected OLD=NEW")
    return old, new
