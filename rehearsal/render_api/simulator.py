"""The Render API in memory. `handle` answers one request, without a socket."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

import httpx

from rehearsal.loopback import ConnectionFault, Response, Server, Simulator, running, transport
from rehearsal.render_api import repositories
from rehearsal.render_api.datastores import KeyValues, Postgres, settle
from rehearsal.render_api.deploys import Deploys, commit_of
from rehearsal.render_api.endpoints import Resource, Router
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.faults import BEFORE_THE_REQUEST_RUNS, Fault, Faults
from rehearsal.render_api.jobs import Jobs, Observability
from rehearsal.render_api.limits import RateLimits
from rehearsal.render_api.service_parts import Disks, Domains, Headers, Rewrites
from rehearsal.render_api.services import Services
from rehearsal.render_api.values import KINDS, EnvGroups, GroupValues, ServiceValues
from rehearsal.render_api.wire import ApiError, Call, Json, Request, without_nulls
from rehearsal.render_api.workspace import Environments, Projects, RegistryCredentials, Workspaces

JSON_TYPE = "application/json; charset=utf-8"
RESOURCES: tuple[type[Resource], ...] = (
    *(Services, Deploys, Jobs, Observability, Disks, Domains, Rewrites, Headers, EnvGroups, Postgres, KeyValues),
    *(Workspaces, RegistryCredentials, Projects, Environments, repositories.Blueprints),
)


class RenderSimulator:
    """A Render account.

    Its answers can be read by Render's own client. Recordings of 2024 differ in four points, and with `as_recorded` it
    answers like them: null where the client expects a list or no field, `{envGroup, cursor}` in the list of groups
    where the client reads bare groups, 201 where it reads only 200 (resources of an environment), and a null in a
    request counts as absent.

    Whoever changes the estate while other threads call `handle` has to hold `lock`.

    Args:
        api_keys: the ids of the workspaces that each key sees.
        owners: the workspaces.
        clock: returns the time in seconds.
        rate_limits: whether a request over Render's limits is refused.
        as_recorded: see above.
        times: `deploy_seconds`, `provisioning_seconds` and `queue_deploys` of the estate.

    Attributes:
        requests: the log.
        estate: what exists.
        faults: what fails next.
        deploys, blueprints: what a test does to them that the API cannot.
    """

    def __init__(
        self,
        *,
        api_keys: Mapping[str, Sequence[str]],
        owners: Sequence[Mapping[str, Any]],
        clock: Callable[[], float] = time.time,
        rate_limits: bool = True,
        as_recorded: bool = False,
        **times: Any,
    ) -> None:
        self.lock = threading.RLock()
        self.requests: list[Request] = []
        self.faults = Faults()
        self.estate = Estate(owners, clock, **times)
        self.as_recorded = as_recorded
        self.deploys, self.blueprints = Deploys(self.estate), repositories.Blueprints(self.estate)
        self._api_keys = {key: frozenset(seen) for key, seen in api_keys.items()}
        self._limits = RateLimits(clock, rate_limits)
        values = [holder(self.estate, kind) for holder in (ServiceValues, GroupValues) for kind in KINDS]
        self.router = Router(self.estate, [*(resource(self.estate) for resource in RESOURCES), *values])

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request. A planned fault of the connection is raised as ConnectionFault.

        Args:
            path: with or without /v1 and a query string.
        """
        target = f"{path}?{query}" if query else path
        path, _, query = target.removeprefix("/v1").partition("?")
        with self.lock:
            number = len(self.requests) + 1
            fault = self.faults.take(number, method, path)
            status = None
            try:
                response = self._respond(fault, method, path, parse_qs(query, keep_blank_values=True), headers, body)
                status = response.status
                return response
            finally:
                shown, kind = f"{path}?{query}" if query else path, str(fault.kind) if fault else None
                self.requests.append(Request(number, method, shown, status, self.estate.clock(), kind))

    def settle(self) -> None:
        """Bring the estate to the clock's time. Every request does that first."""
        with self.lock:
            self.deploys.settle()
            settle(self.estate)

    def running(self, service: str) -> tuple[str, dict[str, str]] | None:
        """Return what a service runs now.

        Returns:
            The commit and the environment variables of the live deploy, or None when nothing is live.
        """
        with self.lock:
            self.settle()
            found = self.estate.named(self.estate.services, service)
            live = self.estate.live_deploy(found[0]["id"]) if found else None
            return (commit_of(live), dict(self.estate.deploy_environment[live["id"]])) if live else None

    def push(self, repo: str, branch: str, commit_id: str, message: str = "") -> list[Json]:
        """Push a commit to a branch, which the services that deploy automatically then deploy. Returns these deploys.

        A service that waits for checks deploys at once, as if they had passed.
        """
        with self.lock:
            self.settle()
            return repositories.push(self.estate, repo, branch, commit_id, message)

    def open_pull_request(self, repo: str, base: str, number: int, commit_id: str, *, asked_for: bool = False) -> None:
        """Open a pull request against a branch. The services that are linked to it and have previews get one.

        Args:
            asked_for: whether somebody asks for the previews that are made by hand.
        """
        with self.lock:
            self.settle()
            modes = {"automatic", "manual"} if asked_for else {"automatic"}
            repositories.open_pull_request(self.estate, repo, base, number, commit_id, modes)

    def close_pull_request(self, repo: str, number: int) -> None:
        """Close a pull request, which deletes its previews."""
        with self.lock:
            for preview in repositories.previews_of(self.estate, repo, number):
                Services(self.estate).remove(preview)

    def transport(self) -> httpx.MockTransport:
        """Return a transport for `httpx.Client(transport=…)`, which needs no socket."""
        return transport(self)

    def _respond(self, fault: Fault | None, *request: Any) -> Response:
        if fault is None:
            return self._answer(*request)
        if fault.kind in BEFORE_THE_REQUEST_RUNS:
            raise ConnectionFault(fault.kind)
        if isinstance(fault.kind, int):
            if fault.applied:
                self._answer(*request)
            body = fault.body or json.dumps({"message": "fault"}).encode()
            return Response(fault.kind, {"Content-Type": JSON_TYPE} | fault.headers, body)
        response = self._answer(*request)
        if fault.kind == "truncated":
            return Response(response.status, response.headers, response.body[: len(response.body) // 2])
        raise ConnectionFault(fault.kind, fault.seconds, response)

    def _answer(
        self, method: str, path: str, query: Mapping[str, Sequence[str]], headers: Mapping[str, str], body: bytes
    ) -> Response:
        key = api_key(headers)
        answered, exceeded = self._limits.take(key, method, path)
        try:
            if key not in self._api_keys:
                raise ApiError(401, "unauthorized")
            if exceeded:
                raise ApiError(429, "rate limit exceeded")
            self.settle()
            call = Call(method, path, query, body, self._api_keys[key], self.as_recorded)
            status, content = self.router.dispatch(call)
            content = content if self.as_recorded else without_nulls(content)
        except ApiError as error:
            status, content = error.status, {"message": error.message}
            if status != 404:  # a 404 is recorded with a message only (postgres.jsonl line 44)
                content = {"id": self.estate.new_id("err")} | content
        if content is None:
            return Response(status, answered, b"")
        return Response(status, answered | {"Content-Type": JSON_TYPE}, json.dumps(content).encode())


def api_key(headers: Mapping[str, str]) -> str:
    """Return the bearer token of a request. If there is none, the token is empty, which is nobody's key."""
    scheme, _, token = httpx.Headers(headers).get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@contextlib.contextmanager
def serve(simulator: Simulator) -> Iterator[str]:
    """Serve a simulator on a loopback socket, for clients that are processes of their own.

    Yields:
        The base URL.
    """
    with running(Server(simulator)) as address:
        yield f"{address}/v1"
