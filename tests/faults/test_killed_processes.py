"""`bin/render apply` as a real process, ended by SIGKILL at every request boundary: a rerun ends in one whole estate.

To be killed after request k is handled and before it is answered is, for what exists at Render, the same as to be
killed before request k + 1; so k = 0..K are all boundaries.
"""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blueprint.__main__ import main
from blueprint.marker import KEY
from tests.faults.processes import API_KEY, KILLED, OWNER, SECONDS, Shell, Watched, shell
from tests.faults.scenarios import AFTER, BEFORE, PASSWORD

pytestmark = pytest.mark.e2e
Json = dict[str, Any]


def picture(sim: Watched) -> Json:
    """What exists, ids, moments and values that Render makes left out; every list is whole, so a twin shows."""
    sim.settle()
    estate = sim.estate
    return {
        "databases": sorted((row["name"], row["plan"], row["status"]) for row in estate.postgres.values()),
        "groups": sorted(
            (g["name"], named(g["envVars"]), tuple(link["name"] for link in g["serviceLinks"]))
            for g in estate.env_groups.values()
        ),
        "services": sorted(
            (
                row["name"],
                row["serviceDetails"]["plan"],
                values(estate.env_vars[row["id"]]),
                tuple(sorted(d["name"] for d in estate.domains_of(row["id"]))),
            )
            for row in estate.services.values()
        ),
    }


def named(rows: list[Json]) -> tuple[tuple[str, str], ...]:
    return values({row["key"]: row["value"] for row in rows})


def values(variables: dict[str, str]) -> tuple[tuple[str, str], ...]:
    made = ("JWT_SECRET_KEY", "DATABASE_URL")
    return tuple((k, "(made)" if k in made else v) for k, v in sorted(variables.items()) if k != KEY)


def assert_that_what_runs_is_what_is_declared(sim: Watched) -> None:
    sim.settle()
    (service,) = sim.estate.services.values()
    live = sim.estate.live_deploy(service["id"])
    assert live is not None
    running = sim.estate.deploy_environment[live["id"]]
    assert running == sim.estate.effective_environment(service["id"])
    (database,) = sim.estate.postgres.values()
    assert database["_password"] in running["DATABASE_URL"]


@pytest.fixture(params=["cold apply", "update"])
def documents(request: pytest.FixtureRequest) -> tuple[Json | None, Json]:
    return (None, BEFORE) if request.param == "cold apply" else (BEFORE, AFTER)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Callable[[Json, Watched], int]:
    """The same command line within this process, which starts faster: for runs that nobody kills."""
    monkeypatch.setenv("RENDER_API_KEY", API_KEY)
    monkeypatch.setenv("RENDER_OWNER_ID", str(OWNER["id"]))

    def apply(document: Json, sim: Watched) -> int:
        return main(["apply"], io.StringIO(json.dumps(document)), sim.transport())

    return apply


def test_apply_killed_at_any_request_boundary_and_run_again_ends_in_one_whole_estate(
    documents: tuple[Json | None, Json], here: Any
) -> None:
    before, after = documents
    whole = Watched()
    if before:
        here(before, whole)
    whole.seen = 0
    assert here(after, whole) == 0
    requests = whole.seen
    assert 11 <= requests <= 17

    for boundary in range(requests + 1):
        with shell() as terminal:
            sim = terminal.sim
            if before:
                here(before, sim)
            status = terminal.run_killed(after, after=boundary)
            assert status == KILLED, f"the process of boundary {boundary} was not killed"
            assert sim.seen == max(boundary, 1)
            sim.seen = 0
            assert here(after, sim) == 0
            assert picture(sim) == picture(whole), f"killed at boundary {boundary}"
            assert_that_what_runs_is_what_is_declared(sim)
            writes = len([r for r in sim.requests if r.method != "GET"])
            assert here(after, sim) == 0
            assert len([r for r in sim.requests if r.method != "GET"]) == writes, f"killed at boundary {boundary}"


# What the user of the process sees


@pytest.fixture(scope="module")
def terminal() -> Iterator[Shell]:
    with shell() as living:
        yield living


@pytest.mark.parametrize("command", ["apply", "observe", "destroy"])
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"kind": 401, "times": 1}, "RENDER_API_KEY is not valid (any more)"),
        ({"kind": 403, "times": 1}, "The key's user lacks permission"),
        ({"kind": 429, "headers": {"Retry-After": "3000"}}, "run the same command again after that, at "),
    ],
    ids=["401", "403", "429"],
)
def test_a_run_that_cannot_go_on_ends_with_one_line_and_status_1(
    terminal: Shell, command: str, fault: Json, text: str
) -> None:
    terminal.sim.faults.add(**fault)
    status, out, err = terminal.run(command, BEFORE)

    (line,) = err.splitlines()
    assert (status, out) == (1, "")
    assert line.startswith(f"render {command}: ")
    assert text in line
    assert API_KEY not in line
    assert PASSWORD not in line


def test_a_real_connection_that_breaks_in_every_way_is_survived(terminal: Shell) -> None:
    for kind, method, path in [
        ("refused", "GET", "/postgres"),
        ("truncated", "GET", "/env-groups"),
        ("drop", "GET", "/services"),
        ("lost", "POST", "/env-groups"),
        ("reset", "POST", "/services"),
    ]:
        terminal.sim.faults.add(kind=kind, method=method, path=path)  # type: ignore[arg-type]
    status, out, err = terminal.run("apply", BEFORE)

    assert status == 0
    assert set(json.loads(out)) == {"databases", "envVarGroups", "services"}
    assert "Traceback" not in err
    assert PASSWORD not in out + err
    assert (len(terminal.sim.estate.postgres), len(terminal.sim.estate.services)) == (1, 1)


@pytest.mark.parametrize("boundary", [1, 4, 8])
def test_a_run_that_is_interrupted_says_so_in_one_line_and_a_rerun_continues(here: Any, boundary: int) -> None:
    with shell() as terminal:
        process = terminal.start("apply", BEFORE)

        def interrupt(number: int, _line: str) -> None:
            if number == boundary:
                process.send_signal(signal.SIGINT)
                process.wait(SECONDS)

        terminal.sim.after = interrupt
        out, err = process.communicate(timeout=SECONDS)
        terminal.sim.after = lambda _number, _line: None

        assert (process.returncode, out) == (130, "")
        assert err.splitlines()[-1] == "render apply: interrupted. What was done stays; rerun to continue"
        assert "Traceback" not in err
        assert here(BEFORE, terminal.sim) == 0
        assert_that_what_runs_is_what_is_declared(terminal.sim)
