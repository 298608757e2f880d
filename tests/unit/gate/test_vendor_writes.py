"""Changing something at a vendor: when it is sent again, and when that is left to the caller."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from components.accounts.api import COMMAND, Api, NotThere, VendorError, VendorOutcomeUnknown, VendorUnreachable


def api(answer: Callable[[int], httpx.Response]) -> tuple[Api, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(len(asked))

    transport = httpx.MockTransport(handle)
    made = Api("GitHub", "https://github.test", credential="GITHUB_TOKEN", transport=transport, sleep=lambda _s: None)
    return made, asked


def test_a_change_is_sent_once_and_answered() -> None:
    client, asked = api(lambda _n: httpx.Response(201, json={"id": 1}))
    assert client.send("POST", "/statuses", {"state": "success"}, needs="x") == {"id": 1}
    assert [(r.method, r.content) for r in asked] == [("POST", b'{"state":"success"}')]


def test_an_answer_without_content_is_none() -> None:
    client, _ = api(lambda _n: httpx.Response(204))
    assert client.send("DELETE", "/refs/x", needs="x") is None


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_lost_answer_is_not_sent_again(status: int) -> None:
    client, asked = api(lambda _n: httpx.Response(status))
    with pytest.raises(
        VendorOutcomeUnknown, match=f"POST /deployments \\(status {status}\\): it may have taken effect"
    ):
        client.send("POST", "/deployments", {}, needs="x")
    assert len(asked) == 1


def test_a_dropped_connection_is_not_sent_again() -> None:
    def drop(_n: int) -> httpx.Response:
        raise httpx.ReadError("reset")

    client, asked = api(drop)
    with pytest.raises(VendorOutcomeUnknown, match="ReadError"):
        client.send("POST", "/deployments", {}, needs="x")
    assert len(asked) == 1


def test_a_repeatable_change_is_sent_again() -> None:
    client, asked = api(lambda n: httpx.Response(502) if n == 1 else httpx.Response(200, json={}))
    assert client.send("PUT", "/contents", {}, needs="x", repeatable=True) == {}
    assert len(asked) == 2


def test_a_repeatable_change_gives_up_in_the_end() -> None:
    client, asked = api(lambda _n: httpx.Response(502))
    with pytest.raises(VendorUnreachable):
        client.send("PUT", "/contents", {}, needs="x", repeatable=True)
    assert len(asked) == COMMAND.tries


def test_what_a_rate_limit_refused_is_sent_again() -> None:
    limited = httpx.Response(429, headers={"retry-after": "1"})
    client, asked = api(lambda n: limited if n == 1 else httpx.Response(201, json={}))
    assert client.send("POST", "/deployments", {}, needs="x") == {}
    assert len(asked) == 2


def test_a_refusal_is_an_error_with_the_vendors_words() -> None:
    client, asked = api(lambda _n: httpx.Response(422, json={"message": "Reference already exists"}))
    with pytest.raises(VendorError, match="422 to POST /git/refs: Reference already exists"):
        client.send("POST", "/git/refs", {}, needs="x")
    assert len(asked) == 1


def test_what_is_to_be_changed_and_is_not_there_is_an_error() -> None:
    client, asked = api(lambda _n: httpx.Response(404, json={"message": "Not Found"}))
    with pytest.raises(
        NotThere, match=r"knows nothing at POST /deployments \(Not Found\): it is gone, or GITHUB_TOKEN"
    ):
        client.send("POST", "/deployments", {}, needs="Deployments: write", repeatable=True)
    assert len(asked) == 1
    assert client.send("DELETE", "/refs/x", needs="x") is None
