"""The Pulumi CLI: where it is, and questions to it about a project for which no stack has to be selected.

Pulumi's SDK is imported when it is needed, because commands of a release also run where it is not installed.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.stack_file import locate, names
from gate.common.errors import StackUnavailable
from gate.common.redaction import Redactor, environment_secrets

if TYPE_CHECKING:
    from pulumi import automation

CLI_VARIABLE = "MARKETEDGE_PULUMI"
"""Names the Pulumi CLI if it is not on PATH. The make targets set it."""


def require_project(work_dir: str) -> None:
    """Check that a folder is the project's.

    Raises:
        StackUnavailable: it has no Pulumi.yaml.
    """
    if not Path(work_dir, "Pulumi.yaml").is_file():
        raise StackUnavailable("there is no Pulumi.yaml here: run this in the project's folder")


def no_file(file: Path) -> str:
    """Say that a stack has no file, and which stacks have one."""
    here = names(file.parent)
    told = f"name one of {', '.join(here)}, or its --stack" if here else "run this in the project's folder"
    return f"there is no {file}: {told}"


def find_cli() -> str:
    """Return the CLI's path, and put it first on PATH.

    Raises:
        StackUnavailable: there is none.
    """
    if cli := os.environ.get(CLI_VARIABLE):
        os.environ["PATH"] = f"{Path(cli).resolve().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which("pulumi")
    if not found:
        raise StackUnavailable("the Pulumi CLI is not on PATH: see https://www.pulumi.com/docs/install/")
    return found


def open_project(work_dir: str = ".") -> automation.LocalWorkspace:
    """Open the project in a folder. It selects no stack, because a selection would be written down.

    Raises:
        StackUnavailable: there is none.
    """
    from pulumi import automation

    require_project(work_dir)
    find_cli()
    try:
        return automation.LocalWorkspace(work_dir=work_dir, env_vars={"PULUMI_SKIP_UPDATE_CHECK": "true"})
    except (automation.InvalidVersionError, OSError) as error:
        raise StackUnavailable(said(error)) from None


def open_stack(name: str, work_dir: str = ".") -> automation.Stack:
    """Open a stack of the project in a folder.

    Raises:
        StackUnavailable: there is none.
    """
    try:
        from pulumi import automation
    except ModuleNotFoundError:
        raise StackUnavailable("Pulumi's Python SDK is not installed here (requirements.txt has it)") from None

    require_project(work_dir)
    find_cli()
    try:
        return automation.select_stack(name, work_dir=work_dir)
    except automation.StackNotFoundError:
        if not (file := locate(name, Path(work_dir))).exists():
            raise StackUnavailable(no_file(file)) from None
        raise StackUnavailable(
            f"there is no stack {name} in the backend that `pulumi whoami --verbose` names: log in to the one that "
            f"has it, or make it with `pulumi stack init {name}`"
        ) from None
    except (automation.CommandError, automation.InvalidVersionError, OSError) as error:
        raise StackUnavailable(Redactor(environment_secrets(os.environ)).text(said(error))) from None


def public_outputs(name: str) -> dict[str, Any]:
    """Return the outputs of the stack's last `up`, without secrets.

    Raises:
        StackUnavailable: they cannot be read.
    """
    stack = open_stack(name)
    from pulumi import automation

    try:
        return {key: output.value for key, output in stack.outputs().items() if not output.secret}
    except automation.CommandError as error:
        raise StackUnavailable(said(error)) from None


def run(workspace: automation.Workspace, *arguments: str) -> str:
    """Return standard output of a command for which the Automation API has no usable form.

    Raises:
        pulumi.automation.CommandError: it failed.
    """
    home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
    surroundings = {**home, **workspace.env_vars}
    return str(workspace.pulumi_command.run(list(arguments), str(workspace.work_dir), surroundings).stdout)


def ask(workspace: automation.Workspace, *arguments: str) -> Any:
    """Return what a command answers as JSON.

    Raises:
        StackUnavailable: it failed. The text is the first line of what the CLI said.
    """
    from pulumi import automation

    try:
        return json.loads(run(workspace, *arguments))
    except (automation.CommandError, ValueError) as error:
        raise StackUnavailable(said(error).splitlines()[0]) from None


def said(error: Exception) -> str:
    """Return what the CLI said went wrong, without the output before that."""
    return str(error).rpartition("stderr:")[2].strip().removeprefix("error: ") or type(error).__name__
