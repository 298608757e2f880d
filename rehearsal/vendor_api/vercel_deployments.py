"""Deployments of a simulated Vercel project: built from Git, promoted, rolled back (vercel.com/docs/rest-api).

Deployments are objects of the estate (`deployment`). What serves production is the project's `serving`, and the last
promotion or rollback its `aliasRequest`, which is done when somebody has looked at it once.
"""

from __future__ import annotations

import secrets
import time

from ..plugins import Estate
from .vercel_account import VercelAccount, refused, shown
from .wire import Answer, Endpoints, Json

endpoint = Endpoints()
_READY = "READY"
_FILTERS = ("projectId", "target", "state", "sha", "branch")


def build(
    estate: Estate, project: str, sha: str, branch: str, state: str = _READY, *, environment: str | None = None
) -> str:
    """Build a push, as the Git integration does.

    The build takes over production's domains if the project says so and the branch is production's.

    Args:
        state: CANCELED for a build that was skipped.
        environment: the slug of a custom one that tracks the branch; its deployments have no target.

    Returns:
        The deployment's id.
    """
    identity = f"dpl_{secrets.token_hex(12)}"
    with estate.edit("vercel") as objects:
        (mine,) = objects.all("project", name=project)
        production = (mine.get("gitRepository") or {}).get("productionBranch", "main") == branch
        serves = production and state == _READY and mine.get("autoAssignCustomDomains", True)
        objects.add(
            "deployment",
            id=identity,
            projectId=mine["id"],
            sha=sha,
            branch=branch,
            target="production" if production else None,
            state=state,
            served=serves,
            url=f"{project}-{identity[4:13]}.vercel.app",
            created=int(time.time() * 1000),
            environment=environment,
        )
        if serves:
            mine["serving"] = identity
    return identity


@endpoint("GET v6/deployments", "GET v7/deployments")
def deployments(account: VercelAccount) -> Json:
    """List deployments, the newest first."""
    wanted = {name: value for name, value in account.query.items() if name in _FILTERS}
    found = account.objects.all("deployment", **wanted)
    newest_first = sorted(found, key=lambda one: int(one["created"]), reverse=True)
    return account.paged("deployments", [_deployment(one) for one in newest_first])


@endpoint("GET v13/deployments/{identity}")
def deployment(account: VercelAccount, identity: str) -> Json:
    return {**_deployment(account.one("deployment", "Deployment not found", id=identity)), "id": identity}


@endpoint("DELETE v13/deployments/{identity}")
def delete(account: VercelAccount, identity: str) -> Json:
    if not account.objects.drop("deployment", id=identity):
        raise refused(404, "not_found", "Not found")
    return {"uid": identity, "state": "DELETED"}


@endpoint("POST v10/projects/{project}/promote/{identity}")
def promote(account: VercelAccount, project: str, identity: str) -> Answer:
    """Let a deployment serve production. With `refusesPromoted` the project takes none that served before."""
    mine, found = _ready_for_production(account, project, identity)
    if found["served"] and mine.get("refusesPromoted"):
        raise refused(409, "conflict", "Deployment has been promoted before, roll back to it instead")
    return _serve(mine, found, "promote")


@endpoint("POST v9/projects/{project}/rollback/{identity}", "POST v1/projects/{project}/rollback/{identity}")
def roll_back(account: VercelAccount, project: str, identity: str) -> Answer:
    """Let an earlier deployment serve production again. With `hobby` the project goes back one step only."""
    mine, found = _ready_for_production(account, project, identity)
    if not found["served"]:
        raise refused(400, "bad_request", "Cannot roll back to a deployment that never served production")
    if mine.get("hobby") and mine.get("previous") != identity:
        raise refused(403, "forbidden", "Upgrade to roll back to deployments before the previous one")
    return _serve(mine, found, "rollback")


def _ready_for_production(account: VercelAccount, project: str, identity: str) -> tuple[Json, Json]:
    mine = account.project(project)
    found = account.one("deployment", "Deployment not found", id=identity, projectId=mine["id"])
    if found["target"] != "production" or found["state"] != _READY:
        raise refused(400, "bad_request", "Only a ready production deployment can serve production")
    return mine, found


def _serve(project: Json, found: Json, kind: str) -> Answer:
    asked = max(int(time.time() * 1000), (project.get("aliasRequest") or {}).get("requestedAt", 0) + 1)
    failed = project.pop("failNextAlias", False)
    about = {"type": kind, "jobStatus": "failed" if failed else "succeeded"}
    project["aliasRequest"] = {**about, "toDeploymentId": found["id"], "requestedAt": asked}
    project["looked"] = False
    if not failed:
        project["previous"], project["serving"], found["served"] = project.get("serving"), found["id"], True
        project["rolledBack"] = kind == "rollback"
    return Answer(201, {})


def of_project(account: VercelAccount, project: Json) -> Json:
    """Return what a project says of its deployments. With `namesNewest` its target is the newest build."""
    last, serving = project.get("aliasRequest"), project.get("serving")
    if project.get("namesNewest"):
        mine = account.objects.all("deployment", projectId=project["id"], target="production")
        serving = max(mine, key=lambda one: int(one["created"]))["id"] if mine else None
    found = account.objects.find("deployment", id=serving) if serving else None
    told: Json = {"targets": {"production": _target(found)} if found else {}}
    if last:
        told["lastAliasRequest"] = last if project.get("looked") else {**last, "jobStatus": "in-progress"}
        project["looked"] = True
    return told


def _target(found: Json) -> Json:
    """Return what a project says of the deployment that its target serves."""
    own = {"id": found["id"], "url": found["url"], "readyState": found["state"], "createdAt": found["created"]}
    return {**shown("target", {}), **own, "deploymentHostname": found["url"]}


def _deployment(found: Json) -> Json:
    substate: Json = {"readySubstate": "PROMOTED" if found["served"] else "STAGED"} if found["target"] else {}
    if slug := found.get("environment"):
        substate["customEnvironment"] = {"id": f"env_{slug}", "slug": slug}
    own = {"uid": found["id"], "readyState": found["state"], "name": found["url"].rpartition("-")[0]}
    meta = {"githubCommitSha": found["sha"], "githubCommitRef": found["branch"]}
    return {**shown("deployment", {**found, "type": "LAMBDAS"}), **own, "meta": meta, **substate}
