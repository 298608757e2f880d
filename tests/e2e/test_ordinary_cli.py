"""The `pulumi` command, as people type it, runs the program; `python -m gate` beside it, as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.estate import World, seed, world

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def stage(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("ordinary") / "world", pulumi_cli, rate_limits=False) as living:
        seed(living.vendors)
        yield living


def run(stage: World, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=stage.project,
        env={**os.environ, **stage.environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_a_stack_is_made_brought_up_and_looked_at_from_the_command_line(stage: World) -> None:
    assert run(stage, "pulumi", "install").returncode == 0
    assert run(stage, "pulumi", "stack", "init", "staging").returncode == 0
    refused = run(stage, "pulumi", "preview", "--stack", "staging")
    assert refused.returncode != 0
    assert "pulumi config set --stack staging --secret --path 'marketedge:secrets.REDIS_URL'" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
    for name, value in stage.secrets.stack.items():
        path = f"marketedge:secrets.{name}"
        done = run(stage, "pulumi", "config", "set", "--stack", "staging", "--secret", "--path", path, value)
        assert done.returncode == 0, done.stderr

    up = run(stage, "pulumi", "up", "--yes", "--stack", "staging")

    assert up.returncode == 0, up.stdout + up.stderr
    assert [secret for secret in stage.secret_values() if secret in up.stdout + up.stderr] == []
    clean = run(stage, "pulumi", "preview", "--stack", "staging", "--refresh", "--expect-no-changes")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert "Traceback" not in clean.stdout + clean.stderr
    drift = run(stage, sys.executable, "-m", "gate", "drift", "--env", "staging", "--json")
    assert json.loads(drift.stdout)["verdict"] == "clean", drift.stderr
