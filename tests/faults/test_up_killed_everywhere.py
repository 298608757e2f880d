"""`pulumi up` ended by SIGKILL after its first request to Render, rerun and ended after its second, and so on."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.engine import inhabit
from rehearsal.inventory import staging_objects
from tests.e2e.stage import STACK, staging, writes
from tests.faults.engines import up_killed_after

pytestmark = pytest.mark.e2e


def test_up_killed_after_each_request_in_turn_ends_in_one_whole_estate(pulumi_cli: Path, tmp_path: Path) -> None:
    with staging(tmp_path / "world", pulumi_cli) as (world, engine):
        killed = 0
        while up_killed_after(world, STACK, killed + 1):
            killed += 1
            engine.stack.cancel()
        made = [write for write in writes(world) if not write.startswith("PUT")]
        assert killed >= 12, "as many boundaries as a cold up has requests, at least"
        assert [made.count(write) for write in sorted(set(made))] == [1] * len(set(made))
        assert [row.title for row in staging_objects(world) if not row.found] == []
        with inhabit(world):
            engine.stack.refresh(clear_pending_creates=True)
        engine.preview(refresh=True, expect_no_changes=True)
