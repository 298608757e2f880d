"""How the set-up runs other programs and talks about it: progress, a lock, errors in words."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

SECONDS_BETWEEN_LINES = 10.0  # where there is no terminal to update one line on
CLEAR_LINE = "\r\x1b[K"


class SetupError(Exception):
    """What stands in the way, in words for the person who typed `make`."""


def say(text: str) -> None:
    print("setup: " + text, file=sys.stderr, flush=True)


def run_with_progress(what: str, command: Sequence[str], cwd: Path, **environment: str) -> None:
    """Run a long command quietly: elapsed time while it runs, its output only if it fails."""
    on_terminal = sys.stderr.isatty()
    started = time.monotonic()
    if not on_terminal:
        say(what + " ...")
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=_collect, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        while True:
            try:
                status = process.wait(timeout=1 if on_terminal else SECONDS_BETWEEN_LINES)
                break
            except subprocess.TimeoutExpired:
                latest = lines[-1].strip()[:60] if lines else ""
                progress = f"{what}: {time.monotonic() - started:.0f} s  {latest}"
                if on_terminal:
                    columns = shutil.get_terminal_size().columns
                    print(CLEAR_LINE + f"setup: {progress}"[: columns - 1], end="", file=sys.stderr, flush=True)
                else:
                    say(progress)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        if on_terminal:
            print(CLEAR_LINE, end="", file=sys.stderr, flush=True)
    reader.join(timeout=5)
    if status != 0:
        raise SetupError("\n".join([f"{what}: failed (exit code {status})", *("  | " + line for line in lines[-30:])]))
    say(f"{what}: done in {time.monotonic() - started:.0f} s")


def _collect(stream: IO[str], lines: list[str]) -> None:
    for line in stream:
        if line.strip():
            lines.append(line.rstrip())


def answer(command: Sequence[str], cwd: Path | None = None, timeout: float = 60) -> tuple[int, str]:
    """Exit code and output of a short command; 127 where it cannot be run or does not end."""
    # A CLI that is only asked for its version must not use the network to tell that there is a newer one.
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return 127, str(problem)
    return done.returncode, (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip()


@contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the project's set-up lock; the kernel lets go of it however the holder ends."""
    (root / ".cache").mkdir(exist_ok=True)
    with open(root / ".cache" / "setup.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another set-up of this project to finish")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
