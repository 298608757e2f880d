"""The three vendors' simulators behind real sockets on loopback, for clients that are processes of their own."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..loopback import running
from ..plugins import Estate
from .auth0 import SCOPES, Auth0
from .github import GitHub
from .vercel import Vercel
from .wire import Answer, Request, Simulator

WORKFLOW = "github-actions[bot]"
"""Who the token that a workflow is given writes as."""


@dataclass(frozen=True)
class Addresses:
    """Where the vendors are. requests: each that came, as (vendor, method, path), oldest first."""

    github: str
    auth0: str
    vercel: str
    requests: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What the gate's commands need to look there."""
        return {"GITHUB_BASE_URL": self.github, "AUTH0_BASE_URL": self.auth0, "VERCEL_BASE_URL": self.vercel}


@contextlib.contextmanager
def serve(
    estate: Estate,
    credentials: Mapping[str, str],
    *,
    owner: str = "zebra-devops",
    teams: dict[str, str] | None = None,
    scopes: tuple[str, ...] = SCOPES,
) -> Iterator[Addresses]:
    """Serve the estate while the block runs.

    Args:
        credentials: GITHUB_TOKEN, AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, VERCEL_API_TOKEN: the only ones
            that are accepted; REPORT_TOKEN, where there is one, is a workflow's own.
        owner: of every repository. teams: Vercel's, ids by slug. scopes: of Auth0's management application.
    """
    requests: list[tuple[str, str, str]] = []
    logins = {credentials["GITHUB_TOKEN"]: "the-gate"}
    logins |= {credentials["REPORT_TOKEN"]: WORKFLOW} if "REPORT_TOKEN" in credentials else {}
    simulators: dict[str, Simulator] = {
        "github": GitHub(estate, owner, logins),
        "auth0": Auth0(
            estate,
            credentials["AUTH0_DOMAIN"],
            credentials["AUTH0_CLIENT_ID"],
            credentials["AUTH0_CLIENT_SECRET"],
            scopes,
        ),
        "vercel": Vercel(estate, credentials["VERCEL_API_TOKEN"], teams),
    }
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(running(Server(name, simulators[name], requests))) for name in simulators}
        yield Addresses(**urls, requests=requests)


class Server(ThreadingHTTPServer):
    """One thread a connection; the estate is read from its files each time.

    Attributes: watch: called with the vendor and each exchange; tests judge them by the vendors' own clients.
    """

    daemon_threads = True
    watch: Callable[[str, Request, Answer], None] = staticmethod(lambda _vendor, _request, _answer: None)

    def __init__(self, vendor: str, simulator: Simulator, requests: list[tuple[str, str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.vendor, self.simulator, self.requests = vendor, simulator, requests


class Handler(BaseHTTPRequestHandler):
    """Hands a request to the simulator and writes its answer as JSON."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def answer(self) -> None:
        """Any method: which ones an endpoint has is the simulator's to say."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        self.server.requests.append((self.server.vendor, self.command, self.path))
        request = Request(
            method=self.command,
            path=tuple(unquote(segment) for segment in path.strip("/").split("/")),
            query=dict(parse_qsl(query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=_parsed(body, self.headers.get("Content-Type", "")),
        )
        answer = self.server.simulator(request)
        self.server.watch(self.server.vendor, request, answer)
        content = answer.encoded()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Type": "application/json; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, because the requests are kept."""


def _parsed(body: bytes, kind: str) -> Any:
    if "urlencoded" in kind:
        return dict(parse_qsl(body.decode()))
    return json.loads(body) if body else None
