"""Settings that would only fail in the middle of an up, or do nothing at all, are refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.stack_file import StackFile

HOST = "staging.zebra.associates"
ROWS: list[tuple[str, Any, str]] = [
    ("vercel.aliases", [HOST], f"marketedge: this section — declared as a domain more than once: {HOST}"),
    ("render.service.domains", [HOST], f"marketedge: this section — declared as a domain more than once: {HOST}"),
    (
        "auth0.loginTest",
        {"application": "MarketEdge Platform (staging)"},
        "marketedge: this section — auth0.loginTest.application: MarketEdge Platform (staging) is the application that "
        "people use",
    ),
    (
        "github.releaseManagers",
        {"teams": ["release-managers"]},
        "marketedge:github: this section — releaseManagers needs releaseTags: without a pattern there is nothing that "
        "they manage",
    ),
    (
        "github.protection.checksBy",
        {"staging-smoke-test": 15368},
        "marketedge:github: this section — protection.checksBy: staging-smoke-test: no phase requires such a check",
    ),
    (
        "vercel.variables.0",
        {"key": "TZ", "value": "UTC"},
        "marketedge:vercel.variables: this list — reserved by Vercel: TZ; expected another name",
    ),
    (
        "auth0.webOrigins",
        [f"https://host{number}.example.com" for number in range(101)],
        "marketedge:auth0.webOrigins: this list — expected at most 100 entries",
    ),
]


@pytest.mark.parametrize(("path", "value", "problem"), ROWS, ids=[f"{path}" for path, _, _ in ROWS])
def test_it_is_one_problem(path: str, value: Any, problem: str) -> None:
    stack_file = StackFile()
    stack_file.put(path, value)
    assert stack_file.problems() == [problem]


def test_a_stack_is_no_peer_of_itself() -> None:
    stack_file = StackFile()
    stack_file.config["marketedge:peers"] = ["staging", "production"]
    assert stack_file.problems() == ["marketedge: this section — peers: staging is this environment itself"]


def test_managers_have_to_be_somebody() -> None:
    stack_file = StackFile("production")
    stack_file["github"]["releaseManagers"] = {}
    assert stack_file.problems() == ["marketedge:github.releaseManagers: this section — expected a team or a role"]
