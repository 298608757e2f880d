"""`gate doctor` at GitHub: the token, its permissions, the repository and its plan, each holding and failing."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest

from components.accounts.github import GitHub, web
from components.configuration import load
from gate.checks.verdict import Verdict
from gate.doctor import github
from gate.stack.target import read_config
from tests.unit.gate.release_world import REPOSITORY
from tests.unit.settings.stack_file import PROJECT, STACKS

NOW = datetime(2026, 11, 24, tzinfo=UTC)
REPO = {"name": REPOSITORY, "node_id": "R_1", "private": True, "archived": False, "permissions": {"admin": True}}
PATHS = {
    "repository": f"/repos/zebra-devops/{REPOSITORY}",
    "branch": f"/repos/zebra-devops/{REPOSITORY}/git/ref/heads/main",
    "protection": f"/repos/zebra-devops/{REPOSITORY}/branches/main/protection",
    "environment": f"/repos/zebra-devops/{REPOSITORY}/environments/staging",
    "variables": f"/repos/zebra-devops/{REPOSITORY}/environments/staging/variables",
    "gate": f"/repos/zebra-devops/{REPOSITORY}/actions/variables/GATE_REPOSITORY",
    "ref": f"/repos/zebra-devops/{REPOSITORY}/actions/variables/GATE_REF",
    "deployments": f"/repos/zebra-devops/{REPOSITORY}/deployments",
    "statuses": f"/repos/zebra-devops/{REPOSITORY}/commits/main/statuses",
    "pulls": f"/repos/zebra-devops/{REPOSITORY}/pulls",
    "checks": f"/repos/zebra-devops/{REPOSITORY}/commits/main/check-runs",
    "issues": f"/repos/zebra-devops/{REPOSITORY}/issues",
    "secrets": f"/repos/zebra-devops/{REPOSITORY}/actions/secrets",
}
GOOD = {
    "repository": httpx.Response(200, json=REPO),
    "branch": httpx.Response(200, json={"object": {"sha": "a" * 40}}),
    "protection": httpx.Response(404, json={"message": "Branch not protected"}),
    "environment": httpx.Response(404, json={"message": "Not Found"}),
    "variables": httpx.Response(404, json={"message": "Not Found"}),
    "gate": httpx.Response(200, json={"name": "GATE_REPOSITORY", "value": "zebra-devops/staging-gate"}),
    "ref": httpx.Response(200, json={"name": "GATE_REF", "value": "v1.2.3"}),
    **dict.fromkeys(("deployments", "statuses", "pulls", "checks", "issues", "secrets"), httpx.Response(200, json=[])),
}


def at_github(**answers: httpx.Response) -> dict[str, Verdict]:
    """The lines of a fine-grained token that may do everything, but for some answers."""
    named = {PATHS[name]: answer for name, answer in {**GOOD, **answers}.items()}
    transport = httpx.MockTransport(lambda request: named[request.url.path])
    client = GitHub("zebra-devops", "github_pat_of_a_test", transport=transport, sleep=lambda _s: None)
    config = read_config(STACKS / "Pulumi.staging.yaml")
    declared = load("staging", config, frozenset(), {}, check_secrets=False).settings.github
    return dict(github.lines(declared, client, NOW))


def test_a_fine_grained_token_that_may_do_everything() -> None:
    found = at_github()
    outcomes = {title: one.outcome for title, one in found.items()}
    assert outcomes.pop("permission Environments") == "unknown", "before the environment exists nobody can tell"
    assert set(outcomes.values()) == {"pass"}
    assert found["token"].detail == "accepted, not a classic one"
    existing = at_github(environment=httpx.Response(200, json={}), variables=httpx.Response(200, json={}))
    assert existing["permission Environments"].outcome == "pass"


DENIED = {"message": "Resource not accessible by personal access token"}


@pytest.mark.parametrize(
    ("answer", "title", "wanted"),
    [
        ("branch", "permission Contents", "contents=read"),
        ("protection", "permission Administration", "administration=read"),
        ("environment", "permission Actions", "actions=read"),
        ("variables", "permission Environments", "environments=read"),
        ("deployments", "permission Deployments", "deployments=read"),
        ("statuses", "permission Commit statuses", "statuses=read"),
        ("pulls", "permission Pull requests", "pull_requests=read"),
        ("checks", "permission Checks", "checks=read"),
        ("issues", "permission Issues", "issues=read"),
        ("secrets", "permission Secrets", "secrets=read"),
    ],
)
def test_a_permission_that_is_missing_is_named_with_where_to_tick_it(answer: str, title: str, wanted: str) -> None:
    headers = {"X-Accepted-GitHub-Permissions": wanted}
    found = at_github(**{answer: httpx.Response(403, json=DENIED, headers=headers)})
    assert found[title].detail == f"{DENIED['message']}; GitHub wants {wanted}"
    assert found[title].fix.startswith(f"edit the token: Repository permissions, {title.removeprefix('permission ')}:")
    assert [t for t, one in found.items() if t.startswith("permission") and one.outcome == "fail"] == [title]


def test_every_permission_that_getting_started_asks_for_is_tried() -> None:
    guide = (PROJECT / "docs" / "GETTING_STARTED.md").read_text()
    (row,) = (line for line in guide.splitlines() if line.startswith("| `GITHUB_TOKEN`"))
    asked = set(re.split(r", |; ", re.sub(r"read and write: |read: ", "", row.split("|")[3].strip())))
    tried = {title.removeprefix("permission ") for title in at_github() if title.startswith("permission ")}
    # Metadata comes with every token; Variables shows in the gate's own two; nothing that only reads needs Workflows.
    assert asked - tried == {"Metadata", "Variables", "Workflows"}


def test_a_refused_token_ends_the_questions() -> None:
    found = at_github(repository=httpx.Response(401, json={"message": "Bad credentials"}))
    assert found.keys() == {"token"}
    assert "Bad credentials" in found["token"].detail


def test_single_sign_on_names_the_link() -> None:
    link = "https://github.com/orgs/zebra-devops/sso?authorization_request=A"
    headers = {"X-GitHub-SSO": f"required; url={link}"}
    found = at_github(repository=httpx.Response(403, json={"message": "SAML"}, headers=headers))
    assert found["token"].fix == f"authorize it at {link}"


@pytest.mark.parametrize(
    ("scopes", "outcome"), [("repo, workflow", "pass"), ("public_repo", "fail"), ("", "fail"), ("gist,repo", "pass")]
)
def test_a_classic_token_needs_repo_and_no_permissions_are_tried(scopes: str, outcome: str) -> None:
    found = at_github(repository=httpx.Response(200, json=REPO, headers={"X-OAuth-Scopes": scopes}))
    assert found["token"].outcome == outcome
    assert not [title for title in found if title.startswith("permission")]


@pytest.mark.parametrize(("day", "outcome"), [("2026-11-28", "note"), ("2027-03-01", "pass")])
def test_a_token_that_expires_soon_is_a_note(day: str, outcome: str) -> None:
    headers = {"GitHub-Authentication-Token-Expiration": f"{day} 12:00:00 UTC"}
    found = at_github(repository=httpx.Response(200, json=REPO, headers=headers))
    assert (found["token"].outcome, found["token"].detail[-10:]) == (outcome, day)


@pytest.mark.parametrize(
    ("answer", "said", "outcome"),
    [
        (httpx.Response(404, json={"message": "Not Found"}), "is not there, or the token may not see it", "fail"),
        (httpx.Response(301, headers={"location": "/repositories/1"}), "has moved", "fail"),
        (httpx.Response(200, json=REPO | {"archived": True}), "is archived", "fail"),
        (httpx.Response(200, json=REPO | {"permissions": {"push": True}}), "is no administrator of it", "fail"),
        (httpx.Response(200, json={"name": REPOSITORY}), "GitHub does not tell", "unknown"),
    ],
)
def test_a_repository_that_cannot_be_worked_with(answer: httpx.Response, said: str, outcome: str) -> None:
    found = at_github(repository=answer)[f"repository zebra-devops/{REPOSITORY}"]
    assert said in found.detail
    assert found.outcome == outcome


def test_a_private_repository_without_a_paid_plan_has_no_protection() -> None:
    said = {"message": "Upgrade to GitHub Pro or make this repository public to enable this feature."}
    found = at_github(protection=httpx.Response(403, json=said))
    assert found["branch protection of a private repository"].outcome == "fail"
    assert "GitHub Team" in found["branch protection of a private repository"].fix
    assert found["permission Administration"].outcome == "unknown", "the plan hides what the token may do"
    public = at_github(repository=httpx.Response(200, json=REPO | {"private": False}))
    assert "branch protection of a private repository" not in public


def test_the_branch_to_start_from_has_to_exist() -> None:
    assert at_github(branch=httpx.Response(404, json={"message": "Not Found"}))["branch main"].outcome == "fail"


def test_where_people_open_github() -> None:
    assert web() == web("https://api.github.com/") == "https://github.com"
    assert web("https://git.example.com/api/v3/") == "https://git.example.com"
    assert web("https://api.octo.ghe.com") == "https://octo.ghe.com"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (httpx.Response(404, json={"message": "Not Found"}), "note"),
        (httpx.Response(403, json={"message": "Resource not accessible"}), "unknown"),
        (httpx.Response(200, json={"value": "main"}), "fail"),
        (httpx.Response(200, json={"value": ""}), "fail"),
        (httpx.Response(200, json={"value": "0" * 40}), "pass"),
    ],
)
def test_the_delivered_workflows_take_the_gate_from_a_pinned_place(answer: httpx.Response, outcome: str) -> None:
    found = at_github(ref=answer)["variable GATE_REF"]
    assert found.outcome == outcome
    assert outcome not in ("note", "fail") or "such as v1.2.3, or a commit's full id" in found.fix
