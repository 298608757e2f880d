"""Lets an engine find the stand-ins: as executables on its PATH, or in this process, which it attaches to."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import grpc

from . import language, servicer
from .catalog import PROVIDERS, make_provider
from .estate import Store

LANGUAGE = "python"
_LOOPBACK = "127.0.0.1:0"
_PROJECT = Path(__file__).resolve().parents[2]
# Not PYTHONPATH: the commands that the command plugin runs would inherit it, and find what they should not.
_START = (
    f"import runpy, sys; sys.path.insert(0, {str(_PROJECT)!r}); "
    "runpy.run_module('rehearsal.plugins', run_name='__main__')"
)


def install(directory: Path) -> Path:
    """Write an executable for each plugin into a directory, which must be outside the source tree."""
    target = directory.resolve()
    if target.is_relative_to(_PROJECT):
        raise ValueError(f"{target} lies in the source tree: stand-in plugins go into a throwaway folder")
    target.mkdir(parents=True, exist_ok=True)
    for kind, name in [("language", LANGUAGE), *(("resource", name) for name in PROVIDERS)]:
        wrapper = target / f"pulumi-{kind}-{name}"
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(_START)} {name} "$@"\n')
        wrapper.chmod(0o755)
    return target


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
        servers[name] = servicer.make_server(provider)
    ports = {name: server.add_insecure_port(_LOOPBACK) for name, server in servers.items()}
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
    port = server.add_insecure_port(_LOOPBACK)
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):  # how the engine ends a language host
        while os.getppid() == engine:
            server.wait_for_termination(timeout=1)
