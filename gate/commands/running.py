"""How every command runs: it catches, redacts, prints, writes files, and ends with an exit code.

    with command("smoke", as_json=as_json, folder=report) as run:
        target = load_target(env, stack, os.environ)
        with run.progress(f"smoke-testing {env}") as tell:
            run.finish(smoke_test(target, tell))
    return run.exit_code

What a command needs of the features is imported inside its function, so that `--help` costs none of it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from blueprint.errors import RenderError
from gate.common.errors import GateError
from gate.common.exit_codes import ExitCode
from gate.common.progress import ProgressDisplay, progress
from gate.common.redaction import Redactor, environment_secrets

if TYPE_CHECKING:
    from rich.console import Console

    from gate.common.report import Report

Reported = TypeVar("Reported", bound="Report")


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

    def finish(
        self,
        report: Reported,
        *,
        show: Callable[[Reported, Console], None] | None = None,
        files: Callable[[Reported], Mapping[str, str | bytes]] | None = None,
    ) -> Reported:
        """Write the report's files, print it, and set the exit code.

        Args:
            show: prints it for a person. None is the report's own way.
            files: returns content by name. None is the report as Markdown and as JSON.

        Returns:
            The report without secrets, for a comment or an issue.
        """
        shown = report.redacted(self.redactor)
        self.exit_code = report.exit_code
        if self._folder is not None:
            self.write(files(shown) if files else shown.files(self.name.rpartition(" ")[2]))
        if self.as_json:
            print(shown.json_text())
        else:
            from rich.console import Console

            (show or type(shown).show)(shown, Console())
        return shown

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write more files into the folder of `--report`, if there is one."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (self._folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def say(self, text: str) -> None:
        """Print one line for a person on standard error."""
        print(self.redactor.text(text), file=sys.stderr, flush=True)

    def notify(self, outcome: str, facts: Mapping[str, str] | None = None, advice: str = "") -> None:
        """Send the outcome to the team's channel, if there is one. If that fails, the command goes on."""
        from gate.common import notifications

        text, facts, advice = self.redactor.text(outcome), self.redactor.value(facts or {}), self.redactor.text(advice)
        if unheard := notifications.notify(text, os.environ, facts, advice):
            self.say(f"the team was not notified: {unheard}")

    @contextmanager
    def or_fail(self, what: str) -> Iterator[None]:
        """Report what goes wrong in the block, and go on with what comes after it.

        Args:
            what: what was not done, such as `no issue`.
        """
        try:
            yield
        except (GateError, RenderError) as error:
            self.fail(f"{what}: {error}")

    def fail(self, text: object) -> None:
        """Say what went wrong, and end with 1."""
        self.say(f"gate {self.name}: {text}")
        self.exit_code = ExitCode.ERROR


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
    except (GateError, RenderError) as error:
        run.fail(error)
    except KeyboardInterrupt:
        run.fail("interrupted")
        run.exit_code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever reads standard output has gone, as `head` does; Python's own flush at the end must not complain.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        run.fail(_worded(error, run.redactor))


def unexpected(error: Exception) -> str:
    """Return one line about an error that is raised outside of a command's run."""
    return _worded(error, Redactor(environment_secrets(os.environ)))


def _worded(error: Exception, redactor: Redactor) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    if type(error).__name__ == "InvalidURL":  # of httpx, which --help does not load
        return f"an address in the environment or the configuration cannot be one: {error}"
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
