"""The engine in a process of its own, and the sudden end of everything that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rehearsal.estate import PROJECT, World
from rehearsal.render_api import Response

SECONDS = 120.0
"""How long one up may take; it takes a tenth of it."""
_QUIET = 1.0


def start_up(world: World, stack: str, *, processes: bool = True) -> subprocess.Popen[str]:
    """`pulumi up` of the real program. What it prints is the process's to tell.

    Args: processes: start the plugins as processes, which can be killed with it; otherwise attach to those here.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.up"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin
    attaching = () if not processes else ("PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES")
    environment = {name: value for name, value in world.environment.items() if name not in attaching}
    json.dump({"folder": str(world.folder), "stack": stack, "environment": environment}, process.stdin)
    process.stdin.close()
    process.stdin = None
    return process


def up_killed_at(world: World, stack: str, method: str, path: str) -> None:
    """An up of which everything ends by SIGKILL after Render handled this request and before it answers.

    Args: path: its end.
    """
    process = start_up(world, stack)
    killed: list[str] = []

    def kill(line: str) -> None:
        if not killed and line.startswith(f"{method} ") and line.endswith(path):
            _wait_for_the_other_vendors(world)
            killed.append(line)
            _kill_tree(process)

    with_hook(world, kill)
    process.communicate(timeout=SECONDS)
    with_hook(world, lambda _line: None)
    assert killed, f"there was no {method} {path}"
    assert process.returncode == -signal.SIGKILL


def up_killed_after(world: World, stack: str, requests: int) -> bool:
    """An up whose engine, program and commands end by SIGKILL when Render has handled so many requests of it.

    Returns: False where it came to its end before.
    """
    process, handled = start_up(world, stack, processes=False), 0

    def kill(_line: str) -> None:
        nonlocal handled
        handled += 1
        if handled == requests:
            _wait_for_the_other_vendors(world)
            _kill_tree(process)

    with_hook(world, kill)
    said, _ = process.communicate(timeout=SECONDS)
    with_hook(world, lambda _line: None)
    assert process.returncode in (0, -signal.SIGKILL), said
    return process.returncode != 0


def with_hook(world: World, after: Callable[[str], None]) -> None:
    """Call `after` with `METHOD /path` of every request that Render has handled, before it is answered."""
    handle = type(world.render).handle

    def hooked(method: str, path: str, *rest: Any) -> Response:
        response = handle(world.render, method, path, *rest)
        after(f"{method} {path.removeprefix('/v1')}")
        return response

    world.render.handle = hooked  # type: ignore[method-assign, assignment]


def _wait_for_the_other_vendors(world: World) -> None:
    """What is under way elsewhere is not what these tests are about; see `gate recover`."""
    seen = -1
    while seen != (seen := len(world.vendors.log)):
        time.sleep(_QUIET)


def _kill_tree(process: subprocess.Popen[str]) -> None:
    """End a process and all that descend from it: plugins are in process groups of their own."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    tree = [process.pid]
    for parent in tree:  # grows while it is walked
        tree += [child for child, of in parents if of == parent]
    for pid in tree:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
