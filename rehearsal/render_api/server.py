"""Serves the simulator on a loopback socket, for clients that are processes of their own."""

import contextlib
from collections.abc import Iterator

from rehearsal.loopback import Server, running
from rehearsal.render_api.simulator import RenderSimulator


@contextlib.contextmanager
def serve(simulator: RenderSimulator, latency: float = 0.0, port: int = 0) -> Iterator[str]:
    """Serve a simulator while the block runs. The block gets its base URL. Each request waits `latency` seconds."""
    with running(Server(simulator, latency, port)) as address:
        yield f"{address}/v1"
