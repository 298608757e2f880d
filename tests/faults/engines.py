"""The engine in a process of its own, and the sudden end of everything that it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from rehearsal.estate import PROJECT, World
from rehearsal.render_api import Response
from tests.warm import WARM, Forked

SECONDS = 120.0
"""How long one up may take; it takes a tenth of it."""
_QUIET = 1.0


def start_up(world: World, stack: str, *, processes: bool = True) -> Forked:
    """`pulumi up` of the real program. What it prints is the process's to tell.

    Args: processes: start the plugins as processes, which can be killed with it; otherwise attach to those here.
    """
    attaching = () if not processes else ("PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES")
    environment = {name: value for name, value in world.environment.items() if name not in attaching}
    order = json.dumps({"folder": str(world.folder), "stack": stack, "environment": environment})
    return WARM.start("tests.faults.up", [], cwd=PROJECT, input=order)


def up_killed_at(world: World, stack: str, method: str, path: str) -> None:
    """An up of which everything ends by SIGKILL after Render handled this request and before it answers.

    Args: path: its end.
    """
    killed: list[str] = []

    def is_it(line: str) -> bool:
        if killed or not (line.startswith(f"{method} ") and line.endswith(path)):
            return False
        killed.append(line)
        return True

    status, _ = _up_killed(world, stack, is_it)
    assert killed, f"there was no {method} {path}"
    assert status == -signal.SIGKILL


def up_killed_after(world: World, stack: str, requests: int) -> bool:
    """An up whose engine, program and commands end by SIGKILL when Render has handled so many requests of it.

    Returns: False where it came to its end before.
    """
    handled: list[str] = []

    def is_it(line: str) -> bool:
        handled.append(line)
        return len(handled) == requests

    status, said = _up_killed(world, stack, is_it, processes=False)
    assert status in (0, -signal.SIGKILL), said
    return status != 0


def _up_killed(world: World, stack: str, at: Callable[[str], bool], *, processes: bool = True) -> tuple[int, str]:
    """An up that is killed at the request that `at` says. Returns: its exit code, and what it printed."""
    begun: Future[Forked] = Future()

    def kill(line: str) -> None:
        if at(line):
            _wait_for_the_other_vendors(world)
            _kill_trees(begun.result(SECONDS).pid, *WARM.running)  # the second: commands of the plugin in this process

    with_hook(world, kill)
    begun.set_result(start_up(world, stack, processes=processes))
    printed = "".join(begun.result().communicate(timeout=SECONDS))
    with_hook(world, lambda _line: None)
    return begun.result().wait(), printed


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


def _kill_trees(*roots: int) -> None:
    """End processes and all that descend from them: plugins are in process groups of their own."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    tree = [*roots]
    for parent in tree:  # grows while it is walked
        tree += [child for child, of in parents if of == parent]
    for pid in tree:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
