"""What a marker tells: which values were applied, and that no value of a user is taken for the marker's own sign."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.marker import KEY
from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import only, variables

HOSTS = only(*variables(ALLOWED_HOSTS="*", OTHER="1"))


def own(account: Account) -> dict[str, str]:
    (present,) = account.estate.env_vars.values()
    return present


def test_a_variable_whose_value_is_a_star_has_drift_like_any_other(account: Account) -> None:
    account.apply(HOSTS)
    assert account.drift(HOSTS) == {}

    own(account)["ALLOWED_HOSTS"] = "evil.example.com"
    assert account.drift(HOSTS) == {"api": ["env.ALLOWED_HOSTS changed"]}
    account.apply(HOSTS)
    assert own(account)["ALLOWED_HOSTS"] == "*"
    assert account.drift(HOSTS) == {}


def test_a_generated_value_that_somebody_sets_to_a_star_is_still_only_expected_to_exist(account: Account) -> None:
    document = only({"key": "SECRET", "generateValue": True})
    account.apply(document)
    own(account)["SECRET"] = "*"
    assert account.drift(document) == {}


def of_version_1(account: Account) -> dict[str, Any]:
    """Put the marker in place that the first version wrote: it had the sign for a value that is a star, too."""
    marker = json.loads(own(account)[KEY])
    del marker["version"]
    marker["fields"]["env.ALLOWED_HOSTS"] = "*"
    own(account)[KEY] = json.dumps(marker)
    return marker


def test_an_older_marker_is_read_without_drift_and_without_a_deploy(account: Account) -> None:
    account.apply(HOSTS)
    of_version_1(account)

    assert account.drift(HOSTS) == {}
    account.apply(HOSTS)
    assert account.writes() == []


@pytest.mark.parametrize("declared", ["*", "www.example.com"])
def test_under_an_older_marker_a_changed_value_is_found_and_put_back(account: Account, declared: str) -> None:
    account.apply(HOSTS)
    of_version_1(account)
    own(account)["ALLOWED_HOSTS"] = "evil.example.com"

    document = only(*variables(ALLOWED_HOSTS=declared, OTHER="1"))
    assert account.drift(document) == ({"api": ["env.ALLOWED_HOSTS changed"]} if declared == "*" else {})
    account.apply(document)
    assert own(account)["ALLOWED_HOSTS"] == declared
