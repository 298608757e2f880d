"""The command line, `python -m gate`: one function a command, which turns outcomes into output and an exit code."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gate.adopt import adopt
from gate.doctor.command import doctor
from gate.drift import console as drift_console
from gate.drift import markdown
from gate.drift.check import check, open_stack
from gate.drift.issue import settle
from gate.drift.report import Report
from gate.errors import GateError
from gate.forum import open_forum
from gate.metrics.command import metrics
from gate.options import AsJson, Env, StackName
from gate.preview.command import preview
from gate.previews.command import app as previews
from gate.progress import progress
from gate.recover import execute as execute_recovery
from gate.redaction import Redactor, environment_secrets
from gate.release.command import deploy, release, rollback
from gate.release.notify import workflow_run
from gate.report.command import report as report_estate
from gate.seed.command import seed_environment
from gate.smoke.command import smoke
from gate.verify.command import verify
from gate.watch.command import watch
from gate.workflows.command import app as workflows

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


@app.command()
def drift(
    env: Env,
    stack: StackName = None,
    as_json: AsJson = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write drift.md and drift.json into this folder.", metavar="DIR", show_default=False),
    ] = None,
    issue: Annotated[
        bool, typer.Option("--issue", help="Open, renew or close the stack's issue, as the outcome wants.")
    ] = False,
) -> int:
    """Find what was changed by hand at GitHub, Auth0, Vercel or Render. Changes nothing.

    Runs `pulumi preview --refresh` on the environment's stack and expects no changes. Every difference is one row:
    object, field, declared and live value, since when. What was declared and not applied yet is told apart from
    drift. Secrets are shown as `[secret]`.

    `--issue` writes to the repository that runs the workflow, `GITHUB_REPOSITORY`, with the token `REPORT_TOKEN`
    (Issues: write); `GITHUB_TOKEN` belongs to the application's repository. One issue a stack: opened when something
    differs or could not be checked, its text renewed by every check, a comment when the findings are others, closed
    when the stack is clean. A closed one stays closed; the next drift opens another.

    **Exit codes**

    - `0`: clean, everything is as declared
    - `2`: something differs: drift, or declared and not applied
    - `1`: could not be checked (credentials, configuration, a vendor, the engine), or the issue not be written, with
      the reason on standard error

    **Examples**

    - `python -m gate drift --env staging`
    - `python -m gate drift --env staging --json`: for a program
    - `python -m gate drift --env staging --report out`: `out/drift.md` for a step summary, and `out/drift.json`
    - `python -m gate drift --env staging --issue`: for a schedule
    """
    name = stack or env
    try:
        with progress(f"looking at {name}") as tell:
            outcome = check(open_stack(name), tell)
    except GateError as error:
        outcome = Report(stack=name, checked_at=datetime.now(UTC), error=str(error))
    if outcome.error is not None:
        print(f"gate drift: {outcome.error}", file=sys.stderr, flush=True)
    if report is not None:
        _write(outcome, report)
    if as_json:
        print(json.dumps(outcome.as_json(), indent=2, ensure_ascii=False))
    else:
        drift_console.show(outcome, Console())
    return outcome.exit_code if not issue or _settle(outcome) else 1


@app.command()
def recover(
    env: Env,
    stack: StackName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Put right what is found; without it nothing is changed.")] = False,
    as_json: AsJson = False,
) -> int:
    """After a killed `pulumi up`: find what exists at GitHub, Auth0 and Vercel but not in the state, and import it.

    Runs a preview, looks up everything that it would create by its name at its vendor, and shows what is there already.
    With `--yes` it imports that into the state, and clears pending operations and a dead process's lock. Nothing is
    created, changed or deleted at a vendor.

    **Exit codes**

    - `0`: nothing to recover, or all of it done
    - `2`: something was found that is still outside the state
    - `1`: refused, because a person has to decide first, or could not be done; the reason is printed

    **Examples**

    - `python -m gate recover --env staging`: only look
    - `python -m gate recover --env staging --yes`
    """
    name = stack or env
    try:
        with progress(f"looking for what {name} has lost") as tell:
            return execute_recovery(open_stack(name), change=yes, in_json=as_json, tell=tell)
    except GateError as error:
        print(f"gate recover: {error}", file=sys.stderr)
        return 1


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


def _settle(report: Report) -> bool:
    """Whether the stack's issue could be made to say it."""
    try:
        with open_forum(os.environ) as repository:
            print(settle(report, repository, workflow_run(os.environ)), file=sys.stderr)
    except GateError as error:
        said = Redactor(environment_secrets(os.environ)).text(str(error))
        print(f"gate drift: no issue: {said}", file=sys.stderr)
        return False
    return True


def _write(report: Report, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drift.md").write_text(markdown.render(report), encoding="utf-8")
    text = json.dumps(report.as_json(), indent=2, ensure_ascii=False)
    (folder / "drift.json").write_text(f"{text}\n", encoding="utf-8")


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
