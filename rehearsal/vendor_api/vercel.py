"""Vercel's endpoints for looking at a project, its domains and its environment variables.

Shapes: vercel.com/docs/rest-api (teams/get-a-team, projects/find-a-project-by-id-or-name,
projects/get-a-project-domain, projects/retrieve-the-environment-variables-of-a-project-by-id-or-name).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plugins import Estate
from .vercel_deployments import Deployments
from .vercel_operations import refused, shown
from .vercel_pages import paged
from .wire import Answer, Request, Simulator

_TIME = 1_700_000_000_000


class Vercel(Simulator):
    """Args: teams: slugs and ids of those the token's owner belongs to."""

    vendor = "vercel"

    def __init__(self, estate: Estate, token: str, teams: dict[str, str] | None = None) -> None:
        self._estate, self._token, self._teams = estate, token, teams or {}
        self._deployments = Deployments(estate)

    def __call__(self, request: Request) -> Answer:
        if request.token != self._token:
            return _refuse(403, "forbidden", "Not authorized", invalidToken=True)
        team = request.query.get("teamId") or self._teams.get(request.query.get("slug", ""))
        if team and team not in self._teams.values():
            return _refuse(403, "forbidden", "Not authorized")
        if answer := refused(request) or self._deployments.answer(request):
            return answer
        match request.path:
            case ("v6", "domains", domain, "config"):
                known = self._estate.find("vercel", "domain", domain=domain)
                return Answer(200, _configuration(bool(known is None or known.get("misconfigured"))))
            case ("v5", "domains", zone, "records") if request.method == "GET":
                if not self._estate.find("vercel", "zone", name=zone, teamId=team):
                    return _not_found("Domain not found.")
                found_all = self._estate.find_all("vercel", "dns_record", domain=zone)
                records = [_record(found, _TIME + n) for n, found in enumerate(found_all)]
                return paged("records", records[::-1], request, moment="createdAt")
            case ("v2", "teams", asked):
                found = [(slug, id) for slug, id in self._teams.items() if asked in (slug, id)]
                return Answer(200, {"id": found[0][1], "slug": found[0][0]}) if found else _not_found("Team not found.")
            case ("v10", "projects") if request.method == "GET":
                listed = [{**one, "updatedAt": _TIME + n} for n, one in enumerate(self._linked(request.query, team))]
                return paged("projects", listed[::-1], request, moment="updatedAt", begins="from")
            case (_, "projects", asked, *rest) if request.method == "GET":
                project = self._project(asked, team)
                return self._answer(project, request, tuple(rest)) if project else _not_found("Project not found.")
        return _not_found("The requested path does not exist.")

    def _project(self, asked: str, team: str | None) -> dict[str, Any] | None:
        for found in self._estate.find_all("vercel", "project"):
            if asked in (found["id"], found["name"]) and found.get("teamId") == team:
                return found
        return None

    def _linked(self, query: Mapping[str, str], team: str | None) -> list[dict[str, Any]]:
        """projects/retrieve-a-list-of-projects: all of them, or those that a repository of this name is linked to."""
        every = [one for one in self._estate.find_all("vercel", "project") if one.get("teamId") == team]
        listed = [{"id": one["id"], "name": one["name"], **_settings(one)} for one in every]
        return [one for one in listed if query.get("repo") in (None, (one["link"] or {}).get("repo"))]

    def _answer(self, project: dict[str, Any], request: Request, path: tuple[str, ...]) -> Answer:
        match request.path[0], path:
            case "v9", ():
                owner = project.get("teamId") or "user"
                about = {"id": project["id"], "name": project["name"], "accountId": owner, **_settings(project)}
                return Answer(200, about | self._deployments.of_project(project))
            case "v9", ("domains",):
                found_all = self._estate.find_all("vercel", "domain", projectId=project["id"])
                domains = [{**_domain(found), "createdAt": _TIME + n} for n, found in enumerate(found_all)]
                return paged("domains", domains[::-1], request, moment="createdAt")
            case "v9", ("domains", name):
                found = self._estate.find("vercel", "domain", projectId=project["id"], domain=name)
                return Answer(200, _domain(found)) if found else _not_found("The domain was not found.")
            case "v1", ("env", identity):
                variable = self._estate.find("vercel", "environment_variable", projectId=project["id"], id=identity)
                return Answer(200, _decrypted(variable)) if variable else _not_found("Variable not found.")
            case "v9" | "v10", ("env",):
                variables = self._estate.find_all("vercel", "environment_variable", projectId=project["id"])
                return Answer(200, {"envs": [_variable(found) | {"securityIssues": []} for found in variables]})
        return _not_found("The requested path does not exist.")


def _settings(project: dict[str, Any]) -> dict[str, Any]:
    git = project.get("gitRepository") or {}
    org, _, repo = str(git.get("repo", "")).partition("/")
    return {
        **shown("project", project),
        "link": {**shown("link", git), "org": org, "repo": repo} if git else None,
        "ssoProtection": _protection(project),
        "protectionBypass": dict.fromkeys(project.get("bypass", []), shown("bypass", {})),
    }


def _protection(project: dict[str, Any]) -> dict[str, Any] | None:
    """Whose addresses need a login at Vercel: by default all but production's domains (docs: Deployment Protection)."""
    declared = project.get("vercelAuthentication") or {"deploymentType": "standard_protection_new"}
    kind = declared["deploymentType"]
    return None if kind == "none" else {"deploymentType": _KINDS.get(kind, kind)}


_KINDS = {
    "standard_protection_new": "all_except_custom_domains",
    "standard_protection": "prod_deployment_urls_and_all_previews",
    "all_deployments": "all",
    "only_preview_deployments": "preview",
}
"""By the provider's name: the API's."""


def _configuration(misconfigured: bool) -> dict[str, Any]:
    """domains/get-a-domain-s-configuration: also what its records should be."""
    how = {"configuredBy": None if misconfigured else "CNAME", "misconfigured": misconfigured}
    return {**shown("configuration", {}), **how, "acceptedChallenges": [] if misconfigured else ["http-01"]}


def _decrypted(found: dict[str, Any]) -> dict[str, Any]:
    """Answer one variable that is asked for by itself. A sensitive one stays empty."""
    return _variable(found) | ({} if found.get("sensitive") else {"value": found.get("value")})


def _domain(found: dict[str, Any]) -> dict[str, Any]:
    name = found["domain"]
    own = {"name": name, "apexName": ".".join(name.split(".")[-2:]), "projectId": found["projectId"]}
    return shown("domain", found) | own


def _record(found: dict[str, Any], created: int) -> dict[str, Any]:
    """dns/list-existing-dns-records."""
    times = dict.fromkeys(("created", "updated", "createdAt", "updatedAt"), created)
    return {**shown("record", found), "type": found["recordType"], "slug": found["id"], **times}


def _variable(found: dict[str, Any]) -> dict[str, Any]:
    """Return a variable of the list: its value is encrypted, and that of a sensitive one is empty."""
    sensitive = bool(found.get("sensitive"))
    value, kind = ("", "sensitive") if sensitive else ("eyJ2IjoidjIifQ==", "encrypted")
    bound = {"gitBranch": found["gitBranch"]} if found.get("gitBranch") else {}
    return {**shown("variable", found), "value": value, "type": kind, "target": found.get("targets", []), **bound}


def _refuse(status: int, code: str, message: str, **details: Any) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message, **details}})


def _not_found(message: str) -> Answer:
    return _refuse(404, "not_found", message)
