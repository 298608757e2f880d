"""How GitHub shows what the plugin makes: the repository, its branches and rules, environments, variables, secrets.

Shapes: docs.github.com/en/rest (repos/repos, repos/contents, repos/rules, git/refs, branches/branch-protection,
deployments/environments, deployments/branch-policies, actions/variables, actions/secrets).
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

from .github_repository import Repository, not_found, number_of, refused
from .wire import Answer, Endpoints, Json, pick

endpoint = Endpoints()


@endpoint("GET ")
def repository(repo: Repository) -> Json:
    """Show the repository. Its writer may do everything."""
    (found,) = repo.objects.all("repository", name=repo.name)
    return {
        **pick(found, "node_id name private archived default_branch"),
        "id": found["repoId"],
        "full_name": f"{repo.owner}/{repo.name}",
        "permissions": dict.fromkeys(("admin", "maintain", "push", "triage", "pull"), True),
        "owner": {"login": repo.owner},
        "html_url": f"https://github.com/{repo.owner}/{repo.name}",
    }


def _time(text: str) -> str:
    """Return a time as GitHub writes it: whole seconds and Z."""
    return text[:19] + "Z"


def _variable(found: Json) -> Json:
    created = _time(found["createdAt"])
    times = {"created_at": created, "updated_at": _time(found.get("updatedAt", created))}
    return {"name": found["variableName"], "value": found["value"], **times}


def _secret(found: Json) -> Json:
    times = {"created_at": _time(found["createdAt"]), "updated_at": _time(found["remoteUpdatedAt"])}
    return {"name": found["secretName"], **times}


def _policy(found: Json) -> Json:
    number, branch = int(found["policyId"]), found.get("branchPattern")
    kind = "branch" if branch else "tag"
    return {"id": number, "node_id": f"GP_{number:x}", "name": branch or found.get("tagPattern"), "type": kind}


def _environment(found: Json) -> Json:
    number = number_of(found["repository"], found["environment"])
    policy = found.get("deploymentBranchPolicy")
    return {
        "id": number,
        "node_id": f"EN_{number:x}",
        "name": found["environment"],
        "protection_rules": [{"id": number, "node_id": f"GA_{number:x}", **rule} for rule in _gates(found)],
        "deployment_branch_policy": policy and pick(policy, "protected_branches custom_branch_policies"),
    }


def _gates(found: Json) -> list[Json]:
    """Return who has to approve: what a test gave, or else the ids that the plugin was given."""
    given: list[Json] = found.get("protectionRules", [])
    declared = (found.get("reviewers") or [{}])[0]
    people = [{"type": "User", "reviewer": {"id": one, "login": str(one)}} for one in declared.get("users") or []]
    teams = [{"type": "Team", "reviewer": {"id": one, "slug": str(one)}} for one in declared.get("teams") or []]
    return given or ([{"type": "required_reviewers", "reviewers": people + teams}] if people or teams else [])


_PAGE, _PAGE_OF_VARIABLES = (30, 100), (10, 30)
"""How many items are on a page: unless the request says it, and at most."""


def _one(type: str, shown: Callable[[Json], Json], repo: Repository, **where: str) -> Json:
    return shown(repo.one(type, **where))


def _list(
    type: str, shown: Callable[[Json], Json], kind: str, sizes: tuple[int, int], repo: Repository, **where: str
) -> Json:
    if where:
        repo.one("environment", **where)
    return repo.listed(kind, [shown(found) for found in repo.all(type, **where)], *sizes)


# The names in a path are the properties by which an object is found.
for path, type_, shown in (
    ("actions/variables/{variableName}", "variable", _variable),
    ("environments/{environment}", "environment", _environment),
    ("environments/{environment}/variables/{variableName}", "environment_variable", _variable),
    ("environments/{environment}/secrets/{secretName}", "environment_secret", _secret),
):
    endpoint(f"GET {path}")(partial(_one, type_, shown))
for path, type_, shown, kind, sizes in (
    ("actions/secrets", "secret", _secret, "secrets", _PAGE),
    ("actions/organization-secrets", "organization_secret", _secret, "secrets", _PAGE),
    ("environments/{environment}/deployment-branch-policies", "deployment_policy", _policy, "branch_policies", _PAGE),
    ("environments/{environment}/variables", "environment_variable", _variable, "variables", _PAGE_OF_VARIABLES),
    ("environments/{environment}/secrets", "environment_secret", _secret, "secrets", _PAGE),
):
    endpoint(f"GET {path}")(partial(_list, type_, shown, kind, sizes))


@endpoint("GET branches/{branch}/protection")
def protection(repo: Repository, branch: str) -> Json:
    """docs.github.com/en/rest/branches/branch-protection, Get branch protection."""
    rule = repo.find("branch_protection", pattern=branch)
    if rule is None:
        raise refused(404, "Branch not protected")
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


_RULES = "creation deletion update non_fast_forward"


@endpoint("GET rulesets")
def rulesets(repo: Repository) -> list[Json]:
    """List the rulesets without their rules."""
    return repo.page([_ruleset(repo, one) for one in repo.all("ruleset")])


@endpoint("GET rulesets/{number}")
def ruleset(repo: Repository, number: int) -> Json:
    """docs.github.com/en/rest/repos/rules, Get a repository ruleset."""
    found = repo.one("ruleset", rulesetId=number)
    names, declared = (found.get("conditions") or {}).get("refName") or {}, found.get("rules") or {}
    rules: list[Json] = [{"type": kind} for kind, on in pick(declared, _RULES).items() if on]
    if checks := declared.get("requiredStatusChecks"):
        required = [pick(one, "context integration_id") for one in checks["requiredChecks"]]
        wanted = [{name: value for name, value in one.items() if value} for one in required]
        strict = bool(checks.get("strictRequiredStatusChecksPolicy"))
        parameters = {"strict_required_status_checks_policy": strict, "required_status_checks": wanted}
        rules.append({"type": "required_status_checks", "parameters": parameters})
    actors = [pick(one, "actor_id actor_type bypass_mode") for one in found.get("bypassActors") or []]
    condition = {"include": names.get("includes", []), "exclude": names.get("excludes", [])}
    details = {"conditions": {"ref_name": condition}, "rules": rules, "bypass_actors": actors}
    return _ruleset(repo, found) | details


def _ruleset(repo: Repository, found: Json) -> Json:
    shown = {"id": found["rulesetId"], "node_id": found["nodeId"], "name": found["name"]}
    shown |= {"target": found.get("target", "branch"), "enforcement": found.get("enforcement", "active")}
    return {**shown, "source_type": "Repository", "source": repo.name}


@endpoint("GET contents/{path+}", "GET contents")
def contents(repo: Repository, path: str = "") -> Any:
    """Show a folder's files, or one file, raw if the request wants that (rest/repos/contents)."""
    files = {one["file"]: one["content"] for one in repo.all("file", branch=repo.query.get("ref", "main"))}
    if path in files:
        return files[path] if "raw" in repo.request.headers.get("accept", "") else _file(path, files[path])
    inside = sorted(name for name in files if name.rpartition("/")[0] == path)
    if not inside:
        raise not_found()
    return [_file(name) for name in inside]


@endpoint("PUT contents/{path+}")
def put_contents(repo: Repository, path: str) -> Answer:
    """Commit one file. An existing one needs its sha; otherwise GitHub answers 409."""
    content = base64.b64decode(repo.body["content"]).decode()
    where = {"branch": repo.body["branch"], "file": path}
    found = repo.find("file", **where)
    if found and repo.body.get("sha") != _file(path)["sha"]:
        raise refused(409, f"{path} does not match {repo.body.get('sha')}")
    if found:
        found["content"] = content
    else:
        repo.seed("file", **where, content=content)
    return Answer(200 if found else 201, {"content": _file(path)})


def _file(path: str, content: str | None = None) -> Json:
    entry = {"type": "file", "name": path.rpartition("/")[2], "path": path, "sha": f"{number_of(path):040x}"}
    encoded = {"encoding": "base64", "content": base64.b64encode((content or "").encode()).decode()}
    return entry | (encoded if content is not None else {})
