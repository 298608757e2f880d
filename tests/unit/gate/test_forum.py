"""What is written in the repository that runs the workflow: found again, renewed, and nobody else's touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from components.accounts.api import VendorError, VendorOutcomeUnknown
from components.accounts.github import GitHub
from components.accounts.repository import Repository
from gate.common.errors import GateError
from gate.vendors.issues import LIMIT, IssueTracker, cut, marker, open_issue_tracker
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.vendor_api import github_issues
from tests.unit.gate.release_world import CREDENTIALS

OWN, TOKEN = "staging-gate", "ghs_report_token_of_a_test"
MARK = marker("preview")
BOT = "github-actions[bot]"


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name=OWN, fullName=f"zebra-devops/{OWN}")
    github_issues.pull(estate, OWN, 7, head="a" * 40)
    return estate


@pytest.fixture
def environ(estate: Estate) -> Iterator[dict[str, str]]:
    with vendor_api.serve(estate, {**CREDENTIALS, "REPORT_TOKEN": TOKEN}) as addresses:
        own = {"GITHUB_REPOSITORY": f"zebra-devops/{OWN}", "REPORT_TOKEN": TOKEN}
        yield {**CREDENTIALS, **addresses.environment, **own}


@pytest.fixture
def opened(environ: dict[str, str]) -> Iterator[IssueTracker]:
    with open_issue_tracker(environ) as made:
        yield made


def comments(estate: Estate) -> list[tuple[str, str]]:
    return [(one["user"], one["body"]) for one in estate.find_all("github", "comment", issue=7)]


def say(estate: Estate, body: str, user: str = BOT) -> None:
    with estate.edit("github") as objects:
        objects.append(
            {"type": "comment", "id": len(objects), "repository": OWN, "issue": 7, "body": body, "user": user}
        )


def test_a_comment_is_written_once_and_then_renewed(opened: IssueTracker, estate: Estate) -> None:
    address, done = opened.comment(7, MARK, f"{MARK}\none")
    assert (address, done) == (f"https://github.com/zebra-devops/{OWN}/issues/7#issuecomment-1", "written")
    assert opened.comment(7, MARK, f"{MARK}\ntwo") == (address, "renewed")
    assert opened.comment(7, MARK, f"{MARK}\ntwo") == (address, "unchanged")
    assert comments(estate) == [(BOT, f"{MARK}\ntwo")]


def test_it_is_found_on_a_later_page(opened: IssueTracker, estate: Estate) -> None:
    for number in range(230):
        say(estate, MARK if number == 205 else "talk", BOT if number == 205 else "octocat")
    assert opened.comment(7, MARK, f"{MARK}\nnew")[1] == "renewed"
    assert comments(estate)[205] == (BOT, f"{MARK}\nnew")
    assert len(comments(estate)) == 230


@pytest.mark.parametrize("stranger", ["octocat", "github-actions", "other[bot]"])
def test_a_strangers_comment_with_the_marker_is_left_alone(opened: IssueTracker, estate: Estate, stranger: str) -> None:
    say(estate, f"{MARK}\nmine now", stranger)
    assert opened.comment(7, MARK, f"{MARK}\none")[1] == "written"
    assert comments(estate) == [(stranger, f"{MARK}\nmine now"), (BOT, f"{MARK}\none")]


def test_a_marker_counts_at_the_start_only(opened: IssueTracker, estate: Estate) -> None:
    say(estate, f"> {MARK}\na quotation")
    assert opened.comment(7, MARK, MARK)[1] == "written"


def test_a_pull_request_that_is_not_there_is_named(opened: IssueTracker) -> None:
    with pytest.raises(VendorError, match=r"staging-gate/issues/8/comments .*REPORT_TOKEN needs Pull requests: write"):
        opened.comment(8, MARK, MARK)


def test_pull_requests_are_no_issues(opened: IssueTracker, estate: Estate) -> None:
    mark = marker("drift of staging")
    with estate.edit("github") as objects:
        next(o for o in objects if o["type"] == "pull").update(body=mark, user=BOT)
    assert opened.open_issues(mark) == []
    assert opened.open_issue(mark, "t", mark)["number"] == 8


@pytest.mark.parametrize(
    ("missing", "message"),
    [("REPORT_TOKEN", "REPORT_TOKEN is not set.*zebra-devops/staging-gate"), ("GITHUB_REPOSITORY", "owner/name")],
)
def test_what_is_missing_is_named(environ: dict[str, str], missing: str, message: str) -> None:
    del environ[missing]
    with pytest.raises(GateError, match=message), open_issue_tracker(environ):
        pass


def test_the_applications_token_is_not_used(environ: dict[str, str]) -> None:
    with (
        pytest.raises(GateError, match="does not accept REPORT_TOKEN"),
        open_issue_tracker({**environ, "REPORT_TOKEN": "x"}) as it,
    ):
        it.comment(7, MARK, MARK)


def over(handle: Any, viewer: str = BOT) -> IssueTracker:
    transport = httpx.MockTransport(handle)
    github = GitHub("o", "t", credential="REPORT_TOKEN", transport=transport, sleep=lambda _s: None)

    class Viewed(Repository):
        def viewer(self) -> str:
            return viewer

    return IssueTracker(Viewed(github, "r"))


def test_a_lost_answer_is_looked_up_before_it_is_an_error() -> None:
    written: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            user = {"login": BOT, "type": "Bot"}
            shown = [{"id": 1, "number": 1, "body": body, "user": user, "html_url": "there"} for body in written]
            return httpx.Response(200, json=shown)
        written.append(MARK)
        return httpx.Response(502)

    assert over(handle).comment(7, MARK, MARK) == ("there", "written")
    assert over(handle).open_issue(MARK, "t", MARK)["html_url"] == "there"
    assert written == [MARK, MARK]

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[]) if request.method == "GET" else httpx.Response(502)

    with pytest.raises(VendorOutcomeUnknown):
        over(refuse).comment(7, MARK, MARK)
    with pytest.raises(VendorOutcomeUnknown):
        over(refuse).open_issue(MARK, "t", MARK)


@pytest.mark.parametrize("viewer", ["github-actions[bot]", "github-actions"])
def test_an_apps_name_is_recognised_with_and_without_its_suffix(viewer: str) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        found = {"id": 3, "body": MARK, "user": {"login": BOT, "type": "Bot"}, "html_url": "there"}
        return httpx.Response(200, json=[found] if request.method == "GET" else found)

    assert over(handle, viewer).comment(7, MARK, f"{MARK}\nx") == ("there", "renewed")


def everywhere(monkeypatch: pytest.MonkeyPatch, handle: Any) -> None:
    """Every client that is made now talks to this."""
    client, transport = httpx.Client, httpx.MockTransport(handle)
    monkeypatch.setattr(
        "components.accounts.api.httpx.Client", lambda **options: client(**{**options, "transport": transport})
    )


def test_a_person_is_recognised_where_graphql_does_not_say_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/user":
            return httpx.Response(200, json={"login": "octocat"})
        found = {"id": 3, "body": MARK, "user": {"login": "octocat", "type": "User"}, "html_url": "there"}
        return httpx.Response(200, json=[found]) if request.method == "GET" else httpx.Response(404)

    everywhere(monkeypatch, handle)
    with open_issue_tracker({"GITHUB_REPOSITORY": "o/r", "REPORT_TOKEN": "t"}) as made:
        assert made.comment(7, MARK, MARK) == ("there", "unchanged")


@pytest.mark.parametrize("status", [403, 404, 200])
def test_where_github_does_not_say_who_asks_it_is_the_workflow(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path in ("/graphql", "/user"):
            return httpx.Response(status, json={"message": "no"})
        found = {"id": 3, "body": MARK, "user": {"login": BOT, "type": "Bot"}, "html_url": "there"}
        return httpx.Response(200, json=[found])

    everywhere(monkeypatch, handle)
    with open_issue_tracker({"GITHUB_REPOSITORY": "o/r", "REPORT_TOKEN": "t"}) as made:
        assert made.comment(7, MARK, MARK) == ("there", "unchanged")


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({}, "https://api.github.com/repos/o/r/issues"),
        ({"GITHUB_API_URL": "https://api.github.com"}, "https://api.github.com/repos/o/r/issues"),
        ({"GITHUB_API_URL": "https://git.example.com/api/v3"}, "https://git.example.com/api/v3/repos/o/r/issues"),
        (
            {"GITHUB_BASE_URL": "https://here.test/", "GITHUB_API_URL": "https://api.github.com"},
            "https://here.test/api/v3/repos/o/r/issues",
        ),
    ],
)
def test_where_the_api_is(environ: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url).partition("?")[0])
        return httpx.Response(200, json=[])

    everywhere(monkeypatch, handle)
    with open_issue_tracker({"GITHUB_REPOSITORY": "o/r", "REPORT_TOKEN": "t", **environ}) as made:
        made.open_issues(MARK)
    assert asked[-1] == address


def test_a_text_is_cut_at_a_line_and_says_so() -> None:
    text = "head\n" + "\n".join(f"line {number}" for number in range(100))
    assert cut(text, len(text), "{lines} more") == text
    short = cut(text, 100, "{lines} more")
    assert len(short) <= 100
    kept = short.split("\n\n")[0].split("\n")
    assert kept == text.split("\n")[: len(kept)]
    assert short.endswith(f"\n\n{101 - len(kept)} more")


def test_a_cut_block_of_code_is_closed() -> None:
    text = "```text\n" + "x\n" * 100 + "```"
    assert cut(text, 100, "more").count("```") == 2


def test_the_longest_text_is_what_github_takes(opened: IssueTracker) -> None:
    opened.comment(7, MARK, MARK.ljust(LIMIT, "x"))
    with pytest.raises(VendorError, match="422"):
        opened.comment(7, MARK, MARK.ljust(LIMIT + 1, "x"))
