"""The simulator of GitHub knows what GitHub's published description knows, and refuses what it does not know.

Every exchange of every test is judged too: tests/conftest.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.accounts import lookup
from rehearsal.plugins import Estate
from rehearsal.vendor_api import github_actions, github_git, github_issues

from . import github_description as description
from . import github_graphql
from .test_vendor_api_releases import Vendors, vendors

__all__ = ["vendors"]


def test_the_simulators_table_is_what_the_description_says() -> None:
    """Where it is not: python -m tests.contract.github_description."""
    written = json.loads(description.TABLE.read_text())
    assert written == json.loads(json.dumps(description.table(list(written))))


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("issues", {"body": "x"}, '"title" wasn\'t supplied.'),
        ("issues", {"title": "x", "colour": "red"}, '"colour" is not a permitted key.'),
        ("statuses/" + "a" * 40, {"state": "green"}, "green is not a member of"),
        ("git/refs", {"ref": "refs/heads/x"}, '"sha" wasn\'t supplied.'),
    ],
)
def test_a_body_that_github_does_not_know_is_refused(vendors: Vendors, path: str, body: Any, said: str) -> None:
    answer = vendors.github("POST", path, json=body)
    assert answer.status_code == 422
    assert said in answer.json()["message"]


def test_a_judge_that_finds_nothing_wrong_would_be_none() -> None:
    one = description.operation("GET", "/repos/acme/platform/git/ref/heads/main")
    assert one
    assert "node_id: Field required" in description.unreadable(one, {"ref": "refs/heads/main"})
    made = description.operation("POST", "/repos/acme/platform/issues")
    assert made
    assert description.inexpressible(made, {"page": "1"}, {"title": "x", "colour": 1}) == [
        "query page: unknown",
        "colour: unknown",
    ]


@pytest.mark.parametrize(
    ("query", "variables", "said"),
    [
        ("query { viewer { login } }", {}, []),
        ("query { viewer { colour } }", {}, ["Field 'colour' doesn't exist on type 'User'"]),
        ("query { viewer }", {}, ["Field 'viewer' must have selections"]),
        ("query { node { id } }", {}, ["Field 'node' is missing required arguments: id"]),
        ("query($id: ID!) { node(id: $id) { id } }", {}, ["Variable $id was provided invalid value"]),
        (
            "query($id: String!) { node(id: $id) { ... on Repository { name } } }",
            {"id": "R_1"},
            ["Type mismatch on variable $id and argument id (String! / ID!)"],
        ),
        (
            "query($id: ID!) { node(id: $id) { ... on Repository { branchProtectionRules { totalCount } } } }",
            {"id": "R_1"},
            ["You must provide `first` or `last`, of at most 100, to paginate `branchProtectionRules`"],
        ),
    ],
)
def test_a_graphql_request_is_judged_by_githubs_schema(query: str, variables: dict[str, str], said: list[str]) -> None:
    """Those of every test are: tests/conftest.py."""
    assert github_graphql.complaints({"query": query, "variables": variables}) == said


def test_what_the_program_asks_by_graphql_is_in_the_schema() -> None:
    asked = {"query": lookup._RULES, "variables": {"id": "R_1", "after": None}}
    assert github_graphql.complaints(asked) == []


def release_managers(estate: Estate, *members: str) -> None:
    estate.seed(
        "github",
        "ruleset",
        repository="platform",
        name="Release tags",
        target="tag",
        enforcement="active",
        conditions={"refName": {"includes": ["refs/tags/v*"], "excludes": []}},
        rules={"creation": True, "update": True, "deletion": True},
        bypassActors=[{"actorId": 7, "actorType": "Team", "bypassMode": "always"}],
    )
    with estate.edit("github") as objects:
        objects.append({"type": "team", "id": 7, "members": list(members)})


def test_only_who_may_bypass_the_ruleset_makes_and_deletes_release_tags(vendors: Vendors) -> None:
    """docs.github.com: Available rules for rulesets, Restrict creations; the API answers 422."""
    release_managers(vendors.estate, "erika")
    sha = github_git.commit(vendors.estate, "platform", "main")
    refused = vendors.github("POST", "git/refs", json={"ref": "refs/tags/v1.0.0", "sha": sha})
    assert (refused.status_code, "rule violations" in refused.json()["message"]) == (422, True)
    assert vendors.github("POST", "git/refs", json={"ref": "refs/tags/other", "sha": sha}).status_code == 201
    with pytest.raises(github_git.Declined, match="create"):
        github_git.tag(vendors.estate, "platform", "v1.0.0", sha, by="anybody")
    github_git.tag(vendors.estate, "platform", "v1.0.0", sha, by="erika")
    assert vendors.github("DELETE", "git/refs/tags/v1.0.0").status_code == 422
    shown = vendors.github("GET", f"rulesets/{vendors.github('GET', 'rulesets').json()[0]['id']}").json()
    assert shown["bypass_actors"] == [{"actor_id": 7, "actor_type": "Team", "bypass_mode": "always"}]


def test_the_list_of_statuses_tells_who_set_each_and_the_combined_one_does_not(vendors: Vendors) -> None:
    sha = github_git.commit(vendors.estate, "platform", "main")
    vendors.github("POST", f"statuses/{sha}", json={"state": "pending", "context": "smoke"})
    github_git.status(vendors.estate, "platform", sha, "smoke")
    listed = vendors.github("GET", f"commits/{sha}/statuses").json()
    assert [(one["state"], one["creator"]["login"]) for one in listed] == [
        ("success", "github-actions[bot]"),
        ("pending", "the-gate"),
    ]
    combined = vendors.github("GET", f"commits/{sha}/status").json()
    assert (combined["state"], "creator" in combined["statuses"][0]) == ("success", False)


def test_reviewers_are_asked_for_every_job_that_names_the_environment(vendors: Vendors) -> None:
    """docs.github.com: Managing environments for deployment; a run waits until somebody has reviewed it."""
    estate, where = vendors.estate, {"repository": "platform", "environment": "production"}
    custom = {"protectedBranches": False, "customBranchPolicies": True}
    estate.seed("github", "environment", **where, deploymentBranchPolicy=custom, reviewers=[{"users": [1]}])
    estate.seed("github", "deployment_policy", **where, tagPattern="v*")
    run = 7
    github_actions.run(estate, "platform", run, status="in_progress", sha="a" * 40)
    assert github_actions.enter(estate, "platform", run, "production", "refs/heads/main") == "refused"
    for _job in range(2):
        assert github_actions.enter(estate, "platform", run, "production", "refs/tags/v1.0.0") == "waiting"
        assert vendors.github("GET", f"actions/runs/{run}").json()["status"] == "waiting"
        github_actions.approve(estate, "platform", run, "production")
        assert vendors.github("GET", f"actions/runs/{run}").json()["status"] == "in_progress"
        assert github_actions.enter(estate, "platform", run, "production", "refs/tags/v1.0.0") == "in"
    records = vendors.github("GET", "deployments", params={"environment": "production"}).json()
    assert [one["creator"]["login"] for one in records] == ["github-actions[bot]"] * 2


def test_a_run_tells_whether_it_has_ended(vendors: Vendors) -> None:
    github_actions.run(vendors.estate, "platform", 42, status="completed", conclusion="cancelled")
    found = vendors.github("GET", "actions/runs/42").json()
    assert (found["status"], found["conclusion"]) == ("completed", "cancelled")
    assert vendors.github("GET", "actions/runs/43").status_code == 404


def test_a_release_with_generated_notes_is_made_once(vendors: Vendors) -> None:
    github_issues.pull(vendors.estate, "platform", 7, head="f" * 40, merge="e" * 40)
    made = {"tag_name": "v1.1.0", "generate_release_notes": True}
    assert [vendors.github("POST", "releases", json=made).status_code for _ in range(2)] == [201, 422]
    notes = vendors.github("GET", "releases/tags/v1.1.0").json()["body"]
    assert "#7" in notes
    assert notes.endswith("**Full Changelog**: commits/v1.1.0")
    assert vendors.github("GET", "releases/tags/v9.9.9").status_code == 404
