"""Lists every staging object of the plan as the vendors hold it, whatever the program meant to make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from rehearsal.estate import World

BRANCH, SERVICE, DATABASE, GROUP = "staging", "marketedge-platform-staging", "marketedge-staging-db", "staging-env"
APPLICATION = "MarketEdge Platform (staging)"


class Row(NamedTuple):
    """One object.

    Attributes:
        found: what is there; empty when there is no such object.
    """

    vendor: str
    title: str
    found: str


def staging_objects(world: World) -> list[Row]:
    """Return one row for each object, in the plan's order (tasks 1.3 to 3.1)."""
    vendors = {"GitHub": _github, "Auth0": _auth0, "Render": _render, "Vercel": _vercel}
    return [Row(vendor, *one) for vendor, objects in vendors.items() for one in objects(world)]


def _github(world: World) -> Iterator[tuple[str, str]]:
    find, find_all = world.vendors.find, world.vendors.find_all
    branch, rule = find("github", "branch", branch=BRANCH), find("github", "branch_protection", pattern=BRANCH)
    environment = find("github", "environment", environment=BRANCH)
    yield f"branch {BRANCH}", f"at {branch['sha'][:7]}, from main" if branch else ""
    yield f"protection of {BRANCH}", _protection(rule) if rule else ""
    yield f"environment {BRANCH}", "for jobs of its branch only" if environment else ""
    for kind in ("variable", "secret"):
        inside = find_all("github", f"environment_{kind}", environment=BRANCH)
        yield f"environment {kind}s", ", ".join(one[f"{kind}Name"] for one in inside)


def _protection(rule: dict[str, Any]) -> str:
    review, checks = rule["requiredPullRequestReviews"][0], rule["requiredStatusChecks"][0]
    facts = {
        f"{review['requiredApprovingReviewCount']} approval": True,
        "stale ones dismissed": review["dismissStaleReviews"],
        f"checks {' + '.join(checks['contexts'])}": bool(checks["contexts"]),
        "conversations resolved": rule["requireConversationResolution"],
        "no bypass": rule["enforceAdmins"],
        "no force push": not rule["allowsForcePushes"],
        "no deletion": not rule["allowsDeletions"],
    }
    return ", ".join(fact for fact, holds in facts.items() if holds)


def _auth0(world: World) -> Iterator[tuple[str, str]]:
    client = world.vendors.find("auth0", "client", name=APPLICATION)
    lists = ("callbacks", "allowedLogoutUrls", "webOrigins", "allowedOrigins")
    yield APPLICATION, ", ".join(f"{len(client[name])} {name}" for name in lists) if client else ""
    yield "its credentials", f"client id {client['clientId'][:6]}…" if client else ""


def _render(world: World) -> Iterator[tuple[str, str]]:
    estate = world.render.estate
    tables = ((estate.postgres, DATABASE), (estate.env_groups, GROUP), (estate.services, SERVICE))
    database, group, service = (next(iter(estate.named(table, name)), None) for table, name in tables)
    domains, live = estate.domains_of(service["id"]) if service else [], world.render.running(SERVICE)
    yield f"database {DATABASE}", f"{database['status']}, {database['plan']}" if database else ""
    yield f"group {GROUP}", f"{len(group['envVars'])} variables" if group else ""
    yield f"service {SERVICE}", _service(service) if service else ""
    yield "its running environment", f"{len(live[1])} variables in the live deploy" if live else ""
    yield "its domain", ", ".join(domain["name"] for domain in domains)


def _service(service: dict[str, Any]) -> str:
    details = service["serviceDetails"]
    return f"{details['runtime']}, {details['plan']}, {details['region']}, branch {service['branch']}"


def _vercel(world: World) -> Iterator[tuple[str, str]]:
    variables = world.vendors.find_all("vercel", "environment_variable", targets=["preview"])
    domain = world.vendors.find("vercel", "domain", gitBranch=BRANCH)
    yield "preview variables", ", ".join(variable["key"] for variable in variables)
    yield "domain", f"{domain['domain']} on branch {domain['gitBranch']}" if domain else ""
