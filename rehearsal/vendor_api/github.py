"""GitHub's REST and GraphQL endpoints for a repository, as GitHub Enterprise Server has them (`/api/v3`).

What a body may hold and what an answer holds is in `github_operations.json`, which is generated from GitHub's published
description (`python -m tests.contract.github_description`). It gives every field that the simulator does not model a
plain value, so that GitHub's own clients can read the answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..plugins import Estate
from ..plugins.estate import Objects
from . import github_actions, github_git, github_issues, github_settings
from .github_repository import Repository, not_found, refused
from .wire import Answer, Endpoints, Json, Request, Simulator, table

_OPERATIONS: Json = table("github_operations")
_ENDPOINTS = Endpoints(*(one.endpoint for one in (github_git, github_actions, github_issues, github_settings)))


class GitHub(Simulator):
    """GitHub.

    Args:
        owner: of every repository in the estate.
        logins: who each token that is accepted writes as.
    """

    vendor = "github"

    def __init__(self, estate: Estate, owner: str, logins: Mapping[str, str]) -> None:
        super().__init__(estate)
        self._owner, self._logins = owner, logins

    def headers(self, request: Request) -> Mapping[str, str]:
        """Tell what a classic token may do. GitHub tells nothing about a fine-grained one."""
        known = request.token.startswith("ghp_") and request.token in self._logins
        return {"X-OAuth-Scopes": "repo, workflow"} if known else {}

    def answer(self, request: Request, objects: Objects) -> Any:
        writer = self._logins.get(request.token)
        if not request.token or writer is None:
            raise refused(401, "Bad credentials" if request.token else "Requires authentication")
        match request.method, request.path.split("/", 5):
            case "POST", ["api", "graphql"] if "viewer" in (request.body or {}).get("query", ""):
                return {"data": {"viewer": {"login": writer}}}
            case "POST", ["api", "graphql"]:
                return _graphql(objects, request.body or {})
            case _, ["api", "v3", "repos", owner, name, *rest]:
                asked = replace(request, path="".join(rest))
                for found in objects.all("repository"):
                    # Names of owners and repositories ignore case.
                    if (owner.lower(), name.lower()) == (self._owner.lower(), found["name"].lower()):
                        about: Json = {"name": found["name"], "owner": self._owner, "writer": writer}
                        return _of_repository(Repository(objects=objects, request=asked, **about))
        raise not_found()


def _of_repository(repo: Repository) -> Any:
    if (found := _ENDPOINTS.find(repo.request)) is None:
        raise not_found()
    key, endpoint = found
    operation = _OPERATIONS.get(key.strip(), {})
    _check_body(operation.get("body"), repo.request.body)
    return _completed(operation.get("answer"), endpoint(repo))


def _check_body(known: Json | None, body: Any) -> None:
    """Refuse a body that lacks something, or holds what GitHub does not know."""
    if known is None:
        return
    given = body if isinstance(body, dict) else {}
    problems = [f'"{name}" wasn\'t supplied.' for name in known["required"] if name not in given]
    problems += [f'"{name}" is not a permitted key.' for name in given if name not in known["allowed"]]
    for name, values in known["values"].items():
        if name in given and given[name] is not None and given[name] not in values:
            problems.append(f"{given[name]} is not a member of {json.dumps(values)}.")
    if problems:
        raise refused(422, "Invalid request.\n\n" + "\n".join(problems))


def _completed(template: Any, answer: Any) -> Any:
    """Return a successful answer with every field that GitHub's has."""
    if isinstance(answer, Answer):
        return Answer(answer.status, _completed(template, answer.content), answer.headers)
    if isinstance(template, list) and isinstance(answer, dict):  # one file, where a folder's list is described
        template = template[0]
    return answer if template is None or isinstance(answer, str) else _complete(template, answer)


def _complete(template: Any, own: Any) -> Any:
    """Fill in what an answer lacks.

    Args:
        template: plain values by name; `?name` completes what is given for a name that may be absent or null.
        own: the part of the answer that the simulator made.
    """
    if isinstance(own, list):
        return [_complete(template[0], one) for one in own] if isinstance(template, list) and template else own
    if not isinstance(own, dict) or not isinstance(template, dict):
        return own
    plain = {name: _complete(value, {}) if isinstance(value, dict) else value for name, value in template.items()}
    whole = {name: value for name, value in plain.items() if not name.startswith("?")}
    known = {name: value for name, value in own.items() if value is not None or name not in whole}
    return whole | {name: _complete(template.get(f"?{name}", template.get(name)), known[name]) for name in known}


def _graphql(objects: Objects, body: Json) -> Json:
    """Answer one question: the protection rules of the repository with a node id, in pages of 100."""
    variables = body.get("variables") or {}
    if "branchProtectionRules" not in body.get("query", ""):
        return {"errors": [{"type": "undefinedField", "message": "not in this simulator"}]}
    repository = objects.find("repository", nodeId=variables.get("id"))
    if repository is None:
        message = f"Could not resolve to a node with the global id of '{variables.get('id')}'"
        return {"data": {"node": None}, "errors": [{"type": "NOT_FOUND", "message": message}]}
    found = objects.all("branch_protection", repositoryId=repository["nodeId"])
    start = int(variables.get("after") or 0)
    rules = [{"id": rule["id"], "pattern": rule["pattern"]} for rule in found[start : start + 100]]
    more = start + 100 < len(found)
    info = {"hasNextPage": more, "endCursor": str(start + len(rules)) if rules else None}
    node = {"name": repository["name"], "branchProtectionRules": {"nodes": rules, "pageInfo": info}}
    return {"data": {"node": node}}
