"""Render's rate limits: what the headers say is used up is waited for, instead of being refused and tried again."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from blueprint.client import RenderClient
from blueprint.errors import RateLimited
from tests.unit.blueprint.account import API_KEY, OWNER, Account, Line
from tests.unit.blueprint.documents import database, only, service, variables


class Paced(Line):
    """A client on a fake clock; what each request is told of its allowance is given by its `METHOD /path`."""

    def __init__(self, told: dict[str, tuple[int, int]], deadline: float = 900.0) -> None:
        """Args: told: (remaining, reset) by request; of others nothing is said."""
        self.told = told
        self.sent: list[str] = []
        super().__init__(deadline)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        line = f"{request.method} {request.url.path.removeprefix('/v1')}"
        self.sent.append(line)
        headers = {"Date": "Tue, 14 Nov 2023 22:14:00 GMT"}
        if line in self.told:
            remaining, reset = self.told[line]
            headers |= {"Ratelimit-Remaining": str(remaining), "Ratelimit-Reset": str(reset)}
        return httpx.Response(200, json={}, headers=headers)


def test_the_next_request_of_a_used_up_allowance_waits_for_its_reset_which_is_rounded_down() -> None:
    line = Paced({"POST /services/srv-1/deploys": (0, 41)})
    line.client.post("/services/srv-1/deploys", {})
    line.client.post("/services/srv-2/deploys", {})

    assert line.clock.slept == [42]
    assert line.notes == ["waiting 42 s before POST /services/srv-2/deploys: Render's rate limit is used up"]


def test_time_that_has_passed_meanwhile_is_not_waited_for_again() -> None:
    line = Paced({"GET /services": (0, 41)})
    line.client.get("/services")
    line.clock.now += 30
    line.client.get("/services")
    line.clock.now += 42
    line.client.get("/services")

    assert line.clock.slept == [12]


def test_a_wait_of_two_seconds_is_not_worth_a_line() -> None:
    line = Paced({"GET /services": (0, 1)})
    line.client.get("/services")
    line.client.get("/services")

    assert line.clock.slept == [2]
    assert line.notes == []


def test_a_later_answer_with_something_left_ends_the_wait() -> None:
    line = Paced({"GET /services": (0, 41), "GET /postgres": (399, 58)})
    line.client.get("/services")
    line.clock.now += 42
    line.client.get("/postgres")
    line.client.get("/owners")

    assert line.clock.slept == []


@pytest.mark.parametrize(
    ("used_up", "waits", "goes"),
    [
        ("GET /services", ["GET /owners", "GET /postgres/dpg-1"], ["PUT /services/srv-1/env-vars"]),
        ("POST /services", ["POST /services"], ["POST /postgres", "POST /env-groups", "PATCH /services/srv-1"]),
        ("POST /postgres", ["POST /postgres"], ["POST /key-value", "PATCH /postgres/dpg-1"]),
        ("POST /key-value", ["POST /key-value"], ["POST /services", "PATCH /key-value/red-1"]),
        (
            "PATCH /services/srv-1",
            ["PATCH /services/srv-2", "POST /services/srv-1/deploys"],
            ["PUT /services/srv-1/env-vars", "POST /services/srv-1/custom-domains", "POST /services/srv-1/resume"],
        ),
        (
            "POST /services/srv-1/custom-domains",
            ["POST /services/srv-2/custom-domains"],
            ["DELETE /services/srv-1/custom-domains/a.example", "POST /services/srv-1/deploys"],
        ),
        (
            "PUT /services/srv-1/env-vars",
            ["PUT /env-groups/evg-1/env-vars/A", "DELETE /services/srv-1", "POST /env-groups", "PATCH /postgres/dpg-1"],
            ["GET /services", "POST /services", "PATCH /services/srv-1", "POST /services/srv-1/deploys"],
        ),
    ],
)
def test_requests_wait_for_the_allowance_that_they_share_and_for_no_other(
    used_up: str, waits: list[str], goes: list[str]
) -> None:
    for request in waits + goes:
        line = Paced({used_up: (0, 30)})
        for sent in (used_up, request):
            send(line.client, sent)
        assert bool(line.clock.slept) == (request in waits), request


def send(client: RenderClient, request: str) -> None:
    method, path = request.split()
    if method in ("GET", "DELETE"):
        (client.get if method == "GET" else client.delete)(path)
    else:
        {"PUT": client.put, "PATCH": client.patch, "POST": client.post}[method](path, {})


def test_an_allowance_that_comes_back_after_the_deadline_ends_the_run_before_the_request() -> None:
    line = Paced({"POST /services": (0, 2999)})
    line.client.post("/services", {})
    with pytest.raises(RateLimited) as error:
        line.client.post("/services", {})

    assert line.sent == ["POST /services"]
    assert line.clock.slept == []
    assert str(error.value) == (
        "Render's rate limit for POST /services is used up for another 3000 s, longer than this run may take. "
        "What was done stays: run the same command again after that, at 23:05 UTC"
    )


# Against the simulator with its limits on


def test_more_deploys_than_a_minute_allows_are_spread_without_one_refusal() -> None:
    account = Account(rate_limits=True)
    names = [f"api-{number:02}" for number in range(15)]
    account.apply({"services": [service(*variables(A="1"), name=name) for name in names]})
    account.apply({"services": [service(*variables(A="2"), name=name) for name in names]})

    assert [request for request in account.sim.requests if request.status == 429] == []
    assert sum(line.startswith("POST") and line.endswith("deploys") for line in account.requests()) == 15
    (note,) = [line for line in account.progress if "rate limit" in line]
    assert re.fullmatch(r"waiting \d\d s before POST /services/srv-\w+/deploys: Render's rate limit is used up", note)
    assert all(account.running(name) == {"A": "2"} for name in names)


def test_more_group_variables_than_a_minute_allows_are_spread_without_one_refusal() -> None:
    account = Account(rate_limits=True)
    first, second = ({f"KEY_{number}": f"{value}" for number in range(120)} for value in (1, 2))
    account.apply({"envVarGroups": [{"name": "many", "envVars": variables(**first)}]})
    account.apply({"envVarGroups": [{"name": "many", "envVars": variables(**second)}]})

    assert account.group_variables("many") == second
    assert [request for request in account.sim.requests if request.status == 429] == []
    assert len(account.clock.slept) == 1


def test_creates_beyond_the_hour_end_at_once_and_a_rerun_after_it_continues() -> None:
    account = Account(rate_limits=True)
    document = {"services": [service(name=f"api-{number:02}") for number in range(23)]}
    with pytest.raises(RateLimited, match=r"POST /services is used up .* run the same command again after that, at "):
        account.apply(document)

    assert account.clock.slept == []
    assert len(account.estate.services) == 20
    assert [request for request in account.sim.requests if request.status == 429] == []
    account.clock.now += 3600
    account.apply(document)
    assert len(account.estate.services) == 23
    assert account.writes() == ["POST /services"] * 3


def test_an_hour_that_another_run_used_up_is_said_before_anything_is_written() -> None:
    account = Account(rate_limits=True)
    spend(account, "/postgres", 20)
    before = account.picture()
    with pytest.raises(RateLimited, match=r"POST /postgres is used up .* run the same command again after that, at "):
        account.apply({"databases": [database()], **only(*variables(A="1"))})

    assert account.picture() == before
    assert account.clock.slept == []


def spend(account: Account, path: str, calls: int) -> None:
    """Use up an allowance with creates that are refused for their content: they count like any other."""
    for _ in range(calls):
        headers = {"Authorization": f"Bearer {API_KEY}"}
        body = json.dumps({"ownerId": OWNER}).encode()
        assert account.sim.handle("POST", path, "", headers, body).status == 400
