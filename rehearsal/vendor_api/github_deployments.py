"""Deployments and their statuses of a simulated repository (docs.github.com/en/rest/deployments).

A success turns earlier deployments of the environment that were one `inactive` (auto_inactive).
"""

from __future__ import annotations

from typing import Any

from ..plugins import Estate
from .github_git import now
from .wire import Answer, Request, page

Json = dict[str, Any]


class Deployments:
    """The endpoints. Args: name: of the repository. writer: the login that the request's token writes as."""

    def __init__(self, estate: Estate, name: str, writer: str) -> None:
        self._estate, self._name, self._writer = estate, name, writer

    def answer(self, path: tuple[str, ...], request: Request) -> Answer | None:
        """Answer a request, or return None if the path is not one of these."""
        match request.method, path:
            case "GET", ("deployments",):
                wanted = {k: v for k, v in request.query.items() if k in ("environment", "sha", "ref", "task")}
                found = self._estate.find_all("github", "deployment", repository=self._name, **wanted)
                shown = [_shown(one) for one in reversed(found)]
                return Answer(200, page(shown, request, default=30, most=100, first=1))
            case "POST", ("deployments",):
                return self._make(request.body)
            case "GET", ("deployments", identity, "statuses"):
                found = self._estate.find_all("github", "deployment_status", deployment=int(identity))
                shown = [_shown_status(one) for one in reversed(found)]
                return Answer(200, page(shown, request, default=30, most=100, first=1))
            case "POST", ("deployments", identity, "statuses"):
                return self._say(int(identity), request.body)
        return None

    def _make(self, body: Json) -> Answer:
        with self._estate.edit("github") as objects:
            number = 1 + max((o["id"] for o in objects if o["type"] == "deployment"), default=0)
            made = {
                **{
                    "type": "deployment",
                    "id": number,
                    "repository": self._name,
                    "sha": body["ref"],
                    "ref": body["ref"],
                },
                **{"task": body.get("task", "deploy"), "environment": body.get("environment", "production")},
                **{"payload": body.get("payload", {}), "description": body.get("description"), "created_at": now()},
                "creator": self._writer,
            }
            objects.append(made)
        return Answer(201, _shown(made))

    def _say(self, identity: int, body: Json) -> Answer:
        if len(body.get("description") or "") > 140:
            return Answer(422, {"message": "Validation Failed", "errors": [{"resource": "DeploymentStatus"}]})
        with self._estate.edit("github") as objects:
            (mine,) = (o for o in objects if o["type"] == "deployment" and o["id"] == identity)
            said = [o for o in objects if o["type"] == "deployment_status"]
            state = {one["deployment"]: one["state"] for one in said}
            made = _status(len(said) + 1, identity, body["state"], body.get("description"), self._writer)
            made |= {name: body[name] for name in ("environment_url", "log_url") if name in body}
            objects.append(made)
            for other in [o for o in objects if o["type"] == "deployment" and o["id"] != identity]:
                same = (other["repository"], other["environment"]) == (self._name, mine["environment"])
                if same and body["state"] == "success" and state.get(other["id"]) == "success":
                    objects.append(_status(len(objects) + 1_000, other["id"], "inactive", None))
        return Answer(201, _shown_status(made))


def _status(number: int, deployment: int, state: str, description: str | None, creator: str = "ghost") -> Json:
    kept = {"type": "deployment_status", "id": number, "deployment": deployment, "state": state}
    return {**kept, "description": description, "creator": creator, "created_at": now()}


def _shown(found: Json) -> Json:
    names = ("id", "sha", "ref", "task", "environment", "payload", "description", "created_at")
    shown = {name: found[name] for name in names}
    return {**shown, "creator": {"login": found.get("creator", "octocat")}}


def _shown_status(found: Json) -> Json:
    shown = {name: found[name] for name in ("id", "state", "created_at")}
    creator = {"login": found.get("creator", "octocat")}
    links = {name: found.get(name, "") for name in ("environment_url", "log_url")}
    return {**shown, **links, "description": found["description"] or "", "creator": creator}
