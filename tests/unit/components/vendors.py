"""What the vendors answer in these tests: ids, the Auth0 client, and what `bin/render apply` reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from blueprint.objects import KeyValue
from blueprint.spec import Document, parse
from tests.unit import plan

NODE_ID = "R_kgDOfake0001"
REVIEWERS = {"octocat": 1001, "release-managers": 2002}
"""Ids of a user and of a team."""
PROJECT_ID = "prj_fake0001"
CLIENT_ID = "fakeStagingClientId0000000000001"
CLIENT_SECRET = "fake-staging-client-secret"
OWNER_ID = "tea-fake0001"
SERVICE_ID = "srv-fake0001"
DATABASE_ID = "dpg-fake0001-a"
KEY_VALUE_ID = "red-fake0001"
GROUP_ID = "evg-fake0001"
GROUP_REVISION = "2025-10-02T10:00:00Z"
UPDATED = "2025-10-02T12:00:00.123456Z"


def answer(token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What a look-up answers."""
    if token == "github:index/getRepository:getRepository":
        return {"fullName": arguments["fullName"], "nodeId": NODE_ID, "id": "MarketEdge-Platform"}
    if token == "vercel:index/getProject:getProject":
        return {"name": plan.VERCEL_PROJECT, "id": PROJECT_ID}
    if token in ("github:index/getUser:getUser", "github:index/getTeam:getTeam"):
        return {"id": str(REVIEWERS[arguments.get("username") or arguments["slug"]])}
    raise AssertionError(f"unexpected look-up {token}")


def outputs_of(type_: str, name: str, inputs: dict[str, Any], preview: bool) -> dict[str, Any]:
    """What a resource has besides its inputs once it exists; nothing in a preview, where it does not yet."""
    if preview:
        return {}
    if type_ == "auth0:index/client:Client":
        return {"clientId": CLIENT_ID}
    if type_ == "auth0:index/clientCredentials:ClientCredentials":
        return {"clientSecret": CLIENT_SECRET}
    if type_ == "command:local:Command":
        return {"stdout": json.dumps(report_of(inputs["stdin"]), sort_keys=True), "stderr": "progress"}
    return {}


def in_sync(document: Document, _environ: Mapping[str, str]) -> dict[str, Any]:
    """What a look at Render finds where everything is as it was applied."""
    found = {"id": "found", "exists": True, "updatedAt": UPDATED, "drift": []}
    return {
        section: {name: {**found, "made": made} for name, made in objects.items()}
        for section, objects in made_of(document).items()
    }


def nothing_there(document: Document, _environ: Mapping[str, str]) -> dict[str, Any]:
    """What a look finds before the first `up`."""
    missing = {"id": None, "exists": False, "updatedAt": None, "drift": [], "made": None}
    return {section: dict.fromkeys(objects, missing) for section, objects in made_of(document).items()}


def reporting(*_where: object) -> dict[str, str]:
    """Workflow files of a repository whose jobs report every check that is required."""
    checks = ("zebra-protection-gate", "Database Migration Test", "staging-smoke-tests")
    jobs = {f"job-{number}": {"name": name, "runs-on": "ubuntu-latest"} for number, name in enumerate(checks)}
    return {".github/workflows/checks.yml": json.dumps({"on": {"pull_request": None}, "jobs": jobs})}


def report_of(stdin: str) -> dict[str, Any]:
    """What `bin/render apply` prints for a document, which has to be one that it takes."""
    return made_of(parse(stdin))


def made_of(document: Document) -> dict[str, dict[str, Any]]:
    """What an apply reports of everything in a document."""
    made = {"region": "oregon", "plan": "free", "expiresAt": None}
    stores = [one for one in document.services if isinstance(one, KeyValue)]
    sections: dict[str, dict[str, Any]] = {
        "projects": {
            one.name: {"id": "prj-1", "environments": {f"{one.name}/{e.name}": "evm-1" for e in one.environments}}
            for one in document.projects
        },
        "databases": {one.name: {"id": DATABASE_ID, **made} for one in document.databases},
        "keyValues": {one.name: {"id": KEY_VALUE_ID, **made} for one in stores},
        "envVarGroups": {one.name: {"id": GROUP_ID, "revision": GROUP_REVISION} for one in document.env_var_groups},
        "services": {
            one.name: {
                "id": SERVICE_ID,
                "url": f"https://{one.name}.onrender.com",
                "dashboardUrl": f"https://dashboard.render.com/web/{SERVICE_ID}",
            }
            for one in document.services
            if one not in stores
        },
    }
    return {
        name: {one: {"ownerId": OWNER_ID, **report} for one, report in section.items()}
        for name, section in sections.items()
        if section
    }
