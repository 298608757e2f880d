"""Every command teaches: what it does, its exit codes, and a report as JSON; and its help costs no vendor's SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from gate import VERSION, cli
from gate.cli import TABLE, load
from tests.unit.settings.stack_file import PROJECT


def commands() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in TABLE:
        command = load(row)
        inner = getattr(command, "commands", {})
        found |= {f"{row.name} {name}": one for name, one in inner.items()} or {row.name: command}
    return found


COMMANDS = commands()


def test_every_command_of_the_gate_is_there() -> None:
    assert set(COMMANDS) == {
        *(
            "adopt",
            "deploy",
            "disconnect",
            "doctor",
            "drift",
            "export",
            "hotfix",
            "import",
            "init",
            "metrics",
            "preview",
            "prices",
            "prune",
            "recover",
            "release",
            "report",
        ),
        *("rollback", "seed", "smoke", "verify", "watch", "workflows check", "workflows sync"),
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_and_how_it_ends(name: str) -> None:
    command = COMMANDS[name]
    text = command.help or ""
    assert "**Exit codes**" in text
    assert "`0`:" in text
    assert "`1`:" in text
    assert f"`gate {name}" in text
    assert "--json" in [option for parameter in command.params for option in parameter.opts]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_list_of_commands_has_the_first_line_of_each_help(row: cli.Row) -> None:
    assert (load(row).help or "").splitlines()[0] == row.summary
    assert len(row.summary) <= 60


@pytest.mark.parametrize("name", ["", *(row.name for row in TABLE), "workflows sync"])
def test_help_imports_no_vendors_sdk(name: str) -> None:
    program = (
        "import sys, gate.cli as cli\n"
        f"code = cli.main([*{name.split()!r}, '--help'])\n"
        "heavy = ('pulumi', 'pulumi_auth0', 'pulumi_command', 'pulumi_github', 'pulumiverse_vercel', 'httpx')\n"
        "sys.exit(f'{code} {[one for one in heavy if one in sys.modules]}')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ended.stderr == "0 []\n"


def test_gate_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    shown = capsys.readouterr()
    assert "Run quick health tests" in shown.out
    assert shown.err == ""


def test_a_group_alone_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["workflows"]) == 0
    shown = capsys.readouterr()
    assert "sync" in shown.out
    assert shown.err == ""


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"gate {VERSION}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["smok"], "No such command 'smok'. Did you mean 'smoke'?\nSee python -m gate --help\n"),
        (["version"], "No such command 'version'. Did you mean --version?\nSee python -m gate --help\n"),
        (["smoke", "--jsn"], "No such option: --jsn. Did you mean --json?\nSee python -m gate smoke --help\n"),
        (["release"], "Missing argument 'TAG'. The release's tag: v1.2.3.\nSee python -m gate release --help\n"),
        (["workflows", "chek"], "No such command 'chek'. Did you mean 'check'?\nSee python -m gate workflows --help\n"),
    ],
)
def test_a_mistake_is_1_with_what_was_meant_and_the_right_help(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 1
    assert capsys.readouterr().err == f"gate: {said}"


def test_the_executable_runs_from_any_folder(tmp_path: Any) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = [str(PROJECT / "bin" / "gate"), "doctor"]
    ended = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False, env=environ)
    assert ended.returncode == 1
    assert ended.stderr == "gate doctor: there is no Pulumi.yaml here: run this in the project's folder\n"


def test_without_the_virtual_environment_it_says_which_python_is_missing_what() -> None:
    run = [sys.executable, "-S", "-m", "gate", "--help"]
    ended = subprocess.run(run, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("gate: this Python has no typer: run bin/gate, or activate")


def test_completion_knows_commands_and_their_options() -> None:
    environ = {**os.environ, "_GATE_COMPLETE": "complete_bash", "COMP_WORDS": "gate smoke --", "COMP_CWORD": "2"}
    run = [str(PROJECT / "bin" / "gate")]
    ended = subprocess.run(run, cwd=PROJECT, capture_output=True, text=True, check=False, env=environ)
    assert "--expect-version" in ended.stdout
