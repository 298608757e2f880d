"""Runs the real program on the real Pulumi engine in a rehearsal's world, through the Automation API."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import automation

from rehearsal.estate import PROJECT, World
from rehearsal.plugins.language import added_to_environment, run_program

PROJECT_NAME = "marketedge-staging-gate"


def program() -> None:
    """Run the program as the ordinary CLI does."""
    run_program(PROJECT)


class Engine:
    """One stack of the project in one world.

    Args:
        show: is called with each line that the engine prints, as the CLI prints it.
    """

    def __init__(self, world: World, stack: str, show: Callable[[str], None]) -> None:
        self._world, self._show = world, show
        self.output: list[str] = []
        """Return every line that the engine printed."""
        self.stack = automation.create_or_select_stack(
            stack,
            project_name=PROJECT_NAME,
            program=program,
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(world.project),
                env_vars=world.environment,
                pulumi_command=automation.PulumiCommand(world.environment["PULUMI_HOME"]),
            ),
        )

    def set_secrets(self, values: Mapping[str, str]) -> None:
        """Do what `pulumi config set --secret --path 'marketedge:secrets.<NAME>'` does."""
        for name, value in values.items():
            self.stack.set_config(
                f"marketedge:secrets.{name}", automation.ConfigValue(value=value, secret=True), path=True
            )

    def preview(self, **options: Any) -> automation.PreviewResult:
        with inhabit(self._world):
            return self.stack.preview(on_output=self._print, **options)

    def up(self, **options: Any) -> automation.UpResult:
        with inhabit(self._world):
            return self.stack.up(on_output=self._print, **options)

    def inhabited(self) -> contextlib.AbstractContextManager[None]:
        """Run the block with the stack's environment variables, for code that runs the program itself."""
        return inhabit(self._world)

    def destroy(self) -> automation.DestroyResult:
        with inhabit(self._world):
            return self.stack.destroy(on_output=self._print)

    def unprotect(self) -> None:
        """Do what `pulumi state unprotect --all` does. Until then the engine refuses to destroy databases."""
        self._print("$ pulumi state unprotect --all --yes")
        done = subprocess.run(
            [self.stack.workspace.pulumi_command.command, "state", "unprotect", "--all", "--yes", "--stack", self.name],
            cwd=self._world.project,
            env={**os.environ, **self._world.environment},
            capture_output=True,
            text=True,
            check=True,
        )
        self._print(done.stdout.strip())

    @property
    def name(self) -> str:
        return self.stack.name

    def state(self) -> str:
        """Return the state file as the backend holds it."""
        path = self._world.state / ".pulumi" / "stacks" / PROJECT_NAME / f"{self.name}.json"
        return path.read_text()

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state, without the stack itself and the providers."""
        listed = json.loads(self.state())["checkpoint"]["latest"].get("resources", [])
        return [r for r in listed if not r["type"].startswith(("pulumi:pulumi:", "pulumi:providers:"))]

    def _print(self, line: str) -> None:
        self.output.append(line)
        self._show(line)


def inhabit(world: World) -> contextlib.AbstractContextManager[None]:
    """Run the block with the world's environment variables.

    An inline program runs in this process, so it must read the same environment as the CLI's own process.
    """
    return added_to_environment(world.environment)
