"""Which object a declared resource means, and the id that imports it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from components.accounts import Accounts
from components.accounts.auth0 import Client
from components.accounts.github import GitHub
from components.accounts.lookup import NeedsDecision, Unknown, look_up
from components.accounts.vercel import Variable
from components.vendors import KINDS, UNKNOWN

MADE = "2026-11-02T10:00:00Z"
NODE = "R_kgDOA"


RULES = [{"id": "BPR_1", "pattern": "staging"}]
AT_GITHUB: dict[str, Any] = {
    "": {"name": "platform", "node_id": NODE},
    "/git/ref/heads/staging": {"ref": "refs/heads/staging"},
    "/environments/staging": {"id": 7, "created_at": MADE},
    "/environments/staging/deployment-branch-policies": {
        "branch_policies": [{"id": 41, "name": "staging"}, {"id": 42, "name": "v*", "type": "tag"}]
    },
    "/environments/staging/variables": {"variables": [{"name": "URL", "created_at": MADE}]},
    "/environments/staging/secrets": {"secrets": [{"name": "URL", "created_at": MADE}]},
    "/rulesets": [],
}
"""What the repository answers by path."""


def github(**changed: Any) -> GitHub:
    """GitHub as far as objects are looked up there."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/graphql":
            found = {"nodes": RULES, "pageInfo": {"hasNextPage": False, "endCursor": None}}
            node = {"name": "platform", "branchProtectionRules": found}
            known = json.loads(request.content)["variables"]["id"] == NODE
            return httpx.Response(200, json={"data": {"node": node if known else None}})
        path = request.url.path.removeprefix("/repos/acme/platform")
        there = {**AT_GITHUB, **{f"/{name}": value for name, value in changed.items()}}
        return httpx.Response(200, json=there[path]) if path in there else httpx.Response(404)

    return GitHub("acme", "t", transport=httpx.MockTransport(answer))


class Auth0:
    def __init__(self, *clients: Client) -> None:
        self._clients = clients

    def named(self, name: str) -> list[Client]:
        return [client for client in self._clients if client.name == name]

    def grants(self, client_id: str, audience: str) -> list[str]:
        return ["cgr_1"] if (client_id, audience) == ("abc", "https://api") else []

    def with_id(self, client_id: str) -> Client | None:
        return next((client for client in self._clients if client.id == client_id), None)


class Vercel:
    def __init__(self, *variables: Variable, team_id: str = "") -> None:
        self._variables, self.team_id = variables, team_id

    def domain(self, project: str, domain: str) -> bool:
        return domain == "staging.example.com"

    def records(self, zone: str) -> list[dict[str, Any]]:
        known = [{"id": "rec_1", "name": "api", "type": "CNAME", "value": "x.test."}]
        return known if zone == "example.com" else []

    def variables(self, project: str) -> list[Variable]:
        return list(self._variables)


def accounts(at_github: Any = None, auth0: Any = None, vercel: Any = None) -> Accounts:
    found = SimpleNamespace(github=at_github or github(), auth0=auth0 or Auth0(), vercel=vercel or Vercel())
    return cast(Accounts, found)


def type_named(name: str) -> str:
    return next(type for type in KINDS if type.rpartition(":")[2] == name)


def import_id(name: str, inputs: dict[str, Any], there: Accounts | None = None) -> str | None:
    found = look_up(there or accounts(), type_named(name), inputs)
    return found.import_id if found else None


TAGS = {"id": 11, "name": "release tags", "target": "tag"}
IN_PLATFORM = {"repository": "platform"}
IN_STAGING = {"repository": "platform", "environment": "staging"}


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        ("Branch", {**IN_PLATFORM, "branch": "staging"}, "platform:staging:main"),
        ("Branch", {**IN_PLATFORM, "branch": "staging", "sourceBranch": "next"}, "platform:staging:next"),
        ("Branch", {**IN_PLATFORM, "branch": "other"}, None),
        ("BranchProtection", {"repositoryId": NODE, "pattern": "staging"}, "platform:staging"),
        ("BranchProtection", {"repositoryId": "platform", "pattern": "staging"}, "platform:staging"),
        ("BranchProtection", {"repositoryId": NODE, "pattern": "main"}, None),
        ("RepositoryEnvironment", IN_STAGING, "platform:staging"),
        ("RepositoryEnvironment", {**IN_PLATFORM, "environment": "production"}, None),
        ("RepositoryEnvironmentDeploymentPolicy", {**IN_STAGING, "branchPattern": "staging"}, "platform:staging:41"),
        ("RepositoryEnvironmentDeploymentPolicy", {**IN_STAGING, "tagPattern": "v*"}, "platform:staging:42"),
        ("RepositoryEnvironmentDeploymentPolicy", {**IN_STAGING, "branchPattern": "v*"}, None),
        ("ActionsEnvironmentVariable", {**IN_STAGING, "variableName": "URL"}, "platform:staging:URL"),
        ("ActionsEnvironmentVariable", {**IN_STAGING, "variableName": "NEW"}, None),
        ("ActionsEnvironmentSecret", {**IN_STAGING, "secretName": "URL", "value": "[secret]"}, "platform:staging:URL"),
    ],
)
def test_objects_of_github_by_what_people_call_them(name: str, inputs: dict[str, Any], expected: str | None) -> None:
    assert import_id(name, inputs) == expected


