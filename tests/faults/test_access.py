"""A key, a workspace or a quota that is not as it should be: one clear error, and nothing half done."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from blueprint import reconcile
from blueprint.errors import ApiError, Forbidden, Refused, RenderError, Unauthorized
from blueprint.spec import Document
from blueprint.workspace import connect
from rehearsal.render_api import Request
from tests.faults.scenarios import AFTER, SCENARIOS, attempt, is_clear
from tests.unit.blueprint.account import API_KEY, OWNER, Account
from tests.unit.blueprint.documents import database, staging

pytestmark = pytest.mark.rounds

READS = [name for name in SCENARIOS if name != "destroy"]
"""Scenarios that look before they write."""


def writes_done(account: Account, since: int) -> list[Request]:
    return [r for r in account.sim.requests[since:] if r.method != "GET" and r.status and r.status < 400]


def answers(account: Account, status: int, method: str, message: str) -> None:
    """From now on, every request of this method is answered so."""
    body = f'{{"id": "err-1", "message": "{message}"}}'.encode()
    account.sim.faults.add(kind=status, method=method, times=10**6, body=body)


@pytest.mark.parametrize("name", SCENARIOS)
def test_an_expired_or_revoked_key_is_said_by_the_first_request(name: str) -> None:
    account, made = SCENARIOS[name].prepare()
    for method in ("GET", "PUT", "PATCH", "POST", "DELETE"):
        answers(account, 401, method, "unauthorized")
    error = attempt(SCENARIOS[name], account, made)

    assert isinstance(error, Unauthorized)
    assert "RENDER_API_KEY is not valid (any more): make a new key at Account Settings, API Keys" in str(error)
    assert is_clear(error, account)
    assert len(account.requests()) == 1
    assert account.clock.slept == []


def test_a_key_that_is_revoked_in_the_middle_stops_the_run_and_another_key_continues_it() -> None:
    whole = SCENARIOS["cold apply"].undisturbed()
    picture = whole.picture()
    for number in range(1, whole.wire.count + 1):
        account, made = SCENARIOS["cold apply"].prepare()
        account.wire.fails_from, account.wire.failure = number, {"kind": 401}  # type: ignore[attr-defined]
        assert isinstance(attempt(SCENARIOS["cold apply"], account, made), Unauthorized)
        assert account.wire.count == number, "nothing is sent after the first 401"

        account.wire.fails_from = 0  # type: ignore[attr-defined]
        account.sim.faults.clear()
        SCENARIOS["cold apply"].run(account, made)
        assert account.picture() == picture, f"revoked before request {number}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_key_that_may_read_only_stops_at_the_first_write(name: str) -> None:
    account, made = SCENARIOS[name].prepare()
    before, seen = account.picture(), len(account.sim.requests)
    for method in ("PUT", "PATCH", "POST", "DELETE"):
        answers(account, 403, method, "forbidden")
    error = attempt(SCENARIOS[name], account, made)

    assert isinstance(error, Forbidden)
    assert "The key's user lacks permission in this workspace" in str(error)
    assert is_clear(error, account)
    assert len(account.writes()) == 1
    assert writes_done(account, seen) == []
    assert account.picture() == before


@pytest.mark.parametrize("name", READS)
def test_a_workspace_whose_lists_are_forbidden_is_said_before_any_write(name: str) -> None:
    account, made = SCENARIOS[name].prepare()
    answers(account, 403, "GET", "forbidden")
    error = attempt(SCENARIOS[name], account, made)

    assert isinstance(error, Forbidden)
    assert account.writes() == []


# A workspace that the key does not see: Render lists nothing for it, and makes nothing in it


def test_apply_in_a_workspace_that_the_key_does_not_see_makes_nothing() -> None:
    account = Account()
    with pytest.raises(Forbidden, match=r"403 to POST /postgres: forbidden: tea-2"):
        account.apply(staging(), owner_id="tea-2")

    assert writes_done(account, 0) == []


def test_observing_a_workspace_that_the_key_does_not_see_is_an_error_and_not_the_loss_of_everything(
    staged: Account,
) -> None:
    with pytest.raises(Refused) as error:
        staged.observe(staging(), owner_id="tea-2")

    assert str(error.value) == (
        "the API key does not see workspace tea-2, only tea-1 (MarketEdge): correct RENDER_OWNER_ID, "
        "or use a key of a member of that workspace"
    )


def test_destroying_by_name_in_a_workspace_that_the_key_does_not_see_is_an_error_and_not_a_success(
    staged: Account,
) -> None:
    before = staged.picture()
    with pytest.raises(Refused, match="the API key does not see workspace tea-2, only tea-1"):
        reconcile.destroy(staged.session("tea-2"), Document.model_validate(staging()), {})

    assert staged.picture() == before


def test_an_empty_workspace_that_the_key_sees_is_simply_empty(account: Account) -> None:
    found = account.observe(staging())

    assert [one["exists"] for section in found.values() for one in section.values()] == [False] * 3
    assert account.destroy(staging()) == {}


def test_another_workspace_than_last_time_is_refused_before_anything_is_sent(staged: Account) -> None:
    sent = len(staged.sim.requests)
    environ = {"RENDER_API_KEY": API_KEY, "RENDER_OWNER_ID": "tea-2", "RENDER_HOST": "https://render.test/v1"}
    with (
        pytest.raises(Refused, match="in workspace tea-1, RENDER_OWNER_ID says tea-2: unset it, or set it to tea-1"),
        connect(environ, lambda _: None, staged.wire) as session,
    ):
        session.expect_owner(OWNER)

    assert len(staged.sim.requests) == sent


# Quotas and names


def test_a_used_up_quota_of_free_databases_is_one_error_and_nothing_else_is_made(account: Account) -> None:
    account.apply({"databases": [database(name="first")]})
    seen = len(account.sim.requests)
    with pytest.raises(ApiError) as error:
        account.apply(staging())

    assert (
        str(error.value) == "Render answered 400 to POST /postgres: cannot have more than one active free tier database"
    )
    assert writes_done(account, seen) == []
    account.apply(staging(database_changes={"plan": "basic_256mb"}))
    assert {row["name"] for row in account.estate.postgres.values()} == {"first", "staging-db"}


def test_two_objects_of_the_same_name_are_found_before_any_write(staged: Account) -> None:
    twin = dict(staged.estate.find_postgres("staging-db"), id="dpg-twin-a")
    staged.estate.postgres[twin["id"]] = twin
    with pytest.raises(Refused, match=r"2 objects are named 'staging-db' \(dpg-twin-a, dpg-\w+-a\)"):
        staged.apply(AFTER)

    assert staged.writes() == []


@pytest.mark.parametrize("status", [400, 402, 404, 409])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_write_that_render_refuses_for_good_ends_the_run_at_once_wherever_it_is(name: str, status: int) -> None:
    scenario = SCENARIOS[name]
    whole = scenario.undisturbed()
    picture = whole.picture()
    for number in range(1, whole.wire.count + 1):
        account, made = scenario.prepare()
        fault = account.sim.faults.add(kind=status, number=len(account.sim.requests) + number, body=refusal())
        error = attempt(scenario, account, made)

        assert fault.times == 0
        if error is None:  # what is to be deleted is gone already
            assert status == 404, f"request {number}"
        else:
            assert f"Render answered {status} to " in str(error)
            assert is_clear(error, account), f"request {number}: {error}"
            assert account.wire.count == number, "nothing is sent after it"
        scenario.run(account, made)
        assert account.picture() == picture or error is None, f"request {number}: {error}"


def refusal() -> bytes:
    return b'{"id": "err-1", "message": "payment is overdue"}'


def test_a_refusal_that_quotes_a_secret_is_shown_without_it(account: Account) -> None:
    secret: dict[str, Any] = {"key": "STRIPE_KEY", "value": "sk_test_51HxQ9vK"}
    account.sim.faults.add(
        kind=400, method="POST", path="/services", body=b'{"message": "bad value sk_test_51HxQ9vK of STRIPE_KEY"}'
    )
    document = staging()
    document["services"][0]["envVars"].append(secret)
    with pytest.raises(RenderError, match=r"bad value \[value\] of STRIPE_KEY"):
        account.apply(document)


def test_a_host_that_does_not_exist_is_named_with_the_request() -> None:
    def nowhere(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known", request=request)

    account = Account(deadline=20)
    account.wire = httpx.MockTransport(nowhere)  # type: ignore[assignment]
    with pytest.raises(RenderError, match=r"GET /services: cannot connect \(\[Errno -2\] Name or service not known\)"):
        list(account.session().client.pages("/services"))
