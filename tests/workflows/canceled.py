"""A job of a delivered workflow that somebody cancels, step by step as GitHub's runner does it.

The running step gets SIGINT, 7.5 seconds later SIGTERM, 2.5 seconds later SIGKILL; the steps that say `cancelled()` or
`always()` follow (docs.github.com: Canceling a workflow). act cannot do that.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")


def run_canceled(
    repository: Path,
    workflow: str,
    contexts: Mapping[str, Mapping[str, str]],
    environment: Mapping[str, str],
    folder: Path,
    cancel: Callable[[], bool],
) -> list[tuple[str, int, str]]:
    """Run the job's own commands; cancel the first one when `cancel` says so.

    Args:
        contexts: `vars`, `secrets` and `github`.
        environment: of every step.
        folder: where the gate is.

    Returns: name, exit code (negative: the signal) and output of each step that ran.
    """
    job, *_ = yaml.safe_load((repository / ".github" / "workflows" / f"{workflow}.yml").read_text())["jobs"].values()
    steps = [step for step in job["steps"] if "gate " in step.get("run", "")]
    found = []
    for number, step in enumerate(steps):
        if number and step.get("if") not in ("cancelled()", "always()"):
            continue
        process = subprocess.Popen(
            ["bash", "-e", "-c", step["run"]],
            cwd=folder,
            env={**os.environ, **environment, **_env(step, contexts)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if number == 0:
            _cancel(process, cancel)
        output, _ = process.communicate(timeout=120)
        found.append((step["name"], process.returncode, output))
    return found


def _cancel(process: subprocess.Popen[str], cancel: Callable[[], bool]) -> None:
    while not cancel():
        assert process.poll() is None, "it ended before it was canceled"
        time.sleep(0.05)
    for number, wait in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 10)):
        process.send_signal(number)
        try:
            process.wait(wait)
            return
        except subprocess.TimeoutExpired:
            continue


def _env(step: Mapping[str, Any], contexts: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    def value(expression: re.Match[str]) -> str:
        names = (one.split(".") for one in expression[1].split(" || "))
        return next((found for context, name in names if (found := contexts.get(context, {}).get(name, ""))), "")

    return {name: _EXPRESSION.sub(value, str(text)) for name, text in step.get("env", {}).items()}


PYTHON = Path(sys.executable).parent
