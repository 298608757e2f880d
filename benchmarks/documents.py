"""Documents of what is measured: a database, an environment group, and services that use both."""

from typing import Any

from blueprint.reconcile import Report
from blueprint.spec import Document

DATABASE, GROUP = "bench-db", "bench-env"
VARIABLES = 20
"""Of each service. One of them is the database's connection string."""
CHANGED, EDITED = "VARIABLE_01", "VARIABLE_02"
"""The variable that a new declaration changes, and the one that somebody edits in the dashboard."""
AT_FIRST = "as declared at first"

_Spec = dict[str, Any]


def service_name(number: int) -> str:
    return f"bench-{number:03d}"


def estate(services: int, changed: str = AT_FIRST) -> Document:
    """Return everything in one document.

    Args:
        changed: value of CHANGED in the last service.
    """
    return Document.model_validate(
        {
            "databases": [_database()],
            "envVarGroups": [_group()],
            "services": [_service(n, changed if n == services else AT_FIRST) for n in range(1, services + 1)],
        }
    )


def only_last(services: int, report: Report, changed: str) -> Document:
    """Return the last service as its command gets it, with what the other commands reported."""
    return Document.model_validate({"services": [_service(services, changed)], "known": _known(report)})


def one_by_one() -> list[tuple[str, _Spec]]:
    """Return section and specification of each object with one service, in the order of their commands."""
    return [("databases", _database()), ("envVarGroups", _group()), ("services", _service(1))]


def alone(section: str, spec: _Spec, report: Report) -> Document:
    """Return one object, with what the commands before it reported."""
    return Document.model_validate({section: [spec], "known": _known(report)})


def _known(report: Report) -> _Spec:
    """Return what `components.render` tells each command: the workspace, and the ids of what it refers to."""
    databases, groups = report.get("databases", {}), report.get("envVarGroups", {})
    return {
        "ownerId": next((made["ownerId"] for made in databases.values()), None),
        "databases": {name: {"id": made["id"]} for name, made in databases.items()},
        "envVarGroups": {name: {"id": made["id"], "revision": made["revision"]} for name, made in groups.items()},
    }


def _database() -> _Spec:
    return {"name": DATABASE, "plan": "basic_256mb", "region": "oregon", "postgresMajorVersion": "16"}


def _group() -> _Spec:
    return {"name": GROUP, "envVars": [{"key": "LOG_LEVEL", "value": "INFO"}, {"key": "SECRET", "generateValue": True}]}


def _service(number: int, changed: str = AT_FIRST) -> _Spec:
    plain = [{"key": f"VARIABLE_{n:02d}", "value": AT_FIRST} for n in range(2, VARIABLES)]
    return {
        "type": "web",
        "name": service_name(number),
        "runtime": "python",
        "plan": "starter",
        "region": "oregon",
        "repo": "https://github.com/zebra-devops/MarketEdge-Platform",
        "branch": "staging",
        "buildCommand": "pip install -r requirements.txt",
        "startCommand": "./render-startup.sh",
        "healthCheckPath": "/health",
        "domains": [f"{service_name(number)}.example.com"],
        "envVars": [
            {"key": CHANGED, "value": changed},
            *plain,
            {"key": "DATABASE_URL", "fromDatabase": {"name": DATABASE}},
            {"fromGroup": GROUP},
        ],
    }
