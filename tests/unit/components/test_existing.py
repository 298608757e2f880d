"""What a plain preview would create and is at GitHub, Auth0 or Vercel already, as their APIs tell it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_auth0
import pytest

from components import vendors as named
from components.accounts.api import Patience
from components.existing import Created, existing
from components.vendors import UNKNOWN
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from tests.unit.components.engine import CREDENTIALS

NODE_ID = "R_of_the_estate"
ENVIRONMENT = {"repository": "app", "environment": "staging"}
VARIABLE = {"projectId": "prj_1", "key": "API", "targets": ["preview"], "gitBranch": None}
RULESET = {"repository": "app", "name": "Release tags", "target": "tag"}
WANTED: dict[str, Created] = {
    "environment": (named.ENVIRONMENT, "environment", ENVIRONMENT),
    "rule": (named.BRANCH_PROTECTION, "rule", {"pattern": "main", "repositoryId": NODE_ID}),
    "ruleset": (named.RULESET, "ruleset", RULESET),
    "project": (named.PROJECT, "project", {"name": "web"}),
    "domain": (named.PROJECT_DOMAIN, "domain", {"projectId": "prj_1", "domain": "app.example.com"}),
    "variable": (named.PROJECT_VARIABLE, "variable", VARIABLE),
    "record": (named.DNS_RECORD, "record", {"domain": "example.com", "name": "api", "type": "CNAME"}),
    "application": (named.CLIENT, "application", {"name": "App"}),
}
A_RECORD = {"domain": "example.com", "recordType": "CNAME", "value": "x"}
INSIDE: list[Created] = [
    (named.ENVIRONMENT_VARIABLE, "one", {**ENVIRONMENT, "variableName": "A"}),
    (named.ENVIRONMENT_SECRET, "two", {**ENVIRONMENT, "secretName": "B"}),
]


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name="app", fullName="zebra-devops/app")
    with estate.edit("github") as objects:
        objects[0]["nodeId"] = NODE_ID
    estate.seed("vercel", "project", id="prj_1", name="web")
    return estate


@pytest.fixture
def environ(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    def get_client(name: str) -> Any:
        if not (found := estate.find("auth0", "client", name=name)):
            raise Exception("no client found")
        return SimpleNamespace(client_id=found["id"])

    monkeypatch.setattr(pulumi_auth0, "get_client", get_client)
    with vendor_api.serve(estate, CREDENTIALS) as addresses:
        yield {**CREDENTIALS, **addresses.environment}


def found(environ: dict[str, str], *wanted: Created) -> list[str]:
    return list(existing(wanted, "zebra-devops", environ))


def test_nothing_exists(environ: dict[str, str]) -> None:
    other: Created = (named.PROJECT, "project", {"name": "other"})
    assert found(environ, *{**WANTED, "project": other}.values(), *INSIDE) == []
    assert found(environ, *INSIDE) == [], "of an environment that is there"


def test_everything_exists(environ: dict[str, str], estate: Estate) -> None:
    estate.seed("github", "environment", repository="app", environment="staging")
    estate.seed("github", "environment_variable", **ENVIRONMENT, variableName="A", value="x")
    estate.seed("github", "environment_secret", **ENVIRONMENT, secretName="B")
    estate.seed("github", "branch_protection", repositoryId="app", pattern="main")
    estate.seed("github", "ruleset", repository="app", name="Release tags", target="tag", enforcement="active")
    estate.seed("vercel", "domain", projectId="prj_1", domain="app.example.com")
    record = {"id": "rec_1", "domain": "example.com", "name": "api", "recordType": "CNAME", "value": "x"}
    with estate.edit("vercel") as objects:
        objects.append({"type": "zone", "name": "example.com"})
        objects.append({"type": "dns_record", **record})
    estate.seed("auth0", "client", name="App")
    estate.seed("vercel", "environment_variable", projectId="prj_1", key="API", targets=["preview"], value="x")
    assert found(environ, *WANTED.values()) == list(WANTED)
    assert found(environ, *INSIDE) == ["one", "two"]
    assert found(environ, WANTED["environment"], *INSIDE) == ["environment"], "adopt finds what is in it"


def test_lists_are_read_to_what_is_looked_for_and_once(estate: Estate) -> None:
    """GitHub and Vercel give at most 100 entries of a list at a time, GitHub 30 variables."""
    estate.seed("github", "environment", repository="app", environment="staging")
    with estate.edit("github") as objects:
        for n in range(100):
            one = {"name": f"r{n}", "rulesetId": 5000 + n, "nodeId": f"RRS_{n}", "enforcement": "active"}
            objects.append({"id": f"r{n}", "type": "ruleset", **RULESET, **one})
            objects.append({"id": f"p{n}", "type": "branch_protection", "repositoryId": NODE_ID, "pattern": f"p{n}"})
            one = {"variableName": f"V{n}", "value": "", "createdAt": "2026-11-02T10:00:00Z"}
            objects.append({"id": f"v{n}", "type": "environment_variable", **ENVIRONMENT, **one})
    estate.seed("github", "environment_variable", **ENVIRONMENT, variableName="A", value="x")
    estate.seed("github", "branch_protection", repositoryId="app", pattern="main")
    estate.seed("github", "ruleset", repository="app", name="Release tags", target="tag", enforcement="active")
    with estate.edit("vercel") as objects:
        objects.append({"type": "zone", "name": "example.com"})
        for name in ["api", "web", *(f"n{n}" for n in range(100))]:  # Vercel shows the newest first
            objects.append({"type": "dns_record", "id": name, "name": name, **A_RECORD})
    web: Created = (named.DNS_RECORD, "another record", {**WANTED["record"][2], "name": "web"})
    with vendor_api.serve(estate, CREDENTIALS) as addresses:
        environ = {**CREDENTIALS, **addresses.environment}
        wanted = [WANTED["rule"], WANTED["ruleset"], INSIDE[0], WANTED["record"], web]
        assert found(environ, *wanted) == ["rule", "ruleset", "one", "record", "another record"]
        pages = Counter(path.partition("?")[0].rpartition("/")[2] for _vendor, _method, path in addresses.requests)
    assert {name: pages[name] for name in ("graphql", "rulesets", "records")} == {
        "graphql": 2,
        "rulesets": 2,
        "records": 2,
    }


def test_another_object_is_not_taken_for_it(environ: dict[str, str], estate: Estate) -> None:
    estate.seed("github", "branch_protection", repositoryId="app", pattern="ma*")
    estate.seed("github", "ruleset", repository="app", name="Release tags", target="branch", enforcement="active")
    estate.seed("vercel", "environment_variable", projectId="prj_1", key="API", targets=["production"], value="x")
    assert found(environ, WANTED["rule"], WANTED["ruleset"], WANTED["variable"]) == []


def test_what_only_up_will_know_and_what_nobody_answers_is_passed_over(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", told.append)
    unknown: Created = (named.PROJECT_DOMAIN, "domain", {"projectId": UNKNOWN, "domain": "app.example.com"})
    assert found(environ, unknown) == told == []
    refused = {**environ, "VERCEL_API_TOKEN": "another-token-of-a-test-"}
    assert found(refused, WANTED["domain"]) == []
    assert told[0].startswith("whether domain exists already was not looked up: Vercel does not allow VERCEL_API_TOKEN")
    assert found({}, WANTED["environment"], WANTED["ruleset"]) == [], "without a token"


def test_a_vendor_that_does_not_answer_is_asked_once_and_named_once(
    environ: dict[str, str], estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", told.append)
    monkeypatch.setattr("components.accounts.PREVIEW", Patience(tries=1))
    estate.seed("vercel", "domain", projectId="prj_1", domain="app.example.com")
    away = {**environ, "GITHUB_BASE_URL": "http://127.0.0.1:9"}
    wanted = [WANTED["ruleset"], WANTED["environment"], WANTED["rule"], WANTED["domain"]]
    assert found(away, *wanted) == ["domain"], "the other vendors are asked all the same"
    (only,) = told
    assert only.startswith("what exists already at GitHub was not looked up: no usable answer from GitHub to GET")
