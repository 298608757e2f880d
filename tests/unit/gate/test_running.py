"""What every command's run has in common: nothing secret leaves it, and no traceback is ever shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from blueprint.errors import Unreachable
from gate.commands.running import Run, command
from gate.common.errors import GateError
from gate.common.report import Report

TOKEN = "ghp_a_token_of_this_machine"
OWN = "a-secret-of-the-stack"


class Found(Report):
    text: str

    def lines(self) -> list[str]:
        return [self.text]

    def markdown(self) -> str:
        return f"# {self.text}\n"


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)


def test_whatever_a_run_prints_or_writes_is_redacted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (False, True):
        with command("smoke", as_json=as_json, folder=tmp_path) as run:
            run.hide([OWN])
            with run.progress(f"with {TOKEN}") as tell:
                tell.line(f"and {OWN}")
            run.say(f"said {OWN}")
            run.finish(Found(text=f"{TOKEN} {OWN}"))
    shown = capsys.readouterr()
    everything = shown.out + shown.err + "".join(file.read_text() for file in tmp_path.iterdir())
    assert TOKEN not in everything
    assert OWN not in everything
    assert json.loads((tmp_path / "smoke.json").read_text()) == {"schema": 1, "text": "[secret] [secret]"}
    assert (tmp_path / "smoke.md").read_text() == "# [secret] [secret]\n"


@pytest.mark.parametrize("error", [GateError(f"no, {TOKEN}"), Unreachable(f"no, {TOKEN}")])
def test_an_expected_error_is_one_line_and_1(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    with command("drift") as run:
        raise error
    assert run.exit_code == 1
    assert capsys.readouterr().err == "gate drift: no, [secret]\n"


def test_an_unexpected_error_is_one_line_with_a_file_to_report(capsys: pytest.CaptureFixture[str]) -> None:
    with command("drift") as run:
        raise KeyError(TOKEN)
    assert run.exit_code == 1
    said = capsys.readouterr().err
    found = re.fullmatch(r"gate drift: unexpected KeyError at test_running\.py:\d+: .* in (\S+), from .*\n", said)
    assert found
    file = Path(found[1])
    assert file.stat().st_mode & 0o077 == 0
    details = file.read_text()
    assert "Traceback" in details
    assert TOKEN not in details
    file.unlink()


def test_debug_shows_the_details(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(Run, "debug", True)
    with command("drift"):
        raise KeyError(TOKEN)
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert TOKEN not in said


def test_an_interrupt_is_130_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with command("drift") as run:
        raise KeyboardInterrupt
    assert run.exit_code == 130
    assert capsys.readouterr().err == "gate drift: interrupted\n"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    with command("drift", folder=tmp_path / "file") as run:
        run.finish(Found(text="x"))
    assert run.exit_code == 1
    assert capsys.readouterr().err == f"gate drift: File exists: {tmp_path / 'file'}\n"


def test_a_failure_after_the_report_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    with command("drift") as run:
        run.finish(Found(text="found"))
        raise GateError("no issue")
    assert run.exit_code == 1
    assert capsys.readouterr().out == "found\n"
