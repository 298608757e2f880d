"""What is declared at Auth0: staging's own application, and how it authenticates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import plan
from tests.unit.components.engine import CREDENTIALS, Run, run
from tests.unit.components.vendors import CLIENT_ID, outputs_of
from tests.unit.settings.stack_file import StackFile

CLIENT = "auth0:index/client:Client"
METHOD = "auth0:index/clientCredentials:ClientCredentials"


def test_the_lists_are_the_plans(up: Run) -> None:
    inputs = up.only(CLIENT).inputs
    assert inputs["callbacks"] == plan.CALLBACKS
    assert inputs["allowedLogoutUrls"] == plan.LOGOUT_URLS
    assert inputs["webOrigins"] == plan.WEB_ORIGINS
    assert inputs["allowedOrigins"] == plan.WEB_ORIGINS


def test_productions_own_hosts_are_not_among_them(up: Run) -> None:
    lists = ("callbacks", "allowedLogoutUrls", "webOrigins", "allowedOrigins")
    declared = " ".join(address for key in lists for address in up.only(CLIENT).inputs[key])
    assert "app.zebra.associates" not in declared
    assert "platform.marketedge.co.uk" not in declared


def test_nothing_is_left_undeclared_that_the_provider_would_then_not_watch(up: Run) -> None:
    inputs = dict(up.only(CLIENT).inputs)
    for key in ("callbacks", "allowedLogoutUrls", "webOrigins", "allowedOrigins"):
        del inputs[key]
    assert inputs == {
        "name": "MarketEdge Platform (staging)",
        "description": "staging; declared by the staging gate, do not edit by hand",
        "appType": "regular_web",
        "isFirstParty": True,
        "oidcConformant": True,
        "grantTypes": ["authorization_code", "refresh_token"],
        "allowedClients": [],
        "clientAliases": [],
        "crossOriginAuth": False,
        "ssoDisabled": False,
        "customLoginPageOn": True,
        "isTokenEndpointIpHeaderTrusted": False,
        "organizationUsage": "deny",
        "organizationRequireBehavior": "no_prompt",
        "jwtConfiguration": {"alg": "RS256", "lifetimeInSeconds": 36000},
        "refreshToken": {
            "rotationType": "rotating",
            "expirationType": "expiring",
            "leeway": 0,
            "tokenLifetime": 2592000,
            "idleTokenLifetime": 1296000,
            "infiniteTokenLifetime": False,
            "infiniteIdleTokenLifetime": False,
        },
    }


def test_the_secret_is_sent_in_the_body_and_kept_as_auth0_made_it(up: Run) -> None:
    assert up.only(METHOD).inputs == {"clientId": CLIENT_ID, "authenticationMethod": "client_secret_post"}


def test_cors_can_be_given_a_list_of_its_own() -> None:
    stack_file = StackFile()
    stack_file.put("auth0.allowedOrigins", ["https://staging.zebra.associates"])
    inputs = run(stack_file).only(CLIENT).inputs
    assert inputs["allowedOrigins"] == ["https://staging.zebra.associates"]
    assert inputs["webOrigins"] == plan.WEB_ORIGINS


def test_an_empty_list_for_cors_allows_nobody() -> None:
    stack_file = StackFile()
    stack_file.put("auth0.allowedOrigins", [])
    assert run(stack_file).only(CLIENT).inputs["allowedOrigins"] == []


def no_secret(type_: str, name: str, inputs: dict[str, Any], preview: bool) -> dict[str, Any]:
    """The management application lacks a scope: Auth0's provider then hands out an empty secret."""
    return {"clientSecret": ""} if type_ == METHOD else outputs_of(type_, name, inputs, preview)


def test_a_client_secret_that_may_not_be_read_stops_the_run() -> None:
    result = run(outputs=no_secret)
    assert str(result.error) == (
        "Auth0 did not show the application's client secret: give the management application (AUTH0_CLIENT_ID) the "
        "scopes read:client_keys and read:client_credentials, then run the same command again"
    )
    wired = [resource.name for resource in result.declared]
    assert "staging-env" not in wired
    assert "staging-AUTH0_CLIENT_SECRET" not in wired


@pytest.mark.parametrize("way", ["environment", "configuration"])
def test_another_tenant_for_management_than_for_logins_is_a_warning(way: str) -> None:
    stack_file, environ = StackFile(), dict(CREDENTIALS)
    if way == "environment":
        environ["AUTH0_DOMAIN"] = "other.eu.auth0.com"
    else:
        stack_file.config["auth0:domain"] = "other.eu.auth0.com"
    result = run(stack_file, environ)
    assert result.error is None
    assert result.unexpected == [
        "Auth0: applications are managed at other.eu.auth0.com, logins go to dev-g8trhgbfdq2sk2m8.us.auth0.com "
        "(marketedge:auth0.domain). That is right only where the second is a custom domain of the first"
    ]
