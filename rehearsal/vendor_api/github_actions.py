"""Runs of workflows in a simulated repository, and the environments that their jobs wait for.

A run is an object of the estate, `run` (see github_git). A job that names an environment is let in by the rules of that
environment, as often as a job names it: the branch or tag has to fit a policy, and reviewers are asked for each job
anew (docs.github.com/en/actions: Managing environments for deployment).
"""

from __future__ import annotations

import fnmatch
import zlib
from typing import Any, Literal

from ..plugins import Estate
from .github_git import now
from .wire import Answer, Request, page

Json = dict[str, Any]


def environment_number(repository: str, environment: str) -> int:
    """Stable, because the estate gives environments no number."""
    return zlib.crc32(f"{repository}:{environment}".encode())


def enter(
    estate: Estate, repository: str, run_id: int, environment: str, ref: str
) -> Literal["in", "waiting", "refused"]:
    """Let a job of a run into an environment, or make it wait.

    If it is let in, GitHub makes a deployment record of its own, besides those that the job makes.

    Args:
        ref: the whole name, such as refs/tags/v1.2.3.
    """
    with estate.edit("github") as objects:
        where = {"repository": repository, "environment": environment}
        (rules,) = (o for o in objects if o["type"] == "environment" and where.items() <= o.items())
        policies = [o for o in objects if o["type"] == "deployment_policy" and where.items() <= o.items()]
        kind, _, name = ref.removeprefix("refs/").partition("/")
        pattern = {"heads": "branchPattern", "tags": "tagPattern"}[kind]
        limited = (rules.get("deploymentBranchPolicy") or {}).get("customBranchPolicies")
        if limited and not any(fnmatch.fnmatchcase(name, p[pattern]) for p in policies if p.get(pattern)):
            return "refused"
        (mine,) = (o for o in objects if (o["type"], o.get("number")) == ("run", run_id))
        if rules.get("reviewers") and not mine["waiting"].pop(f"{environment}: approved", False):
            mine["waiting"][environment] = ref
            mine["status"] = "waiting"
            return "waiting"
        number = 1 + max((o["id"] for o in objects if o["type"] == "deployment"), default=0)
        made = {"type": "deployment", "id": number, **where, "sha": mine["sha"], "ref": name}
        made |= {"task": "deploy", "payload": {}, "description": None, "created_at": now()}
        objects.append({**made, "creator": "github-actions[bot]"})
    return "in"


class Actions:
    """The endpoints. Args: name: of the repository."""

    def __init__(self, estate: Estate, name: str, _writer: str) -> None:
        self._estate, self._name = estate, name

    def answer(self, path: tuple[str, ...], request: Request) -> Answer | None:
        """Answer a request, or return None if the path is not one of these."""
        match request.method, path:
            case "GET", ("actions", "runs"):
                wanted = {k: v for k, v in request.query.items() if k == "status"}
                found = self._estate.find_all("github", "run", repository=self._name, **wanted)
                shown = page([_shown(one) for one in reversed(found)], request, default=30, most=100, first=1)
                return Answer(200, {"total_count": len(found), "workflow_runs": shown})
            case "GET", ("actions", "workflows", file, "runs"):
                found = self._estate.find_all("github", "run", repository=self._name, workflow=file)
                state = request.query.get("status")  # a status, or a conclusion
                found = [one for one in found if state in (None, one["status"], one["conclusion"])]
                shown = page([_shown(one) for one in reversed(found)], request, default=30, most=100, first=1)
                return Answer(200, {"total_count": len(found), "workflow_runs": shown})
            case "GET", ("actions", "runs", number):
                one = self._estate.find("github", "run", repository=self._name, number=int(number))
                return Answer(200, _shown(one)) if one else None
            case "POST", ("actions", "runs", number, "pending_deployments"):
                return self._review(int(number), request.body)
        return None

    def _review(self, number: int, body: Json) -> Answer:
        """actions/workflow-runs, Review pending deployments: by the environments' ids."""
        with self._estate.edit("github") as objects:
            (mine,) = (o for o in objects if (o["type"], o.get("number")) == ("run", number))
            asked = {e: environment_number(self._name, e) for e in list(mine["waiting"])}
            chosen = [name for name, identity in asked.items() if identity in body["environment_ids"]]
            if not chosen:
                return Answer(422, {"message": "No pending deployment requests to approve or reject"})
            for name in chosen:
                del mine["waiting"][name]
                if body["state"] == "approved":
                    mine["waiting"][f"{name}: approved"] = True
            mine["status"] = "in_progress" if body["state"] == "approved" else "completed"
            mine["conclusion"] = None if body["state"] == "approved" else "failure"
        return Answer(200, [])


def _shown(found: Json) -> Json:
    moment = found["created"]
    shown = {"id": found["number"], "status": found["status"], "conclusion": found["conclusion"], "event": "push"}
    return {**shown, "head_sha": found["sha"], "created_at": moment, "updated_at": moment, "run_started_at": moment}
