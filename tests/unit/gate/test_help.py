"""Every command teaches: what it does, its exit codes, and a report as JSON; and its help costs no vendor's SDK."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
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


_NAMES = ["", *(row.name for row in TABLE), "workflows sync"]


@pytest.fixture(scope="module")
def imported() -> dict[str, str]:
    """By command: exit code of its help, and the SDKs that a Python has then which had shown the list of commands."""
    program = f"""
import os, sys, gate.cli as cli
heavy = ("pulumi", "pulumi_auth0", "pulumi_command", "pulumi_github", "pulumiverse_vercel", "httpx")
cli.main(["--help"])
for name in {_NAMES!r}:
    if os.fork() == 0:
        code = cli.main([*name.split(), "--help"])
        os.write(2, f"{{name}}: {{code}} {{[one for one in heavy if one in sys.modules]}}\\n".encode())
        os._exit(0)
    os.wait()
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    return dict(line.split(": ") for line in ended.stderr.splitlines())


@pytest.mark.parametrize("name", _NAMES)
def test_help_imports_no_vendors_sdk(name: str, imported: dict[str, str]) -> None:
    assert imported[name] == "0 []"


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


@pytest.mark.parametrize(
    ("typed", "offered"), [("gate smoke --", "--expect-version"), ("gate smoke --env ", "production\nstaging")]
)
def test_completion_knows_options_and_environments(typed: str, offered: str) -> None:
    words = str(typed.count(" "))
    environ = {**os.environ, "_GATE_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": words}
    run = [str(PROJECT / "bin" / "gate")]
    ended = subprocess.run(run, cwd=PROJECT, capture_output=True, text=True, check=False, env=environ)
    assert offered in ended.stdout


def _values() -> list[tuple[str, str]]:
    """Every option with a value, of every command."""
    return [
        (name, option.opts[0])
        for name, command in COMMANDS.items()
        for option in command.params
        if option.opts[0].startswith("--") and not option.is_flag
    ]


@pytest.mark.parametrize(("command", "option"), _values())
def test_a_nonsense_value_ends_in_a_sentence_of_ours(
    command: str, option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # nothing to work with: whatever is wrong is said before anything happens
    monkeypatch.setattr("sys.stdin", io.StringIO())
    arguments = {"hotfix": ["v1.0.1"], "release": ["v1.0.0"], "deploy": ["0" * 40]}.get(command, [])
    assert cli.main([*command.split(), *arguments, option, "nonsense"]) == 1
    told = capsys.readouterr()
    assert told.out + told.err
    assert not [word for word in ("Input should", "Traceback", "unexpected", "None") if word in told.out + told.err]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("watch --minutes abc", "--minutes abc: expected a whole number\nSee python -m gate watch --help"),
        ("watch --minutes 99", "--minutes 99: expected at most 60"),
        ("watch --minutes -1", "--minutes -1: expected at least 0"),
        ("smoke --pull-request x", "--pull-request x: expected a whole number"),
        ("smoke --env", "--env needs a value.\nSee python -m gate smoke --help"),
        ("smoke production", "Not expected here: production"),
        ("import --rename old", "--rename old: expected OLD=NEW"),
        ("seed --folder nowhere", "--folder: there is no folder nowhere"),
    ],
)
def test_a_mistake_in_the_arguments_says_what_was_expected(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments.split()) == 1
    assert said in capsys.readouterr().err
