"""The Pulumi CLI on a stack; see gate.stack.project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pulumi.automation import Stack

from gate.stack.project import run as ask


def run(stack: Stack, *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Standard output of a command on this stack.

    Args: folder: of the project, where it is not the stack's own. environment: more than the stack's own.

    Raises: pulumi.automation.CommandError.
    """
    return ask(stack.workspace, *arguments, "--stack", stack.name, folder=folder, environment=environment)
