"""A stack that an older program left, with its vendors: this program takes it on without a deploy and without drift.

`states/staging-at-8d9a647.json` is what the program of that commit left after one `up` of the rehearsal's staging: the
exported state, and what the simulators held. The secrets in it are made up. The stack file beside it is that commit's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from gate.changes.drift import FindingKind
from gate.changes.look import check
from rehearsal.engine import Engine, inhabit
from rehearsal.estate import World
from tests.e2e.stage import changes, staging, writes

pytestmark = pytest.mark.e2e

STATE = Path(__file__).with_name("states") / "staging-at-8d9a647.json"


@pytest.fixture
def left(pulumi_cli: Path, tmp_path: Path) -> Iterator[tuple[World, Engine]]:
    """A world as the older program left it."""
    saved: dict[str, Any] = json.loads(STATE.read_text())
    with staging(tmp_path / "world", pulumi_cli) as (stage, engine):
        for vendor, objects in saved["vendors"].items():
            with stage.vendors.edit(vendor.removesuffix(".json")) as present:
                present[:] = objects
        for table, rows in saved["render"].items():
            getattr(stage.render.estate, table).update(rows)
        stack_file = stage.project / "Pulumi.staging.yaml"
        salt = yaml.safe_load(stack_file.read_text())["encryptionsalt"]
        older = yaml.safe_load(STATE.with_suffix(".yaml").read_text())
        stack_file.write_text(yaml.safe_dump({**older, "encryptionsalt": salt}))
        engine.set_secrets(saved["secrets"]["stack"])
        state = saved["state"]
        state["deployment"]["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
        engine.stack.import_stack(automation.Deployment(version=state["version"], deployment=state["deployment"]))
        yield stage, engine


def test_it_converges_without_a_write_a_deploy_or_a_drift(left: tuple[World, Engine]) -> None:
    stage, engine = left
    with inhabit(stage):
        report = check(engine.stack)
    assert report.of(FindingKind.DRIFT) == []
    assert {str(finding.object).split()[0] for finding in report.findings} <= {"Render"}

    engine.up(refresh=True)
    assert (writes(stage), changes(stage)) == ([], [])
    engine.preview(refresh=True, expect_no_changes=True)
    clear = [value for value in json.loads(STATE.read_text())["secrets"]["stack"].values() if value in engine.state()]
    assert clear == []
