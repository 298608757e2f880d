"""The page of an object in its vendor's dashboard, or the page that lists it if it has none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from components.vendor_objects import filled
from components.vendors import AUTH0, GITHUB, RENDER, VERCEL
from gate.vendors.kinds import KINDS, RENDER_KINDS, Kind

DASHBOARD = "https://dashboard.render.com"


@dataclass(frozen=True)
class Places:
    """Where a stack's vendors are opened.

    Attributes:
        repository: https://github.com/<owner>/<name>.
        tenant: domain of Auth0's tenant.
        team, project: Vercel's slugs. `team` is empty if it is not known.
    """

    repository: str
    tenant: str
    team: str
    project: str

    def of(self, type_: str, outputs: Mapping[str, Any]) -> str:
        """Return the address.

        Args:
            type_: the engine's, such as github:index/branch:Branch.
        """
        kind = KINDS.get(type_, Kind("", ""))
        page = quote(filled(kind.page, outputs), safe="/") or kind.listed
        match type_.partition(":")[0]:
            case GITHUB.package:
                return f"{self.repository}/{page}".rstrip("/")
            case AUTH0.package:
                return self._auth0(page)
            case VERCEL.package:
                return self.vercel(page)
            case RENDER.package:
                return _render(outputs)
        return ""

    def _auth0(self, page: str) -> str:
        """Return the tenant's region, which is in its domain.

        The oldest American ones have none (auth0.com/docs, Tenant domain).
        """
        if not self.tenant.endswith(".auth0.com"):
            return "https://manage.auth0.com"
        name, _, region = self.tenant.removesuffix(".auth0.com").partition(".")
        return f"https://manage.auth0.com/dashboard/{region or 'us'}/{name}/{page or 'applications'}"

    def vercel(self, page: str = "") -> str:
        """Return the address.

        Without a team's slug it is Vercel's own link, which lets people choose team and project.
        """
        if self.team and not self.team.startswith("team_") and not self.project.startswith("prj_"):
            return f"https://vercel.com/{quote(self.team)}/{quote(self.project)}/{page}".rstrip("/")
        to = quote(f"/[team]/[project]/{page}".rstrip("/"), safe="")
        return f"https://vercel.com/d?to={to}"


def _render(outputs: Mapping[str, Any]) -> str:
    """Return Render's own address if the command reports it, else one from the object's id."""
    try:
        reported = json.loads(outputs["stdout"])
        section, objects = next(iter(reported.items()))
        found = next(iter(objects.values()))
        address = found.get("dashboardUrl") or f"{DASHBOARD}/{filled(RENDER_KINDS[section].page, found)}"
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return DASHBOARD
    return str(address)
