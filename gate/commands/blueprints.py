"""`gate import` and `gate export`."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gate.commands.options import AsJson, Env, StackName
from gate.commands.running import command


class Source(StrEnum):
    """Where a Blueprint comes from."""

    FILE = "file"
    REPOSITORY = "repository"
    ACCOUNT = "account"


def import_blueprint(
    blueprint: Annotated[Path, typer.Argument(help="The Blueprint's path.", metavar="FILE")] = Path("render.yaml"),
    env: Env = None,
    source: Annotated[
        Source,
        typer.Option("--from", help="A file here, one in the application's repository, or what lives at Render."),
    ] = Source.FILE,
    ref: Annotated[
        str, typer.Option(help="With --from repository: a branch, tag or commit.", show_default="the default branch")
    ] = "",
    rename: Annotated[
        list[str] | None,
        typer.Option(help="Another name for an object; may be repeated.", metavar="OLD=NEW", show_default=False),
    ] = None,
    suffix: Annotated[
        str, typer.Option(help="What every other name gets at its end, such as -staging.", show_default=False)
    ] = "",
    adopted: Annotated[
        bool, typer.Option("--adopted", help="The objects live already: manage what is declared, deploy nothing.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the section that the file has.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the section and write nothing.")] = False,
    stack: StackName = None,
    as_json: AsJson = False,
) -> int:
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
    with command("import", as_json=as_json) as run:
        from gate.blueprints.run import import_into
        from gate.stack.target import choose

        _, name = choose(env, stack, os.environ)
        renames = dict(_pair(text) for text in rename or ())
        with run.progress(f"reading the Blueprint for {name}") as tell:
            found = import_into(
                name,
                source,
                blueprint,
                ref,
                os.environ,
                tell,
                renames=renames,
                suffix=suffix,
                adopted=adopted or source is Source.ACCOUNT,
                replace=replace,
                dry_run=dry_run,
            )
        run.finish(found)
    return run.exit_code


def export_blueprint(
    env: Env = None,
    output: Annotated[
        Path | None, typer.Option(help="The file to write.", metavar="FILE", show_default="standard output")
    ] = None,
    stack: StackName = None,
    as_json: AsJson = False,
) -> int:
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
    with command("export", as_json=as_json) as run:
        from gate.blueprints.run import export_from
        from gate.stack.target import choose

        env, stack = choose(env, stack, os.environ)
        found = export_from(env, stack, os.environ, output)
        for note in found.notes:
            run.say(f"- {note}")
        run.finish(found)
    return run.exit_code


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not (old and sign and new):
        raise typer.BadParameter(f"--rename {text}: expected OLD=NEW")
    return old, new
