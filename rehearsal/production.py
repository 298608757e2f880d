"""The production of a rehearsal: what MarketEdge has before the gate, and the proof that nobody touched it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from blueprint.marker import KEY as MARKER
from rehearsal.estate import World
from rehearsal.vendor_api import vercel_deployments

SERVICE = "marketedge-platform"
APPLICATION = "MarketEdge Platform"
PROJECT = "marketedge-frontend"
REPOSITORY = "MarketEdge-Platform"
DOMAINS = ("app.zebra.associates", "platform.marketedge.co.uk")
CHANGED = {"AUTH0_AUDIENCE", "CORS_ORIGINS"}
"""The variables of the service that the gate writes (plan 1.1, 1.2)."""

_DECLARED = {
    ("github", "branch_protection"): (
        "requiredPullRequestReviews.requiredApprovingReviewCount",
        "requiredPullRequestReviews.dismissStaleReviews",
        "requiredStatusChecks",
        "requireConversationResolution",
        "enforceAdmins",
    ),
    ("github", "environment"): ("deploymentBranchPolicy", "canAdminsBypass"),
    ("auth0", "client"): ("callbacks", "allowedLogoutUrls", "webOrigins", "allowedOrigins"),
    ("vercel", "project"): ("autoAssignCustomDomains",),
    ("vercel", "domain"): (),
    ("vercel", "deployment"): (),
    ("vercel", "environment_variable"): ("value", "comment"),
}
"""The properties that the gate sets, by type of object. Every other property belongs to production."""

_VARIABLES = {
    "AUTH0_DOMAIN": "dev-g8trhgbfdq2sk2m8.us.auth0.com",
    "ENVIRONMENT": "production",
    "DEBUG": "false",
    "LOG_LEVEL": "INFO",
    "CORS_ORIGINS": "https://platform.marketedge.co.uk,https://app.zebra.associates",
    "CSRF_ENABLED": "true",
    "CADDY_PROXY_MODE": "false",
    "JWT_ALGORITHM": "HS256",
    "ACCESS_TOKEN_EXPIRE_MINUTES": "30",
    "REFRESH_TOKEN_EXPIRE_DAYS": "7",
    "RUN_MIGRATIONS": "true",
    "PYTHON_VERSION": "3.11.11",
    "PORT": "8000",
    "PROJECT_NAME": "MarketEdge Platform",
    "PROJECT_VERSION": "1.0.0",
    "RATE_LIMIT_ENABLED": "true",
    "RATE_LIMIT_REQUESTS_PER_MINUTE": "60",
    "DATABASE_POOL_SIZE": "10",
    "SENTRY_DSN": "",
}


@dataclass(frozen=True)
class Living:
    """Production as it was found.

    Attributes:
        deploys: every deploy that there was, the live one among them.
        kept: by vendor, object and property, what the gate does not declare.
    """

    service_id: str
    variables: dict[str, str]
    deploys: list[str]
    domains: list[str]
    client_id: str
    requests: int
    kept: dict[tuple[str, str, str], str]


def seed_production(world: World) -> Living:
    """Create production.

    It has a service with 25 variables, a domain and a live deploy, an Auth0 application, a Vercel project with domains,
    a variable and a deployment that serves, a protected main, and a GitHub environment. Each has settings of its own.
    """
    _seed_github(world)
    client = world.vendors.seed(
        "auth0",
        "client",
        name=APPLICATION,
        appType="regular_web",
        clientSecret=world.secrets.production["AUTH0_CLIENT_SECRET"],
        callbacks=["https://app.zebra.associates/callback", "https://platform.marketedge.co.uk/callback"],
        allowedLogoutUrls=["https://app.zebra.associates"],
        webOrigins=["https://app.zebra.associates"],
        grantTypes=["authorization_code", "refresh_token", "password"],
        organizationUsage="allow",
        refreshToken={"rotationType": "non-rotating", "expirationType": "non-expiring"},
        logoUri="https://app.zebra.associates/logo.png",
    )
    _seed_vercel(world)
    variables = {**_VARIABLES, **world.secrets.production, "AUTH0_CLIENT_ID": client["clientId"]}
    with world.render_session() as dashboard:
        made = dashboard.post("/services", json=_service(world, variables)).raise_for_status().json()["service"]
        dashboard.post(f"/services/{made['id']}/custom-domains", json={"name": "api.zebra.associates"})
    _settle(world, made["id"])
    return look(world, client["clientId"])


def _seed_github(world: World) -> None:
    """Create a branch rule and an environment that are in some points stricter than the plan asks."""
    world.vendors.seed(
        "github",
        "branch_protection",
        repositoryId=REPOSITORY,
        pattern="main",
        requireSignedCommits=True,
        requiredPullRequestReviews=[{"requiredApprovingReviewCount": 1, "requireCodeOwnerReviews": True}],
    )
    reviewers = [{"users": [1001], "teams": []}]
    world.vendors.seed(
        "github", "environment", repository=REPOSITORY, environment="production", reviewers=reviewers, waitTimer=5
    )


def _seed_vercel(world: World) -> None:
    """Create the frontend. It has a build command, a second domain that redirects to the first, and one variable."""
    with world.vendors.edit("vercel") as objects:
        (project,) = (one for one in objects if one["type"] == "project" and one["name"] == PROJECT)
        project |= {
            "buildCommand": "npm run build:production",
            "skewProtection": "12 hours",
            "gitForkProtection": False,
        }
    app, other = DOMAINS
    world.vendors.seed("vercel", "domain", projectId=project["id"], domain=app)
    redirect = {"redirect": app, "redirectStatusCode": 308}
    world.vendors.seed("vercel", "domain", projectId=project["id"], domain=other, **redirect)
    vercel_deployments.build(world.vendors, PROJECT, secrets.token_hex(20), "main")
    api = {"key": "NEXT_PUBLIC_API_BASE_URL", "value": f"https://{SERVICE}.onrender.com", "targets": ["production"]}
    world.vendors.seed("vercel", "environment_variable", projectId=project["id"], sensitive=False, **api)


def _service(world: World, variables: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "web_service",
        "name": SERVICE,
        "ownerId": next(iter(world.render.estate.owners)),
        "repo": "https://github.com/zebra-devops/MarketEdge-Platform",
        "branch": "main",
        "autoDeploy": "yes",
        "envVars": [{"key": key, "value": value} for key, value in variables.items()],
        "serviceDetails": {
            "runtime": "python",
            "plan": "starter",
            "region": "oregon",
            "healthCheckPath": "/health",
            "envSpecificDetails": {"buildCommand": "pip install -r requirements.txt", "startCommand": "./start.sh"},
        },
    }


def _settle(world: World, service_id: str) -> None:
    while not world.render.estate.live_deploy(service_id):
        world.render.settle()


def look(world: World, client_id: str = "") -> Living:
    """Return production as it is now."""
    estate = world.render.estate
    (service,) = estate.named(estate.services, SERVICE)
    return Living(
        service_id=service["id"],
        variables=dict(estate.env_vars[service["id"]]),
        deploys=sorted(deploy["id"] for deploy in estate.deploys_of(service["id"])),
        domains=sorted(domain["name"] for domain in estate.domains_of(service["id"])),
        client_id=client_id,
        requests=len(world.render.requests),
        kept=_kept(world),
    )


def _kept(world: World) -> dict[tuple[str, str, str], str]:
    return {
        (vendor, f"{type_} {found['id']}", path): str(value)
        for (vendor, type_), declared in _DECLARED.items()
        for found in world.vendors.find_all(vendor, type_)
        for path, value in _properties(found)
        if not path.startswith(declared)
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
    found = []
    for request in world.render.requests[before.requests :]:
        path = request.path.partition("?")[0]
        steps = path.strip("/").split("/")
        if steps[:2] == ["services", before.service_id] and _harmful(request.method, steps[2:]):
            found.append(f"{request.method} {path}")
    now = look(world)
    lost = {key for key, value in before.variables.items() if key not in CHANGED and now.variables.get(key) != value}
    added = now.variables.keys() - before.variables.keys() - CHANGED - {MARKER}
    found += [f"variable {key} lost or changed" for key in sorted(lost)]
    found += [f"variable {key} added" for key in sorted(added)]
    changed = sorted(where for where, value in before.kept.items() if now.kept.get(where) != value)
    found += [f"{vendor}: {name}: {path} lost or changed" for vendor, name, path in changed]
    found += ["deploys: not the same"] if now.deploys != before.deploys else []
    found += ["domains: not the same"] if now.domains != before.domains else []
    deleted = [e for e in world.vendors.log if e["operation"] == "delete"]
    found += [f"{entry['vendor']}: {entry['type']} {entry['key']} deleted" for entry in deleted]
    return found


def _harmful(method: str, steps: list[str]) -> bool:
    """Return every write but changes of fields and writes of one variable."""
    if method == "GET" or (method == "PATCH" and not steps):
        return False
    return not (method == "PUT" and steps[:1] == ["env-vars"] and len(steps) == 2)
