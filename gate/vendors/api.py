"""One vendor's API over HTTP: credentials, retries, and errors that say what to do. It knows no objects.

Proxies and certificates come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from blueprint.sending import Again, AnswerLost, Retries, json_of, problem_with, trusted
from gate.vendors.errors import (
    NotThere,
    VendorError,
    VendorForbidden,
    VendorOutcomeUnknown,
    VendorRateLimited,
    VendorUnauthorized,
    VendorUnreachable,
)

ATTEMPTS = 5
LONGEST_WAIT = 60.0
_TIMEOUT = httpx.Timeout(20.0, connect=10.0)


class Api:
    """A session with one vendor.

    Args:
        vendor: its name, for messages.
        credential: the variable that holds the token, for messages; never its value.
        secrets: values that an error must not show, even if the vendor quotes them.
        transport, sleep: replaced in tests.

    Raises:
        VendorError: any method.
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
        self.vendor, self.credential, self._secrets = vendor, credential, secrets
        self._retries = Retries(
            lambda tries, failed, _pause: tries >= ATTEMPTS or (failed.wait or 0.0) > LONGEST_WAIT, sleep=sleep
        )
        self._http = httpx.Client(
            base_url=base_url,
            headers={"Accept": "application/json", "User-Agent": "marketedge-staging-gate", **(headers or {})},
            timeout=_TIMEOUT,
            verify=trusted(),
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def authorize(self, token: str) -> None:
        """Send this token from now on.

        Raises:
            Unauthorized: it cannot be a token.
        """
        if problem := problem_with(self.credential, token):
            raise VendorUnauthorized(problem)
        self._secrets = (*self._secrets, token)
        self._http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, params: Mapping[str, str | int] | None = None, *, needs: str) -> Any:
        """Return the answer's JSON, or None if the vendor knows nothing at this path.

        Args:
            needs: the permission, for the error.
        """
        return self._read("GET", path, params, None, needs)

    def look(self, path: str, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        """Return the whole answer, also a refusal, for what its status and headers tell of the credential."""
        return self._exchange("GET", path, params, None, wants_json=False)

    def post(self, path: str, body: Mapping[str, Any], *, needs: str) -> Any:
        """Ask a question that a vendor takes as POST (GraphQL, a token). It may be sent twice."""
        return self._read("POST", path, None, body, needs)

    def send(self, method: str, path: str, body: Any = None, *, needs: str, repeatable: bool = False) -> Any:
        """Change something. Returns the answer's JSON, or None if there is none.

        What is to be deleted may already be gone.

        Args:
            repeatable: whether it may be sent twice, so that it is sent again after a lost answer.

        Raises:
            OutcomeUnknown: it may not be sent twice, and may have had its effect.
            NotThere: the object does not exist.
        """
        try:
            return self._read(method, path, None, body, needs, repeatable=repeatable, there=method != "DELETE")
        except AnswerLost as lost:
            raise VendorOutcomeUnknown(
                f"{self.vendor} gave no usable answer to {method} {path} ({lost}): it may have taken effect"
            ) from None

    def _exchange(
        self, method: str, path: str, params: Any, body: Any, *, repeatable: bool = True, wants_json: bool = True
    ) -> httpx.Response:
        """Return an answer that is final: no rate limit, no failure of the vendor."""
        try:
            return self._retries.send(
                lambda: self._http.request(method, path, params=params, json=body),
                repeatable=repeatable,
                wants_json=wants_json,
            )
        except Again as last:
            if (last.wait or 0.0) > LONGEST_WAIT:
                raise VendorRateLimited(
                    f"{self.vendor}'s rate limit is used up for another {last.wait:.0f} s: run it again after that"
                ) from None
            raise VendorUnreachable(
                f"no usable answer from {self.vendor} to {method} {path} in {ATTEMPTS} tries: {last.reason}. Check "
                "the network (HTTPS_PROXY, SSL_CERT_FILE) and the vendor's status page, then run it again"
            ) from None

    def _read(
        self,
        method: str,
        path: str,
        params: Any,
        body: Any,
        needs: str,
        *,
        repeatable: bool = True,
        there: bool = False,
    ) -> Any:
        answer = self._exchange(method, path, params, body, repeatable=repeatable)
        request, status, content = f"{method} {path}", answer.status_code, json_of(answer)
        if answer.is_success:
            return content
        if status == 404 and not there:
            return None
        said = self._said(content)
        if status == 401:
            raise VendorUnauthorized(
                f"{self.vendor} does not accept {self.credential} ({said}): it is mistyped, expired or revoked. "
                "Make a new one, export it and run it again"
            )
        if status == 404:  # also the answer to a token that may not see it
            raise NotThere(
                f"{self.vendor} knows nothing at {request} ({said}): it is gone, or {self.credential} needs {needs}"
            )
        if status == 403:
            raise VendorForbidden(
                f"{self.vendor} does not allow {self.credential} to do {request} ({said}): it needs {needs}"
            )
        raise VendorError(f"{self.vendor} answered {status} to {request}: {said}")

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
