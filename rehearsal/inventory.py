"""Lists every staging object of the plan as the vendors hold it, whatever the program meant to make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rehearsal.estate import World

BRANCH, SERVICE, DATABASE, GROUP = "staging", "marketedge-platform-staging", "marketedge-staging-db", "staging-env"
APPLICATION = "MarketEdge Platform (staging)"


@dataclass(frozen=True)
class Row:
    """One object.

    Attributes:
        task: its number in the plan.
        found: what is there; empty when there is no such object.
    """

    vendor: str
    title: str
    task: str
    found: str


def staging_objects(world: World) -> list[Row]:
    """Return one row for each object, in the plan's order."""
    return [*_github(world), *_auth0(world), *_render(world), *_vercel(world)]


def _github(world: World) -> list[Row]:
    find, find_all = world.vendors.find, world.vendors.find_all
    branch = find("github", "branch", branch=BRANCH)
    rule = find("github", "branch_protection", pattern=BRANCH)
    environment = find("github", "environment", environment=BRANCH)
    variables = find_all("github", "environment_variable", environment=BRANCH)
    secrets = find_all("github", "environment_secret", environment=BRANCH)
    return [
        Row("GitHub", f"branch {BRANCH}", "1.4", f"at {branch['sha'][:7]}, from main" if branch else ""),
        Row("GitHub", f"protection of {BRANCH}", "1.5", _protection(rule) if rule else ""),
        Row("GitHub", f"environment {BRANCH}", "3.1", "for jobs of its branch only" if environment else ""),
        Row("GitHub", "environment variables", "3.1", ", ".join(v["variableName"] for v in variables)),
        Row("GitHub", "environment secrets", "3.1", ", ".join(s["secretName"] for s in secrets)),
    ]


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


def _auth0(world: World) -> list[Row]:
    client = world.vendors.find("auth0", "client", name=APPLICATION)
    lists = ("callbacks", "allowedLogoutUrls", "webOrigins", "allowedOrigins")
    found = ", ".join(f"{len(client[name])} {name}" for name in lists) if client else ""
    return [
        Row("Auth0", APPLICATION, "1.3", found),
        Row("Auth0", "its credentials", "2.4", f"client id {client['clientId'][:6]}…" if client else ""),
    ]


def _render(world: World) -> list[Row]:
    estate = world.render.estate
    database = next(iter(estate.named(estate.postgres, DATABASE)), None)
    group = next(iter(estate.named(estate.env_groups, GROUP)), None)
    service = next(iter(estate.named(estate.services, SERVICE)), None)
    domains = [d["name"] for d in estate.domains_of(service["id"])] if service else []
    live = estate.live_deploy(service["id"]) if service else None
    running = estate.deploy_environment[live["id"]] if live else {}
    return [
        Row("Render", f"database {DATABASE}", "2.2", f"{database['status']}, {database['plan']}" if database else ""),
        Row("Render", f"group {GROUP}", "2.4", f"{len(group['envVars'])} variables" if group else ""),
        Row("Render", f"service {SERVICE}", "2.1", _service(service) if service else ""),
        Row(
            "Render",
            "its running environment",
            "2.4",
            f"{len(running)} variables in the live deploy" if running else "",
        ),
        Row("Render", "its domain", "2.3", ", ".join(domains)),
    ]


def _service(service: dict[str, Any]) -> str:
    details = service["serviceDetails"]
    return f"{details['runtime']}, {details['plan']}, {details['region']}, branch {service['branch']}"


def _vercel(world: World) -> list[Row]:
    variables = world.vendors.find_all("vercel", "environment_variable", targets=["preview"])
    domain = world.vendors.find("vercel", "domain", gitBranch=BRANCH)
    return [
        Row("Vercel", "preview variables", "2.5", ", ".join(variable["key"] for variable in variables)),
        Row("Vercel", "domain", "2.6", f"{domain['domain']} on branch {domain['gitBranch']}" if domain else ""),
    ]
