"""Two runs at the same time in one workspace: the last writer wins whole, and what is somebody else's stays.

The order in which two runs meet is walked through: one of them runs as a whole between any two requests of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from blueprint.errors import RenderError
from blueprint.marker import KEY, Marker
from rehearsal.render_api import RenderSimulator
from tests.faults.processes import shell
from tests.unit.blueprint.account import Account, Clock, Wire
from tests.unit.blueprint.documents import DOMAIN, group, only, service, staging, variables

Json = dict[str, Any]
ONE = {"A": "one", "B": "one", "ONLY_ONE": "one"}
TWO = {"A": "two", "B": "two", "ONLY_TWO": "two"}


class Meeting(Wire):
    """A wire on which somebody else runs before one of the requests."""

    def __init__(self, sim: RenderSimulator, clock: Clock, at: int, other: Callable[[], object]) -> None:
        super().__init__(sim, clock)
        self._at, self._other = at, other

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.count + 1 == self._at:
            self._at = 0
            self._other()
        return super().handle_request(request)


def interleaved(account: Account, first: Json, second: Json, at: int) -> list[RenderError]:
    """Apply `second` as a whole before request number `at` of the apply of `first`; the errors of both."""
    other = Account()
    other.sim, other.clock = account.sim, account.clock
    other.wire = Wire(account.sim, account.clock)
    errors: list[RenderError] = []

    def apply(by: Account, document: Json) -> None:
        try:
            by.apply(document)
        except RenderError as error:
            errors.append(error)

    account.wire = Meeting(account.sim, account.clock, at, lambda: apply(other, second))
    apply(account, first)
    account.wire = Wire(account.sim, account.clock)
    return errors


def requests_of(prepare: Callable[[], Account], document: Json) -> int:
    account = prepare()
    account.apply(document)
    return len(account.requests())


def living() -> Account:
    account = Account()
    account.apply(only(*variables(A="zero", B="zero", GONE="zero")))
    return account


def test_two_applies_of_one_service_leave_the_variables_of_one_of_them_whole_and_running() -> None:
    documents = only(*variables(**ONE)), only(*variables(**TWO))
    winners = set()
    for at in range(1, requests_of(living, documents[0]) + 1):
        account = living()
        assert interleaved(account, *documents, at) == []

        left = account.variables("api")
        assert left in (ONE, TWO), f"met before request {at}"
        assert account.running("api") == left, f"met before request {at}"
        marker = Marker.read(account.estate.env_vars[account.estate.find_service("api")["id"]])
        assert marker is not None
        assert all(marker.records(f"env.{key}", value) for key, value in left.items())
        winners.add(left["A"])
    assert winners == {"one", "two"}


def test_two_first_applies_of_one_service_make_one_service_and_the_one_that_comes_late_says_so() -> None:
    documents = only(*variables(**ONE)), only(*variables(**TWO))
    for at in range(1, requests_of(Account, documents[0]) + 1):
        account = Account()
        errors = interleaved(account, *documents, at)

        assert len(account.estate.services) == 1
        assert account.running("api") == account.variables("api")
        assert account.variables("api") in (ONE, TWO)
        assert [str(error).partition(":")[0] for error in errors] in ([], ["Render answered 409 to POST /services"])
        account.apply(documents[0])
        assert account.running("api") == ONE


@pytest.mark.parametrize("winner", [0, 1])
def test_fields_that_two_applies_mixed_are_found_by_the_next_observation_and_healed_by_either(winner: int) -> None:
    """A service's variables are one write; its fields are another, and Render has no lock for the two."""
    documents = (
        only(*variables(**ONE), plan="starter", branch="one", domains=["one.example.com"]),
        only(*variables(**TWO), plan="standard", branch="two", domains=["two.example.com"]),
    )
    mixed = 0
    for at in range(1, requests_of(living, documents[0]) + 1):
        account = living()
        interleaved(account, *documents, at)
        now = state(account)
        whole = [applied(document) for document in documents]
        if now not in whole:
            mixed += 1
            assert account.drift(documents[0]) or account.drift(documents[1]), f"met before request {at}"
        account.apply(documents[winner])
        assert state(account) == whole[winner], f"met before request {at}"
        assert account.drift(documents[winner]) == {}
    assert mixed, "otherwise there is nothing to find"


