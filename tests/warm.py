"""A Python that has loaded the project already and forks for each command: `python -m gate`, `bin/render`.

Each command is a process of its own, with its own arguments, environment, folder and files. What it saves is the start:
loading what `python -m gate` and `python -m blueprint` import takes most of the time that they run in a test.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parents[1]


_PROGRAM = """\
#!{python} -IS
import json, os, socket, sys
_, *arguments = sys.argv
if arguments[:2] != ["-m", "gate"]:
    done = os.path.join(os.path.dirname("{listener}"), "_".join(arguments).replace("/", "_"))
    if arguments[:3] == ["-m", "pip", "install"]:
        if os.path.exists(done):
            sys.exit()
        open(done, "w").close()
    os.execv("{python}", ["{python}", *arguments])
server = socket.socket(socket.AF_UNIX)
server.connect("{listener}")
socket.send_fds(server, [b"."], [0, 1, 2])
server.sendall(json.dumps(["gate", os.getcwd(), dict(os.environ), *arguments[2:]]).encode() + b"\\n")
_pid, status = server.makefile()
sys.exit(int(status))
"""


class Forked:
    """A command that runs, as `subprocess.Popen` has it. Attributes: pid: of its process, which may be killed."""

    def __init__(self, server: socket.socket, files: Sequence[IO[str]], opened: contextlib.ExitStack) -> None:
        self._server, self._files, self._opened = server, files, opened
        self._answers = opened.enter_context(server.makefile())
        self.pid = int(self._answers.readline())
        self.returncode: int | None = None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Raises: TimeoutError."""
        if self.returncode is None:
            self._server.settimeout(timeout)
            self.returncode = int(self._answers.readline())
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        with self._opened:
            for file in self._files:
                file.seek(0)
            stdout, stderr = (file.read() for file in self._files)
        return stdout, stderr


class Warm:
    """Asks the server, which starts with the first command and ends with this process.

    Attributes: running: process numbers of what `run` waits for.
    """

    def __init__(self) -> None:
        self.running: set[int] = set()
        self._lock = threading.Lock()
        self.server: subprocess.Popen[bytes] | None = None
        self._listener = ""

    def start(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        cwd: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        input: str = "",
    ) -> Forked:
        """Do what `subprocess.Popen([sys.executable, "-m", module, *arguments], text=True, …)` does."""
        with contextlib.ExitStack() as opened:
            stdin, *files = (opened.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
            stdin.write(input)
            stdin.seek(0)
            server = opened.enter_context(socket.socket(socket.AF_UNIX))
            server.connect(self.listener())
            socket.send_fds(server, [b"."], [file.fileno() for file in (stdin, *files)])
            order = [module, str(cwd or os.getcwd()), dict(os.environ if env is None else env), *arguments]
            server.sendall(json.dumps(order).encode() + b"\n")
            return Forked(server, files, opened.pop_all())

    def run(self, module: str, arguments: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Do what `subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True)` does."""
        started = self.start(module, arguments, **options)
        self.running.add(started.pid)
        try:
            stdout, stderr = started.communicate()
        finally:
            self.running.discard(started.pid)
        return subprocess.CompletedProcess([module, *arguments], started.wait(), stdout, stderr)

    def python(self, folder: Path) -> Path:
        """Make a `python` in a folder that forks for `python -m gate`, and is the ordinary one for all else.

        pip installs the same only once: it finds everything there, and each job of a workflow asks it again.
        """
        folder.mkdir(exist_ok=True)
        program = folder / "python"
        program.write_text(_PROGRAM.format(python=sys.executable, listener=self.listener()))
        program.chmod(0o755)
        return program

    def listener(self) -> str:
        """The server's address."""
        with self._lock:
            if self.server is None:
                self._listener = f"{tempfile.mkdtemp(prefix='warm')}/socket"
                with socket.socket(socket.AF_UNIX) as listener:
                    listener.bind(self._listener)
                    listener.listen()
                    number = listener.fileno()
                    command = [sys.executable, "-m", "tests.warm", str(number)]
                    # Its standard input ends with this process.
                    self.server = subprocess.Popen(command, cwd=PROJECT, pass_fds=[number], stdin=subprocess.PIPE)
            return self._listener


WARM = Warm()


def run_shell(command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` as the stand-in of the command plugin calls it. `bin/render` is not started, but forked."""
    *shell, line = command
    program, *arguments = line.split()
    if shell != ["/bin/sh", "-c"] or program != "bin/render":
        return subprocess.run(command, **options)  # noqa: PLW1510
    return WARM.run("blueprint", arguments, cwd=PROJECT, env=options["env"], input=options["input"])


def serve(listener: socket.socket) -> None:
    """Fork for each order until standard input ends."""
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        asking, _ = listener.accept()
        _, files, *_ = socket.recv_fds(asking, 1, 3)
        order = json.loads(asking.makefile().readline())
        _load(order[0])
        if os.fork() == 0:
            listener.close()
            asking.sendall(f"{_run(asking, *order, files=files)}\n".encode())
            os._exit(0)
        asking.close()
        for file in files:
            os.close(file)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


@functools.cache
def _load(module: str) -> None:
    """Import everything of a command's package once, so that all of its commands have it."""
    package, _, inside = module.partition(".")
    for name in ("components", "blueprint", "rehearsal") if inside else (package,):
        for found in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
    gc.freeze()


def _run(
    asking: socket.socket,
    module: str,
    folder: str,
    environment: Mapping[str, str],
    *arguments: str,
    files: Sequence[int],
) -> int:
    """Run one command in a process below this one, whose number is told. Returns: exit code, negative for a signal."""
    child = os.fork()
    if child:
        asking.sendall(f"{child}\n".encode())
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for number, file in enumerate(files):
        os.dup2(file, number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise  # through everything above, as at the end of a program
        sys.stdout.flush()
        os._exit(end.code)  # to take down what is loaded would take longer than the command
    sys.exit()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
