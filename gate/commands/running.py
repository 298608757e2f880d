"""How every command is declared and runs: the options that commands share, redaction, files, errors and exit codes.

    @gate_command("seed", fits=lambda settings: not settings.live)
    def seed(run: Run, where: Where, again: Annotated[bool, flag("--again", "Also run ...")] = False) -> None:
        from gate.upkeep.seeds import seed as run_scripts

        target = where.target()
        with run.progress(f"seeding {where.env}") as tell:
            run.finish(run_scripts(target, tell))

The decorated function takes `--json` as well; with a parameter `where` it takes `--env` and `--stack`, with a parameter
`stacks` it takes `--env` several times, and with `report=True` it takes `--report`. It returns the exit code. What it
needs of the features is imported inside of it, so that `--help` costs none of that.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar

import typer

from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.progress import ProgressDisplay, progress
from gate.common.redaction import Redactor, environment_secrets

if TYPE_CHECKING:
    from components.accounts.repository import Repository
    from components.settings import Settings
    from gate.common.report import Report
    from gate.stack.target import Target

    Fits = Callable[[Settings], bool]

Reported = TypeVar("Reported", bound="Report")


def option(help: str, metavar: str, *names: str, **more: Any) -> Any:
    """Return an option whose value is shown as `metavar`. Its default is hidden unless `more` says how to show it."""
    return typer.Option(*names, help=help, metavar=metavar, **{"show_default": False, **more})


def flag(name: str, help: str) -> Any:
    """Return an option without a value."""
    return typer.Option(name, help=help, show_default=False, metavar="")


def _stacks_here() -> list[str]:
    """Return what the shell completes `--env` with."""
    from components.stack_file import StackFileError, names

    try:
        return names()
    except StackFileError:
        return []


def _env(help: str, default: str) -> Any:
    return option(help, "NAME", "--env", autocompletion=_stacks_here, show_default=default)


Env = Annotated[str | None, _env("The environment, as in Pulumi.NAME.yaml.", "the only one that fits")]
Envs = Annotated[list[str] | None, _env("An environment, as in Pulumi.NAME.yaml; may be repeated.", "all of them")]
StackName = Annotated[
    str | None, option("Its stack, if that has another name.", "NAME", show_default="the environment's")
]
AsJson = Annotated[bool, flag("--json", "Print the report as JSON and nothing else.")]
ReportFolder = Annotated[Path | None, option("Also write the report's files into this folder.", "DIR", "--report")]
Minutes = Annotated[
    int | None, option("How long to watch.", "N", min=0, max=60, show_default="marketedge:watch.minutes")
]
OnlyFailures = Annotated[bool, flag("--only-failures", "Show only what fails.")]


class Where:
    """The environment that a command works on, and its stack: the named one, else the only one here that fits.

    Nothing is read before it is asked for.

    Raises:
        GateError: the environment has to be named, or its stack file is wrong (every member but `known`).
    """

    def __init__(self, env: str | None, stack: str | None, fits: Fits) -> None:
        self._env, self._stack, self._fits = env, stack, fits

    @cached_property
    def _chosen(self) -> tuple[str, str]:
        from gate.stack.target import choose

        return choose(self._env, self._stack, os.environ, self._fits)

    @property
    def env(self) -> str:
        """The environment's name."""
        return self._chosen[0]

    @property
    def known(self) -> str:
        """The environment's name as far as it is known by now; reads nothing."""
        return self.env if "_chosen" in vars(self) else self._env or ""

    @property
    def stack(self) -> str:
        """The name of its stack."""
        return self._chosen[1]

    def target(self) -> Target:
        """Return its settings, and the addresses at which it is reached."""
        from gate.stack.target import load_target

        return load_target(self.env, self.stack, os.environ)

    def settings(self) -> tuple[Settings, Mapping[str, str]]:
        """Return its settings, and the configuration for `components.accounts.Accounts`."""
        from gate.stack.target import load_settings

        return load_settings(self.env, self.stack, os.environ)

    @contextmanager
    def repository(self) -> Iterator[tuple[Repository, Settings]]:
        """Open the application's repository at GitHub, and return it with the environment's settings."""
        from components.accounts import Accounts

        settings, config = self.settings()
        with Accounts(os.environ, config) as accounts:
            yield accounts.repository(settings.github.repository), settings


