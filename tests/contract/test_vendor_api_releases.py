"""What a release asks of GitHub and Vercel, in the shapes of docs.github.com/en/rest and vercel.com/docs/rest-api."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rehearsal.plugins import Estate
from rehearsal.vendor_api import Addresses, github_git, github_issues, serve, vercel_deployments

CREDENTIALS = {
    "GITHUB_TOKEN": "ghp_contract",
    "AUTH0_DOMAIN": "contract.auth0.com",
    "AUTH0_CLIENT_ID": "management",
    "AUTH0_CLIENT_SECRET": "management-secret",
    "VERCEL_API_TOKEN": "a" * 24,
}


class Vendors:
    def __init__(self, estate: Estate, addresses: Addresses) -> None:
        self.estate, self._addresses = estate, addresses

    def github(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {CREDENTIALS['GITHUB_TOKEN']}"}
        url = f"{self._addresses.github}/api/v3/repos/acme/platform/{path}"
        return httpx.request(method, url, headers=headers, trust_env=False, **options)

    def vercel(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {CREDENTIALS['VERCEL_API_TOKEN']}"}
        return httpx.request(method, f"{self._addresses.vercel}{path}", headers=headers, trust_env=False, **options)


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Vendors]:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name="platform")
    estate.seed("github", "branch", repository="platform", branch="main", sha="0" * 40)
    git = {"type": "github", "repo": "acme/platform", "productionBranch": "main"}
    estate.seed("vercel", "project", name="frontend", id="prj_1", gitRepository=git, autoAssignCustomDomains=False)
    with serve(estate, CREDENTIALS, owner="acme") as addresses:
        yield Vendors(estate, addresses)


def test_an_annotated_tag_leads_to_its_commit(vendors: Vendors) -> None:
    sha = github_git.commit(vendors.estate, "platform", "main")
    github_git.tag(vendors.estate, "platform", "v1.0.0", sha, annotated=True)
    ref = vendors.github("GET", "git/ref/tags/v1.0.0").json()
    assert (ref["ref"], ref["object"]["type"]) == ("refs/tags/v1.0.0", "tag")
    tag = vendors.github("GET", f"git/tags/{ref['object']['sha']}").json()
    assert (tag["object"]["type"], tag["object"]["sha"]) == ("commit", sha)
    assert vendors.github("GET", "git/ref/tags/v2.0.0").status_code == 404


def test_a_ref_is_made_once(vendors: Vendors) -> None:
    sha = github_git.commit(vendors.estate, "platform", "main")
    body = {"ref": "refs/gate/production/1", "sha": sha}
    assert vendors.github("POST", "git/refs", json=body).status_code == 201
    again = vendors.github("POST", "git/refs", json=body)
    assert (again.status_code, again.json()["message"]) == (422, "Reference already exists")
    found = vendors.github("GET", "git/matching-refs/gate/production/").json()
    assert [one["ref"] for one in found] == ["refs/gate/production/1"]
    assert vendors.github("DELETE", "git/refs/gate/production/1").status_code == 204
    assert vendors.github("GET", "git/matching-refs/gate/production/").json() == []


def test_ancestry(vendors: Vendors) -> None:
    first, second = (github_git.commit(vendors.estate, "platform", "main") for _ in range(2))
    compare = vendors.github("GET", f"compare/{first}...main").json()
    assert (compare["status"], compare["ahead_by"], compare["behind_by"]) == ("ahead", 1, 0)
    assert [commit["sha"] for commit in compare["commits"]] == [second]
    assert vendors.github("GET", f"compare/{second}...main").json()["status"] == "identical"
    assert vendors.github("GET", f"compare/{'f' * 40}...main").json()["status"] == "diverged"


def test_the_newest_status_of_a_context_counts(vendors: Vendors) -> None:
    sha = github_git.commit(vendors.estate, "platform", "main")
    for state in ("failure", "success"):
        made = vendors.github("POST", f"statuses/{sha}", json={"state": state, "context": "smoke"})
        assert (made.status_code, made.json()["state"]) == (201, state)
    combined = vendors.github("GET", "commits/main/status").json()
    assert [(one["context"], one["state"]) for one in combined["statuses"]] == [("smoke", "success")]


def test_a_success_makes_the_one_before_inactive(vendors: Vendors) -> None:
    ids = []
    for number in range(2):
        body = {"ref": str(number) * 40, "environment": "production", "task": "deploy", "payload": {"tag": "v1"}}
        made = vendors.github("POST", "deployments", json=body)
        assert (made.status_code, made.json()["payload"]) == (201, {"tag": "v1"})
        ids.append(made.json()["id"])
        said = vendors.github("POST", f"deployments/{ids[-1]}/statuses", json={"state": "success"})
        assert said.status_code == 201
    listed = vendors.github("GET", "deployments", params={"environment": "production"}).json()
    assert [one["id"] for one in listed] == ids[::-1]
    states = [vendors.github("GET", f"deployments/{i}/statuses").json()[0]["state"] for i in ids]
    assert states == ["inactive", "success"]
    long = {"state": "success", "description": "x" * 141}
    assert vendors.github("POST", f"deployments/{ids[0]}/statuses", json=long).status_code == 422


def test_a_build_is_staged_until_it_is_promoted(vendors: Vendors) -> None:
    identity = vercel_deployments.build(vendors.estate, "frontend", "a" * 40, "main")
    query = {"projectId": "prj_1", "target": "production", "state": "READY", "sha": "a" * 40}
    (found,) = vendors.vercel("GET", "/v6/deployments", params=query).json()["deployments"]
    assert (found["uid"], found["readySubstate"], found["meta"]["githubCommitSha"]) == (identity, "STAGED", "a" * 40)
    assert vendors.vercel("GET", "/v9/projects/prj_1").json()["targets"] == {}

    assert vendors.vercel("POST", f"/v10/projects/prj_1/promote/{identity}", json={}).status_code == 201
    states = [vendors.vercel("GET", "/v9/projects/prj_1").json()["lastAliasRequest"]["jobStatus"] for _ in range(2)]
    assert states == ["in-progress", "succeeded"]
    assert vendors.vercel("GET", "/v9/projects/prj_1").json()["targets"]["production"]["id"] == identity
    assert vendors.vercel("GET", f"/v13/deployments/{identity}").json()["readySubstate"] == "PROMOTED"


def test_only_what_served_can_be_rolled_back_to(vendors: Vendors) -> None:
    staged = vercel_deployments.build(vendors.estate, "frontend", "a" * 40, "main")
    preview = vercel_deployments.build(vendors.estate, "frontend", "b" * 40, "feature/x")
    assert vendors.vercel("POST", f"/v9/projects/prj_1/rollback/{staged}", json={}).status_code == 400
    assert vendors.vercel("POST", f"/v10/projects/prj_1/promote/{preview}", json={}).status_code == 400
    assert vendors.vercel("POST", "/v10/projects/prj_1/promote/dpl_none", json={}).status_code == 404


def test_a_branch_is_moved_back_with_force_only(vendors: Vendors) -> None:
    first = github_git.commit(vendors.estate, "platform", "main")
    made = {"ref": "refs/heads/topic", "sha": first}
    assert vendors.github("POST", "git/refs", json=made).status_code == 201
    second = github_git.commit(vendors.estate, "platform", "main")
    assert vendors.github("PATCH", "git/refs/heads/topic", json={"sha": second}).status_code == 422
    moved = vendors.github("PATCH", "git/refs/heads/topic", json={"sha": second, "force": True})
    assert (moved.status_code, moved.json()["object"]["sha"]) == (200, second)
    assert vendors.github("PATCH", "git/refs/heads/none", json={"sha": second, "force": True}).status_code == 422


def test_a_ruleset_tells_its_conditions_and_rules_by_itself_only(vendors: Vendors) -> None:
    about = {"repository": "platform", "name": "Release tags", "target": "tag"}
    conditions = {"refName": {"includes": ["refs/tags/v*"], "excludes": []}}
    vendors.estate.seed("github", "ruleset", **about, conditions=conditions, rules={"deletion": True, "update": True})
    (listed,) = vendors.github("GET", "rulesets").json()
    assert not {"rules", "conditions"} & listed.keys()
    found = vendors.github("GET", f"rulesets/{listed['id']}").json()
    assert found["conditions"] == {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}}
    assert [rule["type"] for rule in found["rules"]] == ["deletion", "update"]
    assert vendors.github("GET", "rulesets/1").status_code == 404


def test_the_pull_requests_of_a_commit(vendors: Vendors) -> None:
    merged = github_git.commit(vendors.estate, "platform", "main")
    github_issues.pull(vendors.estate, "platform", 7, head="f" * 40, merge=merged)
    (found,) = vendors.github("GET", f"commits/{merged}/pulls").json()
    assert (found["number"], found["head"]["sha"], found["merge_commit_sha"]) == (7, "f" * 40, merged)
    assert [one["number"] for one in vendors.github("GET", "pulls", params={"state": "all"}).json()] == [7]
    assert vendors.github("GET", "pulls").json() == []


def test_the_domains_of_a_project(vendors: Vendors) -> None:
    vendors.estate.seed("vercel", "domain", projectId="prj_1", domain="staging.test", gitBranch="staging")
    found = vendors.vercel("GET", "/v9/projects/prj_1/domains").json()["domains"]
    assert [(one["name"], one["gitBranch"]) for one in found] == [("staging.test", "staging")]


def test_the_hobby_plan_rolls_back_one_step_only(vendors: Vendors) -> None:
    builds = [vercel_deployments.build(vendors.estate, "frontend", letter * 40, "main") for letter in "abc"]
    for one in builds:
        assert vendors.vercel("POST", f"/v10/projects/prj_1/promote/{one}").status_code == 201
    with vendors.estate.edit("vercel") as objects:
        next(one for one in objects if one["type"] == "project")["hobby"] = True
    assert vendors.vercel("POST", f"/v9/projects/prj_1/rollback/{builds[0]}").status_code == 403
    assert vendors.vercel("POST", f"/v9/projects/prj_1/rollback/{builds[1]}").status_code == 201
