"""`pulumi up` ended by SIGKILL in the middle, engine and plugins and commands, and what the user does then:

pulumi cancel                           the dead engine's lock; its message says so, too
pulumi up                               finds what was made, and makes the rest
pulumi refresh --clear-pending-creates  once, any time later: ends the engine's warning of pending operations
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import CommandError

from blueprint.marker import KEY
from rehearsal.engine import Engine, inhabit
from rehearsal.estate import World
from rehearsal.inventory import staging_objects
from tests.e2e.stage import STACK, staging, writes
from tests.faults.engines import up_killed_at

pytestmark = pytest.mark.e2e


@dataclass
class Survivor:
    """A stack whose up was killed again and again, each time a little later, before one came to its end."""

    world: World
    engine: Engine
    locked: str
    pending: list[set[str]]
    writes: list[str]


@pytest.fixture(scope="module")
def survivor(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survivor]:
    with staging(tmp_path_factory.mktemp("survivor") / "world", pulumi_cli) as (world, engine):
        locked, pending = "", []
        for method, path in [("POST", "/postgres"), ("POST", "/services"), ("POST", "/custom-domains")]:
            up_killed_at(world, STACK, method, path)
            pending.append(pending_operations(engine))
            if not locked:
                with pytest.raises(CommandError) as error:
                    engine.up()
                locked = str(error.value)
            engine.stack.cancel()  # `pulumi cancel --yes`: the lock is the dead engine's
        engine.up()
        yield Survivor(world, engine, locked, pending, writes(world))


def pending_operations(engine: Engine) -> set[str]:
    latest: dict[str, Any] = json.loads(engine.state())["checkpoint"]["latest"] or {}
    return {
        f"{operation['type']} {operation['resource']['urn'].rpartition('::')[2]}"
        for operation in latest.get("pending_operations") or []
    }


def test_the_dead_engine_leaves_a_lock_that_the_message_says_how_to_remove(survivor: Survivor) -> None:
    assert "the stack is currently locked by 1 lock(s)" in survivor.locked
    assert "pulumi cancel" in survivor.locked


def test_the_state_says_which_object_was_under_way(survivor: Survivor) -> None:
    database, service = "creating marketedge-staging-db", "creating marketedge-platform-staging"
    assert survivor.pending == [{database}, {database, service}, {database, service}]


def test_after_pulumi_cancel_a_plain_up_makes_each_object_once(survivor: Survivor) -> None:
    made = [write for write in survivor.writes if not write.startswith("PUT")]
    assert [made.count(write) for write in sorted(set(made))] == [1] * len(set(made))
    estate = survivor.world.render.estate
    assert [len(table) for table in (estate.postgres, estate.env_groups, estate.services)] == [1, 1, 1]
    assert len(estate.custom_domains) == 1
    assert [row.title for row in staging_objects(survivor.world) if not row.found] == []


def test_what_runs_is_what_is_declared(survivor: Survivor) -> None:
    survivor.world.render.settle()
    estate = survivor.world.render.estate
    (service,) = estate.services.values()
    live = estate.live_deploy(service["id"])
    assert live is not None
    running = {k: v for k, v in estate.deploy_environment[live["id"]].items() if k != KEY}
    wanted = {k: v for k, v in estate.effective_environment(service["id"]).items() if k != KEY}
    assert running == wanted
    assert running["JWT_ALGORITHM"] == "HS256"
    assert running["DATABASE_URL"].startswith("postgresql://marketedge_staging_user:")


def test_a_refresh_that_clears_pending_creates_ends_the_engines_warning(survivor: Survivor) -> None:
    engine = survivor.engine
    warning = "Attempting to deploy or update resources with 3 pending operations"
    assert warning in "\n".join(engine.output), "up goes on, and says what it does not know"

    with inhabit(survivor.world):  # `pulumi refresh --clear-pending-creates`
        engine.stack.refresh(clear_pending_creates=True, expect_no_changes=True)

    assert pending_operations(engine) == set()
    printed = len(engine.output)
    engine.preview(refresh=True, expect_no_changes=True)
    assert "pending operations" not in "\n".join(engine.output[printed:])
