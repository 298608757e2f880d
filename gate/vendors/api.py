"""One vendor's API over HTTP, for reading: credentials, retries, and errors that say what to do. Knows no object.

Proxies and certificates come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE), as everywhere here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from gate.vendors.errors import Forbidden, NotThere, OutcomeUnknown, RateLimited, Unauthorized, Unreachable, VendorError

ATTEMPTS = 5
LONGEST_WAIT = 60.0
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)
_backoff = wait_exponential_jitter(multiplier=0.5, max=8.0)
_Answer = TypeVar("_Answer")


class _Again(Exception):
    """One try failed in a way that a later one may not; `wait` is what the vendor asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        self.reason, self.wait = reason, wait
        super().__init__(reason)


class _Limited(_Again):
    """Refused for coming too often: nothing took effect."""


class Api:
    """A session with one vendor.

    Args:
        vendor: its name, for messages.
        credential: the variable that holds the token, for messages; never its value.
        secrets: values that an error must not show even where the vendor quotes them.
        transport, sleep: replaced in tests.

    Raises (all methods): a VendorError.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        credential: str,
        secrets: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.vendor, self.credential, self._secrets, self._sleep = vendor, credential, secrets, sleep
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Accept": "application/json", "User-Agent": "marketedge-staging-gate", **(headers or {})},
            timeout=_TIMEOUT,
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def authorize(self, token: str) -> None:
        """Send this token from now on."""
        self._secrets = (*self._secrets, token)
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, params: Mapping[str, str | int] | None = None, *, needs: str) -> Any:
        """The answer's JSON, or None where the vendor knows nothing at this path. Args: needs: the permission."""
        return self._retry("GET", path, params, None, needs)

    def look(self, path: str, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        """The answer as it came, for what its status and headers tell of the credential; refusals are answers too."""
        return self._retrying(_Again, "GET", path, lambda: self._exchange("GET", path, params, None))

    def post(self, path: str, body: Mapping[str, Any], *, needs: str) -> Any:
        """For questions that a vendor takes as POST (GraphQL, a token): they bear repetition as well."""
        return self._retry("POST", path, None, body, needs)

    def send(self, method: str, path: str, body: Any = None, *, needs: str, repeatable: bool = False) -> Any:
        """Change something; the answer's JSON, None where there is none. What is to be deleted may be gone already.

        Args: repeatable: sending it twice does no more than sending it once, so a lost answer is no reason to stop.

        Raises: OutcomeUnknown where it is not repeatable, and may or may not have taken effect; NotThere.
        """
        again = _Again if repeatable else _Limited
        try:
            return self._retry(method, path, None, body, needs, again=again, there=method != "DELETE")
        except _Again as lost:
            raise OutcomeUnknown(
                f"{self.vendor} gave no usable answer to {method} {path} ({lost.reason}): it may have taken effect"
            ) from None

    def _retry(
        self,
        method: str,
        path: str,
        params: Any,
        body: Any,
        needs: str,
        again: type[_Again] = _Again,
        there: bool = False,
    ) -> Any:
        return self._retrying(again, method, path, lambda: self._once(method, path, params, body, needs, there))

    def _retrying(self, again: type[_Again], method: str, path: str, attempt: Callable[[], _Answer]) -> _Answer:
        retrying = Retrying(
            retry=retry_if_exception_type(again),
            wait=_wait,
            stop=stop_after_attempt(ATTEMPTS),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _Again as last:
            if again is _Limited and not isinstance(last, _Limited):
                raise
            raise Unreachable(
                f"no usable answer from {self.vendor} to {method} {path} in {ATTEMPTS} tries: {last.reason}. Look at "
                "the network (HTTPS_PROXY, SSL_CERT_FILE) and at the vendor's status page, then run it again"
            ) from None

    def _exchange(self, method: str, path: str, params: Any, body: Any) -> httpx.Response:
        """One request that the vendor took in hand: no rate limit, no failure of its own."""
        with _transport_errors():
            answer = self._http.request(method, path, params=params, json=body)
        status = answer.status_code
        if status == 429 or (status == 403 and _used_up(answer)):
            wait = _asked_to_wait(answer)
            if wait is not None and wait > LONGEST_WAIT:
                raise RateLimited(
                    f"{self.vendor}'s rate limit is used up for another {wait:.0f} s: run it again after that"
                )
            raise _Limited(f"status {status}", wait)
        if status >= 500:
            raise _Again(f"status {status}", _asked_to_wait(answer))
        return answer

    def _once(self, method: str, path: str, params: Any, body: Any, needs: str, there: bool) -> Any:
        request, answer = f"{method} {path}", self._exchange(method, path, params, body)
        status = answer.status_code
        if status == 404 and not there:
            return None
        content = _json(answer)
        if answer.is_success:
            if content is None and (answer.content or method == "GET"):
                raise _Again("an answer that is not JSON")
            return content
        said = self._said(content)
        if status == 401:
            raise Unauthorized(
                f"{self.vendor} does not accept {self.credential} ({said}): it is mistyped, expired or revoked. "
                "Make a new one, export it and run it again"
            )
        if status == 404:  # also the answer to a token that may not see it
            raise NotThere(
                f"{self.vendor} knows nothing at {request} ({said}): it is gone, or {self.credential} needs {needs}"
            )
        if status == 403:
            raise Forbidden(f"{self.vendor} lets {self.credential} not do {request} ({said}): it needs {needs}")
        raise VendorError(f"{self.vendor} answered {status} to {request}: {said}")

    def _said(self, content: Any) -> str:
        """The vendor's own words: GitHub and Auth0 `message`, Auth0's token endpoint `error_description`, Vercel
        `error.message`; shortened, and without our secrets."""
        found = content if isinstance(content, dict) else {}
        inner = found.get("error")
        text = str(
            found.get("error_description")
            or found.get("message")
            or (inner.get("message") if isinstance(inner, dict) else inner)
            or "no message"
        )
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text[:200]


@contextmanager
def _transport_errors() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise _Again(type(error).__name__) from None


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _used_up(answer: httpx.Response) -> bool:
    """GitHub's way: 403 with nothing remaining, or with Retry-After (secondary limits)."""
    return answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers


def _asked_to_wait(answer: httpx.Response) -> float | None:
    """Seconds in Retry-After, else up to the moment in x-ratelimit-reset, which all three vendors give as a time."""
    try:
        if "retry-after" in answer.headers:
            return max(0.0, float(answer.headers["retry-after"]))
        if "x-ratelimit-reset" in answer.headers:
            return max(0.0, float(answer.headers["x-ratelimit-reset"]) - time.time())
    except ValueError:
        pass
    return None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, _Again) else None
    return _backoff(state) if asked is None else asked + min(1.0, _backoff(state))
