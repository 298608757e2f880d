"""Documents like the staging stack's, built by name, with what a test is about as keyword arguments."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
REPO = "https://github.com/zebra-devops/MarketEdge-Platform"
DOMAIN = "staging-api.zebra.associates"


def database(**changes: Any) -> Json:
    return {
        "name": "staging-db",
        "plan": "free",
        "region": "oregon",
        "postgresMajorVersion": "16",
        "databaseName": "marketedge_staging",
        "user": "marketedge_user",
        "ipAllowList": [],
    } | changes


def key_value(**changes: Any) -> Json:
    return {"type": "keyvalue", "name": "cache", "plan": "free", "region": "oregon", "ipAllowList": []} | changes


def variables(**values: str) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def group(*more: Json, **changes: Any) -> Json:
    own = [*variables(LOG_LEVEL="DEBUG", JWT_ALGORITHM="HS256"), {"key": "JWT_SECRET_KEY", "generateValue": True}]
    return {"name": "staging-env", "envVars": [*own, *more]} | changes


def service(*env: Json, **changes: Any) -> Json:
    """A service with these variables and nothing that hangs on it."""
    return {
        "type": "web",
        "name": "api",
        "runtime": "python",
        "plan": "free",
        "region": "oregon",
        "repo": REPO,
        "branch": "staging",
        "buildCommand": "pip install -r requirements.txt",
        "startCommand": "./render-startup.sh",
        "healthCheckPath": "/health",
        "envVars": list(env),
    } | changes


def from_database(key: str = "DATABASE_URL", property: str = "connectionString", name: str = "staging-db") -> Json:
    return {"key": key, "fromDatabase": {"name": name, "property": property}}


def from_itself(key: str, property: str) -> Json:
    return {"key": key, "fromService": {"type": "web", "name": "api", "property": property}}


LINK: Json = {"fromGroup": "staging-env"}
OWN = {f"SETTING_{number:02}": f"value number {number}" for number in range(18)}


def staging(
    *,
    own: dict[str, str] | None = None,
    database_changes: Json | None = None,
    group_more: list[Json] | None = None,
    **service_changes: Any,
) -> Json:
    """The staging estate: a database, a group with a generated value, a service with 20 variables and a domain."""
    env = [LINK, *variables(**(OWN if own is None else own)), from_itself("PORT", "port"), from_database()]
    return {
        "databases": [database(**(database_changes or {}))],
        "envVarGroups": [group(*(group_more or []))],
        "services": [service(*env, **{"domains": [DOMAIN], **service_changes})],
    }


def only(*env: Json, **changes: Any) -> Json:
    """A document of one service."""
    return {"services": [service(*env, **changes)]}


def known_of(report: Json) -> Json:
    """The `known` of a document whose objects refer to those that this report is about."""
    kept = ("id",)
    return {
        section: {name: {key: one[key] for key in kept if key in one} for name, one in objects.items()}
        for section, objects in report.items()
    }
