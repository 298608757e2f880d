"""GitHub: the token and its permissions, the repository, and whether its plan has what the gate needs.

Classic tokens show their scopes in X-OAuth-Scopes (docs.github.com, Scopes for OAuth apps). Fine-grained ones show
nothing, so each permission is tried with a question that needs it (docs.github.com/en/rest/authentication, Permissions
required for fine-grained personal access tokens). Whether it includes writing cannot be seen without writing.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx

from blueprint.sending import json_object
from components.accounts.github import GitHub, segment
from components.vendor_settings import GitHub as Declared
from gate.checks.verdict import Verdict, failed, note, passed, unknown

_SOON = timedelta(days=7)
_NEW = "make a new one and export GITHUB_TOKEN: Settings, Developer settings, Personal access tokens"


_PERMISSIONS = {
    "Contents": ("git/ref/heads/{reference}", True),
    "Administration": ("branches/{branch}/protection", True),
    "Actions": ("environments/{environment}", False),
    "Environments": ("environments/{environment}/variables", True),
    "Deployments": ("deployments", True),
    "Commit statuses": ("commits/{branch}/statuses", True),
    "Pull requests": ("pulls", True),
    "Checks": ("commits/{branch}/check-runs", False),
    "Issues": ("issues", False),
    "Secrets": ("actions/secrets", False),
}
"""What is asked to see each permission, and whether the program or the commands write with it."""
_GATE = {
    "GATE_REPOSITORY": (r"[\w.-]+/[\w.-]+", "owner/name of this repository"),
    "GATE_REF": (r"v\d+\.\d+\.\d+|[0-9a-f]{40}", "a release of it, such as v1.2.3, or a commit's full id"),
}
"""The variables that pin the gate's version for the delivered workflows, which refuse to run without them."""


def lines(declared: Declared, github: GitHub, now: datetime | None = None) -> Iterator[tuple[str, Verdict]]:
    """Check the repository.

    Raises:
        VendorError: GitHub cannot be read.
    """
    path = github.path(declared.repository)
    answer = github.look(path)
    token = _token(answer, now or datetime.now(UTC))
    yield "token", token
    if answer.status_code == 401 or token.outcome == "fail":
        return
    repository = _repository(answer, f"{github.owner}/{declared.repository}")
    yield f"repository {github.owner}/{declared.repository}", repository
    if not answer.is_success:
        return
    source = declared.branch.source or declared.branch.name
    names = {"reference": quote(source), "branch": segment(source), "environment": segment(declared.environment.name)}
    is_classic = "x-oauth-scopes" in answer.headers
    answers = {
        name: github.look(f"{path}/{place.format_map(names)}")
        for name, (place, _) in _PERMISSIONS.items()
        if not is_classic or name in ("Contents", "Administration")
    }
    if not is_classic:
        for name, found in answers.items():
            yield f"permission {name}", _permission(name, found, declared.environment.name)
    yield f"branch {source}", _branch(answers["Contents"], source)
    if declared.release_tags and declared.release_managers is None:
        fix = "name a team: marketedge:github.releaseManagers.teams"
        yield f"tags {declared.release_tags}", note("everybody who can write can create one, and that releases", fix)
    for variable, (pattern, expected) in _GATE.items():
        yield f"variable {variable}", _variable(github.look(f"{path}/actions/variables/{variable}"), pattern, expected)
    if json_object(answer).get("private"):
        yield "branch protection of a private repository", _plan(answers["Administration"], github.owner)
        if declared.environment.reviewers.users or declared.environment.reviewers.teams:
            fix = "leave marketedge:github.environment.reviewers out where the owner has another plan"
            yield "reviewers", note("in a private repository they need GitHub Enterprise", fix)


def _variable(answer: httpx.Response, pattern: str, expected: str) -> Verdict:
    """Check a variable of the repository (docs.github.com/en/rest/actions/variables, Get a repository variable)."""
    fix = f"set it before the workflows run (Settings, Secrets and variables, Actions, Variables): {expected}"
    if answer.status_code == 404:
        return note("is not set", fix)
    if not answer.is_success:
        return _unclear(answer)
    value = str(json_object(answer).get("value", ""))
    return passed(value) if re.fullmatch(pattern, value) else failed(f"is {value!r}", fix)