class Run:
    """One run of one command.

    Attributes:
        debug: show the details of an unexpected error on standard error (`gate --debug`); of all runs.
        as_json: print the report as JSON and nothing else.
        exit_code: how it ends.
        redactor: knows every secret that the run knows.
    """

    debug: ClassVar[bool] = False

    def __init__(self, name: str, *, as_json: bool = False, folder: Path | None = None) -> None:
        self.name, self.as_json, self._folder = name, as_json, folder
        self.exit_code: int = ExitCode.DONE
        self.redactor = Redactor(environment_secrets(os.environ))

    def hide(self, secrets: Iterable[str]) -> None:
        """Show these in nothing that this run prints or writes from now on."""
        self.redactor.add(secrets)

    def progress(self, title: str, budget: float | None = None) -> AbstractContextManager[ProgressDisplay]:
        """Show progress while the block runs.

        Args:
            budget: the seconds that it may take, if there is a limit.
        """
        return progress(title, budget=budget, redact=self.redactor.text)

    def finish(self, report: Reported) -> Reported:
        """Write the report's files, print it, and set the exit code.

        Returns:
            The report without secrets, for a comment or an issue.
        """
        shown = report.redacted(self.redactor)
        self.exit_code = report.exit_code
        if self._folder is not None:
            self.write(shown.files(self.name.rpartition(" ")[2]))
        if self.as_json:
            print(shown.json_text())
        else:
            from rich.console import Console

            shown.show(Console())
        return shown

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write more files into the folder of `--report`, if there is one."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (self._folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def notify(self, outcome: str, facts: Mapping[str, str] | None = None, advice: str = "") -> None:
        """Send the outcome to the team's channel, if there is one. If that fails, the command goes on."""
        from gate.common import notifications

        text, facts, advice = self.redactor.text(outcome), self.redactor.value(facts or {}), self.redactor.text(advice)
        if unheard := notifications.notify(text, os.environ, facts, advice):
            self.say(f"the team was not notified: {unheard}")

    def say(self, text: str) -> None:
        """Print one line for a person on standard error."""
        print(self.redactor.text(text), file=sys.stderr, flush=True)

    def fail(self, text: object) -> None:
        """Say what went wrong, and end with 1."""
        self.say(f"gate {self.name}: {text}")
        self.exit_code = ExitCode.ERROR

    @contextmanager
    def or_fail(self, what: str) -> Iterator[None]:
        """Report what goes wrong in the block, and go on with what comes after it.

        Args:
            what: what was not done, such as `no issue`.
        """
        try:
            yield
        except GateError as error:
            self.fail(f"{what}: {error}")


@contextmanager
def command(name: str, *, as_json: bool = False, folder: Path | None = None) -> Iterator[Run]:
    """Run a command: whatever is raised inside ends it with a line on standard error and an exit code.

    Args:
        name: as it is typed, such as `workflows check`.
        as_json: print the report as JSON and nothing else.
        folder: for the report's files, `--report`.
    """
    run = Run(name, as_json=as_json, folder=folder)
    try:
        yield run
    except GateError as error:
        run.fail(error)
    except KeyboardInterrupt:
        run.fail("interrupted")
        run.exit_code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever reads standard output has gone, as `head` does; Python's own flush at the end must not complain.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        run.fail(unexpected(error, run.redactor))


def unexpected(error: Exception, redactor: Redactor | None = None) -> str:
    """Return one line about an error that is nobody's mistake, and write its details into a file.

    Args:
        redactor: of the run; None outside of one.
    """
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    if type(error).__name__ == "InvalidURL":  # of httpx, which --help does not load
        return f"an address in the environment or the configuration cannot be one: {error}"
    redactor = redactor or Redactor(environment_secrets(os.environ))
    details = redactor.text("".join(traceback.format_exception(error)))
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" at {Path(last[0].filename).name}:{last[0].lineno}" if last else ""
    what = f"unexpected {type(error).__name__}{where}"
    if Run.debug:
        return f"{what}\n{details}"
    try:
        handle, file = tempfile.mkstemp(prefix=f"gate-error-{datetime.now(UTC):%Y%m%d-%H%M%S}-", suffix=".txt")
        with open(handle, "w", encoding="utf-8") as out:
            out.write(details)
    except OSError as unwritten:
        return f"{what}; run `gate --debug …` to see the details ({unwritten.strerror})"
    return f"{what}: this is a bug. Report it with the details in {file}, from which known secrets are removed"


def gate_command(
    name: str, *, fits: Fits = lambda _settings: True, report: bool = False, options: Mapping[str, Any] | None = None
) -> Callable[[Callable[..., None]], Callable[..., int]]:
    """Make a function a command; the module's text shows how.

    Args:
        name: as it is typed, such as `workflows check`.
        fits: the environments that the command can work on, for a call without `--env`.
        report: whether it has `--report`.
        options: further ones by name, which the function takes as `**given`; without a value they are empty.
    """

    def decorate(body: Callable[..., None]) -> Callable[..., int]:
        own = dict(inspect.signature(body, eval_str=True).parameters)
        one, several = own.pop("where", None), own.pop("stacks", None)
        own = {key: one for key, one in own.items() if key != "run" and one.kind != inspect.Parameter.VAR_KEYWORD}

        def run_it(*, as_json: bool = False, report: Path | None = None, **given: Any) -> int:
            with command(name, as_json=as_json, folder=report) as run:
                if one:
                    given["where"] = Where(given.pop("env", None), given.pop("stack", None), fits)
                if several:
                    from gate.stack.target import chosen_stacks

                    given["stacks"] = chosen_stacks(given.pop("env", None))
                body(run, **given)
            return run.exit_code

        first = {"env": Env, "stack": StackName} if one else {"env": Envs} if several else {}
        last = {"report": ReportFolder} if report else {}
        parameters = [
            *(_option(key, type_) for key, type_ in first.items()),
            *(_option(key, type_, "") for key, type_ in (options or {}).items()),
            *(parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in own.values()),
            _option("as_json", AsJson, False),
            *(_option(key, type_) for key, type_ in last.items()),
        ]
        functools.update_wrapper(run_it, body)
        run_it.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what typer reads
        run_it.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run_it

    return decorate


def _option(name: str, annotation: Any, default: Any = None) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
