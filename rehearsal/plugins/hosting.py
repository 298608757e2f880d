"""Runs a stand-in in a process that the engine starts, or in this process, which the engine attaches to."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping

import grpc

from . import language, servicer
from .catalog import make_provider, version
from .estate import Store
from .install import LANGUAGE, PROVIDERS

LOOPBACK = "127.0.0.1:0"


@contextlib.contextmanager
def attached(estate: Store, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Serve every stand-in from this process while the block runs.

    The SDKs are then loaded once, and not once for each plugin of each engine.

    Args:
        environment: of the person who runs the engine. Credentials are looked up in it when they are needed.

    Returns:
        The environment variables that make an engine attach (PULUMI_DEBUG_PROVIDERS and PULUMI_DEBUG_LANGUAGES, of
        Pulumi's own `sdk/go/common/resource/plugin`).
    """
    servers = {LANGUAGE: language.make_server(language.Host(environment=environment))}
    for name in PROVIDERS:
        provider = make_provider(name, str(estate.folder))
        provider.environment, provider.is_process = environment, False
        servers[name] = servicer.make_server(provider, version(name))
    ports = {name: server.add_insecure_port(LOOPBACK) for name, server in servers.items()}
    for server in servers.values():
        server.start()
    try:
        yield {
            "PULUMI_DEBUG_PROVIDERS": ",".join(f"{name}:{ports[name]}" for name in PROVIDERS),
            "PULUMI_DEBUG_LANGUAGES": f"{LANGUAGE}:{ports[LANGUAGE]}",
        }
    finally:
        for stopping in [server.stop(grace=None) for server in servers.values()]:
            stopping.wait()


def host(server: grpc.Server) -> None:
    """Print the port that the engine waits for, and answer until the engine ends this process or has ended itself."""
    engine = os.getppid()
    port = server.add_insecure_port(LOOPBACK)
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):  # how the engine ends a language host
        while os.getppid() == engine:
            server.wait_for_termination(timeout=1)
