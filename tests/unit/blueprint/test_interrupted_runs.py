"""A run that is cut short, anywhere, and the next one: together they end as an uninterrupted run does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.blueprint.account import Account, Killed
from tests.unit.blueprint.documents import DOMAIN, LINK, OWN, from_database, group, only, service, staging, variables

pytestmark = pytest.mark.rounds

Json = dict[str, Any]
CHANGED = staging(
    own={**OWN, "SETTING_03": "changed", "NEW": "variable"},
    database_changes={"plan": "basic_1gb"},
    group_more=variables(CSRF_ENABLED="false"),
    plan="starter",
    branch="release",
    startCommand="./run",
    domains=["api2.zebra.associates", "zebra.associates"],
)


def prepared(before: Json | None) -> Account:
    account = Account()
    if before:
        account.apply(before)
    return account


def uninterrupted(before: Json | None, after: Json) -> tuple[Json, int]:
    """What is there in the end, and how many requests it took."""
    account = prepared(before)
    account.apply(after)
    return account.picture(), account.wire.count


def with_kept_value() -> Json:
    """A service of which one variable is kept by hand, so that its list is not written as a whole."""
    document = staging(own={"SETTING_00": "changed", "SETTING_01": "value number 1"})
    document["services"][0]["envVars"].append({"key": "STRIPE_KEY", "sync": False})
    return document


def by_hand() -> Json:
    return staging(own={"SETTING_00": "a", "SETTING_99": "b", "STRIPE_KEY": "by hand"})


def grouped(*names: str) -> Json:
    """A service linked to these groups, each with one variable; the groups of both stages always exist."""
    groups = [{"name": name, "envVars": variables(**{f"OF_{name.upper()}": name})} for name in ("one", "two")]
    return {"envVarGroups": groups, "services": [service(*({"fromGroup": name} for name in names))]}


CASES: dict[str, tuple[Json | None, Json]] = {
    "cold": (None, staging()),
    "update": (staging(), CHANGED),
    "back": (CHANGED, staging()),
    "one variable": (only(*variables(A="1", B="2")), only(*variables(A="changed", C="3"))),
    "variable by variable": (by_hand(), with_kept_value()),
    "other groups": (grouped("one"), grouped("two")),
    "group and a database host": (
        {"databases": staging()["databases"], "envVarGroups": [group()], **only(LINK)},
        {
            "databases": staging()["databases"],
            "envVarGroups": [group(from_database("DB_HOST", "host"))],
            **only(LINK),
        },
    ),
    "plan and domain only": (only(domains=[DOMAIN]), only(plan="starter", domains=["api2.zebra.associates"])),
}


@pytest.mark.parametrize("moment", ["die_before", "die_after"])
@pytest.mark.parametrize("case", CASES)
def test_a_run_killed_at_any_request_and_a_rerun_end_in_the_same_single_estate(case: str, moment: str) -> None:
    before, after = CASES[case]
    whole, requests = uninterrupted(before, after)

    for number in range(1, requests + 1):
        account = prepared(before)
        with pytest.raises(Killed):
            account.apply(after, **{moment: number})
        account.apply(after)

        assert account.picture() == whole, f"killed at request {number}"
        account.apply(after)
        assert account.writes() == [], f"killed at request {number}"


def test_a_run_killed_twice_still_ends_in_the_same_estate() -> None:
    whole, requests = uninterrupted(None, staging())

    for first in range(4, requests + 1):
        for second in range(4, requests + 4, 2):
            account = Account()
            for number in (first, second):
                try:
                    account.apply(staging(), die_after=number)
                except Killed:
                    continue
            account.apply(staging())

            assert account.picture() == whole, f"killed at requests {first} and {second}"


def test_runs_that_are_killed_again_and_again_come_to_an_end() -> None:
    whole, requests = uninterrupted(staging(), CHANGED)
    account = prepared(staging())
    for number in range(1, requests + 1):
        try:
            account.apply(CHANGED, die_after=number)
        except Killed:
            continue
    account.apply(CHANGED)

    assert account.picture() == whole


def test_a_change_that_is_taken_back_after_a_killed_run_reaches_what_runs() -> None:
    before = staging(database_changes={"plan": "basic_1gb"})
    _, requests = uninterrupted(before, CHANGED)
    whole = prepared(before).picture()

    for number in range(1, requests + 1):
        account = prepared(before)
        with pytest.raises(Killed):
            account.apply(CHANGED, die_after=number)
        account.apply(before)

        assert account.picture() == whole, f"killed at request {number}"


def test_a_generated_value_made_anew_reaches_what_runs_wherever_the_run_is_killed() -> None:
    def damaged() -> Account:
        account = prepared(staging())
        rows = account.estate.find_env_group("staging-env")["envVars"]
        rows[:] = [row for row in rows if row["key"] != "JWT_SECRET_KEY"]
        return account

    account = damaged()
    account.apply(staging())
    for number in range(1, account.wire.count + 1):
        account = damaged()
        with pytest.raises(Killed):
            account.apply(staging(), die_after=number)
        account.apply(staging())

        declared = account.group_variables("staging-env")["JWT_SECRET_KEY"]
        assert account.running("api")["JWT_SECRET_KEY"] == declared, f"killed at request {number}"


# Answers that are lost on the way, while the run goes on

Plan = Callable[[Account, int], None]


def lost(account: Account, number: int) -> None:
    account.sim.faults.add(kind="lost", number=number)


def reset(account: Account, number: int) -> None:
    account.sim.faults.add(kind="reset", number=number)


def truncated(account: Account, number: int) -> None:
    account.sim.faults.add(kind="truncated", number=number)


def silent(account: Account, number: int) -> None:
    account.sim.faults.add(kind="hang", number=number, seconds=30)


def refused(account: Account, number: int) -> None:
    account.sim.faults.add(kind="refused", number=number)


def unavailable(account: Account, number: int) -> None:
    account.sim.faults.add(kind=503, number=number)


def failed_after_all(account: Account, number: int) -> None:
    account.sim.faults.add(kind=500, number=number, applied=True)


def web_page(account: Account, number: int) -> None:
    headers = {"Content-Type": "text/html"}
    account.sim.faults.add(kind=200, number=number, applied=True, headers=headers, body=b"<html>Welcome</html>")


def limited(account: Account, number: int) -> None:
    account.sim.faults.add(kind=429, number=number, headers={"Retry-After": "7"})


FAULTS = [lost, reset, truncated, silent, refused, unavailable, failed_after_all, web_page, limited]


@pytest.mark.parametrize(
    ("case", "fault"), [("cold", fault) for fault in FAULTS] + [("update", fault) for fault in (lost, failed_after_all)]
)
def test_one_bad_answer_anywhere_does_not_stop_a_run_or_make_anything_twice(case: str, fault: Plan) -> None:
    before, after = CASES[case]
    whole, requests = uninterrupted(before, after)

    for number in range(1, requests + 1):
        account = prepared(before)
        fault(account, len(account.sim.requests) + number)
        account.apply(after)

        assert account.picture() == whole, f"bad answer to request {number}"
        account.apply(after)
        assert account.writes() == [], f"bad answer to request {number}"


@pytest.mark.parametrize("kind", ["lost", "drop", 503])
def test_a_service_is_resumed_though_the_answer_goes_missing(staged: Account, kind: Any) -> None:
    staged.estate.find_service("api").update(suspended="suspended", suspenders=["user"])
    staged.sim.faults.add(kind=kind, method="POST", path="/services/*/resume")
    staged.apply(staging())

    assert staged.estate.find_service("api")["suspended"] == "not_suspended"


def test_a_new_deploy_is_asked_for_once_though_its_answer_was_lost(staged: Account) -> None:
    deploys = len(staged.estate.deploys)
    staged.sim.faults.add(kind="lost", method="POST", path="/services/*/deploys")
    staged.apply(staging(own=OWN | {"SETTING_03": "changed"}))

    assert len(staged.estate.deploys) == deploys + 1
    assert staged.running("api")["SETTING_03"] == "changed"


def test_a_deploy_that_is_only_queued_counts_as_asked_for() -> None:
    account = Account(queue_deploys=True, deploy_seconds=60)
    account.apply(staging())
    account.apply(staging())
    assert account.writes() == []

    account.clock.now += 200
    assert account.running("api")["LOG_LEVEL"] == "DEBUG"
