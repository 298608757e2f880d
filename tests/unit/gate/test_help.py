"""Every command teaches: what it does, its exit codes, and a report as JSON."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from gate.cli import app


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, command in sorted(group.commands.items()):
        inner = getattr(command, "commands", None)
        found += commands(command, (*path, name)) if inner else [(" ".join((*path, name)), command)]
    return found


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_every_command_of_the_gate_is_there() -> None:
    assert set(COMMANDS) == {
        *("adopt", "deploy", "doctor", "drift", "metrics", "preview", "previews prune", "recover", "release", "report"),
        *("rollback", "seed", "smoke", "verify", "watch", "workflows check", "workflows sync"),
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_and_how_it_ends(name: str) -> None:
    command = COMMANDS[name]
    text = command.help or ""
    assert "**Exit codes**" in text
    assert "`0`:" in text
    assert "`1`:" in text
    assert f"python -m gate {name}" in text
    assert "--json" in [option for parameter in command.params for option in parameter.opts]
