"""The stack files and the real CLI: it reads them as our parser does, and leaves them in the form that they have."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from components.stack_file import read
from rehearsal.estate import PROJECT, STACKS
from tests.unit.settings.test_stack_file import AS_WRITTEN, CHANGED

pytestmark = pytest.mark.e2e
FILES = [
    *sorted(STACKS.glob("Pulumi.*.yaml")),
    *sorted((PROJECT / "examples").glob("*/Pulumi.*.yaml")),
    *sorted((PROJECT / "tests" / "stacks").glob("*/Pulumi.*.yaml")),
]
Pulumi = Callable[..., str]


@pytest.fixture
def pulumi(pulumi_cli: Path, tmp_path: Path) -> Pulumi:
    """The CLI in an empty project."""
    (tmp_path / "Pulumi.yaml").write_text("name: gate\nruntime: python\nconfig:\n  own: x\n")
    (tmp_path / "home").mkdir()
    own = {"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": tmp_path.as_uri()}
    environ = {**os.environ, **own, "PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_SKIP_UPDATE_CHECK": "true"}

    def run(*arguments: str) -> str:
        command = [str(pulumi_cli), *arguments, "--non-interactive"]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_first_secret_adds_lines_and_changes_none(file: Path, pulumi: Pulumi, tmp_path: Path) -> None:
    name = file.name.split(".")[1]
    shutil.copy(file, tmp_path)
    pulumi("stack", "init", name)
    pulumi("config", "set", "--stack", name, "--secret", "--path", "marketedge:secrets.NEW", "hidden")
    before, after = file.read_text().splitlines(), (tmp_path / file.name).read_text().splitlines()
    assert [line for line in before if line not in after] == []
    assert after[: len(before)] == before
    assert {line.split(":")[0].strip() for line in after[len(before) :]} == {
        "marketedge",
        "NEW",
        "secure",
        "encryptionsalt",
    }


def test_the_cli_reads_what_our_parser_reads(pulumi: Pulumi, tmp_path: Path) -> None:
    odd = [value for value in (*AS_WRITTEN, *CHANGED) if value[0] != "." and not value.startswith("2020")]
    listed = "".join(f"      - {value}\n" for value in odd)
    small = [value for value in odd if len(value) < 20]  # at the top level the CLI keeps whole numbers of any size
    top = "".join(f"  gate:top{number}: {value}\n" for number, value in enumerate(small))
    file = tmp_path / "Pulumi.odd.yaml"
    content = f"config:\n{top}  gate:object:\n    values:\n{listed}    nothing: ~\n"
    pulumi("stack", "init", "odd")
    file.write_text(content)
    found = {key: one["value"] for key, one in json.loads(pulumi("config", "--json", "--stack", "odd")).items()}
    ours = read(file)
    assert json.loads(ours.pop("gate:object")) == json.loads(found.pop("gate:object"))
    assert dict(ours) == found
