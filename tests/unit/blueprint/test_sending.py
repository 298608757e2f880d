"""When a request is sent again: only if that can do no harm, and only as long as it may help."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from blueprint.sending import Again, AnswerLost, asked_to_wait
from blueprint.sending import send as send_until_final

GOOD = httpx.Response(200, json={})


def send(
    *tries: httpx.Response | Exception, repeatable: bool = True, most: int = 5
) -> tuple[Callable[[], httpx.Response], list[float]]:
    """Something that sends, with the answers that it gets, and the waits that it makes."""
    answers, waits = iter(tries), []

    def once() -> httpx.Response:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    stop = lambda number, _failed, _pause: number >= most  # noqa: E731
    return lambda: send_until_final(once, stop, repeatable=repeatable, sleep=waits.append), waits


@pytest.mark.parametrize("first", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.Response(429)])
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_try_without_effect_is_repeated_whatever_it_was(first: httpx.Response | Exception, repeatable: bool) -> None:
    run, waits = send(first, GOOD, repeatable=repeatable)
    assert run() is GOOD
    assert len(waits) == 1


@pytest.mark.parametrize(
    "first", [httpx.ReadTimeout("slow"), httpx.Response(502), httpx.Response(200, text="<html>a proxy</html>")]
)
def test_a_lost_answer_is_repeated_only_where_that_does_no_more(first: httpx.Response | Exception) -> None:
    run, _ = send(first, GOOD)
    assert run() is GOOD
    run, waits = send(first, GOOD, repeatable=False)
    with pytest.raises(AnswerLost):
        run()
    assert waits == []


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
def test_a_refusal_is_an_answer(status: int) -> None:
    refused = httpx.Response(status, json={"message": "no"})
    run, waits = send(refused)
    assert run() is refused
    assert waits == []


def test_githubs_403_for_coming_too_often_is_waited_out_and_another_403_is_not() -> None:
    limited = httpx.Response(403, headers={"x-ratelimit-remaining": "0", "retry-after": "3"})
    run, waits = send(limited, GOOD)
    assert run() is GOOD
    assert 3 <= waits[0] <= 4
    run, _ = send(httpx.Response(403, json={}))
    assert run().status_code == 403


def test_it_gives_up_with_what_failed_last() -> None:
    run, waits = send(httpx.Response(500), httpx.Response(503, headers={"retry-after": "7"}), most=2)
    with pytest.raises(Again, match="status 503") as last:
        run()
    assert (last.value.wait, last.value.limited, len(waits)) == (7.0, False, 1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30.0),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12.0),
        ({"ratelimit-remaining": "5", "ratelimit-reset": "12"}, None),
        ({"x-ratelimit-reset": "1"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_what_a_vendor_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_to_wait(httpx.Response(429, headers=headers)) == seconds
