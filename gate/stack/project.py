"""The Pulumi CLI: where it is, and questions to it about a project's folder that need no stack to be selected.

Pulumi's SDK is imported when it is needed: commands of a release run where it is not installed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gate.common.errors import StackUnavailable
from gate.common.redaction import Redactor, environment_secrets

if TYPE_CHECKING:
    from pulumi import automation

CLI_VARIABLE = "MARKETEDGE_PULUMI"
"""Names the Pulumi CLI where it is not on PATH; the make targets set it."""


def require_project(work_dir: str) -> None:
    """Raises: StackUnavailable."""
    if not Path(work_dir, "Pulumi.yaml").is_file():
        raise StackUnavailable("there is no Pulumi.yaml here: run this in the project's folder")


def find_cli() -> str:
    """The CLI's path; from then on it is the first on PATH as well.

    Raises: StackUnavailable.
    """
    if cli := os.environ.get(CLI_VARIABLE):
        os.environ["PATH"] = f"{Path(cli).resolve().parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which("pulumi")
    if not found:
        raise StackUnavailable("the Pulumi CLI is not on PATH: see https://www.pulumi.com/docs/install/")
    return found


def open_project(work_dir: str = ".") -> automation.LocalWorkspace:
    """The project in a folder, of which no stack is selected: a selection would be written down.

    Raises: StackUnavailable.
    """
    from pulumi import automation

    require_project(work_dir)
    find_cli()
    try:
        return automation.LocalWorkspace(work_dir=work_dir, env_vars={"PULUMI_SKIP_UPDATE_CHECK": "true"})
    except (automation.InvalidVersionError, OSError) as error:
        raise StackUnavailable(said(error)) from None


def open_stack(name: str, work_dir: str = ".") -> automation.Stack:
    """The stack of the project in a folder.

    Raises: StackUnavailable.
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
        raise StackUnavailable(
            f"there is no stack {name} in the backend that `pulumi whoami --verbose` names: log in to the one that "
            f"has it, or make it with `pulumi stack init {name}`"
        ) from None
    except (automation.CommandError, automation.InvalidVersionError, OSError) as error:
        raise StackUnavailable(Redactor(environment_secrets(os.environ)).text(said(error))) from None


def public_outputs(name: str) -> dict[str, Any]:
    """What the stack's last `up` made known, without secrets.

    Raises: StackUnavailable.
    """
    stack = open_stack(name)
    from pulumi import automation

    try:
        return {key: output.value for key, output in stack.outputs().items() if not output.secret}
    except automation.CommandError as error:
        raise StackUnavailable(said(error)) from None


def run(workspace: automation.Workspace, *arguments: str) -> str:
    """Standard output of a command, for what the Automation API does only in a form that is of no use here.

    Raises: pulumi.automation.CommandError.
    """
    home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
    surroundings = {**home, **workspace.env_vars}
    return str(workspace.pulumi_command.run(list(arguments), str(workspace.work_dir), surroundings).stdout)


def said(error: Exception) -> str:
    """What the CLI complained of, without the output that came before."""
    return str(error).rpartition("stderr:")[2].strip().removeprefix("error: ") or type(error).__name__
