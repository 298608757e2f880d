"""Vercel's endpoints for looking at a project, its domains, its environment variables and its DNS records.

Shapes: vercel.com/docs/rest-api (teams/get-a-team, projects/find-a-project-by-id-or-name,
projects/get-a-project-domain, projects/retrieve-the-environment-variables-of-a-project-by-id-or-name). What each may be
asked with is in `vercel_queries.json`, from the request types of @vercel/sdk, which is made from Vercel's description.
A test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..plugins import Estate
from ..plugins.estate import Objects
from . import vercel_deployments
from .vercel_account import VercelAccount, refused, shown
from .wire import Endpoints, Json, Request, Simulator, table

QUERIES = {key: {*names} for key, names in table("vercel_queries").items()}
"""The names of the query by method and path, without the version."""
_TEAM = {"teamId", "slug"}
_STATES = {"BUILDING", "ERROR", "INITIALIZING", "QUEUED", "READY", "CANCELED", "BLOCKED"}
_TIME = 1_700_000_000_000
endpoint = Endpoints()


class Vercel(Simulator):
    """Vercel.

    Args:
        token: the only one that is accepted.
        teams: ids of the teams that the token's owner belongs to, by slug.
    """

    vendor = "vercel"
    edits = (*Simulator.edits, "GET")  # a promotion is done when somebody has looked at it

    def __init__(self, estate: Estate, token: str, teams: dict[str, str] | None = None) -> None:
        super().__init__(estate)
        self._token, self._teams = token, teams or {}

    def answer(self, request: Request, objects: Objects) -> Any:
        if request.token != self._token:
            raise refused(403, "forbidden", "Not authorized", invalidToken=True)
        team = request.query.get("teamId") or self._teams.get(request.query.get("slug", ""))
        if team and team not in self._teams.values():
            raise refused(403, "forbidden", "Not authorized")
        if (found := _ENDPOINTS.find(request)) is None:
            raise refused(404, "not_found", "The requested path does not exist.")
        _check(request, QUERIES[f"{request.method} {found[0].partition('/')[2]}"])
        return found[1](VercelAccount(objects=objects, request=request, team=team, teams=self._teams))


def _check(request: Request, known: set[str]) -> None:
    """Refuse a query or a body that has something that Vercel does not know there, as its JSON schemas do."""
    if unknown := [*sorted(request.query.keys() - known - _TEAM), *(request.body or ())]:
        raise _bad(f"should NOT have additional property `{unknown[0]}`.")
    if states := sorted({*filter(None, request.query.get("state", "").split(","))} - _STATES):
        raise _bad(f"`state` should be equal to one of the allowed values; got {states[0]}")
    if not request.query.get("limit", "1").isdigit() or request.number("limit", 1) > 100:
        raise _bad("`limit` should be <= 100")


def _bad(text: str) -> Exception:
    return refused(400, "bad_request", f"Invalid request: {text}")


@endpoint("GET v2/teams/{asked}")
def team(account: VercelAccount, asked: str) -> Json:
    """Show a team by its slug or its id."""
    for slug, identity in account.teams.items():
        if asked in (slug, identity):
            return {"id": identity, "slug": slug}
    raise refused(404, "not_found", "Team not found.")


@endpoint("GET v10/projects")
def projects(account: VercelAccount) -> Json:
    """List all projects, or those that a repository of this name is linked to."""
    repo, found = account.query.get("repo"), map(_project, account.objects.all("project", teamId=account.team))
    linked = [one for one in found if repo in (None, (one["link"] or {}).get("repo"))]
    return account.paged("projects", _timed(linked, "updatedAt"), moment="updatedAt", begins="from")


@endpoint("GET v9/projects/{asked}")
def project(account: VercelAccount, asked: str) -> Json:
    """Show a project by its id or its name, and what serves its production."""
    found = account.project(asked)
    owner = found.get("teamId") or "user"
    return {**_project(found), "accountId": owner, **vercel_deployments.of_project(account, found)}


@endpoint("GET v9/projects/{asked}/domains")
def domains(account: VercelAccount, asked: str) -> Json:
    """List the domains of a project, the newest first."""
    found = account.objects.all("domain", projectId=account.project(asked)["id"])
    return account.paged("domains", _timed(map(_domain, found), "createdAt"), moment="createdAt")


@endpoint("GET v9/projects/{asked}/domains/{name}")
def domain(account: VercelAccount, asked: str, name: str) -> Json:
    identity = account.project(asked)["id"]
    return _domain(account.one("domain", "The domain was not found.", projectId=identity, domain=name))


@endpoint("GET v9/projects/{asked}/env", "GET v10/projects/{asked}/env")
def variables(account: VercelAccount, asked: str) -> Json:
    """List the variables of a project."""
    found = account.objects.all("environment_variable", projectId=account.project(asked)["id"])
    return {"envs": [_variable(one) | {"securityIssues": []} for one in found]}


@endpoint("GET v1/projects/{asked}/env/{identity}")
def variable(account: VercelAccount, asked: str, identity: str) -> Json:
    """Show one variable with its value. That of a sensitive one stays empty."""
    where = {"projectId": account.project(asked)["id"], "id": identity}
    found = account.one("environment_variable", "Variable not found.", **where)
    return _variable(found) | ({} if found.get("sensitive") else {"value": found.get("value")})


@endpoint("GET v6/domains/{name}/config")
def configuration(account: VercelAccount, name: str) -> Json:
    """Show whether a domain's records are right, and what they should be (domains/get-a-domain-s-configuration)."""
    known = account.objects.find("domain", domain=name)
    misconfigured = bool(known is None or known.get("misconfigured"))
    how = {"configuredBy": None if misconfigured else "CNAME", "misconfigured": misconfigured}
    return {**shown("configuration", {}), **how, "acceptedChallenges": [] if misconfigured else ["http-01"]}


