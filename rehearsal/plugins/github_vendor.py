"""What GitHub itself does when the plugin asks for a new object: what it adds, and what it refuses."""

import hashlib
import secrets
from typing import Any

from .estate import Object, now, select
from .resource_type import ProviderError


def repository_named(objects: list[Object], name: Any) -> Object:
    for repository in select(objects, "repository"):
        if name in (repository["name"], repository["nodeId"]):
            return repository
    raise ProviderError(f"GET /repos/{name}: 404 Not Found []")


def branch_named(objects: list[Object], repository: Any, branch: Any) -> Object:
    for found in select(objects, "branch", repository=repository, branch=branch):
        return found
    raise ProviderError(f"querying GitHub branch reference {repository} (refs/heads/{branch}): 404 Not Found []")


def _number() -> int:
    return secrets.randbelow(10**9)


def new_repository(_: list[Object], new: Object) -> Object:
    name, private = new["name"], new.get("private", new.get("visibility") == "private")
    full_name = new.get("fullName", name)
    return {
        "visibility": new.get("visibility", "private" if private else "public"),
        "private": private,
        "fullName": full_name,
        "nodeId": f"R_{_number():x}",
        "repoId": _number(),
        "htmlUrl": f"https://github.com/{full_name}",
    }


def new_branch(objects: list[Object], new: Object) -> Object:
    repository_named(objects, new["repository"])
    source = new.get("sourceSha") or new.get("sha")
    if source is None:
        source = branch_named(objects, new["repository"], new.get("sourceBranch", "main"))["sha"]
    return {"ref": f"refs/heads/{new['branch']}", "sha": source, "sourceSha": source}


def new_protection(objects: list[Object], new: Object) -> Object:
    repository = repository_named(objects, new["repositoryId"])
    id = f"BPR_{secrets.token_urlsafe(12)}"
    return {"id": id, "repositoryId": repository["nodeId"], "repository": repository["name"]}


def same_protection(new: Object, existing: Object) -> bool:
    return bool(new["repositoryId"] == existing["repositoryId"] and new["pattern"] == existing["pattern"])


def in_repository(objects: list[Object], new: Object) -> Object:
    return {"repositoryId": repository_named(objects, new["repository"])["repoId"]}


def in_environment(objects: list[Object], new: Object) -> Object:
    repository = in_repository(objects, new)
    if not select(objects, "environment", repository=new["repository"], environment=new["environment"]):
        raise ProviderError(f"GET /repos/{new['repository']}/environments/{new['environment']}: 404 Not Found []")
    return repository


def new_policy(objects: list[Object], new: Object) -> Object:
    where = in_environment(objects, new)
    (environment,) = select(objects, "environment", repository=new["repository"], environment=new["environment"])
    if not (environment.get("deploymentBranchPolicy") or {}).get("customBranchPolicies"):
        path = f"/repos/{new['repository']}/environments/{new['environment']}/deployment-branch-policies"
        raise ProviderError(f"POST {path}: 404 Not Found []")
    return where | {"policyId": str(_number())}


def new_secret(objects: list[Object], new: Object) -> Object:
    written = now()
    return in_environment(objects, new) | {"createdAt": written, "updatedAt": written, "remoteUpdatedAt": written}


def new_variable(objects: list[Object], new: Object) -> Object:
    return in_environment(objects, new) | {"createdAt": now()}


def new_ruleset(objects: list[Object], new: Object) -> Object:
    repository_named(objects, new["repository"])
    number = _number()
    return {"rulesetId": number, "nodeId": f"RRS_{number:x}", "etag": f'W/"{number:x}"', "id": str(number)}


def new_file(objects: list[Object], new: Object) -> Object:
    repository = repository_named(objects, new["repository"])
    branch = new.get("branch", repository["defaultBranch"])
    branch_named(objects, new["repository"], branch)
    return {
        "branch": branch,
        "ref": branch,
        "sha": hashlib.sha1(new["content"].encode()).hexdigest(),
        "commitSha": secrets.token_hex(20),
        "repositoryId": repository["repoId"],
    }


def refused_file(new: Object, existing: Object) -> bool:
    same = all(new.get(name) == existing.get(name) for name in ("repository", "file", "branch"))
    return same and not new.get("overwriteOnCreate")
