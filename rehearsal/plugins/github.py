"""The GitHub plugin, and what GitHub itself does when it is asked for a new object: what it adds and refuses."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

import pulumi_github as github

from .estate import Object, Objects, Store, now
from .provider import VendorProvider
from .resource_type import ProviderError, resource_types
from .values import Properties


def _repository(objects: Objects, name: Any) -> Object:
    """Return a repository by its name or its node id."""
    for repository in objects.all("repository"):
        if name in (repository["name"], repository["nodeId"]):
            return repository
    raise ProviderError(f"GET /repos/{name}: 404 Not Found []")


def _branch(objects: Objects, repository: Any, branch: Any) -> Object:
    if found := objects.find("branch", repository=repository, branch=branch):
        return found
    raise ProviderError(f"querying GitHub branch reference {repository} (refs/heads/{branch}): 404 Not Found []")


def _environment(objects: Objects, new: Object) -> Object:
    if found := objects.find("environment", repository=new["repository"], environment=new["environment"]):
        return found
    raise ProviderError(f"GET /repos/{new['repository']}/environments/{new['environment']}: 404 Not Found []")


def _number() -> int:
    return secrets.randbelow(10**9)


def new_repository(_: Objects, new: Object) -> Object:
    """Return the ids and the names that GitHub gives a new repository. It is public unless declared otherwise."""
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


def new_branch(objects: Objects, new: Object) -> Object:
    """Return the commit of a new branch, which is its source's. The repository and the source have to exist."""
    _repository(objects, new["repository"])
    source = new.get("sourceSha") or new.get("sha")
    if source is None:
        source = _branch(objects, new["repository"], new["sourceBranch"])["sha"]
    return {"ref": f"refs/heads/{new['branch']}", "sha": source, "sourceSha": source}


def new_protection(objects: Objects, new: Object) -> Object:
    """Return the rule's id. The plugin names the repository by its name or its node id."""
    repository = _repository(objects, new["repositoryId"])
    id = f"BPR_{secrets.token_urlsafe(12)}"
    return {"id": id, "repositoryId": repository["nodeId"], "repository": repository["name"]}


def new_environment(objects: Objects, new: Object) -> Object:
    """Return the repository's id. The repository has to exist."""
    return {"repositoryId": _repository(objects, new["repository"])["repoId"]}


def new_policy(objects: Objects, new: Object) -> Object:
    """Return the policy's id. The environment has to exist and to allow policies of its own."""
    repository, environment = _repository(objects, new["repository"]), _environment(objects, new)
    if not (environment.get("deploymentBranchPolicy") or {}).get("customBranchPolicies"):
        path = f"/repos/{new['repository']}/environments/{new['environment']}/deployment-branch-policies"
        raise ProviderError(f"POST {path}: 404 Not Found []")
    return {"repositoryId": repository["repoId"], "policyId": str(_number())}


def new_variable(objects: Objects, new: Object) -> Object:
    """Return when the variable was made. The environment has to exist."""
    repository, _ = _repository(objects, new["repository"]), _environment(objects, new)
    return {"repositoryId": repository["repoId"], "createdAt": now()}


def new_secret(objects: Objects, new: Object) -> Object:
    """Return when the secret was written, as the plugin and as GitHub know it."""
    found = new_variable(objects, new)
    return found | dict.fromkeys(("updatedAt", "remoteUpdatedAt"), found["createdAt"])


def new_ruleset(objects: Objects, new: Object) -> Object:
    """Return the ruleset's ids. The repository has to exist."""
    _repository(objects, new["repository"])
    number = _number()
    return {"rulesetId": number, "nodeId": f"RRS_{number:x}", "etag": f'W/"{number:x}"', "id": str(number)}


def new_file(objects: Objects, new: Object) -> Object:
    """Return the commit of a new file. The branch has to exist."""
    repository = _repository(objects, new["repository"])
    branch = new.get("branch", repository["defaultBranch"])
    _branch(objects, new["repository"], branch)
    return {
        "branch": branch,
        "ref": branch,
        "sha": hashlib.sha1(new["content"].encode()).hexdigest(),
        "commitSha": secrets.token_hex(20),
        "repositoryId": repository["repoId"],
    }


def get_repository(objects: Objects, arguments: Properties) -> Properties:
    """Return a repository by its name, with or without its owner."""
    return _repository(objects, arguments.get("name") or str(arguments.get("fullName", "")).rpartition("/")[2])


class Plugin(VendorProvider):
    """The GitHub plugin. Without a token the real one starts, and its first request fails."""

    name = "github"
    config = github.ProviderArgs
    types = resource_types(
        github,
        {
            "Repository": new_repository,
            "Branch": new_branch,
            "BranchProtection": new_protection,
            "RepositoryEnvironment": new_environment,
            "RepositoryEnvironmentDeploymentPolicy": new_policy,
            "ActionsEnvironmentVariable": new_variable,
            "ActionsEnvironmentSecret": new_secret,
            "RepositoryRuleset": new_ruleset,
            "RepositoryFile": new_file,
        },
    )

    def __init__(self, estate: Store) -> None:
        super().__init__(estate, {"github:index/getRepository:getRepository": get_repository})
        self._token = ""

    def configure(self, settings: Mapping[str, str]) -> None:
        self._token = self.setting(settings, "token", "GITHUB_TOKEN")

    def authorize(self) -> None:
        if not self._token:
            raise ProviderError("401 Requires authentication []: set GITHUB_TOKEN")
