"""The command line, `python -m gate`: one function a command, which turns outcomes into output and an exit code."""

from __future__ import annotations

import sys

import typer

from gate.commands.adopt import adopt
from gate.commands.doctor import doctor
from gate.commands.drift import drift
from gate.commands.metrics import metrics
from gate.commands.preview import preview
from gate.commands.prune import app as previews
from gate.commands.recover import recover
from gate.commands.release import deploy, release, rollback
from gate.commands.report import report as report_estate
from gate.commands.seed import seed_environment
from gate.commands.smoke import smoke
from gate.commands.verify import verify
from gate.commands.watch import watch
from gate.commands.workflows import app as workflows

app = typer.Typer(
    name="gate",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def gate() -> None:
    """Look after an environment around a release.

    Settings come from the Pulumi stack (`Pulumi.<stack>.yaml`), tokens from the environment only: `GITHUB_TOKEN`,
    `AUTH0_DOMAIN`, `AUTH0_CLIENT_ID`, `AUTH0_CLIENT_SECRET`, `VERCEL_API_TOKEN`, `RENDER_API_KEY`. No secret is ever
    printed or written.
    """


app.command()(drift)
app.command()(recover)
app.command()(doctor)
app.command()(preview)
app.command()(adopt)
app.command()(smoke)
app.command()(deploy)
app.command()(release)
app.command()(rollback)
app.add_typer(workflows)
app.command()(verify)
app.command()(watch)
app.command()(metrics)
app.command("report")(report_estate)
app.add_typer(previews)
app.command("seed")(seed_environment)


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns its exit code; 1 also for a mistake in the arguments, which must not pass for 2."""
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except typer.Abort:
        return 1
    except typer.TyperException as error:
        message = getattr(error, "format_message", error.__str__)()
        print(f"gate: {message}\nSee python -m gate --help", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"gate: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1
