"""Runs of workflows in a simulated repository, the environments that their jobs wait for, and deployments.

A run is an object of the estate, `run`. A job that names an environment is let in by the rules of that environment, as
often as a job names it: the branch or tag has to fit a policy, and reviewers are asked for each job anew
(docs.github.com/en/actions: Managing environments for deployment). A deployment is a `deployment`, and each of its
statuses a `deployment_status` (docs.github.com/en/rest/deployments).
"""

from __future__ import annotations

import fnmatch
from typing import Any, Literal

from ..plugins import Estate
from .github_repository import Repository, editing, invalid, now, user
from .wire import Answer, Endpoints, Json, pick

endpoint = Endpoints()


def run(
    estate: Estate,
    repository: str,
    number: int,
    *,
    status: str,
    conclusion: str | None = None,
    sha: str = "0" * 40,
    workflow: str = "",
    created: str = "",
) -> None:
    """Set how a workflow's run stands at Actions."""
    with editing(estate, repository) as repo:
        repo.drop("run", number=number)
        state: Json = {"status": status, "conclusion": conclusion, "created": created or now(), "approved": []}
        repo.add("run", number=number, sha=sha, workflow=workflow, **state)


def enter(
    estate: Estate, repository: str, run_id: int, environment: str, ref: str
) -> Literal["in", "waiting", "refused"]:
    """Let a job of a run into an environment, or make it wait.

    If it is let in, GitHub makes a deployment record of its own, besides those that the job makes.

    Args:
        ref: the whole name, such as refs/tags/v1.2.3.
    """
    with editing(estate, repository) as repo:
        rules = repo.one("environment", environment=environment)
        kind, _, name = ref.removeprefix("refs/").partition("/")
        pattern = {"heads": "branchPattern", "tags": "tagPattern"}[kind]
        patterns = [one.get(pattern) for one in repo.all("deployment_policy", environment=environment)]
        limited = (rules.get("deploymentBranchPolicy") or {}).get("customBranchPolicies")
        if limited and not any(fnmatch.fnmatchcase(name, one) for one in patterns if one):
            return "refused"
        mine = repo.one("run", number=run_id)
        if rules.get("reviewers") and environment not in mine["approved"]:
            mine["status"] = "waiting"
            return "waiting"
        mine["approved"] = []
        _deploy(repo, {"ref": name, "environment": environment}, sha=mine["sha"], creator="github-actions[bot]")
    return "in"


def approve(estate: Estate, repository: str, run_id: int, environment: str) -> None:
    """Let one job of a run into an environment, as a reviewer does."""
    with editing(estate, repository) as repo:
        repo.one("run", number=run_id).update(approved=[environment], status="in_progress")


@endpoint("GET actions/runs", "GET actions/workflows/{workflow}/runs")
def runs(repo: Repository, **where: str) -> Json:
    """List the runs, the newest first: all, or those of one workflow."""
    state = repo.query.get("status")  # a status, or a conclusion
    found = [one for one in repo.all("run", **where) if state in (None, one["status"], one["conclusion"])]
    return repo.listed("workflow_runs", [_run(one) for one in reversed(found)])


@endpoint("GET actions/runs/{number}")
def get_run(repo: Repository, number: int) -> Json:
    return _run(repo.one("run", number=number))


def _run(found: Json) -> Json:
    times = dict.fromkeys(("created_at", "updated_at", "run_started_at"), found["created"])
    shown = {"id": found["number"], "event": "push", "head_sha": found["sha"]}
    return {**shown, **pick(found, "status conclusion"), **times}


@endpoint("GET deployments")
def deployments(repo: Repository) -> list[Json]:
    """List deployments, the newest first."""
    wanted = {name: value for name, value in repo.query.items() if name in ("environment", "sha", "ref", "task")}
    return repo.page([_deployment(one) for one in reversed(repo.all("deployment", **wanted))])


@endpoint("POST deployments")
def make_deployment(repo: Repository) -> Answer:
    return Answer(201, _deployment(_deploy(repo, repo.body, sha=repo.body["ref"], creator=repo.writer)))


def _deploy(repo: Repository, body: Json, **known: Any) -> Json:
    usual = {"task": "deploy", "environment": "production", "payload": {}}
    given = pick({**usual, **body}, "ref task environment payload description")
    return repo.add("deployment", **given, **known, created_at=now())


@endpoint("GET deployments/{number}/statuses")
def deployment_statuses(repo: Repository, number: int) -> list[Json]:
    """List the statuses of a deployment, the newest first."""
    found = repo.objects.all("deployment_status", deployment=number)
    return repo.page([_deployment_status(one) for one in reversed(found)])


@endpoint("POST deployments/{number}/statuses")
def set_deployment_status(repo: Repository, number: int) -> Answer:
    """Add a status. A success makes earlier successful deployments of the environment inactive (`auto_inactive`)."""
    if len(repo.body.get("description") or "") > 140:
        raise invalid("DeploymentStatus")
    mine = repo.one("deployment", id=number)
    newest = {one["deployment"]: one["state"] for one in repo.objects.all("deployment_status")}
    given = pick(repo.body, "state description environment_url log_url")
    made = repo.add("deployment_status", deployment=mine["id"], **given, creator=repo.writer, created_at=now())
    for other in repo.all("deployment", environment=mine["environment"]) if made["state"] == "success" else ():
        if other is not mine and newest.get(other["id"]) == "success":
            inactive = {"deployment": other["id"], "state": "inactive", "description": None}
            repo.add("deployment_status", **inactive, creator="ghost", created_at=now())
    return Answer(201, _deployment_status(made))


def _deployment(found: Json) -> Json:
    shown = pick(found, "id sha ref task environment payload description created_at")
    return {**shown, "creator": user(found.get("creator"))}


def _deployment_status(found: Json) -> Json:
    shown = {name: found.get(name) or "" for name in ("description", "environment_url", "log_url")}
    return {**pick(found, "id state created_at"), **shown, "creator": user(found.get("creator"))}
