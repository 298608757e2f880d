"""GitHub's REST and GraphQL endpoints for looking at a repository, as GitHub Enterprise Server has them (`/api/v3`).

Shapes: docs.github.com/en/rest (repos/repos, git/refs, deployments/environments, deployments/branch-policies,
actions/variables, actions/secrets, repos/rules) and docs.github.com/en/graphql/reference/objects#branchprotectionrule.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

from ..plugins import Estate
from .github_actions import Actions, environment_number
from .github_deployments import Deployments
from .github_git import Git
from .github_issues import Issues
from .github_operations import completed, refused
from .github_releases import Releases
from .wire import Answer, Request, Simulator, page

_DOCS = "https://docs.github.com/rest"


class GitHub(Simulator):
    """Args: owner: of every repository in the estate. logins: who each token that is accepted writes as."""

    vendor = "github"

    def __init__(self, estate: Estate, owner: str, logins: Mapping[str, str]) -> None:
        self._estate, self._owner, self._logins = estate, owner, logins

    def __call__(self, request: Request) -> Answer:
        writer = self._logins.get(request.token)
        if not request.token or writer is None:
            return _refuse(401, "Bad credentials" if request.token else "Requires authentication")
        answer = self._routed(request, writer)
        # Of classic tokens only: what a fine-grained one may do is not told.
        classic = {"X-OAuth-Scopes": "repo, workflow"} if request.token.startswith("ghp_") else {}
        return Answer(answer.status, answer.content, {**answer.headers, **classic})

    def _routed(self, request: Request, writer: str) -> Answer:
        match request.method, request.path:
            case "POST", ("api", "graphql") if "viewer" in (request.body or {}).get("query", ""):
                return Answer(200, {"data": {"viewer": {"login": writer}}})
            case "POST", ("api", "graphql"):
                return self._graphql(request.body or {})
            case method, ("api", "v3", "repos", owner, name, *rest):
                repository = self._repository(owner, name)
                if repository is None:
                    return _not_found()
                if invalid := refused(method, tuple(rest), request.body):
                    return invalid
                return completed(method, tuple(rest), self._of_repository(repository, tuple(rest), request, writer))
        return _not_found()

    def _of_repository(
        self, repository: dict[str, Any], path: tuple[str, ...], request: Request, writer: str
    ) -> Answer:
        for topic in (Git, Deployments, Issues, Releases, Actions):
            if answer := topic(self._estate, repository["name"], writer).answer(path, request):
                return answer
        if request.method == "PUT" and path[:1] == ("contents",):
            return self._put_contents(repository["name"], "/".join(path[1:]), request.body)
        return self._answer(repository, path, request) if request.method == "GET" else _not_found()

    def _repository(self, owner: str, name: str) -> dict[str, Any] | None:
        """Find a repository. Names of owners and repositories ignore case."""
        for found in self._estate.find_all("github", "repository"):
            if owner.lower() == self._owner.lower() and found["name"].lower() == name.lower():
                return found
        return None

    def _answer(self, repository: dict[str, Any], path: tuple[str, ...], request: Request) -> Answer:
        name = repository["name"]
        match path:
            case ():
                return Answer(200, _repository(repository, self._owner))
            case ("git", "ref", "heads", *branch):
                found = self._estate.find("github", "branch", repository=name, branch="/".join(branch))
                return Answer(200, _reference(found)) if found else _not_found()
            case ("branches", branch, "protection"):
                where = {"repositoryId": repository["nodeId"], "pattern": branch}
                rule = self._estate.find("github", "branch_protection", **where)
                return Answer(200, _protection(rule)) if rule else _refuse(404, "Branch not protected")
            case ("contents", *folder):
                return self._contents(name, "/".join(folder), request)
            case ("rulesets",):
                rulesets = [_ruleset(o, name) for o in self._estate.find_all("github", "ruleset", repository=name)]
                return Answer(200, page(rulesets, request, default=30, most=100, first=1))
            case ("rulesets", identity):
                one = self._estate.find("github", "ruleset", repository=name, rulesetId=int(identity))
                return Answer(200, _ruleset_details(one, name)) if one else _not_found()
            case ("actions", "secrets" | "organization-secrets" as kind):
                kept = "secret" if kind == "secrets" else "organization_secret"
                secrets = [_secret(o) for o in self._estate.find_all("github", kept, repository=name)]
                return _listed("secrets", secrets, request, default=30, most=100)
            case ("actions", "variables", variable):
                found = self._estate.find("github", "variable", repository=name, variableName=variable)
                return Answer(200, _variable(found)) if found else _not_found()
            case ("environments", environment, *rest):
                found = self._estate.find("github", "environment", repository=name, environment=environment)
                return self._of_environment(found, tuple(rest), request) if found else _not_found()
        return _not_found()

    def _contents(self, repository: str, path: str, request: Request) -> Answer:
        """Answer a folder's files, or one file, raw if the request wants that (rest/repos/contents)."""
        branch = request.query.get("ref", "main")
        files = {f["file"]: f for f in self._estate.find_all("github", "file", repository=repository, branch=branch)}
        if path in files:
            raw = "raw" in request.headers.get("accept", "")
            return Answer(200, files[path]["content"]) if raw else Answer(200, _file(path, files[path]["content"]))
        inside = sorted(name for name in files if name.rpartition("/")[0] == path)
        return Answer(200, [_file(name) for name in inside]) if inside else _not_found()

    def _put_contents(self, repository: str, path: str, body: dict[str, Any]) -> Answer:
        """Commit one file. An existing one needs its sha; otherwise GitHub answers 409."""
        content = base64.b64decode(body["content"]).decode()
        where = {"repository": repository, "branch": body["branch"], "file": path}
        if not (found := self._estate.find("github", "file", **where)):
            self._estate.seed("github", "file", **where, content=content)
            return Answer(201, {"content": _file(path)})
        if body.get("sha") != _file(path)["sha"]:
            return _refuse(409, f"{path} does not match {body.get('sha')}")
        with self._estate.edit("github") as objects:
            next(o for o in objects if o["id"] == found["id"] and o["type"] == "file")["content"] = content
        return Answer(200, {"content": _file(path)})

    def _of_environment(self, environment: dict[str, Any], path: tuple[str, ...], request: Request) -> Answer:
        where = {"repository": environment["repository"], "environment": environment["environment"]}
        match path:
            case ():
                return Answer(200, _environment(environment))
            case ("deployment-branch-policies",):
                found = self._estate.find_all("github", "deployment_policy", **where)
                return _listed("branch_policies", [_policy(o) for o in found], request, default=30, most=100)
            case ("variables" as kind,):
                found = self._estate.find_all("github", "environment_variable", **where)
                return _listed(kind, [_variable(o) for o in found], request, default=10, most=30)
            case ("secrets" as kind,):
                found = self._estate.find_all("github", "environment_secret", **where)
                return _listed(kind, [_secret(o) for o in found], request, default=30, most=100)
            case ("variables", name):
                one = self._estate.find("github", "environment_variable", **where, variableName=name)
                return Answer(200, _variable(one)) if one else _not_found()
            case ("secrets", name):
                one = self._estate.find("github", "environment_secret", **where, secretName=name)
                return Answer(200, _secret(one)) if one else _not_found()
        return _not_found()

    def _graphql(self, body: dict[str, Any]) -> Answer:
        """Answer one question: the protection rules of the repository with a node id, in pages of `first`."""
        variables = body.get("variables") or {}
        if "branchProtectionRules" not in body.get("query", ""):
            return Answer(200, {"errors": [{"type": "undefinedField", "message": "not in this simulator"}]})
        repository = self._estate.find("github", "repository", nodeId=variables.get("id"))
        if repository is None:
            message = f"Could not resolve to a node with the global id of '{variables.get('id')}'"
            return Answer(200, {"data": {"node": None}, "errors": [{"type": "NOT_FOUND", "message": message}]})
        found = self._estate.find_all("github", "branch_protection", repositoryId=repository["nodeId"])
        start = int(variables.get("after") or 0)
        rules = [{"id": rule["id"], "pattern": rule["pattern"]} for rule in found[start : start + 100]]
        more = start + 100 < len(found)
        info = {"hasNextPage": more, "endCursor": str(start + len(rules)) if rules else None}
        node = {"name": repository["name"], "branchProtectionRules": {"nodes": rules, "pageInfo": info}}
        return Answer(200, {"data": {"node": node}})


