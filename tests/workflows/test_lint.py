"""The delivered workflows are valid, pinned, and safe by the rules of actionlint and zizmor."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import PROJECT

WORKFLOWS = sorted((PROJECT / "workflows").glob("*.yml"))


def test_actionlint_finds_nothing(tools: Path, repository: Path) -> None:
    done = subprocess.run([tools / "actionlint"], cwd=repository, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing(repository: Path) -> None:
    zizmor, config = Path(sys.executable).parent / "zizmor", PROJECT / "tests" / "workflows" / "zizmor.yml"
    command = [zizmor, "--offline", "--no-progress", "--config", config, "."]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_plans_five_workflows_are_there() -> None:
    assert [path.stem for path in WORKFLOWS] == [
        "production-deploy",
        "production-rollback",
        "production-smoke-tests",
        "staging-deploy",
        "staging-smoke-tests",
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_is_bounded_and_has_only_the_permissions_it_names(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert "uses" in job or ("timeout-minutes" in job and "environment" in job)


@pytest.mark.parametrize("path", [*WORKFLOWS, PROJECT / "workflows/actions/gate/action.yml"], ids=lambda p: p.stem)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"^ *(?:- )?uses: (\S+)(.*)", path.read_text(), re.MULTILINE)
    assert used
    for action, comment in used:
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_a_release_is_never_canceled_by_another() -> None:
    deploy = yaml.safe_load((PROJECT / "workflows/production-deploy.yml").read_text())
    assert deploy["concurrency"]["cancel-in-progress"] is False
