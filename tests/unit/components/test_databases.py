"""What is said of a database that a preview deletes: its size and its last backup, as Render tells them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from blueprint.workspace import connect
from components.databases import described
from rehearsal.render_api import RenderSimulator, serve

OWNER = {"id": "tea-1", "name": "Acme", "email": "o@acme.com", "type": "team"}
KEY = {"RENDER_API_KEY": "rnd_databases"}


class Clock:
    """Stands still until somebody lets time pass."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 26, 4, 5, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def environ(clock: Clock) -> Iterator[dict[str, str]]:
    keys = {"rnd_databases": ["tea-1"]}
    sim = RenderSimulator(api_keys=keys, owners=[OWNER], rate_limits=False, clock=clock, provisioning_seconds=60)
    with serve(sim) as host:
        yield {**KEY, "RENDER_HOST": host}


def made(environ: dict[str, str], plan: str, **more: object) -> str:
    body = {"name": "db", "ownerId": "tea-1", "plan": plan, "version": "16", "region": "oregon", **more}
    with connect(environ, lambda _line: None) as session:
        return str(session.client.post("/postgres", body)["id"])


def test_a_database_without_a_backup_says_so(environ: dict[str, str]) -> None:
    made(environ, "free")
    assert described(environ)("db") == "1 GB, no backup"


def test_the_last_export_counts_once_it_is_written(environ: dict[str, str], clock: Clock) -> None:
    path = f"/postgres/{made(environ, 'basic_256mb', diskSizeGB=15)}/export"
    clock.now += 90
    with connect(environ, lambda _line: None) as session:
        session.client.post(path, None)
    assert described(environ)("db") == "15 GB, no backup", "it is being written"
    clock.now += 90
    assert described(environ)("db") == "15 GB, last backup 2026-11-26 04:06 UTC"


def test_nothing_is_said_where_render_does_not_tell(environ: dict[str, str]) -> None:
    assert described(environ)("another") == ""
    assert described({})("db") == "", "without a key"
