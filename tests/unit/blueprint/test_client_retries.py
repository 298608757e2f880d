"""The client when things go wrong: what is sent again, after which wait, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from blueprint.errors import OutcomeUnknown, RateLimited, Unreachable
from tests.unit.blueprint.account import Line

Answer = httpx.Response | Exception
GOOD = httpx.Response(200, json={"id": "srv-1"})


class InTurn(Line):
    """A client on a fake clock that meets these answers in turn, the last one for ever."""

    def __init__(self, *answers: Answer, deadline: float = 900.0) -> None:
        self._answers = list(answers)
        self.count = 0
        super().__init__(deadline)

    def _answer(self, _: httpx.Request) -> httpx.Response:
        self.count += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    def send(self, method: str) -> Any:
        sends: dict[str, Callable[[], Any]] = {
            "GET": lambda: self.client.get("/services"),
            "PUT": lambda: self.client.put("/services", {}),
            "PATCH": lambda: self.client.patch("/services", {}),
            "DELETE": lambda: self.client.delete("/services"),
            "POST": lambda: self.client.post("/services", {}),
        }
        return sends[method]()


def limited(**headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(429, headers=named, json={"message": "rate limit exceeded"})


# Rate limits


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_a_rate_limit_is_waited_out_as_long_as_render_asks(method: str) -> None:
    line = InTurn(limited(Retry_After="37"), GOOD)
    line.send(method)

    assert line.count == 2
    (slept,) = line.clock.slept
    assert 37 <= slept <= 38


def test_a_rate_limit_without_retry_after_is_waited_out_until_its_reset() -> None:
    line = InTurn(limited(Ratelimit_Remaining="0", Ratelimit_Reset="41"), GOOD)
    line.send("GET")

    (slept,) = line.clock.slept
    assert 41 <= slept <= 42


def test_a_reset_of_a_limit_that_is_not_used_up_is_not_waited_for() -> None:
    line = InTurn(httpx.Response(503, headers={"Ratelimit-Remaining": "7", "Ratelimit-Reset": "2000"}), GOOD)
    line.send("GET")

    assert sum(line.clock.slept) < 20


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "soon"}, {"Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}])
def test_a_rate_limit_that_says_no_seconds_is_tried_again_in_growing_steps(headers: dict[str, str]) -> None:
    line = InTurn(*[limited(**headers)] * 6, GOOD)
    line.send("GET")

    assert line.count == 7
    assert all(0 < slept <= 16 for slept in line.clock.slept)
    assert line.clock.slept[-1] > line.clock.slept[0]


def test_a_rate_limit_longer_than_the_run_is_said_at_once() -> None:
    line = InTurn(limited(Retry_After="3000"))
    with pytest.raises(RateLimited) as error:
        line.send("POST")

    assert line.clock.slept == []
    assert "rate limit for POST /services is used up for another 3000 s" in str(error.value)
    assert "run the same command again after that" in str(error.value)


# Requests that bear repetition


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(500),
        httpx.Response(502, text="<html>Bad gateway</html>"),
        httpx.Response(503),
        httpx.ReadTimeout("timed out"),
        httpx.ReadError("Connection reset by peer"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
        httpx.ConnectError("Connection refused"),
        httpx.ConnectTimeout("timed out"),
        httpx.Response(200, text='{"id": "srv-'),
        httpx.Response(200, text="<html>Sign in</html>"),
    ],
    ids=repr,
)
def test_a_request_that_bears_repetition_is_sent_until_it_is_answered(method: str, trouble: Answer) -> None:
    line = InTurn(trouble, trouble, GOOD)
    answer = line.send(method)

    assert line.count == 3
    assert answer == (None if method == "DELETE" else {"id": "srv-1"})
    assert len(line.clock.slept) == 2


def test_a_server_error_that_says_how_long_it_lasts_is_given_that_time() -> None:
    line = InTurn(httpx.Response(503, headers={"Retry-After": "20"}), GOOD)
    line.send("GET")

    assert 20 <= line.clock.slept[0] <= 21


# POST


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (httpx.Response(500), "status 500"),
        (httpx.Response(503), "status 503"),
        (httpx.ReadTimeout("timed out"), "ReadTimeout"),
        (httpx.ReadError("Connection reset by peer"), "ReadError"),
        (httpx.WriteError("Broken pipe"), "WriteError"),
        (httpx.RemoteProtocolError("Server disconnected"), "RemoteProtocolError"),
        (httpx.Response(201, text='{"id": "srv-'), "an answer that is not JSON"),
        (httpx.Response(200, text="<html>Sign in</html>"), "an answer that is not JSON"),
    ],
    ids=repr,
)
def test_a_post_that_may_have_taken_effect_is_not_sent_again(trouble: Answer, reason: str) -> None:
    line = InTurn(trouble, GOOD)
    with pytest.raises(OutcomeUnknown) as error:
        line.send("POST")

    assert str(error.value) == f"the answer to POST /services was lost ({reason})"
    assert line.count == 1


@pytest.mark.parametrize(
    "trouble",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("timed out"), httpx.ProxyError("502")],
    ids=repr,
)
def test_a_post_that_never_left_is_sent_again(trouble: Exception) -> None:
    line = InTurn(trouble, trouble, GOOD)

    assert line.send("POST") == {"id": "srv-1"}
    assert line.count == 3


# The deadline


def test_an_api_that_never_answers_is_given_up_at_the_deadline() -> None:
    line = InTurn(httpx.Response(503), deadline=60)
    with pytest.raises(Unreachable) as error:
        line.send("GET")

    assert str(error.value) == "Render did not answer GET /services: status 503. Run it again to continue"
    assert 40 < sum(line.clock.slept) <= 60


def test_an_api_that_cannot_be_connected_to_is_named_with_the_reason() -> None:
    line = InTurn(httpx.ConnectError("[Errno 111] Connection refused"), deadline=10)
    with pytest.raises(Unreachable, match=r"POST /services: cannot connect \(\[Errno 111\] Connection refused\)"):
        line.send("POST")


def test_all_requests_of_a_client_share_one_deadline() -> None:
    line = InTurn(limited(Retry_After="50"), GOOD, limited(Retry_After="50"), GOOD, deadline=70)
    line.send("GET")
    with pytest.raises(RateLimited):
        line.send("GET")


def test_a_pause_ends_the_run_at_its_deadline() -> None:
    line = InTurn(GOOD, deadline=10)
    line.client.pause(6)
    with pytest.raises(Unreachable, match="time is over"):
        line.client.pause(6)

    assert line.clock.slept == [6]


# What the user sees meanwhile


def test_a_long_wait_is_announced_and_a_short_one_is_not() -> None:
    line = InTurn(limited(Retry_After="37"), httpx.Response(503), GOOD)
    line.send("GET")

    (note,) = [note for note in line.notes if "rate limit" in note]
    assert note.startswith("Render: trying again in 3")
    assert note.endswith(" s: rate limit (GET /services)")
    short = InTurn(httpx.Response(503), GOOD)
    short.send("GET")
    assert short.notes == []
