"""Issues and their comments, in the shapes of docs.github.com/en/rest (issues/issues, issues/comments)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from rehearsal.plugins import Estate
from rehearsal.vendor_api import github_issues, serve

from .test_vendor_api_releases import CREDENTIALS

OWN = "ghs_workflow"
Ask = Callable[..., httpx.Response]


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name="gate")
    return estate


@pytest.fixture
def ask(estate: Estate) -> Iterator[Ask]:
    with serve(estate, {**CREDENTIALS, "REPORT_TOKEN": OWN}, owner="acme") as addresses:

        def send(method: str, path: str, *, token: str = OWN, **options: object) -> httpx.Response:
            url = f"{addresses.github}/api/{path if path == 'graphql' else f'v3/repos/acme/gate/{path}'}"
            return httpx.request(method, url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, **options)

        yield send


def test_an_issue_is_opened_listed_changed_and_closed(ask: Ask) -> None:
    made = ask("POST", "issues", json={"title": "Drift", "body": "text"})
    assert made.status_code == 201
    assert {name: made.json()[name] for name in ("number", "state", "title", "body", "state_reason")} == {
        **{"number": 1, "state": "open", "title": "Drift", "body": "text", "state_reason": None}
    }
    assert [one["number"] for one in ask("GET", "issues").json()] == [1]
    closed = ask("PATCH", "issues/1", json={"state": "closed", "state_reason": "completed", "body": "other"}).json()
    assert (closed["state"], closed["state_reason"], closed["body"]) == ("closed", "completed", "other")
    assert ask("GET", "issues").json() == []
    assert [one["number"] for one in ask("GET", "issues", params={"state": "all"}).json()] == [1]
    assert ask("POST", "issues", json={"title": ""}).status_code == 422
    assert ask("PATCH", "issues/9", json={"state": "closed"}).status_code == 404


def test_issues_and_pull_requests_are_counted_and_listed_together_the_newest_first(ask: Ask, estate: Estate) -> None:
    for branch in ("x", "main"):
        estate.seed("github", "branch", repository="gate", branch=branch, sha="b" * 40)
    github_issues.pull(estate, "gate", 1, head="a" * 40)
    assert ask("POST", "issues", json={"title": "Drift"}).json()["number"] == 2
    assert ask("POST", "pulls", json={"title": "t", "head": "x", "base": "main"}).json()["number"] == 3
    listed = ask("GET", "issues").json()
    assert [(one["number"], "pull_request" in one) for one in listed] == [(3, True), (2, False), (1, True)]
    assert [one["number"] for one in ask("GET", "issues", params={"direction": "asc", "per_page": 2}).json()] == [1, 2]


def test_a_comment_has_its_author_and_needs_something_to_comment(ask: Ask, estate: Estate) -> None:
    github_issues.pull(estate, "gate", 4, head="a" * 40)
    made = ask("POST", "issues/4/comments", json={"body": "text"}).json()
    assert (made["body"], made["user"]["login"], made["user"]["type"]) == ("text", "github-actions[bot]", "Bot")
    other = ask("POST", "issues/4/comments", json={"body": "x"}, token=CREDENTIALS["GITHUB_TOKEN"]).json()
    assert other["user"]["type"] == "User"
    assert ask("PATCH", f"issues/comments/{made['id']}", json={"body": "new"}).json()["body"] == "new"
    assert [one["body"] for one in ask("GET", "issues/4/comments").json()] == ["new", "x"]
    assert ask("POST", "issues/5/comments", json={"body": "text"}).status_code == 404


def test_a_text_has_a_longest_length(ask: Ask) -> None:
    assert ask("POST", "issues", json={"title": "t", "body": "x" * 65_536}).status_code == 201
    refused = ask("POST", "issues", json={"title": "t", "body": "x" * 65_537})
    assert (refused.status_code, refused.json()["message"]) == (422, "Validation Failed")


def test_a_token_can_ask_who_it_writes_as(ask: Ask) -> None:
    query = {"query": "query { viewer { login } }"}
    assert ask("POST", "graphql", json=query).json() == {"data": {"viewer": {"login": "github-actions[bot]"}}}
    assert ask("POST", "graphql", json=query, token="other").status_code == 401


def test_a_number_that_is_none_is_not_found(ask: Ask) -> None:
    assert [ask("GET", f"pulls/{number}").status_code for number in ("x", "7")] == [404, 404]
