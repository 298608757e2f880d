"""Asking a vendor: what is waited for, what is an error, and what such an error says."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from components.accounts import Accounts
from components.accounts.api import (
    COMMAND,
    Api,
    CredentialsMissing,
    VendorError,
    VendorForbidden,
    VendorRateLimited,
    VendorUnauthorized,
    VendorUnreachable,
)
from components.accounts.auth0 import Auth0
from components.accounts.github import GitHub
from components.accounts.vercel import Vercel
from gate.common.errors import GateError, MissingCredentials

TOKEN = "ghp_never-to-be-shown"
Handle = Callable[[httpx.Request], httpx.Response]


class Vendor:
    """Answers in turn; the last answer stays. Remembers what was asked and how long was waited."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.requests, self.waits = list(answers), [], []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def api(self) -> Api:
        transport = httpx.MockTransport(self)
        api = Api("GitHub", "https://x.test", credential="GITHUB_TOKEN", transport=transport, sleep=self.waits.append)
        api.authorize(TOKEN)
        return api

    def get(self) -> object:
        return self.api().get("/thing", needs="Things: read")


GOOD = httpx.Response(200, json={"ok": True})


@pytest.mark.parametrize(
    "passing",
    [
        httpx.Response(429, headers={"retry-after": "3"}),
        httpx.Response(403, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}),
        httpx.Response(500),
        httpx.Response(503, headers={"retry-after": "3"}),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("reset"),
        httpx.Response(200, text="<html>"),
    ],
)
def test_what_passes_is_waited_out(passing: httpx.Response | Exception) -> None:
    vendor = Vendor(passing, GOOD)
    assert vendor.get() == {"ok": True}
    asked = isinstance(passing, httpx.Response) and passing.headers.get("retry-after") == "3"
    assert [3 <= wait <= 4 if asked else wait <= 8 for wait in vendor.waits] == [True]


def test_what_does_not_pass_ends_with_the_reason() -> None:
    vendor = Vendor(httpx.Response(502))
    with pytest.raises(
        VendorUnreachable, match=f"no usable answer from GitHub to GET /thing in {COMMAND.tries} tries: status 502"
    ):
        vendor.get()
    assert len(vendor.requests) == COMMAND.tries


def test_a_long_rate_limit_is_not_waited_for() -> None:
    vendor = Vendor(httpx.Response(429, headers={"retry-after": "3000"}))
    with pytest.raises(VendorRateLimited, match="another 3000 s: run it again after that"):
        vendor.get()
    assert len(vendor.requests) == 1


def test_absent_is_no_error() -> None:
    assert Vendor(httpx.Response(404, json={"message": "Not Found"})).get() is None


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (
            httpx.Response(401, json={"message": "Bad credentials"}),
            VendorUnauthorized,
            "GITHUB_TOKEN .*expired or revoked",
        ),
        (httpx.Response(403, json={"message": "Resource not accessible"}), VendorForbidden, "needs Things: read"),
        (httpx.Response(403, json={"error": {"message": "Not authorized"}}), VendorForbidden, "Not authorized"),
        (httpx.Response(403, json={"error": "x", "error_description": "no grant"}), VendorForbidden, "no grant"),
        (httpx.Response(422, text="<html>"), VendorError, "answered 422 to GET /thing: no message"),
    ],
)
def test_a_refusal_says_what_is_missing(answer: httpx.Response, error: type[GateError], says: str) -> None:
    with pytest.raises(error, match=says):
        Vendor(answer).get()


def test_only_the_status_404_means_that_nothing_is_there() -> None:
    refused = Vendor(httpx.Response(403, json={"message": "Resource not accessible"})).api()
    with pytest.raises(VendorForbidden, match="variables/ERROR_404"):
        refused.get("/variables/ERROR_404", needs="Environments: read")


def test_a_token_that_the_vendor_repeats_is_not_shown() -> None:
    with pytest.raises(VendorUnauthorized) as caught:
        Vendor(httpx.Response(401, json={"message": f"unknown token {TOKEN}"})).get()
    assert TOKEN not in str(caught.value)


def test_a_repository_that_the_token_does_not_see_is_not_taken_for_empty() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404, json={"message": "Not Found"}))
    github = GitHub("acme", TOKEN, transport=transport)
    with pytest.raises(VendorError, match="shows GITHUB_TOKEN no repository acme/platform"):
        github.repository("platform")


@pytest.mark.parametrize(
    ("base", "rest", "graphql"),
    [
        ("https://api.github.com/", "https://api.github.com/repos/acme/p", "https://api.github.com/graphql"),
        ("https://github.com/", "https://api.github.com/repos/acme/p", "https://api.github.com/graphql"),
        ("https://git.acme.test/", "https://git.acme.test/api/v3/repos/acme/p", "https://git.acme.test/api/graphql"),
        (
            "https://git.acme.test/api/v3/",
            "https://git.acme.test/api/v3/repos/acme/p",
            "https://git.acme.test/api/graphql",
        ),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com/repos/acme/p", "https://api.acme.ghe.com/graphql"),
    ],
)
def test_github_is_where_the_provider_looks_for_it(base: str, rest: str, graphql: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"name": "p", "node_id": "R_1", "data": {"node": {"name": "p"}}})

    github = GitHub("acme", TOKEN, base_url=base, transport=httpx.MockTransport(answer))
    github.repository("p")
    assert github.ask("query", {}, "Administration: read")["node"]["name"] == "p"
    assert asked == [rest, graphql]


