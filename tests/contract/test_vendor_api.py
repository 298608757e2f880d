"""The simulators of GitHub, Auth0 and Vercel answer in the vendors' documented shapes, and the finders understand them.

The shapes are those of the vendors' references (named at each test), the properties that they mark as required.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from components.accounts import Accounts
from components.accounts.api import VendorError, VendorForbidden, VendorUnauthorized
from components.accounts.auth0 import Auth0
from components.accounts.github import GitHub
from components.accounts.lookup import LOOK_UPS, look_up
from components.accounts.repository import Repository
from components.accounts.vercel import Vercel
from components.required_checks import Evidence, read_evidence
from rehearsal.plugins import Estate
from rehearsal.vendor_api import Addresses, github_git, github_issues, serve

CREDENTIALS = {
    "GITHUB_TOKEN": "ghp_contract",
    "AUTH0_DOMAIN": "contract.auth0.com",
    "AUTH0_CLIENT_ID": "management",
    "AUTH0_CLIENT_SECRET": "management-secret",
    "VERCEL_API_TOKEN": "a" * 24,
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
WHERE = {"repository": "platform", "environment": "staging"}


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name="platform", private=True)
    estate.seed("github", "branch", repository="platform", branch="main", sha="a" * 40)
    estate.seed("github", "branch", repository="platform", branch="feature/one", sha="b" * 40)
    custom = {"protectedBranches": False, "customBranchPolicies": True}
    estate.seed("github", "environment", **WHERE, deploymentBranchPolicy=custom)
    estate.seed("github", "deployment_policy", **WHERE, tagPattern="v*")
    for number in range(35):
        estate.seed("github", "environment_variable", **WHERE, variableName=f"V{number}", value="x")
    estate.seed("github", "environment_secret", **WHERE, secretName="PASSWORD", value="hidden")
    estate.seed("github", "ruleset", repository="platform", name="tags", target="tag", enforcement="active", rules={})
    repository = estate.find("github", "repository")
    assert repository
    estate.seed("github", "branch_protection", repositoryId=repository["nodeId"], pattern="release/*")
    estate.seed("auth0", "client", name="MarketEdge", appType="regular_web", description="ours")
    estate.seed("vercel", "project", name="frontend", id="prj_1")
    estate.seed("vercel", "domain", projectId="prj_1", domain="staging.example.com", gitBranch="staging")
    estate.seed(
        "vercel",
        "environment_variable",
        projectId="prj_1",
        key="URL",
        value="https://x",
        targets=["preview"],
        sensitive=False,
    )
    return estate


@pytest.fixture
def vendors(estate: Estate) -> Iterator[Addresses]:
    with serve(estate, CREDENTIALS, owner="acme") as addresses:
        yield addresses


def get(url: str, token: str = CREDENTIALS["GITHUB_TOKEN"], **query: str) -> httpx.Response:
    return httpx.get(url, params=query, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def github(vendors: Addresses, path: str = "", token: str = CREDENTIALS["GITHUB_TOKEN"], **query: str) -> Any:
    return get(f"{vendors.github}/api/v3/repos/acme/platform{path}", token, **query).json()


def test_github_shows_a_repository_and_a_reference(vendors: Addresses) -> None:
    """docs.github.com/en/rest/repos/repos#get-a-repository, /rest/git/refs#get-a-reference."""
    assert {"id", "node_id", "name", "full_name", "private", "owner"} <= github(vendors).keys()
    reference = github(vendors, "/git/ref/heads/feature/one")
    assert reference["ref"] == "refs/heads/feature/one"
    assert (reference["object"]["type"], reference["object"]["sha"]) == ("commit", "b" * 40)


