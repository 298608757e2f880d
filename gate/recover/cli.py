"""The Pulumi CLI on a stack, for what the Automation API does only in a form that is of no use here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pulumi.automation import Stack


def run(stack: Stack, *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Standard output of a command on this stack.

    Args: folder: of the project, where it is not the stack's own. environment: more than the stack's own.

    Raises: pulumi.automation.CommandError.
    """
    workspace = stack.workspace
    home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
    done = workspace.pulumi_command.run(
        [*arguments, "--stack", stack.name],
        str(folder or workspace.work_dir),
        {**home, **workspace.env_vars, **(environment or {})},
    )
    return done.stdout
