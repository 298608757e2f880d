"""What is refused, because Render cannot do it or something would be lost: always before the first write."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.errors import ApiError, Forbidden, Refused
from tests.unit.blueprint.account import OWNER, Account
from tests.unit.blueprint.documents import database, group, key_value, only, staging, variables


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (staging(region="ohio"), "service api exists in oregon, declared ohio. Render cannot move a service"),
        (staging(database_changes={"region": "ohio"}), "region is oregon, declared ohio"),
        (staging(database_changes={"postgresMajorVersion": "17"}), "postgresMajorVersion is 16, declared 17"),
        (staging(database_changes={"user": "somebody"}), "user is marketedge_user, declared somebody"),
        (staging(database_changes={"databaseName": "other"}), "databaseName is marketedge_staging_[a-z]{4}, declared"),
    ],
    ids=["service region", "database region", "version", "user", "database name"],
)
def test_what_is_fixed_at_creation_is_refused_before_any_write(
    staged: Account, document: dict[str, Any], message: str
) -> None:
    document["envVarGroups"][0]["envVars"] += variables(NEW="would be written first")
    with pytest.raises(Refused, match=message):
        staged.apply(document)

    assert staged.writes() == []


def test_the_refusal_of_a_database_says_what_would_be_lost(staged: Account) -> None:
    with pytest.raises(Refused, match="A new one would lose its data"):
        staged.apply({"databases": [database(region="ohio")]})


def test_a_key_value_instance_does_not_move_either(account: Account) -> None:
    account.apply({"services": [key_value()]})
    with pytest.raises(Refused, match="key-value instance cache exists with values that Render cannot change"):
        account.apply({"services": [key_value(region="ohio")]})


def test_a_service_of_another_type_is_refused(account: Account) -> None:
    account.apply(only())
    live = account.estate.find_service("api")
    live["type"] = "background_worker"
    for name in ("healthCheckPath", "maintenanceMode", "openPorts", "url"):
        live["serviceDetails"].pop(name)
    with pytest.raises(Refused, match="service api exists and is a background_worker, declared as a web service"):
        account.apply(only())

    assert account.writes() == []


def test_two_datastores_of_the_same_name_are_refused_with_their_ids(account: Account) -> None:
    account.apply({"databases": [database(plan="basic_1gb")]})
    (first,) = account.estate.postgres.values()
    account.estate.postgres["dpg-second-a"] = dict(first, id="dpg-second-a")
    with pytest.raises(Refused, match=rf"2 objects are named 'staging-db' \(dpg-second-a, {first['id']}\)"):
        account.apply(staging())

    assert account.writes() == []


# Workspaces


def test_a_key_that_sees_two_workspaces_needs_to_be_told_which() -> None:
    account = Account(sees=(OWNER, "tea-2"))
    with pytest.raises(Refused) as refused:
        account.apply(staging(), owner_id=None)

    for text in ("sees 2 workspaces", "tea-1 (MarketEdge)", "tea-2 (Elsewhere)", "export RENDER_OWNER_ID=<id>"):
        assert text in str(refused.value)
    assert account.writes() == []


def test_a_key_that_sees_two_workspaces_with_objects_in_both_needs_to_be_told_which() -> None:
    account = Account(sees=(OWNER, "tea-2"))
    account.apply({"databases": [database()]}, owner_id=OWNER)
    account.apply({"databases": [database()]}, owner_id="tea-2")
    with pytest.raises(Refused, match="sees 2 workspaces"):
        account.observe(staging(), owner_id=None)


def test_one_workspace_with_objects_is_looked_at_without_asking_which_there_are() -> None:
    account = Account()
    account.apply(staging())
    report = account.observe(staging(), owner_id=None)

    assert report["services"]["api"]["drift"] == []
    assert len(account.requests()) == 6


def test_a_key_that_sees_no_workspace_is_refused() -> None:
    with pytest.raises(Refused, match=r"sees 0 workspaces \(none\)"):
        Account(sees=()).apply(staging(), owner_id=None)


def test_the_workspace_that_was_named_is_the_one_that_is_used() -> None:
    account = Account(sees=(OWNER, "tea-2"))
    account.apply(only(), owner_id="tea-2")
    account.apply(only(), owner_id="tea-1")

    assert [s["ownerId"] for s in account.estate.services.values()] == ["tea-2", "tea-1"]
    assert "GET /owners" not in account.requests()


def test_a_workspace_that_the_key_does_not_see_is_a_clear_error_and_nothing_is_made() -> None:
    account = Account()
    with pytest.raises(Forbidden, match=r"403 to POST /postgres: forbidden: tea-2\. The key's user lacks permission"):
        account.apply(staging(), owner_id="tea-2")

    assert account.picture() == Account().picture()


# What Render refuses


def test_a_second_free_database_is_refused_in_renders_own_words(account: Account) -> None:
    account.apply({"databases": [database(name="first")]})
    with pytest.raises(ApiError, match="400 to POST /postgres: cannot have more than one active free tier database"):
        account.apply(staging())

    assert account.writes() == ["POST /postgres"]


def test_a_free_service_that_render_refuses_is_told_with_the_smallest_paid_plan(account: Account) -> None:
    account.sim.faults.add(kind=400, method="POST", path="/services", body=b'{"message": "plan not allowed"}')
    with pytest.raises(ApiError, match=r"400 to POST /services: plan not allowed\. .*declare plan: starter"):
        account.apply(only(plan="free"))


def test_a_domain_that_is_in_use_elsewhere_is_a_clear_error(account: Account) -> None:
    account.apply({"services": only(name="other", domains=["api.example.com"])["services"]})
    document = only(domains=["api.example.com"])
    for look_or_apply in (account.observe, account.apply):
        with pytest.raises(Refused, match=r"domain api.example.com belongs to service other.*do it at"):
            look_or_apply(document)
        assert account.writes() == []


def test_a_group_needs_no_look_at_services_or_databases(account: Account) -> None:
    account.apply({"envVarGroups": [group()]})

    assert account.requests() == ["GET /env-groups", "POST /env-groups"]


def test_a_value_kept_by_hand_of_a_service_that_does_not_exist_is_refused_at_once(account: Account) -> None:
    document = only({"key": "STRIPE_KEY", "sync": False})
    for look_or_apply in (account.observe, account.apply):
        with pytest.raises(Refused, match=r"service api: declared `sync: false`.*not there: STRIPE_KEY"):
            look_or_apply(document)
        assert account.writes() == []
