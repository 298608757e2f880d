"""The Render API in memory. `handle` answers one request, without a socket."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from rehearsal.loopback import ConnectionFault, Response
from rehearsal.render_api.blueprints import Blueprints
from rehearsal.render_api.datastores import Provisioning
from rehearsal.render_api.deploys import Deploys
from rehearsal.render_api.domains import Domains
from rehearsal.render_api.env_groups import EnvGroups
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.faults import BEFORE_THE_REQUEST_RUNS, Fault, Faults
from rehearsal.render_api.instances import Instances
from rehearsal.render_api.jobs import Jobs
from rehearsal.render_api.key_value import KeyValues
from rehearsal.render_api.limits import RateLimits
from rehearsal.render_api.metrics import Metrics
from rehearsal.render_api.postgres import Postgres
from rehearsal.render_api.previews import Previews
from rehearsal.render_api.routing import Resource, Router
from rehearsal.render_api.rules import KINDS, Rules
from rehearsal.render_api.services import Services
from rehearsal.render_api.transport import mock_transport
from rehearsal.render_api.variables import FILES, VARIABLES, ServiceValues
from rehearsal.render_api.wire import ApiError, Call, Json, Request, parse_query, without_nulls
from rehearsal.render_api.workspace import Environments, Projects, RegistryCredentials, Workspaces

JSON_TYPE = "application/json; charset=utf-8"


class RenderSimulator:
    """A Render account.

    Its answers can be read by Render's own client. Recordings of 2024 differ in four points, and with `as_recorded` it
    answers like them: null where the client expects a list or no field, `{envGroup, cursor}` in the list of groups
    where the client reads bare groups, 201 where it reads only 200 (resources of an environment), and a null in a
    request counts as absent.

    Whoever changes the estate while other threads call `handle` has to hold `lock`.

    Attributes:
        requests: the log.
        estate: what exists.
        faults: what fails next.
    """

    def __init__(
        self,
        *,
        api_keys: Mapping[str, Sequence[str]],
        owners: Sequence[Mapping[str, Any]],
        clock: Callable[[], float] = time.time,
        rate_limits: bool = True,
        provisioning_seconds: float = 0.0,
        deploy_seconds: float = 0.0,
        queue_deploys: bool = False,
        as_recorded: bool = False,
        seed: int = 0,
    ) -> None:
        self.lock = threading.RLock()
        self.requests: list[Request] = []
        self.faults = Faults()
        self.estate = Estate(owners, clock, seed)
        self._api_keys = {key: frozenset(seen) for key, seen in api_keys.items()}
        self._clock = clock
        self._limits = RateLimits(clock, rate_limits)
        self.as_recorded = as_recorded
        self._deploys = Deploys(self.estate, deploy_seconds, queue_deploys)
        self._provisioning = Provisioning(self.estate, provisioning_seconds)
        self._previews = Previews(self.estate, self._deploys)
        self._postgres = Postgres(self.estate, self._provisioning)
        self._services = Services(self.estate, self._deploys)
        self.metrics = Metrics(self.estate)
        self.blueprints = Blueprints(self.estate, self._deploys)
        self.jobs = Jobs(self.estate, deploy_seconds)
        environments = Environments(self.estate)
        resources: tuple[Resource, ...] = (
            self._services,
            self._deploys,
            Instances(self.estate),
            *(ServiceValues(self.estate, kind) for kind in (VARIABLES, FILES)),
            *(Rules(self.estate, kind) for kind in KINDS),
            Domains(self.estate),
            EnvGroups(self.estate, item="envGroup" if as_recorded else ""),
            self.jobs,
            self.metrics,
            self._postgres,
            KeyValues(self.estate, self._provisioning),
            Workspaces(self.estate),
            RegistryCredentials(self.estate, self.estate.registry_credentials),
            environments,
            Projects(self.estate, environments),
            self.blueprints,
        )
        self.router = Router(route for resource in resources for route in resource.routes())

    def take(self, seconds: float) -> None:
        """Set how many seconds each deploy takes that starts from now on."""
        self._deploys.seconds = seconds

    def handle(
        self,
        method: str,
        path: str,
        query: Mapping[str, Sequence[str]] | str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Response:
        """Answer one request. A planned fault of the connection is raised as ConnectionFault."""
        path, _, in_path = path.partition("?")
        path = path.removeprefix("/v1")
        with self.lock:
            number = len(self.requests) + 1
            fault = self.faults.take(number, method, path)
            status = None
            try:
                response = self._respond(method, path, parse_query(query or in_path), headers, body, fault)
                status = response.status
                return response
            finally:
                kind = str(fault.kind) if fault else None
                shown = f"{path}?{in_path}" if in_path else with_query(path, query)
                self.requests.append(Request(number, method, shown, status, self._clock(), kind))

    def settle(self) -> None:
        """Bring the estate to the clock's time. Every request does that first."""
        with self.lock:
            self._deploys.settle()
            self._provisioning.settle()

    def push(self, repo: str, branch: str, commit_id: str, message: str = "") -> list[Json]:
        """Push a commit to a branch, which the services that deploy automatically then deploy. Returns these deploys.

        A service that waits for checks deploys at once, as if they had passed.
        """
        with self.lock:
            self.settle()
            commit = {"id": commit_id, "message": message, "createdAt": self.estate.now()}
            self.estate.repos.setdefault(repo, {})[branch] = commit
            self.blueprints.pushed(repo, branch)
            return [
                self._deploys.start(service, "new_commit", commit=dict(commit))
                for service in self.estate.services.values()
                if (service.get("repo"), service.get("branch")) == (repo, branch)
                and service["autoDeploy"] == "yes"
                and service["suspended"] == "not_suspended"
            ]

    def open_pull_request(self, repo: str, base: str, number: int, commit_id: str, *, asked_for: bool = False) -> None:
        """Open a pull request against a branch. The services that are linked to it and have previews get one."""
        with self.lock:
            self.settle()
            self._previews.open(repo, base, number, commit_id, asked_for=asked_for)

    def close_pull_request(self, repo: str, number: int) -> None:
        """Close a pull request, which deletes its previews."""
        with self.lock:
            for name in self._previews.close(repo, number):
                self._services.remove(self.estate.find_service(name))

    def fill_database(self, name: str, used: float) -> None:
        """Let a database hold so many gigabytes."""
        self._postgres.fill(self.estate.find_postgres(name), used)

    def transport(self) -> httpx.MockTransport:
        """Return a transport for `httpx.Client(transport=…)`, which needs no socket."""
        return mock_transport(self)

    def _respond(
        self,
        method: str,
        path: str,
        query: Mapping[str, Sequence[str]],
        headers: Mapping[str, str],
        body: bytes,
        fault: Fault | None,
    ) -> Response:
        if fault is None:
            return self._answer(method, path, query, headers, body)
        if fault.kind in BEFORE_THE_REQUEST_RUNS:
            raise ConnectionFault(fault.kind)
        if isinstance(fault.kind, int):
            if fault.applied:
                self._answer(method, path, query, headers, body)
            return status_fault(fault, fault.kind)
        response = self._answer(method, path, query, headers, body)
        if fault.kind == "truncated":
            return Response(response.status, response.headers, response.body[: len(response.body) // 2])
        raise ConnectionFault(fault.kind, fault.seconds, response)

    def _answer(
        self, method: str, path: str, query: Mapping[str, Sequence[str]], headers: Mapping[str, str], body: bytes
    ) -> Response:
        key = api_key(headers)
        allowance = self._limits.take(key, method, path)
        answered = dict(allowance.headers)
        try:
            if key not in self._api_keys:
                raise ApiError(401, "unauthorized")
            if allowance.retry_after is not None:
                answered["Retry-After"] = str(allowance.retry_after)
                raise ApiError(429, "rate limit exceeded")
            self.settle()
            call = Call(method, path, query, body, self._api_keys[key], self.as_recorded)
            status, content = self.router.dispatch(call)
            content = content if self.as_recorded else without_nulls(content)
        except ApiError as error:
            status, content = error.status, self._error(error)
        if content is None:
            return Response(status, answered, b"")
        return Response(status, answered | {"Content-Type": JSON_TYPE}, json.dumps(content).encode())

    def _error(self, error: ApiError) -> Json:
        """Return an error's body.

        A 404 is recorded with a message only (postgres.jsonl line 44); others have an id too.
        """
        message = {"message": error.message}
        return message if error.status == 404 else {"id": self.estate.new_id("err")} | message


def api_key(headers: Mapping[str, str]) -> str:
    """Return the bearer token of a request. If there is none, the token is empty, which is nobody's key."""
    values = (value for name, value in headers.items() if name.lower() == "authorization")
    scheme, _, token = next(values, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def with_query(path: str, query: Mapping[str, Sequence[str]] | str) -> str:
    """Return a path as it is logged."""
    text = query if isinstance(query, str) else str(httpx.QueryParams({name: list(v) for name, v in query.items()}))
    return f"{path}?{text}" if text else path


def status_fault(fault: Fault, status: int) -> Response:
    """Return the answer of a fault that is a status. It is JSON unless the fault has its own body."""
    body = fault.body or json.dumps({"message": "fault"}).encode()
    return Response(status, {"Content-Type": JSON_TYPE} | fault.headers, body)
