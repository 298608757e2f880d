"""Every row of the failure table happens, and the guide has the same table."""

from __future__ import annotations

import pytest

from tests.unit.gate.failures import AS_WAS, BEFORE, BOTH, HALF, NEW, RECORD, ROWS, Drill, Row, table
from tests.unit.gate.release_world import ReleaseWorld
from tests.unit.gate.test_release_command import Told, told, world
from tests.unit.settings.stack_file import PROJECT

pytestmark = pytest.mark.rounds

__all__ = ["told", "world"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.event)
def test_a_row_of_the_failure_table(
    row: Row,
    world: ReleaseWorld,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drill = Drill(world, told, monkeypatch)
    drill.begin()
    before = world.serving()
    assert row.run(drill) == row.code
    assert told.texts[-1].startswith(row.chat)
    world.sleep(600)
    serves = {
        BEFORE: (drill.good, drill.good),
        NEW: (drill.new, drill.new),
        BOTH: (drill.new, drill.new),
        HALF: (drill.new, drill.good),
        AS_WAS: (drill.new, drill.new) if row.chat.startswith(("rollback", "release v1.0.0")) else before,
    }
    assert world.serving() == (drill.serves or serves[row.serves])
    assert ("the team was not notified" in capsys.readouterr().err) is told.refuses
    assert not [state for state in world.states() if state[2] == "in_progress"] or RECORD not in row.told


def test_the_guide_has_the_same_table() -> None:
    guide = (PROJECT / "docs" / "RELEASE_MANAGEMENT_GUIDE.md").read_text()
    assert table() in guide, f"replace the table of the guide with this one:\n{table()}"


def test_there_are_as_many_rows_as_were_promised() -> None:
    assert len(ROWS) >= 25
    assert len({row.event for row in ROWS}) == len(ROWS)
