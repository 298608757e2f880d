"""`python -m gate drift`: what it prints, what it writes, how it ends."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path
from unittest import mock

import pytest
from pulumi.automation import ConfigValue
from rich.console import Console

from gate import cli
from gate.changes.look import check
from gate.common.errors import StackUnavailable
from gate.common.progress import progress
from gate.stack.project import open_stack
from tests.unit.gate import events as e
from tests.unit.gate.stack import CREDENTIALS, FakeStack, failure
from tests.unit.settings.stack_file import STACKS

DRIFT = e.drifted(
    e.PROTECTION,
    {"pattern": "staging", "enforceAdmins": True},
    {"pattern": "staging", "enforceAdmins": False},
    "enforceAdmins",
)


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)


def run(stack: FakeStack, *arguments: str) -> int:
    with mock.patch("gate.stack.project.open_stack", return_value=stack) as opened:
        code = cli.main(["drift", "--env", "staging", *arguments])
    assert all(call.args == (stack.name,) for call in opened.call_args_list)
    return code


def test_clean_is_0_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    stack = FakeStack(e.same(e.PROTECTION, {"pattern": "staging"}))
    assert run(stack) == 0
    assert "staging is clean" in capsys.readouterr().out
    assert stack.options == [{"refresh": True, "exclude": None}]


def test_drift_is_2_with_a_line_for_each_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeStack(DRIFT)) == 2
    assert "GitHub branch protection staging: enforce_admins: declared true; live false" in capsys.readouterr().out


def test_a_variable_of_the_branch_that_wins_is_drift_which_no_up_puts_right(capsys: pytest.CaptureFixture[str]) -> None:
    stack = e.state("pulumi:pulumi:Stack::gate-staging", {}, {"overriddenAtVercel": {"API_URL": "env_1"}})
    assert run(FakeStack(e.step("same", "pulumi:pulumi:Stack::gate-staging", stack, stack))) == 2
    said = capsys.readouterr().out
    assert "drift: Vercel variable API_URL: other record: declared none; live another record wins (env_1)" in said
    assert "Delete the other record of a variable at Vercel" in said


def test_another_stack_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeStack(DRIFT, name="blue"), "--stack", "blue") == 2
    assert "blue has drifted" in capsys.readouterr().out


def test_json_is_the_only_thing_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeStack(DRIFT), "--json") == 2
    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["verdict"], len(shown["findings"])) == (1, "drift", 1)


@pytest.mark.parametrize(("stack", "verdict"), [(FakeStack(), "clean"), (FakeStack(DRIFT), "drift")])
def test_the_reports_are_written_whatever_was_found(tmp_path: Path, stack: FakeStack, verdict: str) -> None:
    run(stack, "--report", str(tmp_path / "new" / "folder"))
    assert json.loads((tmp_path / "new" / "folder" / "drift.json").read_text())["verdict"] == verdict
    assert (tmp_path / "new" / "folder" / "drift.md").read_text().startswith("# Drift check: staging ")


def test_missing_credentials_are_1_and_nothing_is_previewed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stack = FakeStack(
        environment={"AUTH0_DOMAIN": "x", "VERCEL_API_TOKEN": "x"}, config={"github:token": ConfigValue("x")}
    )
    assert run(stack, "--report", str(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "Auth0: export AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET" in said
    assert "Render: export RENDER_API_KEY" in said
    assert "GitHub" not in said
    assert stack.options == []
    assert json.loads((tmp_path / "drift.json").read_text())["verdict"] == "error"


def test_the_engines_errors_are_1_with_their_text_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    stack = FakeStack([e.error("Preview failed: 401 Unauthorized"), e.error("preview failed")], failure("error: x"))
    assert run(stack) == 1
    said = capsys.readouterr()
    assert "gate drift: 401 Unauthorized\n" in said.err
    assert "Traceback" not in said.err + said.out


@pytest.mark.parametrize(
    "stack",
    [
        FakeStack(preview_fails=failure("error: the disk is full")),
        FakeStack(config_fails=failure("error: the disk is full")),
        FakeStack(DRIFT, export_fails=failure("error: the disk is full")),
        FakeStack(preview_fails=RuntimeError("the disk is full")),
    ],
)
def test_what_the_cli_complains_of_without_an_event_is_shown(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stack) == 1
    said = capsys.readouterr().err
    assert "the disk is full" in said
    assert "much output" not in said


def test_no_secret_leaves_even_where_a_vendor_repeats_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = {
        "marketedge:secrets": ConfigValue('{"REDIS_URL": "redis://:hidden@x", "MORE": ["another-one"]}', secret=True)
    }
    live = {"pattern": "staging", "note": f"{CREDENTIALS['GITHUB_TOKEN']} redis://:hidden@x another-one"}
    drift = e.drifted(e.PROTECTION, {"pattern": "staging", "note": ""}, live, "note")
    bad = [e.error(f"bad key {CREDENTIALS['RENDER_API_KEY']} and redis://:hidden@x")]
    run(FakeStack(drift, config=own), "--json", "--report", str(tmp_path))
    run(FakeStack(drift, config=own))
    run(FakeStack(bad, failure("x"), config=own), "--report", str(tmp_path / "error"))
    shown = capsys.readouterr()
    everything = shown.out + shown.err + "".join(path.read_text() for path in tmp_path.rglob("drift.*"))
    secrets = [CREDENTIALS["GITHUB_TOKEN"], CREDENTIALS["RENDER_API_KEY"], "redis://:hidden@x", "another-one"]
    assert [secret for secret in secrets if secret in everything] == []
    assert "bad key [secret] and [secret]" in everything


def test_a_secret_that_is_a_common_word_takes_no_name_out_of_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    """A short one that is no word is masked, and one of digits alone, which is a number to Pulumi."""
    secrets = '{"DB_USER": "production", "DB": "enforceAdmins", "SHORT": "hunter2", "PIN": 90210777}'
    own = {
        "marketedge:environment": ConfigValue("production"),
        "marketedge:secrets": ConfigValue(secrets, secret=True),
    }
    note = {"pattern": "production", "note": "hunter2 90210777"}
    run(FakeStack(e.drifted(e.PROTECTION, {"pattern": "production", "note": ""}, note, "note"), config=own))
    said = capsys.readouterr().out
    assert "branch protection production: note: declared (none); live [secret] [secret]" in said


def test_a_mistake_in_the_arguments_is_1_and_not_taken_for_drift(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(STACKS)
    assert cli.main(["drift"]) == 1
    assert "--env" in capsys.readouterr().err
    assert cli.main(["drift", "--env", "staging", "--nonsense"]) == 1


def test_a_report_that_cannot_be_written_is_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run(FakeStack(), "--report", str(tmp_path / "file")) == 1
    assert "file" in capsys.readouterr().err


def test_help_teaches_what_it_does_and_how_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["drift", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for text in ("0: clean", "2: something differs", "1: could not be checked", "gate drift --env staging"):
        assert text in shown


def test_there_must_be_a_project_and_a_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StackUnavailable, match=r"no Pulumi\.yaml here"):
        open_stack("staging", str(tmp_path))
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("MARKETEDGE_PULUMI", raising=False)
    with pytest.raises(StackUnavailable, match="not on PATH"):
        open_stack("staging", str(tmp_path))


def test_a_cli_that_does_not_work_is_named_with_its_complaint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    cli_of_a_test = tmp_path / "pulumi"
    cli_of_a_test.write_text("#!/bin/sh\necho v3.0.0\n")
    cli_of_a_test.chmod(0o755)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.setenv("MARKETEDGE_PULUMI", str(cli_of_a_test))
    with pytest.raises(StackUnavailable, match="Minimum version"):
        open_stack("staging", str(tmp_path))


def test_a_terminal_shows_the_elapsed_time() -> None:
    out = io.StringIO()
    with progress("looking", Console(file=out, force_terminal=True, color_system=None)) as tell:
        tell("3 resources read")
        time.sleep(0.2)
    assert "looking: 3 resources read 0 s" in out.getvalue()


def test_the_progress_counts_what_refresh_has_read() -> None:
    told: list[str] = []
    check(FakeStack([*DRIFT, *e.same(e.CLIENT, {"name": "App"})]), told.append)  # type: ignore[arg-type]
    assert told[-1] == "2 resources read"


def test_a_vendor_that_does_not_answer_is_told_while_it_is_asked_again() -> None:
    told: list[str] = []
    waiting = "Render: trying again in 4 s: no answer (GET /services)"
    check(FakeStack([e.error(waiting, "info"), e.error("up: service api is deployed", "info")]), told.append)  # type: ignore[arg-type]
    assert told[0] == waiting
    assert not any(text.startswith("up:") for text in told)
