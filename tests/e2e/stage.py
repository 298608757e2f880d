"""The real program on the real engine in a world of its own, with everything it printed kept for a look."""

from __future__ import annotations

import contextlib
import copy
import functools
import gc
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pulumi.automation.events import EngineEvent, OpType

from rehearsal.engine import Engine
from rehearsal.estate import Secrets, World, seed, world
from tests.changes import Operations

STACK = "staging"


@functools.cache
def _begun(pulumi: Path) -> tuple[Secrets, dict[str, bytes]]:
    """The secrets of a staging stack, and the files that the CLI writes to make it with them, by path in the world."""
    with tempfile.TemporaryDirectory() as folder, world(Path(folder) / "world", pulumi) as stage:
        Engine(stage, STACK, lambda _line: None).set_secrets(stage.secrets.stack)
        files = [stage.project / f"Pulumi.{STACK}.yaml", *stage.state.rglob("*.*")]
        return stage.secrets, {
            str(file.relative_to(stage.folder)): file.read_bytes() for file in files if file.is_file()
        }


@contextlib.contextmanager
def staging(folder: Path, pulumi: Path, *, processes: bool = False) -> Iterator[tuple[World, Engine]]:
    """A staging stack with its secrets set, and nothing up yet. Args: processes: see rehearsal.estate.world."""
    secrets, files = _begun(pulumi)
    with world(folder, pulumi, given=copy.deepcopy(secrets), rate_limits=False, processes=processes) as stage:
        seed(stage.vendors)
        for path, content in files.items():
            (stage.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (stage.folder / path).write_bytes(content)
        yield stage, Engine(stage, STACK, lambda _line: None)
    # An inline program whose `up` failed leaves a coroutine behind, which CPython 3.11 may choke on later.
    gc.collect()


_CHANGES = {OpType.CREATE: "create", OpType.UPDATE: "update", OpType.DELETE: "delete", OpType.REPLACE: "replace"}
_CHANGES |= {OpType.CREATE_REPLACEMENT: "replace", OpType.DELETE_REPLACED: "replace", OpType.IMPORT: "import"}


@dataclass
class Operated:
    """What a preview or an update does, read from its events."""

    found: Operations = field(default_factory=dict)

    def __call__(self, event: EngineEvent) -> None:
        done = event.res_outputs_event or event.resource_pre_event
        if done and done.metadata.op in _CHANGES and not done.metadata.type.startswith("pulumi:"):
            self.found[self.name(done.metadata.urn)] = _CHANGES[done.metadata.op]

    @staticmethod
    def name(urn: str) -> str:
        """`Class name` of a resource."""
        kind, _, name = urn.rpartition("::")
        return f"{kind.rpartition(':')[2]} {name}"


def changes(stage: World) -> list[tuple[str, str, str]]:
    """What has been written at GitHub, Auth0 and Vercel so far: vendor, operation, type."""
    read = ("read", "invoke")
    return [(e["vendor"], e["operation"], e["type"]) for e in stage.vendors.log if e["operation"] not in read]


def writes(stage: World) -> list[str]:
    """What has been written at Render so far, ids left out: method and first two parts of the path."""
    return [f"{r.method} {_shape(r.path)}" for r in stage.render.requests if r.method != "GET"]


def _shape(path: str) -> str:
    parts = path.split("?", maxsplit=1)[0].strip("/").split("/")
    return "/".join(part if i % 2 == 0 else "{id}" for i, part in enumerate(parts))


def configure(stage: World, section: str, change: str, old: Any, new: Any) -> None:
    """Edit the stack's file as a person would: one value of one section."""
    path = stage.project / "Pulumi.staging.yaml"
    content = yaml.safe_load(path.read_text())
    settings = content["config"][section]
    for step in change.split("."):
        parent, settings = settings, settings[int(step)] if step.isdigit() else settings.get(step)
    assert settings == old
    last = change.rsplit(".", maxsplit=1)[-1]
    parent[int(last) if last.isdigit() else last] = new
    path.write_text(yaml.safe_dump(content))
