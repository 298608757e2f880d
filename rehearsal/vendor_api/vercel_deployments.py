"""Deployments of a simulated Vercel project: built from Git, promoted, rolled back (vercel.com/docs/rest-api).

Deployments are objects of the estate (`deployment`); what serves production is the project's `serving`, and the last
promotion or rollback its `aliasRequest`, which is done when somebody has looked at it once.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from ..plugins import Estate
from .vercel_operations import shown
from .vercel_pages import paged
from .wire import Answer, Request

Json = dict[str, Any]
_READY = "READY"


def build(
    estate: Estate, project: str, sha: str, branch: str, state: str = _READY, *, environment: str | None = None
) -> str:
    """What the Git integration does with a push: a build, which takes production's domains over where the project says
    so and the branch is production's.

    Args: state: CANCELED where the build was skipped. environment: the slug of a custom one that tracks the branch; its
    deployments have no target. Returns: the deployment's id.
    """
    identity = f"dpl_{secrets.token_hex(12)}"
    with estate.edit("vercel") as objects:
        (mine,) = (o for o in objects if o["type"] == "project" and o["name"] == project)
        production = (mine.get("gitRepository") or {}).get("productionBranch", "main") == branch
        serves = production and state == _READY and mine.get("autoAssignCustomDomains", True)
        objects.append(
            {
                **{"type": "deployment", "id": identity, "projectId": mine["id"], "sha": sha, "branch": branch},
                **{"target": "production" if production else None, "state": state, "served": serves},
                **{"url": f"{project}-{identity[4:13]}.vercel.app", "created": int(time.time() * 1000)},
                "environment": environment,
            }
        )
        if serves:
            mine["serving"] = identity
    return identity


class Deployments:
    """The endpoints. Args: hobby: a rollback goes back to the previous production deployment only."""

    def __init__(self, estate: Estate, *, hobby: bool = False) -> None:
        self._estate, self._hobby = estate, hobby

    def answer(self, request: Request) -> Answer | None:
        """Answer a request, or return None if the path is not one of these."""
        match request.method, request.path:
            case "GET", ("v6" | "v7", "deployments"):
                return paged("deployments", [_shown(one) for one in self._listed(request)], request)
            case "GET", ("v13", "deployments", identity):
                found = self._estate.find("vercel", "deployment", id=identity)
                return Answer(200, {**_shown(found), "id": identity}) if found else None
            case "DELETE", ("v13", "deployments", identity):
                return self._delete(identity)
            case "POST", ("v10", "projects", project, "promote", identity):
                return self._alias("promote", project, identity)
            case "POST", ("v9" | "v1", "projects", project, "rollback", identity):
                return self._alias("rollback", project, identity)
        return None

    def _listed(self, request: Request) -> list[Json]:
        query = request.query
        wanted: Json = {"projectId": query.get("projectId"), "target": query.get("target")}
        wanted |= {"state": query.get("state"), "sha": query.get("sha"), "branch": query.get("branch")}
        filters = {name: value for name, value in wanted.items() if value}
        found = self._estate.find_all("vercel", "deployment", **filters)
        return sorted(found, key=lambda one: one["created"], reverse=True)

    def _alias(self, kind: str, project: str, identity: str) -> Answer:
        with self._estate.edit("vercel") as objects:
            mine = next((o for o in objects if o["type"] == "project" and project in (o["id"], o["name"])), None)
            found = next((o for o in objects if o["type"] == "deployment" and o["id"] == identity), None)
            if mine is None or found is None or found["projectId"] != mine["id"]:
                return _refuse(404, "not_found", "Deployment not found")
            if found["target"] != "production" or found["state"] != _READY:
                return _refuse(400, "bad_request", "Only a ready production deployment can serve production")
            if kind == "rollback" and not found["served"]:
                return _refuse(400, "bad_request", "Cannot roll back to a deployment that never served production")
            if kind == "promote" and found["served"] and mine.get("refusesPromoted"):
                return _refuse(409, "conflict", "Deployment has been promoted before, roll back to it instead")
            if kind == "rollback" and self._hobby and mine.get("previous") != identity:
                return _refuse(403, "forbidden", "Upgrade to roll back to deployments before the previous one")
            asked = max(int(time.time() * 1000), (mine.get("aliasRequest") or {}).get("requestedAt", 0) + 1)
            failed = mine.pop("failNextAlias", False)
            status = "failed" if failed else "succeeded"
            mine["aliasRequest"] = {"type": kind, "jobStatus": status, "toDeploymentId": identity, "requestedAt": asked}
            mine["looked"] = False
            if not failed:
                mine["previous"], mine["serving"], found["served"] = mine.get("serving"), identity, True
                mine["rolledBack"] = kind == "rollback"
        return Answer(201, {})

    def _delete(self, identity: str) -> Answer:
        with self._estate.edit("vercel") as objects:
            kept = [o for o in objects if (o["type"], o["id"]) != ("deployment", identity)]
            gone = len(kept) < len(objects)
            objects[:] = kept
        return Answer(200, {"uid": identity, "state": "DELETED"}) if gone else _refuse(404, "not_found", "Not found")

    def of_project(self, project: Json) -> Json:
        """Return what a project says of its deployments. With `namesNewest` its target is the newest build."""
        last, serving = project.get("aliasRequest"), project.get("serving")
        if project.get("namesNewest"):
            mine = self._estate.find_all("vercel", "deployment", projectId=project["id"], target="production")
            serving = max(mine, key=lambda one: one["created"])["id"] if mine else None
        found = self._estate.find("vercel", "deployment", id=serving) if serving else None
        told: Json = {"targets": {"production": _target(found)} if found else {}}
        if last:
            told["lastAliasRequest"] = last if project.get("looked") else {**last, "jobStatus": "in-progress"}
            with self._estate.edit("vercel") as objects:
                for one in objects:
                    if one["type"] == "project" and one["id"] == project["id"]:
                        one["looked"] = True
        return told


def _target(found: Json) -> Json:
    """Return what a project says of the deployment that its target serves."""
    own = {"id": found["id"], "url": found["url"], "readyState": found["state"], "createdAt": found["created"]}
    return {**shown("target", {}), **own, "deploymentHostname": found["url"]}


def _shown(found: Json) -> Json:
    substate: Json = {"readySubstate": "PROMOTED" if found["served"] else "STAGED"} if found["target"] else {}
    if slug := found.get("environment"):
        substate["customEnvironment"] = {"id": f"env_{slug}", "slug": slug}
    own = {"uid": found["id"], "readyState": found["state"], "name": found["url"].rpartition("-")[0]}
    meta = {"githubCommitSha": found["sha"], "githubCommitRef": found["branch"]}
    return {**shown("deployment", {**found, "type": "LAMBDAS"}), **own, "meta": meta, **substate}


def _refuse(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": message}})
