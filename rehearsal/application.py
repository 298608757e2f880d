"""Plays the application that the smoke tests call, for a rehearsal and its tests.

It runs on what Render and Vercel serve: what it answers follows from the commit and the environment of the live
deploy, not from the settings. The facts are the plan's tasks 1.1, 1.2 and 2.4, and the application's own routes
(`/health`, `/api/v1/auth/auth0-url`, `/api/v1/auth/me`).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from rehearsal.loopback import Response, Server, running
from rehearsal.plugins import Estate
from rehearsal.render_api import RenderSimulator

_PAGE = "<!DOCTYPE html><html><head><title>MarketEdge</title></head><body><div id='__next'></div></body></html>"
Headers = dict[str, str]


@dataclass
class Application:
    """The backend and the frontend of one environment.

    Attributes:
        service: the backend's name at Render.
        project: the frontend's name at Vercel.
        unhealthy: commits that deploy well and then do not work.
    """

    render: RenderSimulator
    vendors: Estate
    service: str
    project: str
    unhealthy: set[str] = field(default_factory=set)

    def running(self) -> tuple[str, dict[str, str]] | None:
        """Return the commit and the environment variables of the live deploy, or None when nothing serves."""
        return self.render.running(self.service)

    def backend(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> tuple[int, Headers, Any]:
        """Answer a request to the API, as status, headers and content."""
        if (now := self.running()) is None:
            return 503, {}, "Service Unavailable"
        commit, environment = now
        if method == "OPTIONS":
            return _preflight(headers.get("origin", ""), environment.get("CORS_ORIGINS", ""))
        match path:
            case "/health":
                return _health(commit, environment, healthy=commit not in self.unhealthy)
            case "/api/v1/auth/auth0-url":
                return _auth0_url(parse_qs(query).get("redirect_uri", [""])[0], environment)
            case "/api/v1/auth/me":
                return 403, {}, {"detail": "Not authenticated"}
        return 404, {}, {"detail": "Not Found"}

    def frontend(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> tuple[int, Headers, Any]:
        """Answer with a page of the build that production's domains point at."""
        project = self.vendors.find("vercel", "project", name=self.project) or {}
        if not project.get("serving"):
            return 404, {"x-vercel-error": "DEPLOYMENT_NOT_FOUND"}, "The deployment could not be found on Vercel."
        return 200, {"content-type": "text/html; charset=utf-8", "x-vercel-id": "lhr1::rehearsal"}, _PAGE


def _health(commit: str, environment: dict[str, str], *, healthy: bool) -> tuple[int, Headers, Any]:
    parts = {"database": "DATABASE_URL", "redis": "REDIS_URL"}
    services = {name: {"status": "connected" if environment.get(key) else "missing"} for name, key in parts.items()}
    state = "healthy" if healthy else "unhealthy"
    content = {"status": state, "version": "1.0.0", "environment": environment.get("ENVIRONMENT"), "commit": commit}
    return 200 if healthy else 503, {}, {**content, "services": services}


def _auth0_url(redirect: str, environment: dict[str, str]) -> tuple[int, Headers, Any]:
    if not redirect:
        return 422, {}, {"detail": [{"loc": ["query", "redirect_uri"], "msg": "Field required"}]}
    query = {"response_type": "code", "client_id": environment.get("AUTH0_CLIENT_ID", ""), "redirect_uri": redirect}
    audience = environment.get("AUTH0_AUDIENCE")
    address = f"https://{environment.get('AUTH0_DOMAIN')}/authorize"
    if not audience:
        return 200, {}, {"status": "fallback_mode", "auth_url": f"{address}?{urlencode(query)}"}
    return 200, {}, {"auth_url": f"{address}?{urlencode({**query, 'audience': audience})}"}


def _preflight(origin: str, allowed: str) -> tuple[int, Headers, Any]:
    """Answer as Starlette's CORSMiddleware does: an origin that is not allowed gets 400 and no header."""
    host = urlsplit(origin).hostname or ""
    for entry in allowed.split(","):
        label, _, rest = host.partition(".")
        if entry == origin or (entry == f"https://*.{rest}" and label and origin == f"https://{host}"):
            return 200, {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}, "OK"
    return 400, {}, "Disallowed CORS origin"


@contextlib.contextmanager
def serve(application: Application) -> Iterator[tuple[str, str]]:
    """Serve both halves on loopback while the block runs. The block gets the addresses of backend and frontend."""
    halves = _Half(application.backend), _Half(application.frontend)
    with running(Server(halves[0])) as backend, running(Server(halves[1])) as frontend:
        yield backend, frontend


@dataclass
class _Half:
    """One half of an application as the server asks it."""

    answer: Callable[[str, str, str, Mapping[str, str]], tuple[int, Headers, Any]]

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], _body: bytes) -> Response:
        status, sent, content = self.answer(method, path, query, headers)
        body = content if isinstance(content, str) else json.dumps(content)
        return Response(status, {"content-type": "application/json", **sent}, body.encode())
