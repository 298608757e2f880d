"""The login test of `gate smoke` at an Auth0 that grants, refuses and redirects as its documentation says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from auth0.management import Auth0
from auth0.management.types.client_app_type_enum import ClientAppTypeEnum

from gate.smoke import Result
from gate.stack.target import Target
from rehearsal.plugins import Estate
from rehearsal.plugins.catalog import resource_type
from rehearsal.vendor_api import serve
from rehearsal.vendor_api.auth0 import QUERIES
from tests.unit.gate.smoke_application import EMAIL, LOGIN, PASSWORD, Application
from tests.unit.settings.stack_file import StackFile

from .test_vendor_api_releases import CREDENTIALS

API = "https://api.zebra.associates"
USERS = "Username-Password-Authentication"
PREVIEW = "https://marketedge-git-feature-acme.vercel.app"


@dataclass
class Tenant:
    """A tenant with one application, which has one grant, and the application that the token is for."""

    estate: Estate
    address: str
    app: Application = field(default_factory=Application)

    def login(self, name: str = "authentication", *, environ: dict[str, str] | None = None, **declared: Any) -> Result:
        """The login test. Args: declared: `auth0.loginTest`."""
        file = StackFile("staging")
        file.put("auth0.audience", API)
        if declared:
            file.put("auth0.loginTest", {"application": "Smoke tests", **declared})
        self.app.target = Target(file.load().settings, "zebra-devops", "https://staging.zebra.associates", BACKEND, {})
        self.app.tenant = self.app.target.settings.auth0.domain
        self.app.authorize = {"audience": API, "client_id": LOGIN["SMOKE_AUTH0_CLIENT_ID"]}
        self.app.answers.setdefault("GET /api/v1/auth/me", httpx.Response(200, json={"email": EMAIL}))
        given = {**(LOGIN if environ is None else environ), "AUTH0_BASE_URL": self.address}
        preview = PREVIEW if name.startswith("login from") else ""
        return self.app.check(name, given, transport=httpx.MockTransport(self._sent), preview=preview)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "127.0.0.1":
            return self.app.handle(request)
        with httpx.Client(trust_env=False) as client:
            return client.send(request)

    def change(self, type_: str, **properties: Any) -> None:
        with self.estate.edit("auth0") as objects:
            next(one for one in objects if one["type"] == type_).update(properties)


BACKEND = "https://api.test"


@pytest.fixture
def tenant(tmp_path: Path) -> Iterator[Tenant]:
    estate = Estate(tmp_path / "estate")
    callbacks = ["https://*.vercel.app/callback"]
    of_a_test = {"clientId": LOGIN["SMOKE_AUTH0_CLIENT_ID"], "clientSecret": LOGIN["SMOKE_AUTH0_CLIENT_SECRET"]}
    estate.seed("auth0", "client", name="Smoke tests", grantTypes=["password"], callbacks=callbacks, **of_a_test)
    with estate.edit("auth0") as objects:
        objects += [
            {"type": "resource_server", "identifier": API},
            {"type": "connection", "name": USERS},
            {"type": "tenant", "defaultDirectory": USERS},
            {"type": "user", "connection": USERS, "email": EMAIL, "password": PASSWORD},
        ]
    with serve(estate, CREDENTIALS) as addresses:
        yield Tenant(estate, addresses.auth0)


def test_a_test_user_logs_in_by_the_tenants_default_directory(tenant: Tenant) -> None:
    assert tenant.login().detail == "a JWT, accepted by the backend"


REALM = "http://auth0.com/oauth/grant-type/password-realm"


def test_a_test_user_of_another_directory_logs_in_by_its_name(tenant: Tenant) -> None:
    """auth0.com/docs/get-started/applications/application-grant-types, password-realm."""
    tenant.change("client", grantTypes=[REALM])
    tenant.change("tenant", defaultDirectory=None)
    assert tenant.login(connection=USERS).outcome == "passed"


CLIENT_ONLY = {name: value for name, value in LOGIN.items() if "CLIENT" in name}


def test_the_test_client_logs_in_itself_where_it_may_use_the_api(tenant: Tenant) -> None:
    tenant.change("client", grantTypes=["client_credentials"])
    refused = tenant.login(grant="client_credentials", environ=CLIENT_ONLY)
    assert "status 403, access_denied" in refused.detail
    assert "auth0.audience has to be an API of the tenant that the application may use" in refused.fix
    tenant.estate.seed("auth0", "client_grant", clientId=LOGIN["SMOKE_AUTH0_CLIENT_ID"], audience=API, scopes=[])
    found = tenant.login(grant="client_credentials", environ=CLIENT_ONLY)
    assert found.detail == "a JWT of the test client, accepted by the backend"
    admin = tenant.login("super-admin API", grant="client_credentials", environ=CLIENT_ONLY)
    assert (admin.outcome, admin.detail) == ("skipped", "the grant client_credentials logs no user in")


def test_a_backend_that_takes_no_token_of_an_application_fails_it(tenant: Tenant) -> None:
    tenant.change("client", grantTypes=["client_credentials"])
    tenant.estate.seed("auth0", "client_grant", clientId=LOGIN["SMOKE_AUTH0_CLIENT_ID"], audience=API, scopes=[])
    tenant.app.answers["GET /api/v1/auth/me"] = httpx.Response(404)
    found = tenant.login(grant="client_credentials", environ=CLIENT_ONLY)
    assert (found.outcome, "smoke.mePath" in found.fix) == ("failed", True)


@pytest.mark.parametrize(
    ("type_", "changed", "detail", "fix"),
    [
        ("client", {"grantTypes": ["authorization_code"]}, "status 403, unauthorized_client", "auth0.loginTest"),
        ("client", {"clientSecret": "another"}, "status 401, access_denied", "SMOKE_AUTH0_CLIENT_SECRET"),
        ("resource_server", {"identifier": "https://other"}, "status 403, access_denied", "auth0.audience"),
        ("tenant", {"defaultDirectory": None}, "status 500, server_error", "auth0.loginTest.connection"),
        ("connection", {"enabledClients": []}, "status 400, invalid_request", "auth0.loginTest.connection"),
        ("user", {"password": "another"}, "status 403, invalid_grant", "SMOKE_USER_PASSWORD"),
    ],
)
def test_each_refusal_of_auth0_comes_with_its_fix(
    tenant: Tenant, type_: str, changed: dict[str, Any], detail: str, fix: str
) -> None:
    tenant.change(type_, **changed)
    found = tenant.login()
    assert detail in found.detail
    assert fix in found.fix


def test_auth0_says_whether_people_come_back_to_a_preview(tenant: Tenant) -> None:
    """Not the stack file: what was changed at Auth0 by hand shows."""
    name = f"login from {PREVIEW}"
    assert tenant.login(name).outcome == "passed"
    tenant.change("client", callbacks=["https://staging.zebra.associates/callback"])
    found = tenant.login(name)
    assert found.detail == f"Auth0 does not log people in for {PREVIEW}/callback: status 403"
    tenant.change("client", callbacks=["https://*.vercel.app/callback"])
    tenant.change("resource_server", identifier="https://other")
    assert tenant.login(name).detail == f"Auth0 does not log people in for {PREVIEW}/callback: status 302"


def test_the_simulator_knows_what_auth0s_client_can_ask_and_declare() -> None:
    """auth0-python is made from Auth0's description of its Management API."""
    client = Auth0(base_url="http://auth0.test", token="a-token")
    for known, call in (
        ("clients", client.clients.list),
        ("client", client.clients.get),
        ("client-grants", client.client_grants.list),
    ):
        names = {name.rstrip("_") for name in inspect.signature(call).parameters} - {"id", "request_options"}
        assert names <= {*QUERIES[known]}
        assert {*QUERIES[known]} - names <= {"page", "per_page", "include_totals"}  # of paging, which its pager adds
    assert set(resource_type("auth0", "client").values["appType"]) == {*get_args(get_args(ClientAppTypeEnum)[0])}
