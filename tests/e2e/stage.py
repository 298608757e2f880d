"""The real program on the real engine in a world of its own, with everything it printed kept for a look."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path

from rehearsal.engine import Engine
from rehearsal.estate import World, seed, world

STACK = "staging"


@contextlib.contextmanager
def staging(folder: Path, pulumi: Path) -> Iterator[tuple[World, Engine]]:
    """A staging stack with its secrets set, and nothing up yet."""
    with world(folder, pulumi) as stage:
        seed(stage.vendors)
        engine = Engine(stage, STACK, lambda _line: None)
        engine.set_secrets(stage.secrets.stack)
        yield stage, engine
    # An inline program whose `up` failed leaves a coroutine behind, which CPython 3.11 may choke on later.
    gc.collect()


def changes(stage: World) -> list[tuple[str, str, str]]:
    """What has been written at GitHub, Auth0 and Vercel so far: vendor, operation, type."""
    read = ("read", "invoke")
    return [(e["vendor"], e["operation"], e["type"]) for e in stage.vendors.log if e["operation"] not in read]


def writes(stage: World) -> list[str]:
    """What has been written at Render so far, ids left out: method and first two parts of the path."""
    return [f"{r.method} {_shape(r.path)}" for r in stage.render.requests if r.method != "GET"]


def _shape(path: str) -> str:
    parts = path.split("?")[0].strip("/").split("/")
    return "/".join(part if i % 2 == 0 else "{id}" for i, part in enumerate(parts))