def test_graphql_refuses_with_a_good_status() -> None:
    refusal = {"data": None, "errors": [{"type": "INSUFFICIENT_SCOPES", "message": "needs repo"}]}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=refusal))
    with pytest.raises(VendorForbidden, match="needs Administration: read, or the scope repo"):
        GitHub("acme", TOKEN, transport=transport).ask("query", {}, "Administration: read, or the scope repo")


def test_auth0_asks_for_a_token_of_the_tenant_once() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "made-token", "scope": "read:clients"})
        return httpx.Response(200, json={"total": 0, "clients": []})

    auth0 = Auth0("acme.auth0.com", "id", "secret-of-it", transport=httpx.MockTransport(answer))
    assert auth0.named("x") == []
    auth0.forget()
    assert auth0.clients() == []
    assert [request.url.path for request in asked] == ["/oauth/token", "/api/v2/clients", "/api/v2/clients"]
    assert json.loads(asked[0].content)["audience"] == "https://acme.auth0.com/api/v2/"
    assert asked[1].headers["authorization"] == "Bearer made-token"


def test_a_management_application_without_the_scope_is_told_which() -> None:
    answer = httpx.Response(200, json={"access_token": "t", "scope": "update:clients"})
    auth0 = Auth0("acme.auth0.com", "id", "s", transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(VendorForbidden, match="needs the scope read:clients"):
        auth0.clients()


def test_a_project_that_the_token_does_not_see_is_not_taken_for_empty() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(404, json={"error": {"code": "not_found"}}))
    with pytest.raises(VendorError, match=r"no project prj_1 outside teams \(vercel:team is not set\)"):
        Vercel("t", transport=transport).variables("prj_1")


def test_vercel_lists_all_pages_without_its_own_variables() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["teamId"] == "team_9"
        if not request.url.path.endswith("/env"):
            return httpx.Response(200, json={"id": "prj_1"})
        envs = [
            {"id": "one", "key": "A", "type": "encrypted", "target": "preview", "createdAt": 1_700_000_000_000},
            {"id": "own", "key": "VERCEL_URL", "type": "system", "target": ["preview"]},
        ]
        if "until" in request.url.params:
            return httpx.Response(200, json={"envs": [{"id": "two", "key": "B"}], "pagination": {"next": None}})
        return httpx.Response(200, json={"envs": envs, "pagination": {"count": 2, "next": 99}})

    found = Vercel("t", "team_9", transport=httpx.MockTransport(answer)).variables("prj_1")
    assert [(variable.id, variable.targets) for variable in found] == [("one", {"preview"}), ("two", set())]
    assert found[0].created == "2023-11-14T22:13:20Z"


ENVIRON = {
    "GITHUB_TOKEN": TOKEN,
    "AUTH0_DOMAIN": "acme.auth0.com",
    "AUTH0_CLIENT_ID": "id",
    "AUTH0_CLIENT_SECRET": "s",
    "VERCEL_API_TOKEN": "v" * 24,
}


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(MissingCredentials) as caught:
        Accounts({}).require_all()
    assert [line.partition("; made at")[0] for line in str(caught.value).splitlines()] == [
        "GitHub: export GITHUB_TOKEN and GITHUB_OWNER (or: pulumi config set github:owner …)",
        "Auth0: export AUTH0_DOMAIN and AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET",
        "Vercel: export VERCEL_API_TOKEN",
    ]


def test_credentials_come_from_the_environment_or_the_config() -> None:
    Accounts(ENVIRON, {"github:owner": "acme"}).require_all()
    Accounts({"AUTH0_DOMAIN": "d", "AUTH0_API_TOKEN": "t"}, {}).auth0.close()
    config = {"github:token": "t", "github:owner": "acme", "github:baseUrl": "https://git.acme.test/"}
    assert Accounts({}, config).github.owner == "acme"
    with pytest.raises(CredentialsMissing, match="VERCEL_API_TOKEN"):
        Accounts({}, config).vercel.close()


def test_two_owners_are_refused() -> None:
    with pytest.raises(VendorError, match=r"different owners \(acme, other\): unset GITHUB_OWNER"):
        Accounts({**ENVIRON, "GITHUB_OWNER": "other"}, {"github:owner": "acme"}).github.close()


def test_an_app_in_place_of_a_token_is_refused() -> None:
    with pytest.raises(VendorError, match="appAuth is not supported"):
        Accounts(ENVIRON, {"github:owner": "acme", "github:appAuth": "{}"}).github.close()
