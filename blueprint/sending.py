"""What the clients of all four vendors share: which certificates they trust, what a token looks like, and retries.

It knows no vendor's API. Two questions decide whether a request is sent again. Did the try have an effect? A refusal
because of a rate limit and a failed connection had none. A lost answer, a 5xx and an answer that cannot be read may
have had one, so only a request that may be sent twice is sent again. When? After what the vendor asks for (Retry-After,
or the reset of a rate limit that is used up), else after a growing pause. Pauses vary at random, so that many clients
do not come back at the same moment.
"""

import re
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, NoReturn

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from tenacity.wait import wait_exponential_jitter

_backoff = wait_exponential_jitter(multiplier=0.5, max=15.0)


class Again(Exception):
    """A try failed, and a later one may succeed.

    Attributes:
        wait: seconds that the vendor asked for; None if it asked for nothing.
        limited: the vendor refused it because of a rate limit.
    """

    def __init__(self, reason: str, wait: float | None = None, *, limited: bool = False) -> None:
        self.reason, self.wait, self.limited = reason, wait, limited
        super().__init__(reason)


class AnswerLost(Exception):
    """A request that may not be sent twice may have had its effect."""


def send(
    request: Callable[[], httpx.Response],
    stop: Callable[[int, Again, float], bool],
    *,
    repeatable: bool,
    wants_json: bool = True,
    announce: Callable[[float, Again], None] = lambda _seconds, _reason: None,
    sleep: Callable[[float], None] = time.sleep,
) -> httpx.Response:
    """Send a request until the vendor's answer is final: a success, or a refusal that stays one.

    Args:
        request: sends it once.
        stop: returns whether to give up after a failed try. It gets the number of tries so far, what failed, and the
            seconds until the next one.
        repeatable: whether it may be sent twice.
        wants_json: whether a success has to be JSON. Proxies answer with pages of their own.
        announce: is called before a wait with its seconds and the reason.
        sleep: replaced in tests.

    Raises:
        Again: it gave up; this is what failed last.
        AnswerLost: it may not be sent twice.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Again),
        wait=_pause,
        stop=lambda state: stop(state.attempt_number, _failure(state), state.upcoming_sleep),
        before_sleep=lambda state: announce(state.upcoming_sleep, _failure(state)),
        sleep=sleep,
        reraise=True,
    )
    return retrying(_once, request, repeatable, wants_json)


def asked_to_wait(answer: httpx.Response) -> float | None:
    """Return the seconds to wait: Retry-After, else until the rate limit is renewed.

    Render's `Ratelimit-Reset` is in seconds and counts only when nothing remains. `X-RateLimit-Reset` of GitHub, Auth0
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
    """Return the answer's content, or None if there is none or it is not JSON."""
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None


def json_object(answer: httpx.Response) -> dict[str, Any]:
    """Return the answer's JSON object, or an empty one if it is nothing of the kind."""
    content = json_of(answer)
    return content if isinstance(content, dict) else {}


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
    """Whether a rate limit refused it: 429, or GitHub's 403 with nothing remaining or with Retry-After."""
    left = answer.headers.get("x-ratelimit-remaining")
    return answer.status_code == 429 or (answer.status_code == 403 and (left == "0" or "retry-after" in answer.headers))


def _pause(state: RetryCallState) -> float:
    asked = _failure(state).wait
    return _backoff(state) if asked is None else asked + min(1.0, _backoff(state))


def _failure(state: RetryCallState) -> Again:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, Again)
    return error


def http_client(
    base_url: str, headers: Mapping[str, str], transport: httpx.BaseTransport | None, timeout: float = 20.0
) -> httpx.Client:
    """Return a client that says who it is, expects JSON and does not wait for ever.

    Args:
        transport: replaced in tests.
        timeout: seconds for one answer.
    """
    return httpx.Client(
        base_url=base_url,
        headers={"Accept": "application/json", "User-Agent": "marketedge-staging-gate", **headers},
        timeout=httpx.Timeout(timeout, connect=timeout / 2),
        verify=trusted(),
        transport=transport,
    )


@cache
def trusted() -> ssl.SSLContext:
    """Return what all clients of a process check servers with: certifi's authorities, or those of SSL_CERT_FILE.

    They are read once, because that takes 25 ms of CPU for each client.
    """
    return httpx.create_ssl_context()


_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""The characters of a token (RFC 6750, 2.1). HTTP libraries fail in their own words on others in a header."""

_HOST = re.compile(r"(https?://)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d+)?/?")
"""A host as the Auth0 provider takes it: with or without a scheme."""

_VENDORS = {
    "Render": (re.compile(r"rnd_"), ("RENDER",)),
    "GitHub": (re.compile(r"gh[a-z]_|github_pat_"), ("GITHUB", "REPORT")),
}
"""How the tokens of a vendor begin, and how the variables begin that hold them."""


def problem_with(name: str, value: str) -> str:
    """Return what is wrong with a token, without the token; empty if nothing is.

    Args:
        name: of the variable or the configuration key that holds it.
        value: not empty.
    """
    if name.lower().endswith("domain"):
        told = "is not a host: set it to one such as tenant.eu.auth0.com, without quotes, a path or a placeholder"
        return "" if _HOST.fullmatch(value) else f"{name} {told}"
    if _TOKEN.fullmatch(value):
        others = (
            vendor
            for vendor, (start, own) in _VENDORS.items()
            if start.match(value) and not name.upper().startswith(own)
        )
        return next((f"{name} holds a token of {vendor}: set it to the one of its own vendor" for vendor in others), "")
    place = next(place for place, char in enumerate(value, 1) if not _TOKEN.fullmatch(char))
    kind = "a space or a line break" if value[place - 1].isspace() else "a character"
    return (
        f"{name} is not a token: character {place} of {len(value)} is {kind}, which no token has. Set it to the "
        "token itself, without quotes, brackets or a placeholder"
    )
