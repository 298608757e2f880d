"""docs/ARCHITECTURE.md names what there is."""

from __future__ import annotations

import re

from gate.cli import TABLE
from tests.unit.settings.stack_file import PROJECT

TEXT = (PROJECT / "docs" / "ARCHITECTURE.md").read_text()
ROOMS = ("blueprint/", "components/", "gate/", "rehearsal/", "tests/", "requirements-")


def test_every_file_and_folder_that_it_names_exists() -> None:
    named = {name for name in re.findall(r"`([\w./-]+)`", TEXT) if name.startswith(ROOMS)}
    assert len(named) > 20
    assert [name for name in sorted(named) if not (PROJECT / name).exists()] == []


def test_the_rooms_of_gate_are_all_there() -> None:
    block = TEXT.split("```text")[1].split("```")[0]
    listed = set(re.findall(r"\b([a-z]+)/", block.split("gate/")[1].split("workflows/")[0]))
    rooms = {path.parent.name for path in (PROJECT / "gate").glob("*/__init__.py")}
    assert rooms <= listed


def test_the_commands_are_one_table() -> None:
    modules = {path.stem for path in (PROJECT / "gate" / "commands").glob("*.py")}
    assert {row.place.split(":")[0] for row in TABLE} <= modules
