"""What runs and checks the workflows here: act and actionlint, built from tools/actions where Go is at hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.running import one_at_a_time

from .running import commit_everything

__all__ = ["repository", "tools"]

PROJECT = Path(__file__).resolve().parents[2]
MODULES = ("github.com/nektos/act", "github.com/rhysd/actionlint/cmd/actionlint")


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the two programs; Go's own cache makes the second build a matter of a second."""
    if shutil.which("go") is None:
        pytest.skip("needs Go to build act and actionlint")
    folder = PROJECT / ".cache" / "actions"
    with one_at_a_time(PROJECT):
        built = subprocess.run(
            ["go", "build", "-o", f"{folder}/", *MODULES],
            cwd=PROJECT / "tools" / "actions",
            capture_output=True,
            text=True,
            check=False,
        )
    assert built.returncode == 0, built.stderr
    return folder


def deliver(folder: Path) -> Path:
    """The application's repository as far as it matters here: with the workflows, as they are delivered to it."""
    github = folder / ".github"
    shutil.copytree(PROJECT / "workflows" / "actions", github / "actions")
    (github / "workflows").mkdir()
    for workflow in (PROJECT / "workflows").glob("*.yml"):
        shutil.copy(workflow, github / "workflows")
    return commit_everything(folder, "zebra-devops/MarketEdge-Platform")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return deliver(folder)
