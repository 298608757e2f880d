"""Telling a chat channel: what is sent, and that nothing of it can fail a release or show the address."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gate.common.notifications import notify

URL = "https://hooks.test/services/a-secret-path"


def told(answer: httpx.Response | Exception, environ: dict[str, str], text: str = "release v1.2.3: done") -> str:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        sent.append(json.loads(request.content))
        return answer

    sent.clear()
    return notify(text, environ, transport=httpx.MockTransport(handle))


sent: list[dict[str, Any]] = []


def test_a_channel_gets_the_outcome_and_where_the_run_is() -> None:
    run = {"GITHUB_SERVER_URL": "https://github.test", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"}
    assert told(httpx.Response(200), {"NOTIFY_WEBHOOK_URL": URL, **run}) == ""
    assert sent == [{"text": "release v1.2.3: done\nrun: https://github.test/o/r/actions/runs/7"}]
    assert told(httpx.Response(200), {"NOTIFY_WEBHOOK_URL": URL}) == ""
    assert sent == [{"text": "release v1.2.3: done"}]


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_WEBHOOK_URL": ""}])
def test_without_an_address_nobody_is_told(environ: dict[str, str]) -> None:
    assert told(httpx.Response(500), environ) == ""
    assert sent == []


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.Response(404), "NOTIFY_WEBHOOK_URL answered 404"),
        (httpx.Response(302, headers={"location": "https://elsewhere.test"}), "NOTIFY_WEBHOOK_URL answered 302"),
        (httpx.ConnectError(f"cannot reach {URL}"), "NOTIFY_WEBHOOK_URL: ConnectError"),
    ],
)
def test_what_goes_wrong_is_named_without_the_address(answer: httpx.Response | Exception, problem: str) -> None:
    assert told(answer, {"NOTIFY_WEBHOOK_URL": URL}) == problem


@pytest.mark.parametrize("url", ["not an address", "ftp://hooks.test", "https://[broken"])
def test_an_address_that_is_none_is_named_by_its_variable(url: str) -> None:
    problem = notify("x", {"NOTIFY_WEBHOOK_URL": url})
    assert problem.startswith("NOTIFY_WEBHOOK_URL: ")
    assert url not in problem


FACTS = {"tag": "v1.2.3", "commit": "abc1234", "empty": ""}
RUN = {"GITHUB_SERVER_URL": "https://g.test", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7", "GITHUB_ACTOR": "ann"}
LINES = "tag: v1.2.3\ncommit: abc1234\nby: ann\nrun: https://g.test/o/r/actions/runs/7"


def message(url: str, text: str = "release: failed", advice: str = "Do <this>") -> dict[str, Any]:
    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200)

    sent.clear()
    assert notify(text, {"NOTIFY_WEBHOOK_URL": url, **RUN}, FACTS, advice, httpx.MockTransport(handle)) == ""
    return sent[0]


def test_slack_gets_blocks_with_its_three_characters_escaped() -> None:
    content = message("https://hooks.slack.com/services/T/B/x")
    assert content["text"] == "release: failed"
    texts = [block["text"] for block in content["blocks"]]
    assert texts == [{"type": "mrkdwn", "text": part} for part in ("*release: failed*", LINES, "Do &lt;this&gt;")]


@pytest.mark.parametrize("host", ["p.logic.azure.com:443", "x.powerplatform.com", "o.webhook.office.com"])
def test_teams_gets_an_adaptive_card(host: str) -> None:
    (attachment,) = message(f"https://{host}/workflows/x")["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    body = attachment["content"]["body"]
    assert [part["type"] for part in body] == ["TextBlock", "FactSet", "TextBlock"]
    assert {"title": "tag", "value": "v1.2.3"} in body[1]["facts"]
    assert body[2]["text"] == "Do <this>"


def test_discord_gets_content_of_its_length_that_calls_nobody() -> None:
    content = message("https://discord.com/api/webhooks/1/x", advice="@everyone " * 400)
    assert content["content"].startswith(f"release: failed\n{LINES}\n@everyone")
    assert len(content["content"]) == 2000
    assert content["allowed_mentions"] == {"parse": []}
