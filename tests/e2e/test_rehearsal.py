"""`make rehearse` as a process: what it shows and how it ends, and the shell that `--keep` opens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.estate import PROJECT

pytestmark = pytest.mark.e2e

TYPED = """
python -m rehearsal break force-pushes
python -m gate drift --env staging || echo "drift: $?"
pulumi up --stack staging --refresh --yes --skip-preview | tail -3
python -m gate smoke --env staging && echo "staging works"
python -m gate smoke --env production && echo "production works"
python -m rehearsal tag v1.2.0 && python -m gate release v1.2.0
python -m rehearsal break no-such-thing || echo "refused: $?"
"""


def files() -> dict[Path, tuple[int, int]]:
    """When the clone's own stack files were written, and their sizes."""
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in PROJECT.glob("Pulumi*.yaml")}


@pytest.fixture(scope="module")
def kept(pulumi_cli: Path) -> str:
    """What a rehearsal shows whose shell is typed the things to try."""
    before = files()
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal", "--keep"],
        cwd=PROJECT,
        env={**os.environ, "MARKETEDGE_PULUMI": str(pulumi_cli)},
        input=TYPED,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert files() == before
    return done.stdout + done.stderr


def test_it_says_first_what_it_will_show_and_where_the_engines_lines_go(kept: str) -> None:
    first = kept[:600]
    assert re.match(r"\d+ chapters, about a minute: staging is made from nothing", first)
    assert "engine.log" in first


def test_each_chapter_has_its_number_and_the_end_is_a_verdict(kept: str) -> None:
    numbers = re.findall(r"^(\d+) of (\d+)  \S", kept, re.MULTILINE)
    assert [int(number) for number, _ in numbers] == list(range(1, int(numbers[0][1]) + 1))
    assert f"All {len(numbers)} chapters ended as they should" in kept


def test_each_warning_is_shown_once(kept: str) -> None:
    told = kept.partition("What was shown")[0]
    warnings = re.findall(r"^warning: .*", told, re.MULTILINE)
    assert warnings
    assert len(warnings) == len(set(warnings))
    assert "URN" not in told
    assert "previewing update" not in told


def test_what_the_shell_proposes_works_in_it(kept: str) -> None:
    shell = kept.partition("A shell in this world")[2]
    assert "allows_force_pushes" in shell
    assert "drift: 2" in shell
    assert "Resources:" in shell or "Duration:" in shell
    assert "staging works" in shell
    assert "production works" in shell
    assert "release v1.2.0: done" in shell
    assert "from $PATH" not in shell, "Pulumi warns of plugins on PATH in every run"
    assert "refused: 2" in shell
    assert "Traceback" not in shell


def test_outside_of_the_shell_its_commands_say_where_they_work() -> None:
    command = [sys.executable, "-m", "rehearsal", "break", "suspend"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.strip() == "This works in the shell that `make rehearse ARGS=--keep` opens."