def _listed(kind: str, items: list[dict[str, Any]], request: Request, *, default: int, most: int) -> Answer:
    shown = page(items, request, default=default, most=most, first=1)
    return Answer(200, {"total_count": len(items), kind: shown})


def _refuse(status: int, message: str) -> Answer:
    return Answer(status, {"message": message, "documentation_url": _DOCS, "status": str(status)})


def _not_found() -> Answer:
    return _refuse(404, "Not Found")


def _number(text: str) -> int:
    """Stable, for objects that the estate gives no number."""
    return zlib.crc32(text.encode())


def _repository(found: dict[str, Any], owner: str) -> dict[str, Any]:
    return {
        "id": found["repoId"],
        "node_id": found["nodeId"],
        "name": found["name"],
        "full_name": f"{owner}/{found['name']}",
        "private": bool(found.get("private")),
        "archived": bool(found.get("archived")),
        "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
        "default_branch": found.get("defaultBranch", "main"),
        "owner": {"login": owner},
        "html_url": f"https://github.com/{owner}/{found['name']}",
    }


def _file(path: str, content: str | None = None) -> dict[str, Any]:
    entry = {"type": "file", "name": path.rpartition("/")[2], "path": path, "sha": f"{_number(path):040x}"}
    encoded = {"encoding": "base64", "content": base64.b64encode((content or "").encode()).decode()}
    return entry | (encoded if content is not None else {})