def test_github_shows_an_environment_its_policies_variables_and_secrets(vendors: Addresses) -> None:
    """/rest/deployments/environments and /branch-policies, /rest/actions/variables and /secrets."""
    environment = github(vendors, "/environments/staging")
    assert {"id", "node_id", "name", "protection_rules", "deployment_branch_policy"} <= environment.keys()
    policies = github(vendors, "/environments/staging/deployment-branch-policies")
    assert policies["total_count"] == 1
    assert {name: policies["branch_policies"][0][name] for name in ("name", "type")} == {"name": "v*", "type": "tag"}
    variables = github(vendors, "/environments/staging/variables")
    assert (variables["total_count"], len(variables["variables"])) == (35, 10), "10 a page unless asked for more"
    assert len(github(vendors, "/environments/staging/variables", per_page="100")["variables"]) == 30, "30 at most"
    assert variables["variables"][0].keys() == {"name", "value", "created_at", "updated_at"}
    assert TIME.fullmatch(variables["variables"][0]["created_at"])
    secret = github(vendors, "/environments/staging/secrets")["secrets"][0]
    assert secret.keys() == {"name", "created_at", "updated_at"}


def test_github_lists_rulesets_bare(vendors: Addresses) -> None:
    """/rest/repos/rules#get-all-repository-rulesets."""
    (ruleset,) = github(vendors, "/rulesets", includes_parents="false")
    assert {"id", "name", "target", "source_type", "source", "enforcement"} <= ruleset.keys()
    assert isinstance(ruleset["id"], int)


def test_github_refuses_strangers_and_hides_what_they_may_not_see(vendors: Addresses) -> None:
    """/rest/using-the-rest-api/troubleshooting-the-rest-api: 401 Bad credentials, 404 in place of 403."""
    assert github(vendors, token="wrong") == {
        "message": "Bad credentials",
        "documentation_url": "https://docs.github.com/rest",
        "status": "401",
    }
    missing = get(f"{vendors.github}/api/v3/repos/acme/other")
    assert (missing.status_code, missing.json()["message"]) == (404, "Not Found")


def test_the_look_up_at_github_finds_everything_and_nothing_else(vendors: Addresses) -> None:
    config = {"github:owner": "acme", "github:token": CREDENTIALS["GITHUB_TOKEN"], "github:baseUrl": vendors.github}
    staging = {"repository": "platform", "environment": "staging"}

    def found(kind: str, **inputs: str) -> str | None:
        there = look_up(accounts, next(type for type in LOOK_UPS if type.endswith(f":{kind}")), inputs)
        return there.import_id.partition(":")[2] if there else None

    with Accounts({}, config) as accounts:
        node_id = accounts.github.repository("platform").node_id
        assert found("Branch", repository="platform", branch="feature/one") == "feature/one:main"
        assert not found("Branch", repository="platform", branch="feature")
        assert found("BranchProtection", repositoryId=node_id, pattern="release/*") == "release/*"
        assert not found("BranchProtection", repositoryId=node_id, pattern="release")
        assert found("RepositoryEnvironment", **staging) == "staging"
        assert not found("RepositoryEnvironment", **{**staging, "environment": "production"})
        assert found("RepositoryEnvironmentDeploymentPolicy", **staging, tagPattern="v*")
        assert not found("RepositoryEnvironmentDeploymentPolicy", **staging, branchPattern="v*")
        assert found("ActionsEnvironmentVariable", **staging, variableName="V34"), "on the second page"
        assert not found("ActionsEnvironmentVariable", **staging, variableName="V35")
        assert not found(
            "ActionsEnvironmentVariable", repository="platform", environment="production", variableName="V1"
        )
        assert found("ActionsEnvironmentSecret", **staging, secretName="PASSWORD")
        assert found("RepositoryRuleset", repository="platform", name="tags", target="tag")
        assert not found("RepositoryRuleset", repository="platform", name="tags", target="branch")
        lists = [path for _, _, path in vendors.requests if "/staging/variables" in path]
        assert len(lists) == 2, "two pages, asked for once"
        with pytest.raises(VendorError, match="no repository with the node id"):
            found("BranchProtection", repositoryId="R_stranger", pattern="main")


def token(vendors: Addresses, **changed: str) -> httpx.Response:
    question = {
        "grant_type": "client_credentials",
        "client_id": "management",
        "client_secret": "management-secret",
        "audience": "https://contract.auth0.com/api/v2/",
    }
    return httpx.post(f"{vendors.auth0}/oauth/token", json={**question, **changed}, trust_env=False)


