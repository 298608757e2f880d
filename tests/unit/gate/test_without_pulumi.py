"""What the application's workflows run needs no Pulumi: requirements-gate.txt does not have it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.unit.settings.stack_file import PROJECT, STACKS

ABSENT = re.compile(r"(pulumi|grpc|google|protobuf)", re.IGNORECASE)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed packages without Pulumi and what it brings along."""
    folder = tmp_path_factory.mktemp("packages")
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not ABSENT.match(entry.name) and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    return folder


def gate(packages: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}{os.pathsep}{packages}", **environment}
    run = [sys.executable, "-S", "-m", "gate", *arguments]
    return subprocess.run(run, cwd=STACKS, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["release", "v1.2.3"],
        ["rollback", "--to", "v1.2.2"],
        ["deploy", "a" * 40],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_of_a_release_gets_as_far_as_its_credentials(packages: Path, arguments: list[str]) -> None:
    ended = gate(packages, *arguments, BACKEND_URL="https://api.test", FRONTEND_URL="https://app.test")
    assert ended.returncode == 1
    said = ended.stdout + ended.stderr
    assert re.search(r"export|is not set", said), said
    assert "No module" not in said


def test_smoke_tests_say_how_to_name_the_addresses(packages: Path) -> None:
    ended = gate(packages, "smoke", "--env", "staging")
    assert ended.returncode == 1
    assert "set BACKEND_URL" in ended.stderr
    assert "Pulumi's Python SDK is not installed here" in ended.stderr


def test_the_workflows_install_that_list_and_nothing_else() -> None:
    action = (PROJECT / "workflows" / "actions" / "gate" / "action.yml").read_text()
    assert re.findall(r"--requirement (\S+)", action) == ["requirements-gate.txt"]
    names = re.findall(r"^([A-Za-z0-9._-]+)==", (PROJECT / "requirements-gate.txt").read_text(), re.MULTILINE)
    assert len(names) > 10
    assert not [name for name in names if "pulumi" in name or name == "grpcio"]


def test_a_watch_needs_no_credentials(packages: Path) -> None:
    ended = gate(packages, "watch", "--env", "production", "--minutes", "0", BACKEND_URL="http://127.0.0.1:9")
    assert (ended.returncode, "alarm: health: no answer" in ended.stdout) == (2, True), ended.stdout + ended.stderr
