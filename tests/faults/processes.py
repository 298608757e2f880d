"""The command line as a process of its own, and its sudden end at a chosen request."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from rehearsal.estate import PROJECT
from rehearsal.render_api import RenderSimulator, Response, serve
from tests.warm import WARM, Forked

Json = dict[str, Any]
API_KEY = "rnd_of_a_process"
OWNER = {"id": "tea-1", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}
SECONDS = 60.0
"""How long any process here may take; none comes near."""


class Watched(RenderSimulator):
    """A simulator that calls somebody at a chosen request.

    Attributes: before, after: called with `METHOD /path` and the request's number, of this run, around its handling.
    """

    def __init__(self, **options: Any) -> None:
        settings: Json = {"api_keys": {API_KEY: [OWNER["id"]]}, "owners": [OWNER], "rate_limits": False}
        super().__init__(**(settings | options))
        self.before: Callable[..., None] = _nothing
        self.after: Callable[..., None] = _nothing
        self.seen = 0

    def handle(self, method: str, path: str, query: Any, headers: Mapping[str, str], body: bytes) -> Response:
        self.seen += 1
        number, line = self.seen, f"{method} {path.removeprefix('/v1')}"
        self.before(number, line)
        response = super().handle(method, path, query, headers, body)
        self.after(number, line)
        return response


class Shell:
    """Runs `bin/render` against a served simulator."""

    def __init__(self, sim: Watched, url: str) -> None:
        self.sim = sim
        self._environment = {
            "PATH": os.environ["PATH"],
            "RENDER_API_KEY": API_KEY,
            "RENDER_OWNER_ID": str(OWNER["id"]),
            "RENDER_HOST": url,
            "NO_PROXY": "127.0.0.1",
            # bin/render looks for the environment in the project; these tests may run in another one.
            **{name: os.environ[name] for name in ("PULUMI_RUNTIME_VIRTUALENV", "VIRTUAL_ENV") if name in os.environ},
        }

    def start(self, command: str, document: Json, **environ: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(PROJECT / "bin" / "render"), command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment | environ,
            text=True,
        )
        assert process.stdin
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(document))
            process.stdin.close()
        process.stdin = None
        return process

    def run(self, command: str, document: Json, **environ: str) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        process = self.start(command, document, **environ)
        out, err = process.communicate(timeout=SECONDS)
        return process.returncode, out, err

    def run_killed(self, document: Json, *, after: int) -> int:
        """Apply, with SIGKILL when this many requests have been handled and the last one is not answered yet.

        None handled: it dies with its first request on the way.
        """
        begun: Future[Forked] = Future()
        self.sim.seen = 0

        def kill(number: int, _line: str) -> None:
            if number == max(after, 1):
                begun.result(SECONDS).kill()
                begun.result().wait(SECONDS)

        self.sim.before, self.sim.after = (kill, _nothing) if after == 0 else (_nothing, kill)
        order = json.dumps(document)
        begun.set_result(WARM.start("blueprint", ["apply"], env=self._environment, cwd=PROJECT, input=order))
        begun.result().communicate(timeout=SECONDS)
        self.sim.before = self.sim.after = _nothing
        return -begun.result().wait()


def _nothing(_number: int, _line: str) -> None:
    """No request is of interest."""


@contextlib.contextmanager
def shell(**options: Any) -> Iterator[Shell]:
    sim = Watched(**options)
    with serve(sim) as url:
        yield Shell(sim, url)


KILLED = int(signal.SIGKILL)
