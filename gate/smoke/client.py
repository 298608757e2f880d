"""One run's requests to the application: its time budget, and longer waits for a backend that was asleep.

Proxies and certificates come from the environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE). It knows no check.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from blueprint.sending import json_object
from components.gate_settings import Smoke
from gate.stack.target import Target

Found = TypeVar("Found")
WARM_UP = 90.0
"""Seconds. A free service sleeps after 15 idle minutes and takes about a minute to start (render.com/docs/free)."""
_PAUSE = 3.0
_ANSWER, _STARTING = 8.0, 30.0
"""Seconds for an answer of a running service, so that a dead one is noticed within ten, and of a starting one."""
_COLD = frozenset({502, 503, 504})
_REDIRECTS = 5


class Failed(Exception):
    """A check failed. It is raised with what was seen, what should have been seen, and what to do."""


class Skipped(Exception):
    """A check was not made, for a reason outside the application."""


@dataclass(eq=False)
class Visit:
    """What the checks of one run share.

    Args:
        environ: credentials of a test user, and other values that a check compares with.
        require_login: whether a login fails if it is not made.
        preview: address of a preview of the frontend, whose login is tested too; empty without one.
        deadline: by `clock`. After it nothing is asked any more.
        transport, clock, sleep: replaced in tests.

    Attributes:
        tokens: secrets that were found on the way, which no report may hold.

    Raises:
        Failed: any request.
    """

    target: Target
    environ: Mapping[str, str] = field(repr=False)
    deadline: float
    expect_version: str | None = None
    require_login: bool = False
    preview: str = ""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    transport: httpx.BaseTransport | None = None
    tokens: list[str] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._shared: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._patient_until = self.clock() + WARM_UP
        services = self.target.settings.render.addressed
        self._awake = {service.name for service in services if getattr(service, "plan", None) != "free"}
        self._http = httpx.Client(headers={"User-Agent": "marketedge-smoke-tests"}, transport=self.transport)

    @property
    def smoke(self) -> Smoke:
        """The stack's settings for these checks."""
        return self.target.settings.smoke

    @property
    def left(self) -> float:
        """The seconds of the budget."""
        return self.deadline - self.clock()

    def close(self) -> None:
        self._http.close()

    def backend(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the backend. While it may be starting, it is asked again after no answer, 502, 503 and 504."""
        service = self.target.settings.render.service.name
        return self._patiently(service, "backend", method, f"{self.target.backend_url}{path}", **options)

    def backend_json(
        self, path: str, headers: Mapping[str, str] | None = None, **params: str
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """Ask the backend, and return the object that it answers beside its answer; empty if it is none."""
        answer = self.backend(
            "GET", path, headers=headers, params=params or None
        )  # without any, the path keeps its own
        return answer, json_object(answer)

    def other(self, service: str, path: str) -> httpx.Response:
        """Ask another service of the stack in the same way."""
        return self._patiently(service, service, "GET", f"{self.target.others[service].url}{path}")

    def _patiently(self, service: str, what: str, method: str, url: str, **options: Any) -> httpx.Response:
        while True:
            awake = service in self._awake
            try:
                answer = self._send(method, url, _ANSWER if awake else _STARTING, **options)
            except httpx.HTTPError as error:
                # Render's proxy takes connections for a service that sleeps: without one nothing is starting.
                unconnected = isinstance(error, httpx.ConnectError)
                if awake or unconnected or self.clock() + _PAUSE >= self._patient_until:
                    raise _unreachable(what, error, "the service's logs at Render") from None
            else:
                if answer.status_code not in _COLD:
                    self._awake.add(service)
                    return answer
                if awake or self.clock() + _PAUSE >= self._patient_until:
                    return answer
            self.sleep(_PAUSE)

    def page(self, path: str, origin: str = "") -> httpx.Response:
        """Get a page of the frontend, or of another origin of it. Redirects are followed on its own host only.

        VERCEL_AUTOMATION_BYPASS_SECRET opens a protected deployment (vercel.com/docs/deployment-protection).
        """
        origin = origin or self.target.frontend_url
        url = urljoin(f"{origin}/", path)
        for _ in range(_REDIRECTS):
            try:
                answer = self._send("GET", url, headers=bypass_header(self.environ))
            except httpx.HTTPError as error:
                raise _unreachable("frontend", error, "the project's deployments at Vercel") from None
            if not answer.has_redirect_location:
                return answer
            url = urljoin(url, answer.headers["location"])
            if urlsplit(url).netloc != urlsplit(origin).netloc:
                fix = "Vercel's login page means Deployment Protection: open the domain, or set "
                fix += "VERCEL_AUTOMATION_BYPASS_SECRET"
                raise Failed(f"{path} leads away, to {urlsplit(url).netloc}", f"a page of {origin}", fix)
        raise Failed(f"{path} redirects more than {_REDIRECTS} times", "a page", "check the frontend's redirects")

    def auth0(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the tenant; AUTH0_BASE_URL points at a simulator."""
        base = self.environ.get("AUTH0_BASE_URL") or f"https://{self.target.settings.auth0.domain}"
        try:
            return self._send(method, f"{base.rstrip('/')}{path}", **options)
        except httpx.HTTPError as error:
            raise _unreachable("Auth0 tenant", error, "status.auth0.com") from None

    def once(self, name: str, make: Callable[[], Found]) -> Found:
        """Return what several checks need. The first one makes it; the others wait for it, and share its failure."""
        with self._lock:
            is_first = name not in self._shared
            shared: Future[Found] = self._shared.setdefault(name, Future())
        if is_first:
            try:
                shared.set_result(make())
            except Exception as error:
                shared.set_exception(error)
        return shared.result()

    def _send(self, method: str, url: str, seconds: float = _ANSWER, **options: Any) -> httpx.Response:
        left = self.left
        if left <= 0:
            raise Failed("no time was left for it", "an answer within the budget", "find out what took so long")
        return self._http.request(method, url, timeout=min(seconds, left), **options)


def _unreachable(what: str, error: httpx.HTTPError, where: str) -> Failed:
    """Return the failure without the error's text, which may hold a secret."""
    fix = f"check {where}, and your own network connection"
    return Failed(f"no answer from the {what}: {type(error).__name__}", "an answer", fix)


def shown(value: Any) -> str:
    """Return what an application answered, as a report shows it."""
    return "missing" if value is None else str(value)[:200]


def bypass_header(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the header that opens a protected deployment (vercel.com/docs/deployment-protection), if there is one."""
    secret = environ.get("VERCEL_AUTOMATION_BYPASS_SECRET")
    return {"x-vercel-protection-bypass": secret} if secret else {}
