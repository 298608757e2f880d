"""Seed scripts on this machine, for a service without one-off jobs: the database is open to it only meanwhile."""

import json
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from blueprint.workspace import connect
from components.configuration import load
from gate.cli import main
from gate.common.errors import GateError
from gate.stack.target import read_config
from gate.upkeep.seeds import Machine, SeedingRefused, seed_here
from tests.unit.gate.release_world import ReleaseWorld, release_world
from tests.unit.settings.stack_file import STACKS

DATABASE = "marketedge-staging-db"
ADDRESS = ip_address("203.0.113.7")
OFFICE = {"cidrBlock": "198.51.100.0/24", "description": "office"}
GUEST = {"cidrBlock": "192.0.2.9/32", "description": "guest"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as found:
        body = {"name": DATABASE, "ownerId": "tea-1", "plan": "free", "version": "16", "ipAllowList": []}
        answer = found.render.handle("POST", "/v1/postgres", "", _KEY, json.dumps(body).encode())
        assert answer.status == 201
        yield found


_KEY = {"authorization": "Bearer rnd_release"}


def database(world: ReleaseWorld) -> dict[str, Any]:
    return next(iter(world.render.estate.postgres.values()))


def let_in(world: ReleaseWorld) -> list[str]:
    return [entry["cidrBlock"] for entry in database(world)["ipAllowList"] or []]


def script(folder: Path, body: str) -> str:
    """A command that runs this Python."""
    (folder / "seed.py").write_text(body)
    return f"{sys.executable} seed.py"


def run(world: ReleaseWorld, folder: Path, *scripts: str, address: Any = ADDRESS, **environ: str) -> list[str]:
    config = read_config(STACKS / "Pulumi.staging.yaml")
    settings = load("staging", config, frozenset(), {}, check_secrets=False).settings
    machine = Machine(str(folder), address, environ)
    with connect({"RENDER_API_KEY": "rnd_release"}, lambda _l: None, world.render.transport()) as session:
        return [one.outcome for one in seed_here(session, settings, scripts, world.budget(), machine)]


_TELL = "import json, os; json.dump(dict(os.environ), open('seen.json', 'w'))"


def test_a_script_gets_the_outside_address_and_no_token(world: ReleaseWorld, tmp_path: Path) -> None:
    assert run(world, tmp_path, script(tmp_path, _TELL), RENDER_API_KEY="rnd_release", LANG="C") == ["done"]
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["DATABASE_URL"].startswith("postgresql://")
    assert f"@{database(world)['id']}.oregon-postgres.render.com:5432/" in seen["DATABASE_URL"]
    assert (seen["LANG"], "RENDER_API_KEY" in seen) == ("C", False)


def test_the_database_is_open_while_the_scripts_run_and_closed_after(
    world: ReleaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile: list[str] = []

    def look(*_call: object) -> tuple[int, str]:
        database(world)["ipAllowList"].append(GUEST)  # somebody else's edit meanwhile
        meanwhile.extend(let_in(world))
        return 0, ""

    monkeypatch.setattr("gate.upkeep.seeds.run_command", look)
    database(world)["ipAllowList"] = [OFFICE]
    assert run(world, tmp_path, "seed") == ["done"]
    assert meanwhile == ["198.51.100.0/24", "203.0.113.7/32", "192.0.2.9/32"]
    assert let_in(world) == ["198.51.100.0/24", "192.0.2.9/32"]


INTERRUPT = "import os, time; os.kill(os.getppid(), 2); time.sleep(9)"


@pytest.mark.parametrize("body", ["raise SystemExit(3)", INTERRUPT])
def test_it_is_closed_also_if_a_script_fails_or_somebody_interrupts(
    world: ReleaseWorld, tmp_path: Path, body: str
) -> None:
    command = script(tmp_path, body)
    if "kill" in body:
        with pytest.raises(KeyboardInterrupt):
            run(world, tmp_path, command)
    else:
        assert run(world, tmp_path, command, "never") == ["failed"]
    assert let_in(world) == []


def test_what_a_killed_run_left_open_is_closed_by_the_next(world: ReleaseWorld, tmp_path: Path) -> None:
    database(world)["ipAllowList"] = [
        OFFICE,
        {"cidrBlock": "192.0.2.1/32", "description": "gate seed, for the time that it runs"},
    ]
    assert run(world, tmp_path, f"{sys.executable} -c pass") == ["done"]
    assert let_in(world) == ["198.51.100.0/24"]


def test_what_the_script_says_holds_no_password(world: ReleaseWorld, tmp_path: Path) -> None:
    assert run(world, tmp_path, script(tmp_path, "import os; raise SystemExit(os.environ['DATABASE_URL'])")) == [
        "failed"
    ]
    assert database(world)["_password"] not in "\n".join(world.said)
    assert "[secret]" in "\n".join(world.said)


def test_a_closed_database_needs_the_address_of_this_machine(world: ReleaseWorld, tmp_path: Path) -> None:
    with pytest.raises(SeedingRefused, match="lets in nobody from outside Render: add --address"):
        run(world, tmp_path, "true", address=None)
    assert not [request for request in world.render.requests if request.method == "PATCH"]
    database(world)["ipAllowList"] = [OFFICE]
    assert run(world, tmp_path, f"{sys.executable} -c pass", address=None) == ["done"]


def test_that_it_could_not_be_closed_is_said(
    world: ReleaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_call: object) -> tuple[int, str]:
        world.render.faults.add(kind=403, method="PATCH", path="*/postgres/*", times=9)
        return 0, ""

    monkeypatch.setattr("gate.upkeep.seeds.run_command", fail)
    with pytest.raises(GateError, match="still lets this machine in: run gate seed again, or pulumi up --refresh"):
        run(world, tmp_path, "seed")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--address", "203.0.113.7"), "--address goes with --folder"),
        (("--folder", ".", "--address", "203.0.113.0/24"), "expected one public address, such as 203.0.113.7"),
        (("--folder", "nowhere"), "--folder: there is no folder nowhere"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(STACKS)
    assert main(["seed", "--env", "staging", *options]) == 1
    assert said in capsys.readouterr().err
