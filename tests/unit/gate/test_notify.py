"""Telling a chat channel: what is sent, and that nothing of it can fail a release or show the address."""

from __future__ import annotations

import json

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
    return notify(text, environ, httpx.MockTransport(handle))


sent: list[dict[str, str]] = []


def test_a_channel_gets_the_outcome_and_where_the_run_is() -> None:
    run = {"GITHUB_SERVER_URL": "https://github.test", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"}
    assert told(httpx.Response(200), {"NOTIFY_WEBHOOK_URL": URL, **run}) == ""
    assert sent == [{"text": "release v1.2.3: done https://github.test/o/r/actions/runs/7"}]
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
