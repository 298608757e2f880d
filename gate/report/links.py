"""Where an object is in its vendor's dashboard; where it has no page of its own, the page that lists it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

RENDER = "https://dashboard.render.com"
_RENDER_PAGES = {"services": "web", "databases": "d", "keyValues": "r", "envVarGroups": "env-group"}
"""By the section that a command reports its object in: the part of the address before the id."""
_VERCEL_PAGES = {
    "projectDomain:ProjectDomain": "settings/domains",
    "projectEnvironmentVariable:ProjectEnvironmentVariable": "settings/environment-variables",
    "project:Project": "settings",
}


@dataclass(frozen=True)
class Places:
    """Where a stack's vendors are opened.

    Attributes:
        repository: https://github.com/<owner>/<name>.
        tenant: domain of Auth0's tenant.
        team, project: Vercel's slugs; team is empty where it is not known.
    """

    repository: str
    tenant: str
    team: str
    project: str

    def of(self, type_: str, outputs: Mapping[str, Any]) -> str:
        """Args: type_: the engine's, such as github:index/branch:Branch."""
        package, _, kind = type_.partition(":")
        kind = kind.removeprefix("index/")
        match package:
            case "github":
                return self._github(kind, outputs)
            case "auth0":
                return self._auth0(outputs)
            case "vercel":
                return self.vercel(_VERCEL_PAGES.get(kind, ""))
            case "command":
                return _render(outputs)
        return ""

    def _github(self, kind: str, outputs: Mapping[str, Any]) -> str:
        if kind == "branch:Branch" and isinstance(outputs.get("branch"), str):
            return f"{self.repository}/tree/{quote(outputs['branch'])}"
        if kind == "repositoryRuleset:RepositoryRuleset" and outputs.get("rulesetId"):
            return f"{self.repository}/settings/rules/{outputs['rulesetId']}"
        if "Environment" in kind:
            return f"{self.repository}/settings/environments"
        return f"{self.repository}/settings/branches" if kind.startswith("branchProtection") else self.repository

    def _auth0(self, outputs: Mapping[str, Any]) -> str:
        """A tenant's region is in its domain; the oldest American ones have none (auth0.com/docs, Tenant domain)."""
        if not self.tenant.endswith(".auth0.com"):
            return "https://manage.auth0.com"
        name, _, region = self.tenant.removesuffix(".auth0.com").partition(".")
        client = outputs.get("clientId")
        page = f"/applications/{quote(client)}/settings" if isinstance(client, str) else "/applications"
        return f"https://manage.auth0.com/dashboard/{region or 'us'}/{name}{page}"

    def vercel(self, page: str = "") -> str:
        """Without a team's slug: Vercel's own link that lets people choose the team and the project."""
        if self.team and not self.team.startswith("team_") and not self.project.startswith("prj_"):
            return f"https://vercel.com/{quote(self.team)}/{quote(self.project)}/{page}".rstrip("/")
        to = quote(f"/[team]/[project]/{page}".rstrip("/"), safe="")
        return f"https://vercel.com/d?to={to}"


def _render(outputs: Mapping[str, Any]) -> str:
    """Render's own address where the command reports it, else from the object's id."""
    try:
        reported = json.loads(outputs["stdout"])
        section, objects = next(iter(reported.items()))
        found = next(iter(objects.values()))
        address = found.get("dashboardUrl") or f"{RENDER}/{_RENDER_PAGES[section]}/{found['id']}"
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return RENDER
    return str(address)
