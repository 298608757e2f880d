"""Finds a Vercel project's domains and environment variables by name. Facts: vercel.com/docs/rest-api."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx

from components.vercel_project import VariableRecord
from gate.vendors.api import Api
from gate.vendors.errors import VendorError

BASE_URL = "https://api.vercel.com"
_PAGE = 100
ACCESS = "a token whose scope is the team of the project (vercel:team), made by a member who may see it"


@dataclass(frozen=True)
class Variable(VariableRecord):
    """A record with what else the REST API tells of it."""

    custom_environments: frozenset[str]
    created: str


class Vercel:
    """Read access to one account, or to one team of it.

    Args:
        team: as `vercel:team`, an id or a slug; empty for a personal account.

    Raises:
        VendorError: any method; also if the project is not visible.
    """

    def __init__(
        self,
        token: str,
        team: str = "",
        *,
        base_url: str = BASE_URL,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._team = team
        self._api = Api("Vercel", base_url, credential="VERCEL_API_TOKEN", transport=transport, sleep=sleep)
        self._api.authorize(token)
        self._visible: dict[str, str] = {}
        self._variables: dict[str, list[Variable]] = {}

    def close(self) -> None:
        self._api.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Return the answer's JSON, or None if Vercel knows nothing at this path."""
        return self._api.get(path, {**query, **self._team_query}, needs=ACCESS)

    def look(self, path: str, *, in_team: bool = True) -> httpx.Response:
        """Return the answer as it came. Refusals are answers too.

        Args:
            in_team: whether to name the team, which is looked up first if it is a slug.
        """
        return self._api.look(path, self._team_query if in_team else None)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Change something that may be sent twice, and return the answer's JSON."""
        team = f"?teamId={self.team_id}" if self._team else ""
        return self._api.send(method, f"{path}{team}", body, needs=ACCESS, repeatable=True)

    @property
    def _team_query(self) -> dict[str, str | int]:
        return {"teamId": self.team_id} if self._team else {}

    @cached_property
    def team_id(self) -> str:
        """The team's id, which import ids and queries need. A slug is looked up (rest-api/teams/get-a-team)."""
        if not self._team or self._team.startswith("team_"):
            return self._team
        found = self._api.get(f"/v2/teams/{_segment(self._team)}", needs=ACCESS)
        if found is None:
            raise VendorError(
                f"Vercel shows VERCEL_API_TOKEN no team {self._team!r}: correct vercel:team, or use {ACCESS}"
            )
        return str(found["id"])

    def project(self, name: str) -> dict[str, Any] | None:
        """Return a project (rest-api/projects/find-a-project-by-id-or-name); None if the token sees none of it."""
        found: dict[str, Any] | None = self.get(f"/v9/projects/{_segment(name)}")
        return found

    def require_project(self, name: str) -> str:
        """Return a project's id.

        Vercel answers 404 to whatever a token may not see, and without an id it lists the deployments of all projects.

        Raises:
            VendorError: the token sees no such project.
        """
        if name not in self._visible:
            if (found := self.project(name)) is None:
                where = f"in the team {self._team!r}" if self._team else "outside teams (vercel:team is not set)"
                raise VendorError(
                    f"Vercel shows VERCEL_API_TOKEN no project {name} {where}: correct marketedge:vercel.project, or "
                    f"use {ACCESS}"
                )
            self._visible[name] = str(found["id"])
        return self._visible[name]

    def domain(self, project: str, domain: str) -> bool:
        """Whether a project has a domain (rest-api/projects/get-a-project-domain)."""
        self.require_project(project)
        return self.get(f"/v9/projects/{_segment(project)}/domains/{_segment(domain)}") is not None

    def variables(self, project: str) -> list[Variable]:
        """Return the variables, without values.

        rest-api/projects/retrieve-the-environment-variables-of-a-project-by-id-or-name: `{envs, pagination?}`. Vercel's
        own variables (`type: system`) are left out.
        """
        if project not in self._variables:
            self.require_project(project)
            listed = self.pages(f"/v10/projects/{_segment(project)}/env", "envs")
            self._variables[project] = [_variable(found) for found in listed if found.get("type") != "system"]
        return self._variables[project]

    def forget(self) -> None:
        """Forget what was read."""
        self._variables.clear()

    def deployments(self, project: str, **filters: str | int) -> Iterator[dict[str, Any]]:
        """Yield deployments, newest first, while somebody reads on (rest-api/deployments/list-deployments).

        Args:
            project: its id.
            filters: such as target, state, sha, branch.
        """
        return self.pages("/v6/deployments", "deployments", projectId=project, limit=_PAGE, **filters)

    def domains(self, project: str, **filters: str) -> Iterator[dict[str, Any]]:
        """Yield the domains (rest-api/projects/retrieve-project-domains-by-project-by-id-or-name)."""
        return self.pages(f"/v9/projects/{_segment(project)}/domains", "domains", limit=_PAGE, **filters)

    def records(self, zone: str) -> list[dict[str, Any]]:
        """Return the records of a zone; none if the token sees no such zone.

        rest-api/dns/list-existing-dns-records: `{records}` with id, name, type and value.
        """
        return list(self.pages(f"/v5/domains/{_segment(zone)}/records", "records", limit=_PAGE))

    def pages(self, path: str, item: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list. Each page names the time at which the next one begins (rest-api, Pagination)."""
        seen: set[int] = set()
        while True:
            answer = self.get(path, **query) or {}
            yield from answer.get(item) or []
            following = (answer.get("pagination") or {}).get("next")
            if not following or following in seen:
                return
            seen.add(following)
            query["until"] = following


def commit_of(deployment: Mapping[str, Any]) -> str:
    """Return the commit that a deployment was built of; empty if Vercel does not know one."""
    return str((deployment.get("meta") or {}).get("githubCommitSha", ""))


def state_of(deployment: Mapping[str, Any]) -> str:
    """Return QUEUED, BUILDING, READY, ERROR or CANCELED."""
    return str(deployment.get("readyState") or deployment.get("state"))


def _variable(found: dict[str, Any]) -> Variable:
    target = found.get("target") or []
    return Variable(
        id=found["id"],
        key=found["key"],
        targets=frozenset([target] if isinstance(target, str) else target),
        custom_environments=frozenset(found.get("customEnvironmentIds") or []),
        git_branch=found.get("gitBranch") or "",
        created=_time(found.get("createdAt")),
    )


def _time(milliseconds: Any) -> str:
    if not isinstance(milliseconds, int | float):
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _segment(text: str) -> str:
    return quote(text, safe="")
