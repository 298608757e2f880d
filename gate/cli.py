"""The command line: which commands there are, and how one is found when it is called.

A command's module is imported only when the command runs or shows its own help, so that everything else is quick.
"""

import difflib
import os
import re
import sys
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from gate import VERSION

_LOOK, _RELEASE, _KEEP = "Look", "Release", "Look after"


class Row(NamedTuple):
    """One command. place: module and name in it. summary: the first line of its help."""

    name: str
    place: str
    summary: str
    panel: str


TABLE = (
    Row("init", "init:init", "Write the two stack files from what exists.", _LOOK),
    Row("doctor", "doctor:doctor", "Check that everything a first preview needs is there.", _LOOK),
    Row("preview", "preview:preview", "Show what `pulumi up` would change and what it costs.", _LOOK),
    Row("drift", "drift:drift", "Find what was changed by hand at the vendors.", _LOOK),
    Row("smoke", "smoke:smoke", "Run quick health tests against an environment.", _LOOK),
    Row("verify", "verify:verify", "Run the plan's acceptance checks, one line each.", _LOOK),
    Row("watch", "watch:watch", "Watch an environment's health and error rate for a while.", _LOOK),
    Row("report", "report:report", "Write everything about the environments to one HTML page.", _LOOK),
    Row("prices", "prices:prices", "Show what Render's plans cost.", _LOOK),
    Row("metrics", "metrics:metrics", "Show how often, how fast and how well you release.", _LOOK),
    Row("deploy", "release:deploy", "Wait until a commit serves, then smoke-test it.", _RELEASE),
    Row("release", "release:release", "Release a tag, and roll back automatically on failure.", _RELEASE),
    Row("hotfix", "release:hotfix", "Release a tag past staging, with a reason on record.", _RELEASE),
    Row("rollback", "release:rollback", "Roll back to an earlier release.", _RELEASE),
    Row("adopt", "recover:adopt", "Print the lines that adopt what exists at the vendors.", _KEEP),
    Row("recover", "recover:recover", "Import what a killed `pulumi up` left outside the state.", _KEEP),
    Row("seed", "seed:seed", "Load test data into an environment's database.", _KEEP),
    Row("prune", "prune:prune", "Delete old previews of pull requests.", _KEEP),
    Row("import", "blueprints:import_blueprint", "Write a Render Blueprint into a stack's file.", _KEEP),
    Row("export", "blueprints:export_blueprint", "Write a stack's Render section as a Blueprint.", _KEEP),
    Row("disconnect", "blueprints:disconnect", "Disconnect a Render Blueprint that still syncs our services.", _KEEP),
    Row("workflows", "workflows:app", "Deliver the application's workflows to its repository.", _KEEP),
)
"""Every command, in the order of the help."""


def load(row: Row) -> Any:
    """Import a command."""
    module, name = row.place.split(":")
    found = getattr(import_module(f"gate.commands.{module}"), name)
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(add_completion=False, rich_markup_mode="markdown")
        found.command(row.name)(function)
    return typer.main.get_command(found)


class _Commands(TyperGroup):
    """Knows each command's name and first line; imports the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for row in TABLE:
            self.add_command(TyperCommand(row.name, help=row.summary, rich_help_panel=row.panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _summary, rest = super().resolve_command(ctx, args)
        row = next((row for row in TABLE if row.name == name), None)
        return name, load(row) if row else None, rest


app = typer.Typer(
    cls=_Commands,
    name="gate",
    rich_markup_mode="markdown",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"gate {VERSION}")
        raise typer.Exit


@app.callback()
def gate(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the details of an unexpected error.", metavar="")
    ] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True, metavar="")
    ] = False,
) -> None:
    """Check, preview, release and roll back a MarketEdge environment.

    Settings come from the Pulumi stack (`Pulumi.<stack>.yaml`), tokens from the environment only: `GITHUB_TOKEN`,
    `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET`, `VERCEL_API_TOKEN`, `RENDER_API_KEY`. No secret is ever
    printed or written. `gate COMMAND --help` has examples, the tokens that are needed, and the exit codes.
    """
    from gate.commands.running import Run

    Run.debug = debug


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        Its exit code. A mistake in the arguments is 1, because 2 means that something was found.
    """
    program = os.environ.get("GATE_PROGRAM", "python -m gate")
    try:
        return int(app(arguments, prog_name=program, standalone_mode=False) or 0)
    except typer.Abort:
        return 1
    except typer.TyperException as error:
        if not (message := _worded(error)):
            return 0  # the help has been shown in place of an error
        context = getattr(error, "ctx", None)
        path = context.command_path if context else " ".join([program, *_named(arguments)])
        print(f"gate: {message}\nSee {path} --help", file=sys.stderr)
        return 1
    except Exception as error:
        from gate.commands.running import unexpected

        print(f"gate: {unexpected(error)}", file=sys.stderr)
        return 1


def _named(arguments: list[str] | None) -> list[str]:
    """Return the command that was called, for an error that does not know it."""
    given = sys.argv[1:] if arguments is None else arguments
    return [one for one in given[:1] if one in {row.name for row in TABLE}]


_EXPECTED = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "less_than_equal": "at most {le}",
    "greater_than_equal": "at least {ge}",
}
"""What an option's value has to be, by pydantic's name of the mistake."""


def _worded(error: typer.TyperException) -> str:
    """Say what is wrong with the arguments, and what was probably meant."""
    for mistake in getattr(error.__cause__, "errors", list)()[:1]:
        if expected := _EXPECTED.get(mistake["type"]):
            return f"{error.param.opts[0]} {mistake['input']}: expected {expected.format(**mistake.get('ctx', {}))}"  # type: ignore[attr-defined]
    option = getattr(error, "option_name", None)
    if option and (known := getattr(error, "possibilities", None)):
        nearest = difflib.get_close_matches(option, known, 1)
        return f"No such option: {option}." + (f" Did you mean {nearest[0]}?" if nearest else "")
    parameter = getattr(error, "param", None)
    hint = getattr(parameter, "help", None) if "Missing" in type(error).__name__ else None
    told = error.format_message()
    for pattern, better in _BETTER.items():
        told = re.sub(pattern, better, told)
    return told + (f" {hint}" if hint else "")


_BETTER = {
    r"'version'\. Did you mean 'verify'\?": "'version'. Did you mean --version?",
    r"Option '(.+)' requires an argument\.": r"\1 needs a value.",
    r"Got unexpected extra argument\(s\) \((.+)\)": r"Not expected here: \1",
    r"Invalid value for '(.+)': dir '(.+)' does not exist\.": r"\1: there is no folder \2",
}
"""Sentences of typer, and how we say it."""
