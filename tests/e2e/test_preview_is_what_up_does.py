"""The operations that a preview shows are those that `up` makes, object by object, on the real engine.

One living staging stack goes through some of the changes of `tests.changes`, one of each sort; the whole table goes
through the program alone in tests/unit/components/test_preview_is_exact.py. What a row may touch stands beside it: so a
preview after the row before it would have been empty. What was previewed and made is printed (`pytest -s`).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from pulumi.automation.events import EngineEvent, OpType

from rehearsal.engine import Engine
from rehearsal.estate import World
from tests.changes import DECLARED, EDITED, Config, Operations
from tests.e2e.stage import staging

pytestmark = pytest.mark.e2e

_CHANGES = {OpType.CREATE: "create", OpType.UPDATE: "update", OpType.DELETE: "delete", OpType.REPLACE: "replace"}
_CHANGES |= {OpType.CREATE_REPLACEMENT: "replace", OpType.DELETE_REPLACED: "replace"}


SELECTED = (
    "service: plan",
    "group: another order",
    "group: secret changed",
    "rule: a check less",
    "Auth0: callbacks",
    "Vercel: variable changed",
    "edit: the group's marker",
    "edit: the service is deleted",
    "edit: a variable at Vercel",
)


@dataclass
class Operated:
    """What a preview or an update does, read from its events."""

    found: Operations = field(default_factory=dict)

    def __call__(self, event: EngineEvent) -> None:
        done = event.res_outputs_event or event.resource_pre_event
        if done and done.metadata.op in _CHANGES and "pulumi:pulumi:Stack" not in done.metadata.type:
            kind, _, name = done.metadata.urn.rpartition("::")
            self.found[f"{kind.rpartition(':')[2]} {name}"] = _CHANGES[done.metadata.op]


@dataclass
class Life:
    """A staging stack that is up, and what was previewed and made in it."""

    stage: World
    engine: Engine
    base: Config
    table: list[tuple[str, Operations, Operations]] = field(default_factory=list)

    def write(self, config: Config) -> None:
        """Save a configuration, and its secrets in the way of the CLI."""
        content = copy.deepcopy(config)
        secrets = content.pop("marketedge:secrets")
        path = self.stage.project / "Pulumi.staging.yaml"
        salted = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump({**salted, "config": {**content, **self._encrypted(salted)}}))
        if secrets != self._written:
            self.engine.set_secrets(secrets)
            self._written = dict(secrets)

    _written: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def _encrypted(salted: Config) -> Config:
        return {key: value for key, value in salted["config"].items() if key == "marketedge:secrets"}

    def through(self, name: str) -> tuple[Operations, Operations]:
        """Preview, and then do it."""
        previewed, made = Operated(), Operated()
        self.engine.preview(refresh=True, on_event=previewed)
        self.engine.up(refresh=True, on_event=made)
        self.table.append((name, previewed.found, made.found))
        return previewed.found, made.found

    def shown(self) -> str:
        """The table, one object a line."""
        lines = [f"{'change':40} {'object':62} {'previewed':10} made"]
        for name, previewed, made in self.table:
            for one in sorted(previewed.keys() | made.keys()) or ["(nothing)"]:
                lines.append(f"{name:40} {one:62} {previewed.get(one, '-'):10} {made.get(one, '-')}")
        return "\n".join(lines)


@pytest.fixture(scope="module")
def life(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with staging(tmp_path_factory.mktemp("exact") / "world", pulumi_cli) as (stage, engine):
        engine.up()
        base = yaml.safe_load((stage.project / "Pulumi.staging.yaml").read_text())["config"]
        base["marketedge:secrets"] = dict(stage.secrets.stack)
        yield Life(stage, engine, base)


def test_what_is_previewed_is_made_and_nothing_else(life: Life) -> None:
    config, wrong = copy.deepcopy(life.base), []
    for name in SELECTED:
        row = {**DECLARED, **EDITED}[name]
        row.declare(config)
        life.write(config)
        with life.stage.render.lock:
            row.edit(life.stage)
        previewed, made = life.through(name)
        if not row.is_exact(previewed, made):
            wrong.append((name, previewed, made))
    print(life.shown())
    assert wrong == []
    life.engine.preview(refresh=True, expect_no_changes=True)
