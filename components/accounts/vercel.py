"""Vercel's API for one account, or one team of it (vercel.com/docs/rest-api)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import httpx

from components.accounts.api import Api, VendorError
from components.accounts.github import segment
from components.vercel_project import VariableRecord

BASE_URL = "https://api.vercel.com"
_PAGE = 100
ACCESS = "a token whose scope is the team of the project (vercel:team), made by a member who may see it"


@dataclass(frozen=True)
class Variable(VariableRecord):
    """A record with what else the REST API tells of it."""

    custom_environments: frozenset[str]
    created: str


class Vercel(Api):
    """One account, or one team of it.

    Args:
        team: as `vercel:team`, an id or a slug; empty for a personal account.
        options: as Api takes them.

    Raises:
        VendorError: any method; also if the project is not visible.
    """

    def __init__(self, token: str, team: str = "", *, base_url: str = BASE_URL, **options: Any) -> None:
        self._team = team
        super().__init__("Vercel", base_url, credential="VERCEL_API_TOKEN", **options)
        self.authorize(token)

    def get(self, path: str, needs: str = ACCESS, **query: str | int) -> Any:
        """Return the answer's JSON, or None if Vercel knows nothing at this path. The team is named in the query."""
        return super().get(path, needs, **query, **self._of_team)

    def look(self, path: str, **query: str | int) -> httpx.Response:
        """Return the answer as it came. Refusals are answers too. The team is looked up first if it is a slug."""
        return super().look(path, **query, **self._of_team)

    def look_at_team(self) -> httpx.Response:
        """Return the answer about the team as it came."""
        return super().look(f"/v2/teams/{segment(self._team)}")

    def change(self, method: str, path: str, body: Any = None) -> Any:
        """Change something that may be sent twice, and return the answer's JSON."""
        team = f"?teamId={self.team_id}" if self._team else ""
        return self.send(method, f"{path}{team}", body, needs=ACCESS, repeatable=True)

    @property
    def _of_team(self) -> dict[str, str | int]:
        return {"teamId": self.team_id} if self._team else {}

    @cached_property
    def team_id(self) -> str:
        """The team's id, which import ids and queries need. A slug is looked up (rest-api/teams/get-a-team)."""
        if not self._team or self._team.startswith("team_"):
            return self._team
        found = super().get(f"/v2/teams/{segment(self._team)}", ACCESS)
        if found is None:
            raise VendorError(
                f"Vercel shows VERCEL_API_TOKEN no team {self._team!r}: correct vercel:team, or use {ACCESS}"
            )
        return str(found["id"])

    def project(self, name: str) -> dict[str, Any] | None:
        """Return a project (rest-api/projects/find-a-project-by-id-or-name); None if the token sees none of it."""
        found: dict[str, Any] | None = self.get(f"/v9/projects/{segment(name)}")
        return found

    def require_project(self, name: str) -> str:
        """Return a project's id.

        Vercel answers 404 to whatever a token may not see, and without an id it lists the deployments of all projects.

        Raises:
            VendorError: the token sees no such project.
        """

        def read() -> str:
            if (found := self.project(name)) is None:
                where = f"in the team {self._team!r}" if self._team else "outside teams (vercel:team is not set)"
                raise VendorError(
                    f"Vercel shows VERCEL_API_TOKEN no project {name} {where}: correct marketedge:vercel.project, or "
                    f"use {ACCESS}"
                )
            return str(found["id"])

        return self.once(("project", name), read)

    def domain(self, project: str, domain: str) -> bool:
        """Whether a project has a domain (rest-api/projects/get-a-project-domain)."""
        self.require_project(project)
        return self.get(f"/v9/projects/{segment(project)}/domains/{segment(domain)}") is not None

    def variables(self, project: str) -> list[Variable]:
        """Return the variables, without values.

        rest-api/projects/retrieve-the-environment-variables-of-a-project-by-id-or-name: `{envs, pagination?}`. Vercel's
        own variables (`type: system`) are left out.
        """

        def read() -> list[Variable]:
            self.require_project(project)
            listed = self.pages(f"/v10/projects/{segment(project)}/env", "envs")
            return [_variable(found) for found in listed if found.get("type") != "system"]

        return self.once(("variables", project), read)

    def deployments(self, project: str, **filters: str | int) -> Iterator[dict[str, Any]]:
        """Yield deployments, newest first, while somebody reads on (rest-api/deployments/list-deployments).

        Args:
            project: its id.
            filters: such as target, state, sha, branch.
        """
        return self.pages("/v6/deployments", "deployments", "until", projectId=project, limit=_PAGE, **filters)

    def domains(self, project: str, **filters: str) -> Iterator[dict[str, Any]]:
        """Yield the domains (rest-api/projects/retrieve-project-domains-by-project-by-id-or-name)."""
        return self.pages(f"/v9/projects/{segment(project)}/domains", "domains", limit=_PAGE, **filters)

    def records(self, zone: str) -> list[dict[str, Any]]:
        """Return the records of a zone; none if the token sees no such zone.

        rest-api/dns/list-existing-dns-records: `{records}` with id, name, type and value. They are read once.
        """
        path = f"/v5/domains/{segment(zone)}/records"
        return self.once(("records", zone), lambda: list(self.pages(path, "records", limit=_PAGE)))

    def projects(self, repository: str) -> Iterator[dict[str, Any]]:
        """Yield the projects that build repositories of a name (rest-api/projects/retrieve-a-list-of-projects)."""
        return self.pages("/v10/projects", "projects", "from", repo=repository, limit=_PAGE)

    def pages(self, path: str, item: str, next_in: str = "until", **query: str | int) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list. Each page names the time at which the next one begins (rest-api, Pagination).

        Args:
            next_in: the parameter that takes it.
        """
        seen: set[int] = set()
        while True:
            answer = self.get(path, ACCESS, **query) or {}
            yield from answer.get(item) or []
            following = (answer.get("pagination") or {}).get("next")
            if not following or following in seen:
                return
            seen.add(following)
            query[next_in] = following


def commit_of(deployment: Mapping[str, Any]) -> str:
    """Return the commit that a deployment was built of; empty if Vercel does not know one."""
    return str((deployment.get("meta") or {}).get("githubCommitSha", ""))


FAILED = frozenset({"ERROR", "DELETED", "BLOCKED"})
"""The states of a build that will never serve (rest-api, deployments). One that was skipped is CANCELED."""


def state_of(deployment: Mapping[str, Any]) -> str:
    """Return QUEUED, INITIALIZING, BUILDING, READY, CANCELED, or one of the states of a failure."""
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