def test_group_variables_that_two_applies_mixed_are_found_and_healed() -> None:
    """Render has no write for a whole group either."""

    def before() -> Account:
        account = Account()
        account.apply({"envVarGroups": [{"name": "env", "envVars": variables(A="zero", B="zero")}]})
        return account

    documents = [{"envVarGroups": [{"name": "env", "envVars": variables(**one)}]} for one in (ONE, TWO)]
    mixed = 0
    for at in range(1, requests_of(before, documents[0]) + 1):
        account = before()
        interleaved(account, documents[0], documents[1], at)
        if account.group_variables("env") not in (ONE, TWO):
            mixed += 1
            assert account.drift(documents[0]), f"met before request {at}"
        account.apply(documents[1])
        assert account.group_variables("env") == TWO, f"met before request {at}"
        assert account.drift(documents[1]) == {}
    assert mixed, "otherwise there is nothing to find"


def applied(document: Json) -> Json:
    account = living()
    account.apply(document)
    return state(account)


def state(account: Account) -> Json:
    live = account.estate.find_service("api")
    return {
        "plan": live["serviceDetails"]["plan"],
        "branch": live["branch"],
        "variables": account.variables("api"),
        "running": account.running("api"),
        "domains": account.domains("api"),
    }


def test_two_documents_in_one_workspace_lose_nothing_wherever_they_meet() -> None:
    mine, others = staging(), elsewhere()
    alone = Account()
    alone.apply(mine)
    alone.apply(others)
    whole = alone.picture()

    for first, second in [(mine, others), (others, mine)]:
        for at in range(1, requests_of(Account, first) + 1):
            account = Account()
            assert interleaved(account, first, second, at) == []
            assert account.picture() == whole, f"met before request {at}"
            for document in (mine, others):
                account.apply(document)
                assert account.writes() == []


def test_an_update_and_a_destroy_of_different_documents_lose_nothing() -> None:
    changed = staging(own={"SETTING_00": "changed"})
    alone = Account()
    alone.apply(changed)
    for at in range(1, 12):
        account = Account()
        account.apply(staging())
        made = account.apply(elsewhere())
        other = Account()
        other.sim, other.clock, other.wire = account.sim, account.clock, Wire(account.sim, account.clock)
        account.wire = Meeting(account.sim, account.clock, at, lambda: other.destroy(elsewhere(), made))  # noqa: B023
        account.apply(changed)

        assert account.variables("api") == alone.variables("api") | {
            "DATABASE_URL": account.variables("api")["DATABASE_URL"]
        }
        assert {row["name"] for row in account.estate.services.values()} <= {"api", "api-other"}


def elsewhere() -> Json:
    """Another stack's objects, all with other names, with a group of its own linked."""
    return stack("other")


def stack(name: str) -> Json:
    env = [{"fromGroup": f"env-{name}"}, *variables(WHO=name)]
    return {
        "envVarGroups": [group(name=f"env-{name}")],
        "services": [service(*env, name=f"api-{name}", domains=[f"{name}.{DOMAIN}"])],
    }


# Real processes


@pytest.mark.e2e
def test_processes_at_once_on_one_service_leave_one_of_their_variable_lists_whole() -> None:
    lists = [{"WHO": f"{one}", "AND": f"{one}", f"ONLY_{one}": "here"} for one in range(4)]
    with shell() as terminal:
        assert terminal.run("apply", only(*variables(A="zero")))[0] == 0
        running = [terminal.start("apply", only(*variables(**one))) for one in lists]
        assert [process.communicate(timeout=60)[1] and process.returncode for process in running] == [0] * 4
        sim = terminal.sim
        (service_id,) = sim.estate.services
        left = {k: v for k, v in sim.estate.env_vars[service_id].items() if k != KEY}
        assert left in lists
        sim.settle()
        live = sim.estate.live_deploy(service_id)
        assert live
        assert sim.estate.deploy_environment[live["id"]] == sim.estate.env_vars[service_id]


@pytest.mark.e2e
def test_processes_at_once_on_different_documents_make_everything_of_each_once() -> None:
    documents = [
        {
            "envVarGroups": [group(name=f"env-{one}")],
            "services": [
                service(
                    {"fromGroup": f"env-{one}"},
                    *variables(WHO=f"{one}"),
                    name=f"api-{one}",
                    domains=[f"{one}.{DOMAIN}"],
                )
            ],
        }
        for one in range(4)
    ]
    with shell() as terminal:
        running = [terminal.start("apply", document) for document in documents]
        assert [process.communicate(timeout=60)[1] and process.returncode for process in running] == [0] * 4
        estate = terminal.sim.estate
        assert sorted(row["name"] for row in estate.services.values()) == [f"api-{one}" for one in range(4)]
        for row in estate.services.values():
            who = row["name"].removeprefix("api-")
            assert estate.effective_environment(row["id"])["WHO"] == who
            assert [g["name"] for g in estate.linked_groups(row["id"])] == [f"env-{who}"]
            assert [d["name"] for d in estate.domains_of(row["id"])] == [f"{who}.{DOMAIN}"]
