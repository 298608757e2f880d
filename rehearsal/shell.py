"""The shell of a kept rehearsal, where `pulumi` and `python -m gate` work against the simulated vendors."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from rich.console import Console

from rehearsal.estate import PROJECT, World

_WELCOME = """
[bold]A shell in this world.[/] `pulumi` and `python -m gate` work here as they do in a project of your own, with both
stacks up. The folder is a copy: nothing that you do here reaches your clone or an account. Three things to try:

  1  Somebody edits a dashboard; the gate finds it, and up puts it right (`break` alone lists more):
       python -m rehearsal break force-pushes
       python -m gate drift --env staging
       pulumi up --stack staging --refresh
  2  A change as its reviewer sees it:
       sed -i.before 's/LOG_LEVEL, value: INFO/LOG_LEVEL, value: ERROR/' Pulumi.staging.yaml
       python -m gate preview --env staging
  3  A release, and back again:
       python -m rehearsal tag v1.2.0
       python -m gate release v1.2.0
       python -m gate rollback

`exit` ends it, and everything is gone.
"""


def environment(world: World, job: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the shell: credentials, the virtual environment, and the stand-ins on PATH."""
    venv = world.project / "venv"
    if not venv.exists():
        venv.symlink_to(sys.prefix)
        (world.project / "rehearsal").symlink_to(PROJECT / "rehearsal")
    stand_ins, _, rest = world.environment["PATH"].partition(os.pathsep)
    path = os.pathsep.join([stand_ins, str(venv / "bin"), rest])
    return {**os.environ, **world.environment, **job, "PATH": path, "VIRTUAL_ENV": str(venv), "PS1": "(rehearsal) $ "}


def stay(world: World, console: Console, job: Mapping[str, str]) -> None:
    """Open the shell, and return when it ends.

    Args:
        job: the addresses of the application that serves.
    """
    console.print(_WELCOME, highlight=False, soft_wrap=True)
    variables = environment(world, job)
    subprocess.run(["bash", "--noprofile", "--norc"], cwd=world.project, env=variables, check=False)
    console.print("The rehearsal is over.")
