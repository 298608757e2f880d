"""Secrets of two environments are compared by fingerprint: only those asked for, and only in an observation."""

from __future__ import annotations

import re

from blueprint import reconcile
from blueprint.marker import Asked, fingerprint
from blueprint.spec import Document
from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import staging

KEY = "JWT_SECRET_KEY"


def test_equal_values_have_equal_fingerprints_that_do_not_show_them() -> None:
    assert fingerprint("one secret") == fingerprint("one secret") != fingerprint("another secret")
    assert re.fullmatch("[0-9a-f]{32}", fingerprint("one secret"))


def test_an_observation_reports_the_fingerprints_that_were_asked_for(staged: Account) -> None:
    asked = Asked(digests=(KEY,), values=("LOG_LEVEL",))
    report = reconcile.observe(staged.session(), Document.model_validate(staging()), asked)

    assert report["envVarGroups"]["staging-env"]["digests"] == {
        KEY: fingerprint(staged.group_variables("staging-env")[KEY])
    }
    assert report["envVarGroups"]["staging-env"]["values"] == {"LOG_LEVEL": "DEBUG"}
    assert report["services"]["api"]["digests"] == {}
    assert "digests" not in report["databases"]["staging-db"]


def test_nothing_is_reported_where_nothing_was_asked(staged: Account) -> None:
    told = str(staged.observe(staging())) + str(staged.apply(staging()))
    assert "digests" not in told
    assert "values" not in told