def _token(answer: httpx.Response, now: datetime) -> Verdict:
    if answer.status_code == 401:
        return failed(f"is not accepted ({_message(answer)}): mistyped, expired or revoked", _NEW)
    if "x-github-sso" in answer.headers and answer.status_code == 403:
        link = answer.headers["x-github-sso"].rpartition("url=")[2]
        return failed("is not authorized for the organization's single sign-on", f"authorize it at {link}")
    scopes = answer.headers.get("x-oauth-scopes")
    if scopes is not None and "repo" not in (granted := [scope.strip() for scope in scopes.split(",")]):
        found = f"classic, with {', '.join(filter(None, granted)) or 'no scope'}"
        return failed(found, "tick the scope repo at https://github.com/settings/tokens, or use a fine-grained token")
    kind = "not a classic one" if scopes is None else "classic, with the scope repo"
    ends = _expiry(answer)
    if ends is None:
        return passed(f"accepted, {kind}")
    told = f"accepted, {kind}, expires {ends:%Y-%m-%d}"
    return note(told, _NEW) if ends - now < _SOON else passed(told)


def _expiry(answer: httpx.Response) -> datetime | None:
    """Return a time. GitHub writes `2026-12-01 12:00:00 UTC`, or an offset instead of UTC."""
    text = answer.headers.get("github-authentication-token-expiration", "").replace("UTC", "+0000")
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def _repository(answer: httpx.Response, name: str) -> Verdict:
    if answer.status_code == 404:
        fix = "give the token access to it, or correct github:owner and marketedge:github.repository"
        return failed("is not there, or the token may not see it", fix)
    if answer.is_redirect:
        return failed("has moved", "set github:owner and marketedge:github.repository to where it is now")
    if not answer.is_success:
        return failed(
            f"GitHub answered {answer.status_code}: {_message(answer)}", "check that the token has access to it"
        )
    found = json_object(answer)
    if found.get("archived"):
        return failed("is archived, so nothing in it can be changed", "unarchive it: Settings, Danger Zone")
    rights = found.get("permissions")
    if not isinstance(rights, dict):
        return unknown("is there; GitHub does not tell what the token's owner may do with it")
    if not rights.get("admin"):
        fix = f"have the role Admin given to the token's owner: Settings of {name}, Collaborators and teams"
        return failed("the token's owner is no administrator of it", fix)
    return passed("the token's owner administers it")


def _permission(name: str, answer: httpx.Response, environment: str) -> Verdict:
    writes = _PERMISSIONS[name][1]
    if answer.status_code == 403 and not _is_plan(answer):
        wanted = answer.headers.get("x-accepted-github-permissions")
        said = f"{_message(answer)}{f'; GitHub wants {wanted}' if wanted else ''}"
        level = "Read and write" if writes else "Read-only"
        return failed(said, f"edit the token: Repository permissions, {name}: {level}")
    if name == "Environments" and answer.status_code == 404:
        return unknown(f"shows once the environment {environment} exists")
    if answer.is_success or answer.status_code == 404:
        return passed("reads; whether it writes, the first write shows" if writes else "reads")
    return _unclear(answer)


def _branch(answer: httpx.Response, name: str) -> Verdict:
    if answer.is_success:
        return passed("exists")
    if answer.status_code in (404, 409):  # 409: a repository without any commit
        return failed("does not exist", f"push it, or correct marketedge:github.branch ({name} is named there)")
    return _unclear(answer)


def _plan(answer: httpx.Response, owner: str) -> Verdict:
    if answer.status_code == 403 and _is_plan(answer):
        return failed(
            f"the plan of {owner} has none ({_message(answer)})",
            f"upgrade {owner} to GitHub Team (an own account to Pro), or make the repository public",
        )
    return passed("its plan has it") if answer.is_success or answer.status_code == 404 else _unclear(answer)


def _unclear(answer: httpx.Response) -> Verdict:
    return unknown(f"GitHub answered {answer.status_code}: {_message(answer)}")


def _is_plan(answer: httpx.Response) -> bool:
    return "upgrade to" in _message(answer).lower()


def _message(answer: httpx.Response) -> str:
    return str(json_object(answer).get("message") or answer.reason_phrase or "no message")[:160]
