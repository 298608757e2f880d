"""What the program does without a vendor's credentials, and with a wrong configuration."""

from __future__ import annotations

import pytest

from components import stack
from components.variables import RenderVariable
from components.vendors import AUTH0, GITHUB, missing_credentials
from components.wiring import Wiring
from tests.unit import plan
from tests.unit.components.engine import CREDENTIALS, UNKNOWN, run
from tests.unit.settings.stack_file import StackFile

NAMES = {
    "GitHub": ["GITHUB_TOKEN"],
    "Auth0": ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"],
    "Vercel": ["VERCEL_API_TOKEN"],
    "Render": ["RENDER_API_KEY"],
}
LEFT_OUT = "{vendor} is left out of this preview: {names} not set. Its objects are neither read nor compared"
NOT_OBSERVED = "Render was not read: RENDER_API_KEY not set. Changes made outside Pulumi are not seen in this preview"


def without(*vendors: str) -> dict[str, str]:
    """The environment without what these vendors need."""
    return {name: value for name, value in CREDENTIALS.items() if not any(name in NAMES[v] for v in vendors)}


def families(labels: list[str]) -> set[str]:
    """The packages of the vendors' own resources."""
    return {label.split(":")[0] for label in labels} - {"marketedge"}


@pytest.mark.parametrize(
    ("vendor", "left"),
    [
        ("GitHub", {"auth0", "vercel", "command"}),
        ("Auth0", {"github", "vercel", "command"}),
        ("Vercel", {"github", "auth0", "command"}),
    ],
)
def test_a_preview_leaves_out_a_vendor_without_credentials_and_says_so(vendor: str, left: set[str]) -> None:
    result = run(environ=without(vendor), preview=True)
    assert result.error is None
    assert result.unexpected == [LEFT_OUT.format(vendor=vendor, names=" and ".join(NAMES[vendor]))]
    assert families([resource.label for resource in result.declared]) == left


MADE = ["github:index/branch:Branch::staging", "auth0:index/client:Client::staging", "backend"]


def test_a_preview_does_not_show_the_objects_of_a_vendor_without_credentials_as_deleted() -> None:
    result = run(environ=without("GitHub", "Auth0", "Vercel"), preview=True, made=MADE)
    assert result.declared == []
    assert str(result.error) == (
        "this stack has objects at GitHub and Auth0, whose credentials are missing, so this preview would show them as "
        "deleted. Nothing was previewed:\n"
        "  GitHub: export GITHUB_TOKEN\n"
        "  Auth0: export AUTH0_DOMAIN and AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET\n"
        "Or preview everything else:\n"
        "  gate preview --env staging\n"
        "  PREVIEW_WITHOUT=github,auth0 pulumi preview --exclude '**github:**' --exclude '**auth0:**'"
    )


def test_a_preview_that_leaves_them_out_goes_on() -> None:
    environ = {**without("GitHub", "Auth0"), "PREVIEW_WITHOUT": "github,auth0"}
    result = run(environ=environ, preview=True, made=MADE)
    assert result.error is None
    assert families([resource.label for resource in result.declared]) == {"vercel", "command"}
    forgotten = run(environ={**environ, "PREVIEW_WITHOUT": "auth0"}, preview=True, made=MADE)
    assert "PREVIEW_WITHOUT=github,auth0" in str(forgotten.error)


def test_a_preview_without_renders_key_declares_everything_and_says_what_it_could_not_see() -> None:
    result = run(environ=without("Render"), preview=True)
    assert result.error is None
    assert result.unexpected == [NOT_OBSERVED]
    assert families([resource.label for resource in result.declared]) == {"github", "auth0", "vercel", "command"}


def test_a_preview_without_any_credentials() -> None:
    result = run(environ={}, preview=True)
    assert result.error is None
    assert [warning.split()[0] for warning in result.unexpected] == ["GitHub", "Auth0", "Vercel", "Render"]
    assert families([resource.label for resource in result.declared]) == {"command"}
    assert result.asked == []
    assert {"auth0ClientId", "vercelProjectId"}.isdisjoint(result.outputs or {})


def test_values_of_a_vendor_that_was_left_out_are_unknown() -> None:
    result = run(environ=without("Auth0"), preview=True)
    variable = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable"
    client_id = result.only(variable, "staging-NEXT_PUBLIC_AUTH0_CLIENT_ID")
    assert client_id.plain["value"] is UNKNOWN
    group = result.only("command:local:Command", plan.ENV_GROUP)
    assert group.inputs["stdin"] is UNKNOWN
    assert group.inputs["environment"]["SECRET_AUTH0_CLIENT_SECRET"] is UNKNOWN


