"""The options that commands share, and the decorator that gives them to a command and runs it.

    @gate_command("seed", fits=lambda settings: not settings.live)
    def seed(run: Run, where: Where, again: Annotated[bool, flag("--again", "Also run ...")] = False) -> None:
        target = where.target()
        with run.progress(f"seeding {where.env}") as tell:
            run.finish(...)

The decorated function takes `--json` as well; with a parameter `where` it takes `--env` and `--stack`, with a parameter
`stacks` it takes `--env` several times, and with `report=True` it takes `--report`. It returns the exit code.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gate.commands.running import command

if TYPE_CHECKING:
    from components.settings import Settings
    from gate.stack.target import Target

    Fits = Callable[[Settings], bool]


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
        """Return its settings, and the configuration for `gate.vendors.accounts.Accounts`."""
        from gate.stack.target import load_settings

        return load_settings(self.env, self.stack, os.environ)


def gate_command(
    name: str, *, fits: Fits = lambda _settings: True, report: bool = False
) -> Callable[[Callable[..., None]], Callable[..., int]]:
    """Make a function a command; the module's text shows how.

    Args:
        name: as it is typed, such as `workflows check`.
        fits: the environments that the command can work on, for a call without `--env`.
        report: whether it has `--report`.
    """

    def decorate(body: Callable[..., None]) -> Callable[..., int]:
        own = dict(inspect.signature(body, eval_str=True).parameters)
        one, several = own.pop("where", None), own.pop("stacks", None)
        del own["run"]

        def run_it(*, as_json: bool = False, **given: Any) -> int:
            folder = given.pop("report", None) if report else None
            with command(name, as_json=as_json, folder=folder) as run:
                if one:
                    given["where"] = Where(given.pop("env", None), given.pop("stack", None), fits)
                if several:
                    from gate.stack.target import chosen_stacks

                    given["stacks"] = chosen_stacks(given.pop("env", None))
                body(run, **given)
            return run.exit_code

        first = {"env": Env, "stack": StackName} if one else {"env": Envs} if several else {}
        last = {"as_json": AsJson, **({"report": ReportFolder} if report else {})}
        parameters = [*_optional(first), *(p.replace(kind=p.KEYWORD_ONLY) for p in own.values()), *_optional(last)]
        functools.update_wrapper(run_it, body)
        run_it.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what typer reads
        run_it.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run_it

    return decorate


def _optional(types: Mapping[str, Any]) -> Iterator[inspect.Parameter]:
    for name, annotation in types.items():
        default = False if annotation is AsJson else None
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
