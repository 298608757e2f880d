"""One vendor's API over HTTP: credentials, retries, and errors that say what to do. It knows no objects.

Proxies and certificates come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).
"""

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from blueprint.errors import GateError, MissingCredentials
from blueprint.sending import Again, AnswerLost, http_client, json_of, problem_with, send

T = TypeVar("T")


class VendorError(GateError):
    """A vendor could not be asked, or did not answer as it should. The message says what to do, and has no secret."""


class CredentialsMissing(VendorError, MissingCredentials):
    """A variable that names or opens an account is not set."""


class VendorUnreachable(VendorError):
    """There was no usable answer after several tries."""


class VendorOutcomeUnknown(VendorError):
    """A change may have had its effect. Look before you send it again."""


class VendorRateLimited(VendorError):
    """The vendor asks for a longer wait than a person at a terminal has."""


class VendorUnauthorized(VendorError):
    """The vendor does not accept the credential."""


class NotThere(VendorError):
    """What was to be changed does not exist, or the credential may not see it."""


class VendorForbidden(VendorError):
    """The credential is accepted, but has no permission to do this."""


@dataclass(frozen=True)
class Patience:
    """How long a client waits.

    Attributes:
        tries: how often a request is sent.
        longest_wait: the most seconds that a vendor may ask to wait.
        timeout: seconds for one answer.
    """

    tries: int = 5
    longest_wait: float = 60.0
    timeout: float = 20.0


COMMAND = Patience()
PREVIEW = Patience(tries=3, longest_wait=10.0, timeout=10.0)
"""For the program, because a preview waits for it."""


class Api:
    """A session with one vendor.

    Args:
        vendor: its name, for messages.
        credential: the variable that holds the token, for messages; never its value.
        secrets: values that an error must not show, even if the vendor quotes them.
        transport, sleep: replaced in tests.

    Raises:
        VendorError: any method.
        httpx.InvalidURL: the base address cannot be one.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        credential: str,
        secrets: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        patience: Patience = COMMAND,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.vendor, self.credential, self._secrets, self._patience = vendor, credential, secrets, patience
        self._kept: dict[Hashable, Any] = {}
        self._sleep = sleep
        self._http = http_client(base_url, headers or {}, transport, patience.timeout)

    def close(self) -> None:
        """End the session."""
        self._http.close()

    def authorize(self, token: str) -> None:
        """Send this token from now on.

        Raises:
            VendorUnauthorized: it cannot be a token.
        """
        if problem := problem_with(self.credential, token):
            raise VendorUnauthorized(problem)
        self._secrets = (*self._secrets, token)
        self._http.headers["Authorization"] = f"Bearer {token}"

    def once(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return what was read under this key, and read it the first time."""
        if key not in self._kept:
            self._kept[key] = read()
        found: T = self._kept[key]
        return found

    def forget(self) -> None:
        """Forget what was read once, because the estate may have changed."""
        self._kept.clear()

    def get(self, path: str, needs: str, **query: str | int) -> Any:
        """Return the answer's JSON, or None if the vendor knows nothing at this path.

        What has moved, such as a repository that has another name, is read at its new place.

        Args:
            needs: the permission, for the error.
        """
        return self._read("GET", path, needs, params=query, follow_redirects=True)

    def text(self, path: str, needs: str, *, accept: str, **query: str | int) -> str:
        """Return the answer as text.

        Args:
            accept: the media type.

        Raises:
            NotThere: the vendor knows nothing at this path.
        """
        headers = {"Accept": accept}
        answer = self._exchange("GET", path, wants_json=False, params=query, headers=headers, follow_redirects=True)
        if not answer.is_success:
            raise self._refusal(answer, needs)
        return answer.text

    def look(self, path: str, **query: str | int) -> httpx.Response:
        """Return the whole answer, also a refusal, for what its status and headers tell of the credential."""
        return self._exchange("GET", path, wants_json=False, params=query)

    def post(self, path: str, body: Mapping[str, Any], *, needs: str) -> Any:
        """Ask a question that a vendor takes as POST (GraphQL, a token). It may be sent twice."""
        return self._read("POST", path, needs, json=body)

    def send(self, method: str, path: str, body: Any = None, *, needs: str, repeatable: bool = False) -> Any:
        """Change something. Returns the answer's JSON, or None if there is none.

        What is to be deleted may already be gone.

        Args:
            repeatable: whether it may be sent twice, so that it is sent again after a lost answer.

        Raises:
            VendorOutcomeUnknown: it may not be sent twice, and may have had its effect.
            NotThere: the object does not exist.
        """
        try:
            return self._read(method, path, needs, there=method != "DELETE", repeatable=repeatable, json=body)
        except AnswerLost as lost:
            raise VendorOutcomeUnknown(
                f"{self.vendor} gave no usable answer to {method} {path} ({lost}): it may have taken effect"
            ) from None

    def _read(
        self, method: str, path: str, needs: str, *, there: bool = False, repeatable: bool = True, **request: Any
    ) -> Any:
        """Return the answer's JSON.

        Args:
            there: whether 404 is an error.
        """
        answer = self._exchange(method, path, repeatable=repeatable, **request)
        if answer.is_success:
            return json_of(answer)
        if answer.status_code == 404 and not there:
            return None
        raise self._refusal(answer, needs)

    def _exchange(
        self, method: str, path: str, *, repeatable: bool = True, wants_json: bool = True, **request: Any
    ) -> httpx.Response:
        """Return an answer that is final: no rate limit, no failure of the vendor.

        Args:
            request: as httpx takes it.
        """
        most = self._patience
        try:
            return send(
                lambda: self._http.request(method, path, **request),
                lambda tries, failed, _pause: tries >= most.tries or (failed.wait or 0.0) > most.longest_wait,
                repeatable=repeatable,
                wants_json=wants_json,
                sleep=self._sleep,
            )
        except Again as last:
            if (last.wait or 0.0) > self._patience.longest_wait:
                raise VendorRateLimited(
                    f"{self.vendor}'s rate limit is used up for another {last.wait:.0f} s: run it again after that"
                ) from None
            raise VendorUnreachable(
                f"no usable answer from {self.vendor} to {method} {path} in {self._patience.tries} tries: "
                f"{last.reason}. Check the network (HTTPS_PROXY, SSL_CERT_FILE) and the vendor's status page, then "
                "run it again"
            ) from None

    def _refusal(self, answer: httpx.Response, needs: str) -> VendorError:
        """Return the error that a refusal means."""
        status, request = answer.status_code, f"{answer.request.method} {answer.request.url.path}"
        said = self._said(json_of(answer))
        if status == 401:
            return VendorUnauthorized(
                f"{self.vendor} does not accept {self.credential} ({said}): it is mistyped, expired or revoked. "
                "Make a new one, export it and run it again"
            )
        if status == 404:  # also the answer to a token that may not see it
            return NotThere(
                f"{self.vendor} knows nothing at {request} ({said}): it is gone, or {self.credential} needs {needs}"
            )
        if status == 403:
            return VendorForbidden(
                f"{self.vendor} does not allow {self.credential} to do {request} ({said}): it needs {needs}"
            )
        return VendorError(f"{self.vendor} answered {status} to {request}: {said}")

    def _said(self, content: Any) -> str:
        """Return the vendor's own words, shortened and without our secrets.

        GitHub and Auth0 have `message`, Auth0's token endpoint `error_description`, Vercel `error.message`.
        """
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