def test_the_login_tests_client_is_not_taken_for_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are applications in the state, with an id and a secret each."""
    client, credentials = "auth0:index/client:Client", "auth0:index/clientCredentials:ClientCredentials"
    state = {
        f"urn:pulumi:staging::gate::{type_}::staging{suffix}": {"type": type_, "outputs": {key: f"{key}{suffix}"}}
        for suffix in ("", "-login-test")
        for type_, key in ((client, "clientId"), (credentials, "clientSecret"))
    }
    monkeypatch.setattr("pulumi.Output.secret", lambda value: value)
    found = stack.credentials_of_auth0(state)
    assert found == {
        "auth0.clientId": "clientId",
        "auth0.clientSecret": "clientSecret",
        "auth0.testClientId": "clientId-login-test",
        "auth0.testClientSecret": "clientSecret-login-test",
    }


def test_an_up_without_credentials_lists_all_and_declares_nothing() -> None:
    result = run(environ={})
    assert str(result.error) == (
        "credentials are missing; nothing was read or changed:\n"
        "  GitHub: export GITHUB_TOKEN\n"
        "  Auth0: export AUTH0_DOMAIN and AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET\n"
        "  Vercel: export VERCEL_API_TOKEN\n"
        "  Render: export RENDER_API_KEY\n"
        "Then run it again"
    )
    assert (result.declared, result.asked) == ([], [])


@pytest.mark.parametrize("vendor", NAMES)
def test_an_up_without_one_vendors_credentials_declares_nothing(vendor: str) -> None:
    result = run(environ=without(vendor))
    assert f"{vendor}: export {' and '.join(NAMES[vendor])}\nThen" in str(result.error)
    assert (result.declared, result.asked) == ([], [])


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("environ", [CREDENTIALS, {}])
def test_a_wrong_configuration_declares_and_asks_nothing(environ: dict[str, str], preview: bool) -> None:
    stack_file = StackFile()
    stack_file.put("render.service.region", "paris")
    result = run(stack_file, environ, preview=preview)
    assert str(result.error).startswith("stack staging: 1 problem in its configuration; nothing was read or changed:\n")
    assert (result.declared, result.asked, result.warnings) == ([], [], [])


def test_the_five_mistakes_stop_the_program_with_one_error() -> None:
    stack_file, environ = StackFile(), {**CREDENTIALS, "VERCEL_API_TOKEN": "a" * 20}
    stack_file.delete("dns.ttlSeconds")
    stack_file["auth0"]["callback"] = stack_file["auth0"].pop("callbacks")
    stack_file.put("auth0.logoutUrls.0", "https://staging.zebra.associates/*")
    stack_file.put("render.service.region", "paris")
    result = run(stack_file, environ)
    assert len(str(result.error).splitlines()) == 1 + 5
    assert (result.declared, result.asked) == ([], [])


@pytest.mark.parametrize(
    ("found", "missing"),
    [
        (set(CREDENTIALS), {}),
        ({"github:token", "auth0:domain", "auth0:clientId", "auth0:clientSecret", "vercel:apiToken"}, {"Render"}),
        ({"AUTH0_DOMAIN", "AUTH0_API_TOKEN", "VERCEL_API_TOKEN", "RENDER_API_KEY", "github:appAuth"}, set()),
        ({"auth0:domain", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"}, {"GitHub", "Vercel", "Render"}),
        ({"AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "RENDER_OWNER_ID"}, set(NAMES)),
    ],
)
def test_ways_to_give_credentials(found: set[str], missing: set[str]) -> None:
    assert {vendor.label for vendor in missing_credentials(dict.fromkeys(found, "x"))} == set(missing)


def test_an_empty_credential_counts_as_missing() -> None:
    assert missing_credentials({**CREDENTIALS, "GITHUB_TOKEN": ""}) == {GITHUB: ["GITHUB_TOKEN"]}


def test_only_what_is_missing_is_named() -> None:
    found = {name: value for name, value in CREDENTIALS.items() if name != "AUTH0_CLIENT_SECRET"}
    assert missing_credentials(found) == {AUTH0: ["AUTH0_CLIENT_SECRET"]}


@pytest.mark.parametrize(
    "name", ["GITHUB_TOKEN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "VERCEL_API_TOKEN", "RENDER_API_KEY"]
)
@pytest.mark.parametrize("value", ["ghp_…", "<token>", "$TOKEN", '"quoted"', "ghp_abc\n", "two words", "clé"])
@pytest.mark.parametrize("preview", [True, False])
def test_what_is_no_token_ends_the_program_before_it_asks_anybody(name: str, value: str, preview: bool) -> None:
    result = run(StackFile(), {**CREDENTIALS, name: value}, preview=preview)
    assert name in str(result.error)
    assert (result.declared, result.asked) == ([], [])


def test_a_variable_that_render_fills_in_has_no_value_to_wire() -> None:
    with pytest.raises(LookupError, match="JWT_SECRET_KEY has no value of its own"):
        Wiring({}, {}).value(RenderVariable(key="JWT_SECRET_KEY", generate_value=True))
