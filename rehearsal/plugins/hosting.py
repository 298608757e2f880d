"""How every stand-in lives: a process that prints its port, answers the engine, and ends with it."""

from __future__ import annotations

import contextlib
import os
import sys

import grpc


def host(server: grpc.Server) -> None:
    """Print the port the engine waits for, and answer until the engine ends this process or is gone itself."""
    engine = os.getppid()
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):  # how the engine ends a language host
        while os.getppid() == engine:
            server.wait_for_termination(timeout=1)