@endpoint("GET v5/domains/{zone}/records")
def records(account: VercelAccount, zone: str) -> Json:
    """List the DNS records of a zone, the newest first."""
    account.one("zone", "Domain not found.", name=zone, teamId=account.team)
    found = [
        {**shown("record", one), "type": one["recordType"], "slug": one["id"]}
        for one in account.objects.all("dns_record", domain=zone)
    ]
    return account.paged("records", _timed(found, "created", "updated", "createdAt", "updatedAt"), moment="createdAt")


def _timed(found: Iterable[Json], *moments: str) -> list[Json]:
    """Return the objects with a moment each, the newest first."""
    return [{**one, **dict.fromkeys(moments, _TIME + n)} for n, one in enumerate(found)][::-1]


def _project(found: Json) -> Json:
    git = found.get("gitRepository") or {}
    org, _, repo = str(git.get("repo", "")).partition("/")
    return {
        **shown("project", found),
        "id": found["id"],
        "name": found["name"],
        "link": {**shown("link", git), "org": org, "repo": repo} if git else None,
        "ssoProtection": _protection(found),
        "protectionBypass": dict.fromkeys(found.get("bypass", []), shown("bypass", {})),
    }


_KINDS = {
    "standard_protection_new": "all_except_custom_domains",
    "standard_protection": "prod_deployment_urls_and_all_previews",
    "all_deployments": "all",
    "only_preview_deployments": "preview",
}
"""By the provider's name: the API's."""


def _protection(found: Json) -> Json | None:
    """Return whose addresses need a login: by default all but production's domains (docs: Deployment Protection)."""
    declared = found.get("vercelAuthentication") or {"deploymentType": "standard_protection_new"}
    kind = declared["deploymentType"]
    return None if kind == "none" else {"deploymentType": _KINDS.get(kind, kind)}


def _domain(found: Json) -> Json:
    name = found["domain"]
    own = {"name": name, "apexName": ".".join(name.split(".")[-2:]), "projectId": found["projectId"]}
    return shown("domain", found) | own


def _variable(found: Json) -> Json:
    """Return a variable of the list: its value is encrypted, and that of a sensitive one is empty."""
    value, kind = ("", "sensitive") if found.get("sensitive") else ("eyJ2IjoidjIifQ==", "encrypted")
    bound = {"gitBranch": found["gitBranch"]} if found.get("gitBranch") else {}
    return {**shown("variable", found), "value": value, "type": kind, "target": found.get("targets", []), **bound}


_ENDPOINTS = Endpoints(endpoint, vercel_deployments.endpoint)
