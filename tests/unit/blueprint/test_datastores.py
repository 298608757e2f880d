"""Databases and key-value instances: what counts as a difference, and waiting until they can be used."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.errors import NotAvailable, Unreachable
from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import database, from_database, key_value, only

ALLOWED = [{"source": "203.0.113.0/24", "description": "office"}]


def databases(**changes: Any) -> dict[str, Any]:
    return {"databases": [database(**changes)]}


def key_values(**changes: Any) -> dict[str, Any]:
    return {"services": [key_value(**changes)]}


# Differences


@pytest.mark.parametrize("document", [databases(), key_values()], ids=["database", "key-value"])
def test_renders_suffix_and_a_null_allow_list_are_no_difference(account: Account, document: dict[str, Any]) -> None:
    account.apply(document)
    account.apply(document)

    assert account.writes() == []


def test_a_field_that_is_not_declared_is_no_difference(account: Account) -> None:
    account.apply(databases(databaseName=None, user=None, plan="basic_1gb"))
    account.estate.find_postgres("staging-db")["diskSizeGB"] = 40
    account.apply(databases(databaseName=None, user=None, plan="basic_1gb"))

    assert account.writes() == []


@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        ({}, {"plan": "basic_1gb"}, '{"plan":"basic_1gb"}'),
        ({"plan": "basic_1gb"}, {"plan": "basic_1gb", "diskSizeGB": 30}, '{"diskSizeGB":30}'),
        (
            {"plan": "pro_4gb"},
            {"plan": "pro_4gb", "highAvailability": True},
            '{"enableHighAvailability":true}',
        ),
        (
            {},
            {"ipAllowList": ALLOWED},
            '{"ipAllowList":[{"cidrBlock":"203.0.113.0/24","description":"office"}]}',
        ),
        ({"ipAllowList": ALLOWED}, {}, '{"ipAllowList":[]}'),
    ],
    ids=["plan", "disk", "availability", "allow list", "no allow list"],
)
def test_a_changed_field_of_a_database_is_patched_alone(
    account: Account, before: dict[str, Any], after: dict[str, Any], sent: str
) -> None:
    account.apply(databases(**before))
    account.apply(databases(**after))

    assert account.writes() == ["PATCH /postgres/staging-db"]
    assert next(body for body in account.wire.bodies if body.startswith("PATCH")).endswith(sent)
    account.apply(databases(**after))
    assert account.writes() == []


def test_a_changed_field_of_a_key_value_instance_is_patched_alone(account: Account) -> None:
    account.apply(key_values())
    account.apply(key_values(maxmemoryPolicy="noeviction"))

    assert account.writes() == ["PATCH /key-value/cache"]
    assert account.wire.bodies[-1].endswith('{"maxmemoryPolicy":"noeviction"}')
    assert account.estate.find_key_value("cache")["options"]["maxmemoryPolicy"] == "noeviction"


@pytest.mark.parametrize(("document", "table"), [(databases(), "postgres"), (key_values(), "key_values")])
def test_an_empty_allow_list_closes_the_datastore_from_its_creation_on(
    account: Account, document: dict[str, Any], table: str
) -> None:
    account.apply(document)

    (live,) = getattr(account.estate, table).values()
    assert live["ipAllowList"] is None


def test_an_allow_list_is_sent_in_the_words_of_the_api(account: Account) -> None:
    account.apply(databases(ipAllowList=ALLOWED))

    live = account.estate.find_postgres("staging-db")
    assert live["ipAllowList"] == [{"cidrBlock": "203.0.113.0/24", "description": "office"}]
    account.apply(databases(ipAllowList=ALLOWED))
    assert account.writes() == []
    assert account.drift(databases(ipAllowList=ALLOWED)) == {}


# Waiting


def test_a_new_database_is_waited_for_before_its_connection_is_read() -> None:
    account = Account(provisioning_seconds=90)
    account.apply({**databases(), **only(from_database())})

    assert account.estate.find_postgres("staging-db")["status"] == "available"
    assert 90 <= sum(account.clock.slept) < 105
    assert account.clock.slept == sorted(account.clock.slept)
    assert max(account.clock.slept) == 10
    requests = account.requests()
    assert requests.index("GET /postgres/staging-db/connection-info") > requests.index("GET /postgres/staging-db")
    assert any("staging-db: available" in line for line in account.progress)


def test_a_database_that_is_still_being_made_is_waited_for_by_the_next_run() -> None:
    account = Account(provisioning_seconds=90, deadline=30)
    with pytest.raises(Unreachable, match="time is over"):
        account.apply(databases())
    account.deadline = 900
    account.apply(databases())

    assert account.writes() == []
    assert account.estate.find_postgres("staging-db")["status"] == "available"


def test_a_database_that_stays_in_an_unknown_state_is_looked_at_with_pauses(account: Account) -> None:
    account.apply(databases())
    account.estate.find_postgres("staging-db")["status"] = "unknown"
    account.deadline = 60
    with pytest.raises(Unreachable):
        account.apply(databases())

    assert len(account.requests()) < 20


@pytest.mark.parametrize("status", ["unavailable", "recovery_failed", "suspended"])
def test_a_failed_database_is_an_error_that_says_where_to_look(account: Account, status: str) -> None:
    account.apply(databases())
    live = account.estate.find_postgres("staging-db")
    live["status"] = status
    with pytest.raises(NotAvailable, match=f"database staging-db is {status}: see {live['dashboardUrl']}"):
        account.apply(databases())


def test_a_database_whose_maintenance_is_only_scheduled_can_be_used(account: Account) -> None:
    account.apply(databases())
    account.estate.find_postgres("staging-db")["status"] = "maintenance_scheduled"
    account.apply(databases())

    assert account.clock.slept == []


def test_a_resized_database_is_waited_for() -> None:
    account = Account(provisioning_seconds=20)
    account.apply(databases())
    account.clock.slept.clear()
    account.apply(databases(plan="basic_1gb"))

    assert sum(account.clock.slept) >= 19
    assert account.estate.find_postgres("staging-db")["status"] == "available"
