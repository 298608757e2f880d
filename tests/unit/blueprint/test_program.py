"""bin/render as pulumi-command runs it: a process in another directory, against a server on loopback."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from rehearsal.render_api import serve
from tests.unit.blueprint.account import API_KEY, Account
from tests.unit.blueprint.documents import staging, variables

PROGRAM = Path(__file__).parents[3] / "bin" / "render"
SECRET = "correct-horse-battery-staple"
Json = dict[str, Any]


DOCUMENT = staging(group_more=variables(AUTH0_CLIENT_SECRET=SECRET))


def program(command: str, document: Json, url: str, directory: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "RENDER_"))}
    environment |= {"RENDER_API_KEY": API_KEY, "RENDER_HOST": url}
    return subprocess.run(
        [str(PROGRAM), command, *extra],
        input=json.dumps(document),
        env=environment,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_program_applies_observes_and_destroys_from_any_directory(tmp_path: Path) -> None:
    account = Account()
    with serve(account.sim) as url:
        applied = program("apply", DOCUMENT, url, tmp_path)
        observed = program("observe", DOCUMENT, url, tmp_path)
        running = account.running("api")
        destroyed = program("destroy", DOCUMENT, url, tmp_path)

    assert (applied.returncode, observed.returncode, destroyed.returncode) == (0, 0, 0), applied.stderr
    assert running["AUTH0_CLIENT_SECRET"] == SECRET
    assert json.loads(observed.stdout)["services"]["api"]["drift"] == []
    assert account.estate.services == account.estate.postgres == account.estate.env_groups == {}
    assert SECRET not in applied.stdout + applied.stderr


def test_the_program_says_how_it_is_used(tmp_path: Path) -> None:
    wrong = program("converge", {}, "http://127.0.0.1:9/v1", tmp_path)

    assert wrong.returncode == 2
    assert "usage: python -m blueprint" in wrong.stderr


def test_the_program_takes_no_key_in_its_arguments(tmp_path: Path) -> None:
    refused = program("apply", {}, "http://127.0.0.1:9/v1", tmp_path, f"--api-key={API_KEY}")

    assert refused.returncode == 2