def test_auth0_gives_a_token_to_the_management_application_only(vendors: Addresses) -> None:
    """auth0.com/docs/api/authentication/client-credential-flow/get-token."""
    given = token(vendors).json()
    assert given.keys() == {"access_token", "scope", "expires_in", "token_type"}
    assert (given["scope"].split()[0], given["token_type"]) == ("read:clients", "Bearer")
    assert token(vendors, client_secret="wrong").status_code == 401
    assert token(vendors, audience="https://other/").status_code == 403


def test_auth0_lists_applications_bare_or_with_totals(vendors: Addresses) -> None:
    """auth0.com/docs/api/management/v2/clients/get-clients."""
    access = token(vendors).json()["access_token"]
    url = f"{vendors.auth0}/api/v2/clients"
    (bare,) = get(url, access).json()
    assert bare["name"] == "MarketEdge"
    assert "client_secret" not in bare
    totals = get(url, access, include_totals="true", fields="client_id,name", per_page="100").json()
    assert {name: totals[name] for name in ("total", "start", "limit")} == {"total": 1, "start": 0, "limit": 100}
    assert totals["clients"][0].keys() == {"client_id", "name"}
    stranger = get(url, "wrong")
    assert (stranger.status_code, stranger.json()["error"]) == (401, "Unauthorized")
    assert get(url, access, per_page="101").status_code == 400


def auth0(vendors: Addresses, secret: str = "management-secret") -> Auth0:
    return Auth0("contract.auth0.com", "management", secret, base_url=vendors.auth0)


def test_the_finder_of_auth0_reads_every_page(estate: Estate, vendors: Addresses) -> None:
    with estate.edit("auth0") as objects:
        objects += [{"type": "client", "id": f"c{n}", "clientId": f"c{n}", "name": "Many"} for n in range(120)]
    found = auth0(vendors)
    assert [client.app_type for client in found.named("MarketEdge")] == ["regular_web"]
    assert len(found.named("Many")) == 120
    assert found.with_id("c119")
    assert not found.with_id("c120")


def test_the_finder_of_auth0_says_what_is_missing(estate: Estate, vendors: Addresses) -> None:
    with pytest.raises(VendorUnauthorized, match="AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET"):
        auth0(vendors, "wrong").clients()
    for scopes in ((), ("update:clients",)):
        with serve(estate, CREDENTIALS, scopes=scopes) as others, pytest.raises(VendorForbidden, match="read:clients"):
            auth0(others).clients()


def vercel(vendors: Addresses, path: str, token: str = CREDENTIALS["VERCEL_API_TOKEN"], **query: str) -> httpx.Response:
    return get(f"{vendors.vercel}{path}", token, **query)


def test_vercel_shows_a_project_its_domain_and_its_variables(vendors: Addresses) -> None:
    """vercel.com/docs/rest-api/reference/endpoints/projects: the three read endpoints."""
    assert vercel(vendors, "/v9/projects/frontend").json()["id"] == "prj_1"
    domain = vercel(vendors, "/v9/projects/prj_1/domains/staging.example.com").json()
    assert {"name", "apexName", "projectId", "verified"} <= domain.keys()
    assert (domain["apexName"], domain["gitBranch"]) == ("example.com", "staging")
    (variable,) = vercel(vendors, "/v10/projects/prj_1/env").json()["envs"]
    assert (variable["key"], variable["target"], variable["type"]) == ("URL", ["preview"], "encrypted")
    assert "https://x" not in str(variable), "values come encrypted"


