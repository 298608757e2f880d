"""What most tests of render/ begin with."""

from __future__ import annotations

import pytest

from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import staging


@pytest.fixture(autouse=True)
def _no_credentials_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no key, workspace or proxy of whoever runs it."""
    for name in ("RENDER_API_KEY", "RENDER_OWNER_ID", "RENDER_HOST", "PULUMI_COMMAND_STDOUT", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def account() -> Account:
    """An empty workspace."""
    return Account()


@pytest.fixture
def staged(account: Account) -> Account:
    """A workspace in which the staging estate has been applied."""
    account.apply(staging())
    return account
