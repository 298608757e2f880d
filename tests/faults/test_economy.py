"""How many requests a run sends: writes are rationed, and every request takes time."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest

from blueprint import reconcile
from blueprint.client import RenderClient
from blueprint.errors import Forbidden
from blueprint.spec import Document
from blueprint.workspace import Session
from rehearsal.render_api import RenderSimulator
from tests.unit.blueprint.account import API_KEY, OWNER, Account
from tests.unit.blueprint.documents import DOMAIN, OWN, group, known_of, service, staging, variables

pytestmark = pytest.mark.rounds

Json = dict[str, Any]
NECESSARY = [
    "POST /postgres",
    "POST /env-groups",
    "POST /services",
    "POST /env-groups/staging-env/services/api",
    "POST /services/api/custom-domains",
    "POST /services/api/deploys",
]


def many(number: int) -> Json:
    """Services with variables and domains of their own."""
    return {
        "services": [
            service(*variables(**OWN), name=f"api-{one:02}", domains=[f"api-{one:02}.example.com"])
            for one in range(number)
        ]
    }


def make_many(account: Account, number: int) -> Json:
    """Twenty services an hour is all that Render lets anybody make."""
    services = many(number)["services"]
    for first in range(0, number, 20):
        account.apply({"services": services[first : first + 20]})
        account.clock.now += 3600
    return {"services": services}


def test_the_staging_estate_has_twenty_variables_a_database_a_group_and_a_domain(staged: Account) -> None:
    assert len(staged.variables("api")) == 20
    assert staged.domains("api") == {DOMAIN}
    assert (len(staged.estate.postgres), len(staged.estate.env_groups)) == (1, 1)


def test_a_cold_apply_sends_at_most_twelve_requests_of_which_the_writes_are_necessary(account: Account) -> None:
    account.apply(staging())

    assert len(account.requests()) <= 12
    assert account.writes() == NECESSARY


@pytest.mark.parametrize(("owner", "requests"), [(OWNER, 6), (None, 7)])
def test_an_observation_of_the_staging_estate_sends_at_most_six_requests(
    staged: Account, owner: str | None, requests: int
) -> None:
    found = staged.observe(staging(), owner_id=owner)

    assert [one["drift"] for section in found.values() for one in section.values()] == [[], [], []]
    assert len(staged.requests()) <= requests
    assert staged.writes() == []


def test_nothing_changed_is_no_write_and_no_deploy(staged: Account) -> None:
    deploys = len(staged.estate.deploys)
    staged.apply(staging())

    assert staged.writes() == []
    assert len(staged.estate.deploys) == deploys


def test_one_changed_variable_is_one_write_and_one_deploy(staged: Account) -> None:
    staged.apply(staging(own={**OWN, "SETTING_07": "changed"}))

    assert staged.writes() == ["PUT /services/api/env-vars", "POST /services/api/deploys"]
    assert staged.running("api")["SETTING_07"] == "changed"


def test_ten_changed_variables_are_one_write_and_one_deploy_too(staged: Account) -> None:
    staged.apply(staging(own=OWN | dict.fromkeys(list(OWN)[:10], "changed") | {"NEW": "one"}))

    assert staged.writes() == ["PUT /services/api/env-vars", "POST /services/api/deploys"]


@pytest.mark.parametrize(
    ("changes", "write"),
    [
        ({"plan": "starter"}, ["PATCH /services/api"]),
        ({"domains": [DOMAIN, "api2.example.com"]}, ["POST /services/api/custom-domains"]),
        ({"startCommand": "./run"}, ["PATCH /services/api", "POST /services/api/deploys"]),
    ],
)
def test_a_change_of_one_field_is_its_write_the_marker_and_a_deploy_only_where_it_takes_one(
    staged: Account, changes: Json, write: list[str]
) -> None:
    staged.apply(staging(**changes))

    assert staged.writes() == ["PUT /services/api/env-vars/STAGING_GATE_APPLIED", *write]


def test_one_object_a_run_as_pulumi_does_it_is_twelve_requests_for_the_cold_estate(account: Account) -> None:
    """Four processes that hand ids on; only the first has to look up the workspace."""
    sent, known = 0, {}
    parts = ("databases", "envVarGroups", "services")
    document = staging()
    for part in parts:
        owner = None if part == "databases" else OWNER
        report = account.apply({part: document[part], "known": known}, owner_id=owner)
        known |= known_of(report)
        sent += len(account.requests())

    assert sent <= 12
    assert len(account.estate.deploys) == 2


@pytest.mark.parametrize("number", [1, 10, 50])
def test_observing_n_services_sends_two_requests_a_service_and_a_few(account: Account, number: int) -> None:
    found = account.observe(make_many(account, number))

    assert all(one["exists"] and not one["drift"] for one in found["services"].values())
    assert len(found["services"]) == number
    assert len(account.requests()) <= 2 * number + 10


def test_applying_fifty_unchanged_services_writes_nothing_and_stays_proportional(account: Account) -> None:
    account.apply(make_many(account, 50))

    assert account.writes() == []
    assert len(account.requests()) <= 3 * 50 + 10


def test_a_group_is_read_once_however_many_services_are_linked_to_it(account: Account) -> None:
    document = {
        "envVarGroups": [group()],
        "services": [service({"fromGroup": "staging-env"}, name=f"api-{one}") for one in range(10)],
    }
    account.apply(document)
    account.observe(document)

    assert len([line for line in account.requests() if "env-groups" in line]) == 2


# Concurrency of the observation


class SlowWire(httpx.BaseTransport):
    """To the simulator, with a wait on the way. Attributes: at_once: the most requests that were under way together."""

    def __init__(self, sim: RenderSimulator, seconds: float) -> None:
        self._inner, self._seconds, self._lock = sim.transport(), seconds, threading.Lock()
        self._under_way = self.at_once = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._under_way += 1
            self.at_once = max(self.at_once, self._under_way)
        time.sleep(self._seconds)
        answer = self._inner.handle_request(request)
        with self._lock:
            self._under_way -= 1
        return answer


def observe_slowly(sim: RenderSimulator, document: Json) -> tuple[reconcile.Report, SlowWire]:
    wire = SlowWire(sim, 0.02)
    with RenderClient(API_KEY, base_url="https://render.test/v1", transport=wire) as client:
        session = Session(client, OWNER, lambda _: None)
        return reconcile.observe(session, Document.model_validate(document)), wire


def test_many_services_are_observed_concurrently_within_bounds_and_listed_once(account: Account) -> None:
    document = make_many(account, 24)
    before = len(account.sim.requests)
    found, wire = observe_slowly(account.sim, document)

    assert 4 <= wire.at_once <= 8
    assert list(found["services"]) == [f"api-{one:02}" for one in range(24)]
    assert all(not one["drift"] for one in found["services"].values())
    lists = [r.path.partition("?")[0] for r in account.sim.requests[before:]]
    assert lists.count("/services") == lists.count("/env-groups") == 1


def test_an_error_in_a_concurrent_observation_ends_it_without_asking_for_the_rest(account: Account) -> None:
    document = make_many(account, 40)
    before = len(account.sim.requests)
    account.sim.faults.add(kind=403, path="/services/*/env-vars", times=10**6)
    with pytest.raises(Forbidden, match="403 to GET /services/srv-"):
        observe_slowly(account.sim, document)

    assert len(account.sim.requests) - before < 20


def test_a_look_at_a_workspace_without_objects_asks_once_which_workspaces_there_are() -> None:
    account = Account()
    account.observe(staging(), owner_id=None)
    assert account.requests().count("GET /owners") == 1