def test_vercel_lists_the_records_of_a_zone(estate: Estate, vendors: Addresses) -> None:
    """vercel.com/docs/rest-api/dns/list-existing-dns-records."""
    record = {"domain": "example.com", "name": "api", "recordType": "CNAME", "value": "x.onrender.com."}
    with estate.edit("vercel") as objects:
        objects.append({"type": "zone", "name": "example.com"})
        objects.append({"type": "dns_record", "id": "rec_1", **record})
    (found,) = vercel(vendors, "/v5/domains/example.com/records").json()["records"]
    assert {key: found[key] for key in ("id", "name", "type", "value")} == {
        "id": "rec_1",
        "name": "api",
        "type": "CNAME",
        "value": "x.onrender.com.",
    }
    assert vercel(vendors, "/v5/domains/other.com/records").status_code == 404
    at_vercel = Vercel(CREDENTIALS["VERCEL_API_TOKEN"], base_url=vendors.vercel)
    assert [one["id"] for one in at_vercel.records("example.com")] == ["rec_1"]
    assert at_vercel.records("other.com") == []


def test_vercel_lists_projects_in_pages_that_begin_with_from(estate: Estate, vendors: Addresses) -> None:
    """vercel.com/docs/rest-api/projects/retrieve-a-list-of-projects: it takes `from`, and no `until`."""
    link = {"type": "github", "repo": "acme/shop"}
    with estate.edit("vercel") as objects:
        for n in range(120):
            objects.append({"type": "project", "id": f"prj_{n}", "name": f"shop-{n}", "gitRepository": link})
    at_vercel = Vercel(CREDENTIALS["VERCEL_API_TOKEN"], base_url=vendors.vercel)
    assert len({one["id"] for one in at_vercel.projects("shop")}) == 120
    assert vercel(vendors, "/v10/projects", until="1").status_code == 400


def test_vercel_refuses_strangers_and_hides_other_teams(estate: Estate, vendors: Addresses) -> None:
    """vercel.com/docs/rest-api/reference/errors: `{error: {code, message}}`."""
    refused = vercel(vendors, "/v9/projects/prj_1", "wrong")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert vercel(vendors, "/v9/projects/prj_1", teamId="team_x").status_code == 403
    missing = vercel(vendors, "/v9/projects/prj_2")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")


def test_the_finder_of_vercel_finds_by_name_and_team(estate: Estate) -> None:
    estate.seed("vercel", "project", name="teams", id="prj_2", teamId="team_9")
    with serve(estate, CREDENTIALS, teams={"acme": "team_9"}) as vendors:
        found = Vercel(CREDENTIALS["VERCEL_API_TOKEN"], base_url=vendors.vercel)
        assert found.domain("prj_1", "staging.example.com")
        assert not found.domain("prj_1", "other.example.com")
        assert [variable.key for variable in found.variables("prj_1")] == ["URL"]
        with pytest.raises(VendorError, match="no project prj_2 outside teams"):
            found.variables("prj_2")
        team = Vercel(CREDENTIALS["VERCEL_API_TOKEN"], "acme", base_url=vendors.vercel)
        assert (team.team_id, team.variables("prj_2")) == ("team_9", [])
        with pytest.raises(VendorError, match="no team 'other'"):
            assert Vercel(CREDENTIALS["VERCEL_API_TOKEN"], "other", base_url=vendors.vercel).team_id


def test_the_evidence_of_required_checks_is_what_github_shows(estate: Estate, vendors: Addresses) -> None:
    """docs.github.com/en/rest: repos/contents, pulls, checks/runs, commits/statuses, branches/branch-protection."""
    path = ".github/workflows/test.yml"
    estate.seed(
        "github", "file", repository="platform", branch="main", file=path, content="on: push\njobs: {unit: {}}\n"
    )
    github_issues.pull(estate, "platform", 3, head="c" * 40)
    github_git.status(estate, "platform", "c" * 40, "external/ci")

    def evidence(branch: str) -> Evidence:
        github = GitHub("acme", CREDENTIALS["GITHUB_TOKEN"], base_url=vendors.github)
        return read_evidence(Repository(github, "platform"), branch, branch, ["unit", "external/ci"], "smoke")

    found = evidence("main")
    assert [job.contexts for job in found.workflows.jobs] == [("unit",)]
    assert (found.heads, found.required) == ((frozenset({"external/ci"}),), frozenset())
    with pytest.raises(VendorError, match="404"):
        evidence("feature/one")
