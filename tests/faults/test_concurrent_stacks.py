"""Two `pulumi up` at the same time, of two stacks in one Render workspace: neither takes anything from the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.engine import Engine
from rehearsal.estate import World
from rehearsal.inventory import staging_objects
from tests.e2e.stage import staging, writes
from tests.faults.engines import SECONDS, start_up, with_hook

pytestmark = pytest.mark.e2e
STACKS = ("staging", "second")


@dataclass
class Together:
    world: World
    engines: dict[str, Engine]
    printed: dict[str, str]
    statuses: dict[str, int]


@pytest.fixture(scope="module")
def together(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    with staging(tmp_path_factory.mktemp("together") / "world", pulumi_cli) as (world, first):
        settings = world.project / "Pulumi.staging.yaml"
        # Another staging environment, all by other names, of a frontend of its own: preview variables are a project's.
        # Its database is not free, for a workspace has one free database only.
        other = settings.read_text().replace("staging", "second").replace("plan: free", "plan: basic_256mb", 1)
        other = other.replace("environment: second", "environment: staging").replace("marketedge-frontend", "second")
        world.vendors.seed("vercel", "project", name="second", framework="nextjs")
        (world.project / "Pulumi.second.yaml").write_text(other)
        second = Engine(world, "second", lambda _line: None)
        second.set_secrets(world.secrets.stack)
        meet(world, "POST /postgres", "POST /services")
        processes = {name: start_up(world, name) for name in STACKS}
        printed = {name: "".join(process.communicate(timeout=SECONDS)) for name, process in processes.items()}
        statuses = {name: process.returncode for name, process in processes.items()}
        yield Together(world, {"staging": first, "second": second}, printed, statuses)


def meet(world: World, *lines: str) -> None:
    """Let no stack get an answer to one of these before both have sent it."""
    barriers = {line: threading.Barrier(len(STACKS), timeout=SECONDS) for line in lines}

    def wait(line: str) -> None:
        if line in barriers:
            barriers[line].wait()

    with_hook(world, wait)


def test_both_come_to_their_end(together: Together) -> None:
    assert together.statuses == dict.fromkeys(STACKS, 0), "\n".join(together.printed.values())


def test_everything_of_both_stacks_exists_once(together: Together) -> None:
    estate = together.world.render.estate
    for table, names in [
        (estate.postgres, ["marketedge-second-db", "marketedge-staging-db"]),
        (estate.env_groups, ["second-env", "staging-env"]),
        (estate.services, ["marketedge-platform-second", "marketedge-platform-staging"]),
        (estate.custom_domains, ["second-api.zebra.associates", "staging-api.zebra.associates"]),
    ]:
        assert sorted(row["name"] for row in table.values()) == names
    assert sorted(writes(together.world)) == sorted(2 * sorted(set(writes(together.world))))
    assert [row.title for row in staging_objects(together.world) if not row.found] == []


@pytest.mark.parametrize("stack", STACKS)
def test_each_service_runs_with_its_own_group_and_database(together: Together, stack: str) -> None:
    together.world.render.settle()
    estate = together.world.render.estate
    service = estate.find_service(f"marketedge-platform-{stack}")
    live = estate.live_deploy(service["id"])
    assert live is not None
    running = estate.deploy_environment[live["id"]]
    assert running == estate.effective_environment(service["id"])
    assert [group["name"] for group in estate.linked_groups(service["id"])] == [f"{stack}-env"]
    assert estate.find_postgres(f"marketedge-{stack}-db")["_password"] in running["DATABASE_URL"]


def test_each_state_holds_every_resource_of_its_stack_and_none_of_the_other(together: Together) -> None:
    states = {name: engine.resources() for name, engine in together.engines.items()}
    types = [sorted(resource["type"] for resource in resources) for resources in states.values()]
    assert types[0] == types[1]
    assert types[0].count("command:local:Command") == 3
    for name, resources in states.items():
        assert all(resource["urn"].startswith(f"urn:pulumi:{name}::") for resource in resources)
