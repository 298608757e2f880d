"""Destroying: what was declared, by the ids that were reported, and nothing else."""

from __future__ import annotations

import pytest

from blueprint.errors import Refused
from tests.unit.blueprint.account import Account, Killed
from tests.unit.blueprint.documents import database, group, key_value, only, service, staging

GONE = {"databases": [], "key values": [], "groups": [], "services": []}


def everything() -> dict[str, list[dict[str, object]]]:
    document = staging()
    document["services"].append(key_value())
    return document


def test_everything_declared_is_deleted_by_the_ids_that_were_reported(account: Account) -> None:
    made = account.apply(everything())
    account.destroy(everything(), made)

    assert account.picture() == GONE
    assert [line.split("/")[1] for line in account.requests()] == ["services", "env-groups", "key-value", "postgres"]
    assert account.requests() == account.writes()


def test_the_report_of_a_destroy_names_what_was_deleted(account: Account) -> None:
    made = account.apply(everything())
    deleted = account.destroy(everything(), made)

    assert deleted == {
        section: {name: {"id": one["id"]} for name, one in objects.items()} for section, objects in made.items()
    }


def test_without_a_report_objects_are_found_by_their_names(account: Account) -> None:
    account.apply(everything())
    account.destroy(everything())

    assert account.picture() == GONE


def test_an_object_that_was_renamed_since_is_deleted_by_its_id(account: Account) -> None:
    made = account.apply(only())
    account.estate.find_service("api")["name"] = "renamed"
    account.destroy(only(), made)

    assert account.picture() == GONE


def test_what_is_gone_already_counts_as_deleted(account: Account) -> None:
    made = account.apply(everything())
    account.estate.postgres.clear()
    account.estate.services.clear()
    account.destroy(everything(), made)
    account.destroy(everything(), made)
    assert account.picture() == GONE

    account.destroy(everything())
    assert account.writes() == []


def test_what_is_not_declared_stays(account: Account) -> None:
    theirs = {
        "databases": [database(name="theirs", plan="basic_1gb")],
        "envVarGroups": [group(name="theirs")],
        "services": [service(name="theirs"), key_value(name="theirs", plan="starter")],
    }
    account.apply(theirs)
    before = account.picture()
    made = account.apply(everything())
    account.destroy(everything(), made)

    assert account.picture() == before


def test_what_has_the_name_of_a_deleted_object_stays_where_an_id_was_reported(account: Account) -> None:
    made = account.apply(only())
    account.destroy(only(), made)
    account.apply(only())
    account.destroy(only(), made)

    assert account.estate.find_service("api")["id"] != made["services"]["api"]["id"]


def test_of_two_databases_with_one_name_none_is_deleted_on_a_guess(account: Account) -> None:
    account.apply({"databases": [database(plan="basic_1gb")]})
    (first,) = account.estate.postgres.values()
    account.estate.postgres["dpg-second-a"] = dict(first, id="dpg-second-a")
    with pytest.raises(Refused, match="2 objects are named 'staging-db'"):
        account.destroy({"databases": [database()]})

    assert len(account.estate.postgres) == 2


@pytest.mark.parametrize("moment", ["die_before", "die_after"])
def test_a_destroy_killed_at_any_request_is_completed_by_the_next(moment: str) -> None:
    for number in range(1, 5):
        account = Account()
        made = account.apply(everything())
        with pytest.raises(Killed):
            account.destroy(everything(), made, **{moment: number})
        account.destroy(everything(), made)

        assert account.picture() == GONE


def test_a_destroy_survives_bad_answers() -> None:
    for kind in ("lost", "reset", "truncated", "refused", 503):
        account = Account()
        made = account.apply(everything())
        account.sim.faults.add(kind=kind, method="DELETE", times=2)
        account.destroy(everything(), made)

        assert account.picture() == GONE
