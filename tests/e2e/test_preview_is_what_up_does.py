"""The operations that a preview shows are those that `up` makes, object by object, on the real engine.

One staging stack lives through everything in `tests.changes` and `tests.edits`: it is made, changed, edited by hand and
taken down. Independent changes share one preview and one `up`; row by row the table goes through the program alone, in
tests/unit/components/test_preview_is_exact.py. A row says what it may touch, so a preview after the round before it
would have been empty. What was previewed and made is printed side by side (`pytest -s`).
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.automation.events import EngineEvent

from gate.changes.findings import of_objects
from gate.stack.steps import Preview
from rehearsal.engine import Engine, inhabit
from rehearsal.estate import World
from tests.changes import DECLARED, Config, Operations, Row, in_rounds, is_exact, side_by_side
from tests.e2e.stage import Operated, staging
from tests.edits import EDITED

pytestmark = pytest.mark.e2e

Run = Callable[..., Any]


@dataclass
class Life:
    """A staging stack, and what was previewed and made in it."""

    stage: World
    engine: Engine
    config: Config
    table: list[tuple[str, Operations, Operations]] = field(default_factory=list)
    wrong: list[Any] = field(default_factory=list)

    def write(self) -> None:
        """Save the configuration, and its secrets in the way of the CLI."""
        content = copy.deepcopy(self.config)
        secrets = content.pop("marketedge:secrets")
        path = self.stage.project / "Pulumi.staging.yaml"
        salted = yaml.safe_load(path.read_text())
        kept = {key: value for key, value in salted["config"].items() if key == "marketedge:secrets"}
        path.write_text(yaml.safe_dump({**salted, "config": {**content, **kept}}))
        if new := {name: value for name, value in secrets.items() if self._written.get(name) != value}:
            self.engine.set_secrets(new)
            self._written |= new

    _written: dict[str, str] = field(default_factory=dict)

    def secrets(self) -> list[str]:
        """Every value that may be shown nowhere: of the file, and what the vendors made."""
        return [*self._written.values(), *self.stage.secret_values()]

    def through(self, name: str, preview: Run, up: Run, rows: Mapping[str, Row] | None = None) -> None:
        """Preview and do it. Every row has to be seen, as a field of its object that the preview names.

        Args: rows: what is to happen; None where everything is made, or taken down.
        """
        planned, previewed, made = Preview(), Operated(), Operated()

        def read(event: EngineEvent) -> None:
            planned.read(event)
            previewed(event)

        preview(on_event=read)
        up(on_event=made)
        self.table.append((name, previewed.found, made.found))
        rows = rows or {}
        exact = is_exact(rows.values(), previewed.found, made.found) if rows else previewed.found == made.found
        said = {Operated.name(steps.urn): len(found) for steps, found in of_objects(planned, {})}
        changes = Counter(row.touches[0] for row in rows.values() if row.touches and not row.is_silent)
        unsaid = {one: (number, said[one]) for one, number in changes.items() if one in said and said[one] < number}
        if not exact or unsaid:
            self.wrong.append((name, unsaid, previewed.found, made.found))


@pytest.fixture
def life(pulumi_cli: Path, tmp_path: Path) -> Iterator[Life]:
    with staging(tmp_path / "world", pulumi_cli) as (stage, engine):
        config = yaml.safe_load((stage.project / "Pulumi.staging.yaml").read_text())["config"]
        config["marketedge:secrets"] = dict(stage.secrets.stack)
        yield Life(stage, engine, config)


def refreshed(run: Run) -> Run:
    return lambda on_event: run(refresh=True, on_event=on_event)


def test_what_is_previewed_is_made_and_nothing_else(life: Life) -> None:
    engine = life.engine
    life.through("a new environment", engine.preview, engine.up)
    for number, rows in in_rounds({**DECLARED, **EDITED}).items():
        for row in rows.values():
            row.declare(life.config)
        life.write()
        with life.stage.render.lock:
            for row in rows.values():
                row.edit(life.stage)
        life.through(f"round {number}: {len(rows)} changes", refreshed(engine.preview), refreshed(engine.up), rows)
    engine.preview(refresh=True, expect_no_changes=True)
    assert [value for value in life.secrets() if value in engine.state()] == []
    engine.unprotect()
    with inhabit(life.stage):
        life.through("the environment is removed", engine.stack.preview_destroy, engine.stack.destroy)
    print(side_by_side(life.table))
    assert life.wrong == []
    assert engine.resources() == []
    assert [value for value in life.secrets() if value in "\n".join(engine.output)] == []
    assert len(DECLARED) + len(EDITED) >= 80
