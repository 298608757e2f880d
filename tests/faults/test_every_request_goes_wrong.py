"""Every request of a run answered wrongly, one at a time: the run converges, or says in one line why not, and a rerun
ends in the estate of a run that nothing disturbed."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.errors import RateLimited, RenderError, Unreachable
from tests.faults.scenarios import SCENARIOS, Line, Scenario, attempt, is_clear

pytestmark = pytest.mark.rounds

HTML: dict[str, Any] = {"headers": {"Content-Type": "text/html"}, "body": b"<html><title>Just a moment</title></html>"}
FAULTS: dict[str, dict[str, Any]] = {
    "429 with Retry-After": {"kind": 429, "headers": {"Retry-After": "37"}},
    "429 without Retry-After": {"kind": 429},
    "429 for the rest of an hour": {"kind": 429, "headers": {"Retry-After": "3000"}},
    "500": {"kind": 500},
    "500 after it was done": {"kind": 500, "applied": True},
    "502 of a proxy": {"kind": 502, **HTML},
    "503": {"kind": 503},
    "connection refused": {"kind": "refused"},
    "connection closed before it was done": {"kind": "drop"},
    "reset in mid-answer": {"kind": "reset"},
    "answer lost": {"kind": "lost"},
    "30 s of silence": {"kind": "hang", "seconds": 30.0},
    "truncated JSON": {"kind": "truncated"},
    "HTML in place of JSON": {"kind": 200, **HTML},
    "HTML in place of JSON after it was done": {"kind": 200, "applied": True, **HTML},
}
ENDS_THE_RUN = {"429 for the rest of an hour"}
BOUND = 900.0 + 30.0
"""Seconds that a run may take: its deadline, and the last request that began before it."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_one_wrong_answer_anywhere_is_overcome(name: str, fault: str) -> None:
    scenario = SCENARIOS[name]
    whole = scenario.undisturbed()
    picture = whole.picture()

    for number in range(1, whole.wire.count + 1):
        account, made = scenario.prepare()
        account.sim.faults.add(number=len(account.sim.requests) + number, **FAULTS[fault])
        case = f"{fault}, request {number}"
        error = attempt(scenario, account, made)

        assert (error is not None) == (fault in ENDS_THE_RUN), f"{case}: {error}"
        assert error is None or is_clear(error, account), f"{case}: {error}"
        if error:
            account.clock.now += 3600
            scenario.run(account, made)
        assert account.picture() == picture, case
        assert len(account.estate.deploys) == len(whole.estate.deploys), case
        scenario.run(account, made)
        assert [line for line in account.writes() if not line.startswith("DELETE")] == [], case


@pytest.mark.parametrize("name", SCENARIOS)
def test_two_wrong_answers_in_a_row_are_overcome(name: str) -> None:
    scenario = SCENARIOS[name]
    whole = scenario.undisturbed()
    picture = whole.picture()
    for first, second in [("answer lost", "connection refused"), ("503", "answer lost"), ("truncated JSON", "500")]:
        for number in range(1, whole.wire.count + 1):
            account, made = scenario.prepare()
            at = len(account.sim.requests) + number
            account.sim.faults.add(number=at, **FAULTS[first])
            account.sim.faults.add(number=at + 1, **FAULTS[second])
            scenario.run(account, made)

            assert account.picture() == picture, f"{first}, then {second}, request {number}"
            assert len(account.estate.deploys) == len(whole.estate.deploys)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("429 with Retry-After", RateLimited),
        ("429 without Retry-After", RateLimited),
        ("502 of a proxy", Unreachable),
        ("connection refused", Unreachable),
        ("answer lost", Unreachable),
        ("30 s of silence", Unreachable),
        ("HTML in place of JSON", Unreachable),
    ],
)
@pytest.mark.parametrize("name", SCENARIOS)
def test_an_outage_that_lasts_ends_in_one_clear_error_and_a_rerun_after_it_converges(
    name: str, fault: str, expected: type[RenderError]
) -> None:
    scenario = SCENARIOS[name]
    whole = scenario.undisturbed()
    picture = whole.picture()

    for number in range(1, whole.wire.count + 1):
        account, made = scenario.prepare()
        error, seconds = outage(scenario, account, made, number, FAULTS[fault])
        case = f"{fault} from request {number} on: {error}"

        assert isinstance(error, expected), case
        assert is_clear(error, account), case
        assert seconds <= BOUND, case
        account.sim.faults.clear()
        scenario.run(account, made)
        assert account.picture() == picture, case


def outage(
    scenario: Scenario, account: Any, made: Any, number: int, failure: dict[str, Any]
) -> tuple[RenderError | None, float]:
    """A run during which Render goes away, and how long it took."""
    assert isinstance(account.wire, Line)
    account.wire.fails_from, account.wire.failure = number, failure
    before = account.clock.now
    error = attempt(scenario, account, made)
    account.wire.fails_from = 0
    return error, account.clock.now - before
