"""Auth0's own client, auth0-python, reads what the simulator answers and can say what this program asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from auth0.management import Auth0
from auth0.management.errors import BadRequestError, ForbiddenError, NotFoundError

from rehearsal.plugins import Estate
from rehearsal.vendor_api import Addresses, serve
from rehearsal.vendor_api.auth0 import SCOPES

from .test_vendor_api_releases import CREDENTIALS

LISTS = ("callbacks", "allowed_logout_urls", "web_origins", "allowed_origins")


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    lists = {"callbacks": ["https://a.test/callback"], "allowedLogoutUrls": ["https://a.test"]}
    lists |= {"webOrigins": ["https://a.test"], "allowedOrigins": []}
    for number in range(3):
        estate.seed("auth0", "client", name=f"App {number}", appType="regular_web", grantTypes=["implicit"], **lists)
    return estate


def log_in(addresses: Addresses) -> Auth0:
    question = {
        "grant_type": "client_credentials",
        "client_id": CREDENTIALS["AUTH0_CLIENT_ID"],
        "client_secret": CREDENTIALS["AUTH0_CLIENT_SECRET"],
        "audience": f"https://{CREDENTIALS['AUTH0_DOMAIN']}/api/v2/",
    }
    token = httpx.post(f"{addresses.auth0}/oauth/token", json=question, trust_env=False).json()["access_token"]
    http = httpx.Client(trust_env=False)
    return Auth0(base_url=f"{addresses.auth0}/api/v2", token=token, httpx_client=http)


@pytest.fixture
def management(estate: Estate) -> Iterator[Auth0]:
    with serve(estate, CREDENTIALS) as addresses:
        yield log_in(addresses)


def test_applications_are_listed_page_by_page(management: Auth0) -> None:
    """The program asks for the same fields, with totals (components.accounts.auth0)."""
    fields = "client_id,name,app_type,description"
    found = management.clients.list(
        fields=fields, include_fields=True, is_global=False, include_totals=True, per_page=2, page=0
    )
    assert [one.name for one in found] == ["App 0", "App 1", "App 2"]


def test_an_application_is_read_without_its_secret(management: Auth0) -> None:
    (first, *_) = management.clients.list(per_page=1)
    found = management.clients.get(id=str(first.client_id), fields="client_secret", include_fields=False)
    assert {name: getattr(found, name) for name in LISTS} == {
        "callbacks": ["https://a.test/callback"],
        "allowed_logout_urls": ["https://a.test"],
        "web_origins": ["https://a.test"],
        "allowed_origins": [],
    }
    assert (found.app_type, found.grant_types, found.client_secret) == ("regular_web", ["implicit"], None)


def test_what_an_application_may_get_tokens_for_is_listed(estate: Estate, management: Auth0) -> None:
    """As components.accounts.auth0 asks: by application and API."""
    client = estate.find("auth0", "client", name="App 1") or {}
    with estate.edit("auth0") as objects:
        objects.append({"type": "resource_server", "identifier": "https://api.test"})
    estate.seed("auth0", "client_grant", clientId=client["clientId"], audience="https://api.test", scopes=["read:x"])
    (found,) = management.client_grants.list(client_id=client["clientId"], audience="https://api.test")
    assert (found.client_id, found.audience, found.scope) == (client["clientId"], "https://api.test", ["read:x"])
    assert list(management.client_grants.list(client_id=client["clientId"], audience="https://other.test")) == []
    for other in estate.find_all("auth0", "client"):
        if other["name"] != "App 1":
            estate.seed("auth0", "client_grant", clientId=other["clientId"], audience="https://api.test", scopes=[])
    assert len(list(management.client_grants.list(take=2))) == 3


def test_what_is_refused_is_an_error_of_the_client(estate: Estate, management: Auth0) -> None:
    with pytest.raises(NotFoundError):
        management.clients.get(id="unknown")
    with pytest.raises(BadRequestError):
        list(management.clients.list(per_page=101))
    scopes = tuple(scope for scope in SCOPES if scope != "read:clients")
    with serve(estate, CREDENTIALS, scopes=scopes) as addresses, pytest.raises(ForbiddenError):
        list(log_in(addresses).clients.list())