def test_a_ruleset_is_found_by_its_name_and_several_are_refused() -> None:
    inputs = {**IN_PLATFORM, "name": "release tags", "target": "tag"}
    assert import_id("RepositoryRuleset", {**inputs, "target": "branch"}, accounts(github(rulesets=[TAGS]))) is None
    assert import_id("RepositoryRuleset", inputs) is None
    assert import_id("RepositoryRuleset", inputs, accounts(github(rulesets=[TAGS]))) == "platform:11"
    with pytest.raises(NeedsDecision, match="2 rulesets named 'release tags': 11, 12"):
        import_id("RepositoryRuleset", inputs, accounts(github(rulesets=[TAGS, {**TAGS, "id": 12}])))


def test_an_application_is_found_by_its_name_and_its_credentials_by_its_id() -> None:
    there = accounts(auth0=Auth0(Client("abc", "MarketEdge", "regular_web"), Client("def", "Other", "spa")))
    assert import_id("Client", {"name": "MarketEdge"}, there) == "abc"
    assert import_id("Client", {"name": "Market"}, there) is None
    assert import_id("ClientCredentials", {"clientId": "abc"}, there) == "abc"
    assert import_id("ClientCredentials", {"clientId": "xyz"}, there) is None
    assert import_id("ClientGrant", {"clientId": "abc", "audience": "https://api"}, there) == "cgr_1"
    assert import_id("ClientGrant", {"clientId": "def", "audience": "https://api"}, there) is None


def test_two_applications_of_one_name_are_refused_with_their_ids_and_what_to_do() -> None:
    there = accounts(auth0=Auth0(Client("abc", "MarketEdge", ""), Client("def", "MarketEdge", "")))
    with pytest.raises(
        NeedsDecision, match=r"2 applications named 'MarketEdge': abc, def\. Keep the one whose id is in use"
    ):
        import_id("Client", {"name": "MarketEdge"}, there)


def variable(id: str, targets: str = "preview", branch: str = "", custom: str = "") -> Variable:
    return Variable(id, "URL", frozenset(targets.split()), branch, frozenset(custom.split()), MADE)


URL = {"projectId": "prj_1", "key": "URL", "targets": ["preview"], "value": UNKNOWN}


@pytest.mark.parametrize(
    ("inputs", "variables", "expected"),
    [
        (URL, [variable("one")], "prj_1/one"),
        (URL, [variable("one", branch="staging")], None),
        ({**URL, "gitBranch": "staging"}, [variable("one"), variable("two", branch="staging")], "prj_1/two"),
        (URL, [variable("one", "production"), variable("two")], "prj_1/two"),
        (URL, [variable("one", "production")], None),
        ({**URL, "key": "OTHER"}, [variable("one")], None),
        (
            {**URL, "targets": ["production", "preview"]},
            [variable("one", "preview production")],
            "prj_1/one",
        ),
        (
            {**URL, "targets": None, "customEnvironmentIds": ["env_1"]},
            [variable("one", "", custom="env_1")],
            "prj_1/one",
        ),
    ],
)
def test_a_variable_of_a_frontend_by_key_targets_and_branch(
    inputs: dict[str, Any], variables: list[Variable], expected: str | None
) -> None:
    assert import_id("ProjectEnvironmentVariable", inputs, accounts(vercel=Vercel(*variables))) == expected


def test_a_variable_that_serves_production_too_is_not_taken_over() -> None:
    there = accounts(vercel=Vercel(variable("one", "preview production")))
    with pytest.raises(NeedsDecision, match=r"has URL for preview, production .*one.*, and preview is declared"):
        import_id("ProjectEnvironmentVariable", URL, there)


def test_a_team_stands_before_the_ids_at_vercel() -> None:
    there = accounts(vercel=Vercel(variable("one"), team_id="team_9"))
    assert import_id("ProjectEnvironmentVariable", URL, there) == "team_9/prj_1/one"
    domain = {"projectId": "prj_1", "domain": "staging.example.com"}
    assert import_id("ProjectDomain", domain, there) == "team_9/prj_1/staging.example.com"
    assert import_id("ProjectDomain", domain) == "prj_1/staging.example.com"
    assert import_id("ProjectDomain", {**domain, "domain": "other.example.com"}) is None


@pytest.mark.parametrize("value", [UNKNOWN, "[secret]", None, 7])
def test_a_part_of_the_key_that_is_not_known_is_said(value: object) -> None:
    with pytest.raises(Unknown, match="clientId"):
        import_id("ClientCredentials", {"clientId": value})
    with pytest.raises(Unknown, match="targets"):
        import_id("ProjectEnvironmentVariable", {**URL, "targets": [value]})


def test_what_was_found_says_when_it_was_made() -> None:
    found = look_up(accounts(), type_named("ActionsEnvironmentVariable"), {**IN_STAGING, "variableName": "URL"})
    assert found
    assert found.recognised == f"variable URL of environment staging, made {MADE}"


def test_a_record_of_a_zone_by_name_and_type() -> None:
    record = {"domain": "example.com", "name": "api", "type": "CNAME"}
    assert import_id("DnsRecord", record) == "rec_1"
    assert import_id("DnsRecord", record, accounts(vercel=Vercel(team_id="team_9"))) == "team_9/rec_1"
    assert import_id("DnsRecord", {**record, "name": ""}) is None
    assert import_id("DnsRecord", {**record, "domain": "other.com"}) is None
    with pytest.raises(NeedsDecision, match=r"zone example\.com has CNAME at api, beside which there can be no A"):
        import_id("DnsRecord", {**record, "type": "A"})
