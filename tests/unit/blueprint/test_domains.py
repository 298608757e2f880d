"""Custom domains of a service."""

from __future__ import annotations

from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import DOMAIN, only

APEX = "zebra.associates"
PATH = "/services/api/custom-domains"


def test_a_domain_is_added_without_a_deploy(account: Account) -> None:
    account.apply(only())
    account.apply(only(domains=[DOMAIN]))

    assert account.writes() == ["PUT /services/api/env-vars/STAGING_GATE_APPLIED", f"POST {PATH}"]
    assert account.domains("api") == {DOMAIN}


def test_a_domain_that_is_not_declared_any_more_is_removed_without_a_deploy(account: Account) -> None:
    account.apply(only(domains=[DOMAIN, "other.zebra.associates"]))
    account.apply(only(domains=[DOMAIN]))

    assert account.writes() == [
        "PUT /services/api/env-vars/STAGING_GATE_APPLIED",
        f"DELETE {PATH}/other.zebra.associates",
    ]
    assert account.domains("api") == {DOMAIN}


def test_a_domain_that_is_not_declared_stays_where_the_service_is_shared(account: Account) -> None:
    account.apply(only(domains=[DOMAIN, "theirs.zebra.associates"]))
    account.apply(only(domains=[DOMAIN], ownership="adopted"))

    assert account.domains("api") == {DOMAIN, "theirs.zebra.associates"}


def test_a_domain_removed_in_the_dashboard_is_added_again(account: Account) -> None:
    account.apply(only(domains=[DOMAIN]))
    account.estate.custom_domains.clear()
    account.apply(only(domains=[DOMAIN]))

    assert account.writes() == [f"POST {PATH}"]


def test_the_www_redirect_of_an_apex_domain_belongs_to_it(account: Account) -> None:
    document = only(domains=[APEX])
    account.apply(document)
    assert account.domains("api") == {APEX, f"www.{APEX}"}

    account.apply(document)
    assert account.writes() == []
    assert account.drift(document) == {}


def test_an_apex_domain_goes_together_with_its_redirect(account: Account) -> None:
    account.apply(only(domains=[APEX, DOMAIN]))
    account.apply(only(domains=[DOMAIN]))

    assert account.domains("api") == {DOMAIN}
    account.apply(only(domains=[DOMAIN]))
    assert account.writes() == []


def test_a_redirect_that_becomes_the_declared_domain_is_there_after_one_apply(account: Account) -> None:
    account.apply(only(domains=[APEX]))
    account.apply(only(domains=[f"www.{APEX}"]))

    assert f"www.{APEX}" in account.domains("api")
    account.apply(only(domains=[f"www.{APEX}"]))
    assert account.writes() == []


def test_an_apex_domain_and_its_www_may_both_be_declared(account: Account) -> None:
    document = only(domains=[APEX, f"www.{APEX}"])
    account.apply(document)
    account.apply(document)

    assert account.writes() == []
    assert account.domains("api") == {APEX, f"www.{APEX}"}


def test_a_domain_is_the_same_in_capital_letters(account: Account) -> None:
    document = only(domains=["Staging-API.zebra.associates"])
    account.apply(document)
    account.apply(document)

    assert account.writes() == []
