"""Runs a program of the team's own, with a time limit."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping


class NotFinished(Exception):
    """It was stopped, because its time was over."""


def run_command(command: str, folder: str, environ: Mapping[str, str], seconds: float) -> tuple[int, str]:
    """Run a command without a shell. What it has started ends with it.

    Args:
        environ: its whole environment.
        seconds: how long it may take.

    Returns:
        Its exit code, and what it printed, as one line.

    Raises:
        OSError: there is no such program or folder.
        NotFinished: its time was over.
    """
    with subprocess.Popen(
        shlex.split(command),
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except BaseException as error:  # Ctrl-C as well: a session of its own does not get it
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise NotFinished from None
            raise
    return process.returncode, " ".join(output.split())
