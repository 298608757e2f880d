"""`--env` means the same everywhere: the named environment, else the only one that the command can work on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gate.cli import TABLE, load, main
from gate.common.errors import GateError
from gate.stack.target import choose
from tests.unit.settings.stack_file import STACKS


def test_the_named_one_is_taken_without_a_look() -> None:
    assert choose("blue", None, {}, folder=Path("/nowhere")) == ("blue", "blue")
    assert choose("blue", "green", {}, folder=Path("/nowhere")) == ("blue", "green")


def test_the_stack_alone_says_its_environment() -> None:
    assert choose(None, "staging", {}, folder=STACKS) == ("staging", "staging")


@pytest.mark.parametrize(("by_tag", "chosen"), [(True, "production"), (False, "staging")])
def test_the_only_one_that_fits_is_the_default(by_tag: bool, chosen: str) -> None:
    found = choose(None, None, {}, lambda settings: settings.released_by_tag == by_tag, STACKS)
    assert found == (chosen, chosen)


def test_where_several_fit_they_are_named() -> None:
    with pytest.raises(GateError, match="name the environment: --env staging or --env production"):
        choose(None, None, {}, folder=STACKS)


def test_one_stack_alone_needs_no_name(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.staging.yaml"):
        shutil.copy(STACKS / name, tmp_path)
    assert choose(None, None, {}, folder=tmp_path) == ("staging", "staging")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["smoke"], "gate smoke: name the environment: --env staging or --env production"),
        (["smoke", "--env", "stagin"], "name one of production, staging"),
        (["smoke", "--env", "staging", "--stack", "production"], "is of the environment production, not staging: use"),
    ],
)
def test_a_mistake_names_what_there_is(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(STACKS)
    assert main(arguments) == 1
    assert said in capsys.readouterr().err


def test_no_command_has_a_rule_of_its_own() -> None:
    helps = set()
    for row in TABLE:
        command = load(row)
        for one in getattr(command, "commands", {"": command}).values():
            helps |= {parameter.help for parameter in one.params if "--env" in parameter.opts}
    assert helps == {
        "The environment, as in Pulumi.NAME.yaml.",
        "An environment, as in Pulumi.NAME.yaml; may be repeated.",
    }
