"""Sends a request again as long as a later try may go better. Knows no vendor; used for all four of them.

Two things decide. Did the try have an effect? A refusal for coming too often and a connection that was never made had
none; a lost answer, a 5xx and an answer that cannot be read may have had one, so that only a request that may be sent
twice is sent again. When? After what the vendor asks for (Retry-After, or the reset of a rate limit that is used up),
else after a growing pause; with jitter, because many clients wake at the same moment otherwise.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_exponential_jitter

_backoff = wait_exponential_jitter(multiplier=0.5, max=15.0)


class Again(Exception):
    """One try failed in a way that a later one may not.

    Attributes:
        wait: seconds that the vendor asked for; None where it asked for nothing.
        limited: it was refused for coming too often.
    """

    def __init__(self, reason: str, wait: float | None = None, *, limited: bool = False) -> None:
        self.reason, self.wait, self.limited = reason, wait, limited
        super().__init__(reason)


class AnswerLost(Exception):
    """A request that may not be sent twice may or may not have had its effect."""


class Retries:
    """How often and for how long one client tries.

    Args:
        stop: whether to give up after a failed try; gets the number of tries so far, what failed, and the seconds until
            the next one.
        sleep: replaced in tests.
    """

    def __init__(
        self, stop: Callable[[int, Again, float], bool], *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._stop, self._sleep = stop, sleep

    def send(
        self,
        request: Callable[[], httpx.Response],
        *,
        repeatable: bool,
        wants_json: bool = True,
        announce: Callable[[float, Again], None] = lambda _seconds, _reason: None,
    ) -> httpx.Response:
        """Send until there is an answer that the vendor meant: a success, or a refusal that stays one.

        Args:
            request: sends it once.
            repeatable: whether sending it twice does no more than sending it once.
            wants_json: whether a success has to be JSON; proxies answer with pages of their own.
            announce: called with the seconds of a wait and its reason, before it.

        Raises:
            Again: given up; what failed last.
            AnswerLost: it is not repeatable.
        """
        retrying = Retrying(
            retry=retry_if_exception_type(Again),
            wait=_pause,
            stop=lambda state: self._stop(state.attempt_number, _failure(state), state.upcoming_sleep),
            before_sleep=lambda state: announce(state.upcoming_sleep, _failure(state)),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(_once, request, repeatable, wants_json)


def asked_to_wait(answer: httpx.Response) -> float | None:
    """Seconds: Retry-After, else until the rate limit is renewed.

    Render's `Ratelimit-Reset` is in seconds and counts only when nothing remains; `X-RateLimit-Reset` of GitHub, Auth0
    and Vercel is a time.
    """
    headers = answer.headers
    with suppress(ValueError):
        if "retry-after" in headers:
            return max(0.0, float(headers["retry-after"]))
        if "ratelimit-reset" in headers and headers.get("ratelimit-remaining", "0") == "0":
            return max(0.0, float(headers["ratelimit-reset"]))
        if "x-ratelimit-reset" in headers:
            return max(0.0, float(headers["x-ratelimit-reset"]) - time.time())
    return None


def json_of(answer: httpx.Response) -> object:
    """The answer's content; None where there is none, or none that is JSON."""
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None


def _once(request: Callable[[], httpx.Response], repeatable: bool, wants_json: bool) -> httpx.Response:
    try:
        answer = request()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise Again(f"cannot connect ({error})") from None
    except httpx.HTTPError as error:
        _unclear(repeatable, type(error).__name__)
    if _is_limited(answer):
        raise Again("rate limit", asked_to_wait(answer), limited=True)
    if answer.status_code >= 500:
        _unclear(repeatable, f"status {answer.status_code}", asked_to_wait(answer))
    if wants_json and answer.is_success and answer.content and json_of(answer) is None:
        _unclear(repeatable, "an answer that is not JSON")
    return answer


def _unclear(repeatable: bool, reason: str, wait: float | None = None) -> NoReturn:
    if repeatable:
        raise Again(reason, wait) from None
    raise AnswerLost(reason) from None


def _is_limited(answer: httpx.Response) -> bool:
    """429; GitHub also answers 403 with nothing remaining, or with Retry-After for its secondary limits."""
    left = answer.headers.get("x-ratelimit-remaining")
    return answer.status_code == 429 or (answer.status_code == 403 and (left == "0" or "retry-after" in answer.headers))


def _pause(state: RetryCallState) -> float:
    asked = _failure(state).wait
    return _backoff(state) if asked is None else asked + min(1.0, _backoff(state))


def _failure(state: RetryCallState) -> Again:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Again)
    return error
