"""An application that answers as MarketEdge does, in memory, to be broken by a test; and a run of the smoke tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from gate.smoke import Result, SmokeReport
from gate.smoke.run import run
from gate.stack.target import Target
from tests.unit.settings.stack_file import StackFile

FRONTEND, BACKEND = "https://staging.zebra.associates", "https://api.test"
EMAIL, PASSWORD = "matt.lindop@zebra.associates", "fake-password-of-a-test-user"
CLIENT, CLIENT_SECRET = "fake-application-id", "fake-application-secret"
LOGIN = {
    "SMOKE_USER_EMAIL": EMAIL,
    "SMOKE_USER_PASSWORD": PASSWORD,
    "SMOKE_AUTH0_CLIENT_ID": CLIENT,
    "SMOKE_AUTH0_CLIENT_SECRET": CLIENT_SECRET,
}


def target(
    environment: str = "staging", plan: str = "free", loginTest: dict[str, str] | None = None, **smoke: Any
) -> Target:
    """Args: loginTest: of the section auth0."""
    file = StackFile(environment)
    if loginTest:
        file.put("auth0.loginTest", loginTest)
    file.config["marketedge:smoke"] = smoke
    if environment == "staging":
        file.put("render.service.plan", plan)
    return Target(file.load().settings, "zebra-devops", FRONTEND, BACKEND, {})


def jwt(**claims: Any) -> str:
    """A token as Auth0 makes it, without a signature that anybody could check."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "fake-signature"])


class Clock:
    """Time that passes only by sleeping, or where a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Application:
    """Frontend, backend and Auth0 tenant. Attributes: answers: instead of the good one, by `METHOD path`; a list is
    used up one by one. requests: all that came, in order."""

    def __init__(self, environment: str = "staging") -> None:
        self.target = target(environment)
        self.health: dict[str, Any] = {
            "status": "healthy",
            "environment": environment,
            "version": "1.2.3",
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "services": {"database": {"status": "connected"}, "redis": {"status": "connected"}},
        }
        self.token = jwt(aud=[self.target.settings.auth0.audience, "https://tenant/userinfo"])
        self.page = '<!DOCTYPE html><HTML><script src="/_next/static/main.js?dpl=1" defer></script></HTML>'
        self.script = f'var api="{BACKEND}"||"http://localhost:8000"'
        self.authorize = {
            "audience": self.target.settings.auth0.audience,
            "client_id": CLIENT,
        }
        self.tenant = self.target.settings.auth0.domain
        self.answers: dict[str, httpx.Response | Exception | list[httpx.Response | Exception]] = {}
        self.requests: list[httpx.Request] = []
        self.clock = Clock()

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        key = f"{request.method} {request.url.path}"
        instead = self.answers.get(key)
        if isinstance(instead, list):
            instead = instead.pop(0) if instead else None
        if isinstance(instead, Exception):
            raise instead
        return instead or self._good(request, key)

    def _good(self, request: httpx.Request, key: str) -> httpx.Response:
        if request.url.host == urlsplit(FRONTEND).netloc or request.url.host.endswith(".vercel.app"):
            if request.url.path.startswith("/_next/"):
                return httpx.Response(200, text=self.script)
            return httpx.Response(200, html=self.page)
        if request.method == "OPTIONS":
            return self._preflight(request.headers["origin"])
        known = request.headers.get("authorization") == f"Bearer {self.token}"
        return {
            "GET /health": lambda: httpx.Response(200, json=self.health),
            "GET /api/v1/auth/auth0-url": lambda: self._auth0_url(request.url.params["redirect_uri"]),
            "GET /api/v1/auth/me": lambda: httpx.Response(200, json={"email": EMAIL}) if known else httpx.Response(403),
            "GET /api/v1/admin/feature-flags": lambda: httpx.Response(200 if known else 403, json={}),
            "GET /authorize": lambda: self._authorize_page(request.url.params),
            "POST /oauth/token": lambda: httpx.Response(200, json={"access_token": self.token}),
        }.get(key, lambda: httpx.Response(404))()

    def _auth0_url(self, callback: str) -> httpx.Response:
        query = urlencode({"redirect_uri": callback, **self.authorize})
        return httpx.Response(200, json={"auth_url": f"https://{self.tenant}/authorize?{query}"})

    def _authorize_page(self, asked: httpx.QueryParams) -> httpx.Response:
        """As Auth0: the login page only where the application has the callback."""
        known = any(fnmatch(asked["redirect_uri"], one) for one in self.target.settings.auth0.callbacks)
        if not known or asked["client_id"] != CLIENT:
            return httpx.Response(403, html="Callback URL mismatch.")
        return httpx.Response(302, headers={"location": "/u/login?state=hKFo2SBa"})

    def _preflight(self, origin: str) -> httpx.Response:
        host = urlsplit(origin).hostname or ""
        allowed = self.target.settings.cors.origins
        if origin in allowed or ("https://*.vercel.app" in allowed and host.endswith(".vercel.app")):
            return httpx.Response(200, headers={"access-control-allow-origin": origin})
        return httpx.Response(400)

    def smoke(self, environ: Mapping[str, str] = LOGIN, **options: Any) -> SmokeReport:
        options = {"target": self.target, "environ": environ, "transport": httpx.MockTransport(self.handle)} | options
        return run(**options, clock=self.clock, sleep=self.clock.sleep)

    def check(self, name: str, environ: Mapping[str, str] = LOGIN, **options: Any) -> Result:
        """The result of one check."""
        (found,) = [result for result in self.smoke(environ, **options).checks if result.name == name]
        return found

    def count(self, key: str) -> int:
        return sum(f"{request.method} {request.url.path}" == key for request in self.requests)


def everything(report: SmokeReport) -> str:
    return json.dumps(report.as_json())
