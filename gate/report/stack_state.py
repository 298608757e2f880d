"""Reads what a stack's last `up` left, and where each object is shown in its vendor's dashboard.

It reads an export whose secrets stay encrypted, so that it needs no passphrase.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pulumi import automation

from components.vendors import AUTH0, GITHUB, KINDS, LABELS, RENDER, RENDER_KINDS, VERCEL, Kind, filled
from gate.report.estate import ManagedObject, Missing, State
from gate.stack import names
from gate.stack.project import run, said

_DASHBOARD = "https://dashboard.render.com"


@dataclass(frozen=True)
class Places:
    """Where a stack's vendors are opened.

    Attributes:
        repository: https://github.com/<owner>/<name>.
        tenant: domain of Auth0's tenant.
        team, project: Vercel's slugs. `team` is empty if it is not known.
    """

    repository: str = ""
    tenant: str = ""
    team: str = ""
    project: str = ""

    def of(self, type_: str, outputs: Mapping[str, Any]) -> str:
        """Return the address.

        Args:
            type_: the engine's, such as github:index/branch:Branch.
        """
        kind = KINDS.get(type_, Kind(""))
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
    for section, objects in _reported(outputs).items():
        for found in objects.values() if isinstance(objects, dict) else ():
            page = filled(RENDER_KINDS[section].page, found) if section in RENDER_KINDS else ""
            return str(found.get("dashboardUrl") or f"{_DASHBOARD}/{page}".rstrip("/"))
    return _DASHBOARD


def _reported(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a command reported of its object at Render, by section and name; nothing of another resource."""
    try:
        found = json.loads(outputs.get("stdout") or "{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def read(workspace: automation.LocalWorkspace, stack: str, places: Places) -> State | Missing:
    """Return the state, or why there is none."""
    try:
        content = json.loads(run(workspace, "stack", "export", "--stack", stack))
    except automation.CommandError as error:
        if "no stack named" in str(error):
            return Missing(f"there is no stack {stack} in this backend: it was never up", trouble=False)
        return Missing(f"the state cannot be read: {said(error)}")
    except ValueError:
        return Missing("the state cannot be read: the export is not JSON")
    return of(content.get("deployment") or {}, places)


def of(deployment: Mapping[str, Any], places: Places) -> State | Missing:
    """Return what an export's deployment tells."""
    resources = deployment.get("resources") or []
    if not resources:
        return Missing("the stack exists, and was never up", trouble=False)
    outputs = next((one.get("outputs") or {} for one in resources if one["type"] == "pulumi:pulumi:Stack"), {})
    objects = [_object(one, places) for one in resources if one.get("custom") and not one["type"].startswith("pulumi:")]
    return State(
        objects=sorted(objects, key=_order),
        phase=_text(outputs.get("phase")),
        updated=_time((deployment.get("manifest") or {}).get("time")),
        frontend_url=_text(outputs.get("frontendUrl")),
        backend_url=_text(outputs.get("backendUrl")),
        records=[(r["name"], r["type"], _text(r["target"])) for r in outputs.get("dnsRecords") or []],
        pending=len(deployment.get("pending_operations") or []),
        expiries=dict(_expiries(resources)),
        warnings=[_text(one) for one in outputs.get("warnings") or [] if _text(one)],
    )


def _expiries(resources: list[dict[str, Any]]) -> Iterator[tuple[str, datetime]]:
    """Return what the commands reported of databases that Render will delete."""
    for one in resources:
        for name, database in (_reported(one.get("outputs") or {}).get("databases") or {}).items():
            if moment := _time(database.get("expiresAt")):
                yield name, moment


def _object(resource: Mapping[str, Any], places: Places) -> ManagedObject:
    outputs = resource.get("outputs") or {}
    thing = names.vendor_object(resource["urn"], resource.get("inputs") or {}, outputs)
    address = places.of(resource["type"], outputs)
    return ManagedObject(thing, address, bool(resource.get("protect")), _time(resource.get("modified")))


def _order(one: ManagedObject) -> tuple[int, str, str]:
    vendor = one.thing.vendor
    return LABELS.index(vendor) if vendor in LABELS else len(LABELS), one.thing.type, one.thing.name


def _text(value: object) -> str:
    """Return a value, unless it is a secret: in an export that is an object, and no text."""
    return value if isinstance(value, str) else ""


def _time(text: object) -> datetime | None:
    """Return a time. Go writes nanoseconds."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
