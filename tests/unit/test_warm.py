"""What the tests fork in place of starting a process ends as the process would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.warm import PROJECT, WARM


@pytest.mark.parametrize(
    ("module", "arguments", "environment"),
    [
        ("blueprint", ["apply"], {}),
        ("blueprint", ["nothing"], {}),
        ("gate", ["prices", "--json"], {}),
        ("gate", ["drift", "--env", "nowhere"], {}),
    ],
)
def test_a_forked_command_ends_as_one_that_was_started(
    module: str, arguments: list[str], environment: dict[str, str]
) -> None:
    options = {"cwd": PROJECT / "rehearsal" / "stacks", "env": {"PYTHONPATH": str(PROJECT), "HOME": "/", **environment}}
    started = subprocess.run(
        [sys.executable, "-m", module, *arguments], input="{}", capture_output=True, text=True, check=False, **options
    )
    forked = WARM.run(module, arguments, input="{}", **options)
    assert (forked.returncode, forked.stdout) == (started.returncode, started.stdout)
    assert forked.stderr == started.stderr


def test_the_python_of_a_reader_forks_gate_and_is_the_ordinary_one_for_all_else(tmp_path: Path) -> None:
    python = WARM.python(tmp_path / "bin")
    commands = [["-m", "gate", "prices"], ["-c", "import sys; print(sys.prefix); sys.exit(3)"]]
    ended = [subprocess.run([python, *one], capture_output=True, text=True, check=False) for one in commands]
    assert (ended[0].returncode, ended[0].stderr) == (0, "")
    assert "starter" in ended[0].stdout
    assert (ended[1].returncode, ended[1].stdout) == (3, f"{sys.prefix}\n")