def _protection(rule: dict[str, Any]) -> dict[str, Any]:
    """docs.github.com/en/rest/branches/branch-protection, Get branch protection."""
    reviews = (rule.get("requiredPullRequestReviews") or [{}])[0]
    checks = (rule.get("requiredStatusChecks") or [{}])[0]
    switches = {
        "enforce_admins": "enforceAdmins",
        "required_conversation_resolution": "requireConversationResolution",
        "allow_force_pushes": "allowsForcePushes",
        "allow_deletions": "allowsDeletions",
    }
    return {
        "required_pull_request_reviews": {
            "required_approving_review_count": reviews.get("requiredApprovingReviewCount", 0),
            "dismiss_stale_reviews": bool(reviews.get("dismissStaleReviews")),
        },
        "required_status_checks": {"strict": bool(checks.get("strict")), "contexts": checks.get("contexts", [])},
        **{name: {"enabled": bool(rule.get(key))} for name, key in switches.items()},
    }


def _reference(found: dict[str, Any]) -> dict[str, Any]:
    ref = f"refs/heads/{found['branch']}"
    node = f"REF_{_number(found['repository'] + ref):x}"
    return {"ref": ref, "node_id": node, "object": {"type": "commit", "sha": found["sha"]}}


def _ruleset(found: dict[str, Any], repository: str) -> dict[str, Any]:
    return {
        "id": found["rulesetId"],
        "name": found["name"],
        "target": found.get("target", "branch"),
        "source_type": "Repository",
        "source": repository,
        "enforcement": found.get("enforcement", "active"),
        "node_id": found["nodeId"],
    }


_RULES = {
    "creation": "creation",
    "deletion": "deletion",
    "update": "update",
    "nonFastForward": "non_fast_forward",
}


def _ruleset_details(found: dict[str, Any], repository: str) -> dict[str, Any]:
    """docs.github.com/en/rest/repos/rules, Get a repository ruleset."""
    names, declared = (found.get("conditions") or {}).get("refName") or {}, found.get("rules") or {}
    rules: list[dict[str, Any]] = [{"type": kind} for key, kind in _RULES.items() if declared.get(key)]
    if checks := declared.get("requiredStatusChecks"):
        names_ = {"context": "context", "integrationId": "integration_id"}
        wanted = [{names_[k]: v for k, v in one.items() if k in names_ and v} for one in checks["requiredChecks"]]
        strict = bool(checks.get("strictRequiredStatusChecksPolicy"))
        parameters = {"strict_required_status_checks_policy": strict, "required_status_checks": wanted}
        rules.append({"type": "required_status_checks", "parameters": parameters})
    actors = [
        {"actor_id": one.get("actorId"), "actor_type": one["actorType"], "bypass_mode": one["bypassMode"]}
        for one in found.get("bypassActors") or []
    ]
    condition = {"include": names.get("includes", []), "exclude": names.get("excludes", [])}
    shown = {"conditions": {"ref_name": condition}, "rules": rules, "bypass_actors": actors}
    return {**_ruleset(found, repository), **shown}


def _environment(found: dict[str, Any]) -> dict[str, Any]:
    number = environment_number(found["repository"], found["environment"])
    policy = found.get("deploymentBranchPolicy")
    return {
        "id": number,
        "node_id": f"EN_{number:x}",
        "name": found["environment"],
        "protection_rules": [{"id": number, "node_id": f"GA_{number:x}", **rule} for rule in _gates(found)],
        "deployment_branch_policy": policy
        and {
            "protected_branches": policy["protectedBranches"],
            "custom_branch_policies": policy["customBranchPolicies"],
        },
    }


def _gates(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Who has to approve: what a test gave, else the ids that the plugin was given."""
    given: list[dict[str, Any]] = found.get("protectionRules", [])
    declared = (found.get("reviewers") or [{}])[0]
    people = [{"type": "User", "reviewer": {"id": one, "login": str(one)}} for one in declared.get("users") or []]
    teams = [{"type": "Team", "reviewer": {"id": one, "slug": str(one)}} for one in declared.get("teams") or []]
    return given or ([{"type": "required_reviewers", "reviewers": people + teams}] if people or teams else [])


def _policy(found: dict[str, Any]) -> dict[str, Any]:
    number = int(found["policyId"])
    return {
        "id": number,
        "node_id": f"GP_{number:x}",
        "name": found.get("branchPattern") or found.get("tagPattern"),
        "type": "branch" if found.get("branchPattern") else "tag",
    }


def _variable(found: dict[str, Any]) -> dict[str, Any]:
    created = _time(found["createdAt"])
    return {
        "name": found["variableName"],
        "value": found["value"],
        "created_at": created,
        "updated_at": _time(found.get("updatedAt", created)),
    }


def _secret(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": found["secretName"],
        "created_at": _time(found["createdAt"]),
        "updated_at": _time(found["remoteUpdatedAt"]),
    }


def _time(text: str) -> str:
    """Return a time as GitHub writes it: whole seconds and Z."""
    return text[:19] + "Z"
