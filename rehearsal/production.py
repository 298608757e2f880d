"""The production of a rehearsal: what MarketEdge has before the gate, and the proof that nobody touched it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from blueprint.marker import KEY as MARKER
from rehearsal.estate import FACTS, WORKSPACE, World, create
from rehearsal.vendor_api import vercel_deployments

SERVICE = "marketedge-platform"
APPLICATION = "MarketEdge Platform"
FRONTEND = "marketedge-frontend"
REPOSITORY = "MarketEdge-Platform"
CHANGED = {"AUTH0_AUDIENCE", "CORS_ORIGINS"}
"""The variables of the service that the gate writes (plan 1.1, 1.2)."""


@dataclass(frozen=True)
class Living:
    """Production as it was found.

    Attributes:
        variables: of the service.
        requests: how many Render had answered.
        kept: by vendor, object and property, what nobody may change: what the gate does not declare.
    """

    service_id: str
    variables: dict[str, str]
    client_id: str
    requests: int
    kept: dict[tuple[str, str, str], str]


def seed_production(world: World) -> Living:
    """Create production.

    It has a service with 25 variables, a domain and a live deploy, an Auth0 application, a Vercel project with domains,
    a variable and a deployment that serves, a protected main, and a GitHub environment. Each has settings of its own.
    """
    project = world.vendors.find("vercel", "project", name=FRONTEND) or {}
    create(world.vendors, FACTS["production"], project=project["id"], **world.secrets.production)
    with world.vendors.edit("vercel") as objects:
        next(one for one in objects if one["id"] == project["id"]).update(FACTS["project"])
    vercel_deployments.build(world.vendors, FRONTEND, secrets.token_hex(20), "main")
    client = world.vendors.find("auth0", "client", name=APPLICATION) or {}
    variables = {**FACTS["variables"], **world.secrets.production, "AUTH0_CLIENT_ID": client["clientId"]}
    service = {
        **FACTS["service"],
        "ownerId": WORKSPACE["id"],
        "envVars": [{"key": key, "value": value} for key, value in variables.items()],
    }
    with world.render_session() as dashboard:
        made = dashboard.post("/services", json=service).raise_for_status().json()["service"]
        dashboard.post(f"/services/{made['id']}/custom-domains", json={"name": "api.zebra.associates"})
    world.wait_for_deploys()
    return look(world, client["clientId"])


def look(world: World, client_id: str = "") -> Living:
    """Return production as it is now."""
    estate = world.render.estate
    service_id = estate.find_service(SERVICE)["id"]
    variables = dict(estate.env_vars[service_id])
    kept = {f"variable {key}": value for key, value in variables.items() if key not in CHANGED}
    kept["deploys"] = ", ".join(sorted(deploy["id"] for deploy in estate.deploys_of(service_id)))
    kept["domains"] = ", ".join(sorted(domain["name"] for domain in estate.domains_of(service_id)))
    at_render = {("render", "service", name): value for name, value in kept.items()}
    return Living(service_id, variables, client_id, len(world.render.requests), _elsewhere(world) | at_render)


def _elsewhere(world: World) -> dict[tuple[str, str, str], str]:
    """Return the values at GitHub, Auth0 and Vercel that the gate does not declare."""
    return {
        (vendor, f"{kind} {found['id']}", path): str(value)
        for vendor, types in FACTS["declared"].items()
        for kind, declared in types.items()
        for found in world.vendors.find_all(vendor, kind)
        for path, value in _properties(found)
        if not path.startswith(tuple(declared))
    }


def _properties(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Return every value by its dotted path. A list with one entry counts as that entry; a longer one is one value."""
    if isinstance(node, list) and len(node) == 1:
        yield from _properties(node[0], path)
    elif isinstance(node, dict):
        for name, inner in node.items():
            yield from _properties(inner, f"{path}.{name}" if path else name)
    else:
        yield path, node


def harm(world: World, before: Living) -> list[str]:
    """Return what somebody did to production that nobody may do, from the request log and from what exists."""
    service, now = f"/services/{before.service_id}", look(world)
    requests = [f"{one.method} {one.path.partition('?')[0]}" for one in world.render.requests[before.requests :]]
    harmless = re.compile(rf"GET .*|PATCH {service}|PUT {service}/env-vars/[^/]+")
    found = [one for one in requests if f" {service}" in one and not harmless.fullmatch(one)]
    added = now.variables.keys() - before.variables.keys() - CHANGED - {MARKER}
    found += [f"variable {key} added" for key in sorted(added)]
    changed = sorted(where for where, value in before.kept.items() if now.kept.get(where) != value)
    found += [f"{vendor}: {name}: {path} lost or changed" for vendor, name, path in changed]
    deleted = [e for e in world.vendors.log if e["operation"] == "delete"]
    found += [f"{entry['vendor']}: {entry['type']} {entry['key']} deleted" for entry in deleted]
    return found
