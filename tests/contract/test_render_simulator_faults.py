"""Faults on demand, the same on a socket and without one; and the simulator behind a socket."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rehearsal.render_api import RenderSimulator, serve
from tests.contract.render_account import KEY_VALUE, KEYS, OWNERS, Account, client, service


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def url(account: Account) -> Iterator[str]:
    with serve(account.sim) as address:
        yield address


def connection(account: Account, url: str, over: str) -> httpx.Client:
    return client(url) if over == "socket" else account.client("rnd_x")


CREATE: Any = {"method": "POST", "path": "/key-value"}


@pytest.mark.parametrize("over", ["socket", "transport"])
@pytest.mark.parametrize(("kind", "ran"), [("drop", 0), ("refused", 0), ("lost", 1), ("reset", 1)])
def test_a_broken_connection_raises_and_the_request_ran_or_not(
    account: Account, url: str, over: str, kind: Any, ran: int
) -> None:
    account.sim.faults.add(kind=kind, **CREATE)
    with connection(account, url, over) as http, pytest.raises(httpx.TransportError):
        http.post("/key-value", json=KEY_VALUE)

    assert len(account.sim.estate.key_values) == ran
    assert [(entry.status, entry.fault) for entry in account.sim.requests] == [(None, kind)]
    with connection(account, url, over) as http:
        assert http.post("/key-value", json=KEY_VALUE).status_code == 201


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("drop", httpx.RemoteProtocolError),
        ("lost", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("refused", httpx.ConnectError),
    ],
)
def test_without_a_socket_each_fault_is_the_exception_of_a_real_one(
    account: Account, kind: Any, raised: type[Exception]
) -> None:
    account.sim.faults.add(kind=kind, number=1)
    with pytest.raises(raised):
        account.http.get("/owners")


@pytest.mark.parametrize("over", ["socket", "transport"])
def test_a_truncated_answer_is_whole_http_around_half_the_json(account: Account, url: str, over: str) -> None:
    account.sim.faults.add(kind="truncated", **CREATE)
    with connection(account, url, over) as http:
        answer = http.post("/key-value", json=KEY_VALUE)

    assert answer.status_code == 201
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


@pytest.mark.parametrize("over", ["socket", "transport"])
def test_a_hang_ends_in_a_timeout_of_an_impatient_client_only(account: Account, url: str, over: str) -> None:
    account.sim.faults.add(kind="hang", seconds=0.2, times=2)
    with connection(account, url, over) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.get("/owners", timeout=0.05)
        assert http.get("/owners", timeout=5).status_code == 200


@pytest.mark.parametrize("over", ["socket", "transport"])
def test_a_status_takes_the_place_of_the_request_or_of_its_answer(account: Account, url: str, over: str) -> None:
    html: Any = {"headers": {"Content-Type": "text/html"}, "body": b"<html>Bad Gateway</html>"}
    account.sim.faults.add(kind=502, **CREATE, **html)
    account.sim.faults.add(kind=503, **CREATE, applied=True)
    with connection(account, url, over) as http:
        gateway = http.post("/key-value", json=KEY_VALUE)
        assert (gateway.status_code, gateway.text) == (502, "<html>Bad Gateway</html>")
        assert gateway.headers["Content-Type"] == "text/html"
        assert not account.sim.estate.key_values
        assert http.post("/key-value", json=KEY_VALUE).status_code == 503
        assert len(account.sim.estate.key_values) == 1


def test_a_fault_meets_its_number_or_its_pattern_so_many_times(account: Account) -> None:
    account.sim.faults.add(kind=500, number=2)
    account.sim.faults.add(kind=429, path="/services/*/deploys", times=2, headers={"Retry-After": "7"})
    answers = [account.http.get(path) for path in ("/owners", "/owners", "/services", *["/services/a/deploys"] * 3)]

    assert [answer.status_code for answer in answers] == [200, 500, 200, 429, 429, 404]
    assert answers[3].headers["Retry-After"] == "7"


# Over a socket


def test_the_server_answers_like_the_transport_and_keeps_the_connection(account: Account, url: str) -> None:
    assert url.startswith("http://127.0.0.1:")
    with client(url) as http:
        made = http.post("/services", json=service("api")).json()["service"]
        assert http.get("/services/" + made["id"]).json() == made
        deleted = http.delete("/services/" + made["id"])
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert http.get("/owners").json() == account.http.get("/owners").json()


def test_many_threads_leave_one_consistent_estate() -> None:
    # A clock that gives way to other threads in the middle of a request, where an unguarded one would be overtaken.
    def clock() -> float:
        time.sleep(0.0002)
        return 1_700_000_040.0

    sim = RenderSimulator(api_keys=KEYS, owners=OWNERS, clock=clock)
    headers = {"Authorization": "Bearer rnd_x"}
    statuses: list[int] = []

    def write(worker: int) -> None:
        for number in range(10):
            statuses.append(sim.handle("PUT", f"{path}/KEY_{worker}_{number}", "", headers, b'{"value": "v"}').status)

    made = sim.handle("POST", "/services", "", headers, json.dumps(service("api")).encode()).json()
    path = f"/services/{made['service']['id']}/env-vars"
    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 80
    assert len(sim.handle("GET", path, "limit=100", headers, b"").json()) == 80
    assert [entry.number for entry in sim.requests] == list(range(1, 83))
    assert sim.handle("DELETE", f"{path}/KEY_0_0", "", headers, b"").headers["Ratelimit-Remaining"] == "19"


def test_the_server_answers_many_connections_at_once(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    together, handle = threading.Barrier(6, timeout=60), account.sim.handle

    def wait_for_the_others(*request: Any) -> Any:
        together.wait()
        return handle(*request)

    monkeypatch.setattr(account.sim, "handle", wait_for_the_others)
    with serve(account.sim) as url:
        threads = [threading.Thread(target=lambda: client(url).get("/owners")) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(account.sim.requests) == 6
    assert not together.broken
