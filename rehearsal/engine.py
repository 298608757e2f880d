"""Runs the real program on the real Pulumi engine in a rehearsal's world, through the Automation API."""

from __future__ import annotations

import contextlib
import copy
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from pulumi import automation
from pulumi.automation._stack import StackInitMode

from rehearsal.estate import PROJECT, World
from rehearsal.plugins.language import run_program


def program() -> None:
    """Run the program as the ordinary CLI does."""
    run_program(PROJECT)


_known: dict[Path, automation.PulumiCommand] = {}


def command(home: str) -> automation.PulumiCommand:
    """Return the CLI at `home`/bin/pulumi. Each binary is asked for its version once."""
    program = Path(home, "bin", "pulumi")
    binary = program.resolve()
    if binary not in _known:
        _known[binary] = automation.PulumiCommand(home)
    found = copy.copy(_known[binary])
    found.command = str(program)
    return found


class Stack(automation.Stack):
    """A stack whose state lies in a folder.

    The Automation API asks the CLI whether a stack exists, and after each `up` for its outputs and history: processes
    that take as long as the `up` itself. All of it is read in the folder instead.

    Args:
        options: of `automation.LocalWorkspace`. Its folder has a Pulumi.yaml.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self.name, self.workspace, self._mode = name, automation.LocalWorkspace(**options), StackInitMode.SELECT
        if not any(self._files(f"stacks/*/{name}.json")):
            super().__init__(name, self.workspace, StackInitMode.CREATE)

    @property
    def file(self) -> Path:
        """Return the path of the state file."""
        return max(self._files(f"stacks/*/{self.name}.json"))

    def outputs(self) -> automation.OutputMap:
        resources = json.loads(self.file.read_text())["checkpoint"]["latest"]["resources"]
        outputs = next(one.get("outputs", {}) for one in resources if one["type"] == "pulumi:pulumi:Stack")
        return {name: automation.OutputValue(value, secret=False) for name, value in outputs.items()}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:
        """Return the last operation, without the configuration that it had."""
        told = json.loads(max(self._files(f"history/*/{self.name}/*.history.json")).read_text())
        ended = datetime.fromtimestamp(told["endTime"], UTC)
        about = {name: told[name] for name in ("kind", "message", "environment", "result")}
        changed = told["resourceChanges"]
        return automation.UpdateSummary(**about, config={}, start_time=ended, end_time=ended, resource_changes=changed)

    def _files(self, pattern: str) -> Iterable[Path]:
        backend = self.workspace.env_vars["PULUMI_BACKEND_URL"].removeprefix("file://")
        return Path(backend, ".pulumi").glob(pattern)


class Engine:
    """One stack of the project in one world.

    Args:
        show: is called with each line that the engine prints, as the CLI prints it.

    Attributes:
        output: every line that the engine printed.
    """

    def __init__(self, world: World, stack: str, show: Callable[[str], None]) -> None:
        self._world, self._show = world, show
        self.output: list[str] = []
        self.stack = Stack(
            stack,
            program=program,
            work_dir=str(world.project),
            env_vars=world.environment,
            pulumi_command=command(world.environment["PULUMI_HOME"]),
        )

    def set_secrets(self, values: Mapping[str, str]) -> None:
        """Do what `pulumi config set --secret --path 'marketedge:secrets.<NAME>'` does."""
        secret = {f"marketedge:secrets.{k}": automation.ConfigValue(v, secret=True) for k, v in values.items()}
        self.stack.set_all_config(secret, path=True)

    def preview(self, **options: Any) -> automation.PreviewResult:
        """Run `pulumi preview`.

        Args:
            options: of the Automation API.
        """
        with inhabit(self._world):
            return self.stack.preview(on_output=self._print, **options)

    def up(self, **options: Any) -> automation.UpResult:
        """Run `pulumi up`.

        Args:
            options: of the Automation API.
        """
        with inhabit(self._world):
            return self.stack.up(on_output=self._print, **options)

    def destroy(self) -> automation.DestroyResult:
        """Run `pulumi destroy`."""
        with inhabit(self._world):
            return self.stack.destroy(on_output=self._print)

    def unprotect(self) -> None:
        """Do what `pulumi state unprotect --all` does. Until then the engine refuses to destroy databases."""
        self._print("$ pulumi state unprotect --all --yes")
        command = ["state", "unprotect", "--all", "--yes", "--stack", self.stack.name]
        workspace = self.stack.workspace
        workspace.pulumi_command.run(command, str(self._world.project), workspace.env_vars, self._print)

    def state(self) -> str:
        """Return the state file as the backend holds it."""
        return self.stack.file.read_text()

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state, without the stack itself and the providers."""
        listed = json.loads(self.state())["checkpoint"]["latest"].get("resources", [])
        return [r for r in listed if not r["type"].startswith(("pulumi:pulumi:", "pulumi:providers:"))]

    def _print(self, line: str) -> None:
        self.output.append(line)
        self._show(line)


def inhabit(world: World) -> contextlib.AbstractContextManager[object]:
    """Run the block with the world's environment variables.

    An inline program runs in this process, so it must read the same environment as the CLI's own process.
    """
    return mock.patch.dict(os.environ, world.environment)
