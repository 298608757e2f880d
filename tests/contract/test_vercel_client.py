"""Vercel's own client, @vercel/sdk, reads what the simulator answers and can say what this program asks.

It lists deployments under /v7 and rolls back under /v1. The program uses /v6 and /v9, which Vercel's CLI and reference
have had for longer; the simulator answers both in the same way.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from rehearsal.plugins import Estate
from rehearsal.vendor_api import Addresses, serve, vercel_deployments
from rehearsal.vendor_api.vercel import QUERIES

from .test_vendor_api_releases import CREDENTIALS

PACKAGE = "@vercel/sdk@1.28.35"
FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "node"


@pytest.fixture(scope="session")
def folder() -> Path:
    """A folder that has the client, installed by npm."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        pytest.skip("Vercel's client needs Node and npm")
    if not (FOLDER / "node_modules" / "@vercel" / "sdk").is_dir():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(FOLDER), PACKAGE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            pytest.skip(f"npm could not install {PACKAGE}: {done.stderr[-200:]}")
    return FOLDER


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The client, which takes seconds to load, and is loaded once."""
    command = ["node", str(Path(__file__).with_name("vercel_client.mjs")), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.communicate(timeout=120)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    git = {"type": "github", "repo": "acme/platform", "productionBranch": "main"}
    estate.seed("vercel", "project", name="frontend", id="prj_1", gitRepository=git, autoAssignCustomDomains=False)
    estate.seed("vercel", "domain", projectId="prj_1", domain="staging.test", gitBranch="staging")
    for targets, branch in ((["preview", "production"], None), (["preview"], "staging")):
        about = {"projectId": "prj_1", "key": "URL", "value": "x", "sensitive": False, "gitBranch": branch}
        estate.seed("vercel", "environment_variable", **about, targets=targets)
    return estate


@pytest.fixture
def vendors(estate: Estate) -> Iterator[Addresses]:
    with serve(estate, CREDENTIALS, owner="acme", teams={"acme": "team_9"}) as addresses:
        yield addresses


def ask(client: subprocess.Popen[str], vendors: Addresses, *calls: tuple[str, str, dict[str, Any]]) -> list[Any]:
    """What the client makes of each answer. Fails where it cannot read one."""
    client.stdin.write(json.dumps([vendors.vercel, CREDENTIALS["VERCEL_API_TOKEN"], calls]) + "\n")
    client.stdin.flush()
    found = json.loads(client.stdout.readline())
    assert [one for one in found if one.get("error") == "ResponseValidationError"] == []
    return found


def test_a_project_with_its_variables_domains_and_protection(client: Any, vendors: Addresses) -> None:
    project, variables, domain, configuration, team, missing = ask(
        client,
        vendors,
        ("projects", "getProject", {"idOrName": "prj_1"}),
        ("projects", "filterProjectEnvs", {"idOrName": "frontend"}),
        ("projects", "getProjectDomain", {"idOrName": "prj_1", "domain": "staging.test"}),
        ("domains", "getDomainConfig", {"domain": "staging.test"}),
        ("teams", "getTeam", {"teamId": "team_9"}),
        ("projects", "getProject", {"idOrName": "other"}),
    )
    assert (project["answer"]["name"], project["answer"]["rootDirectory"]) == ("frontend", None)
    assert project["answer"]["ssoProtection"] == {"deploymentType": "all_except_custom_domains"}
    kept = [(one["target"], one.get("gitBranch")) for one in variables["answer"]["envs"]]
    assert kept == [(["preview", "production"], None), (["preview"], "staging")]
    assert domain["answer"]["gitBranch"] == "staging"
    assert configuration["answer"]["recommendedIPv4"] == [{"rank": 1, "value": ["76.76.21.21"]}]
    assert team["answer"]["id"] == "team_9"
    assert missing["status"] == 404


def test_builds_promotions_and_rollbacks(client: Any, vendors: Addresses, estate: Estate) -> None:
    first = vercel_deployments.build(estate, "frontend", "a" * 40, "main")
    skipped = vercel_deployments.build(estate, "frontend", "b" * 40, "staging", "CANCELED")
    custom = vercel_deployments.build(estate, "frontend", "c" * 40, "qa", environment="qa")
    about = {"projectId": "prj_1", "deploymentId": first}
    listed, one, *_, project, deleted = ask(
        client,
        vendors,
        ("deployments", "getDeployments", {"projectId": "prj_1", "limit": 100}),
        ("deployments", "getDeployment", {"idOrUrl": first}),
        ("projects", "requestPromote", about),
        ("projects", "requestRollback", about),
        ("projects", "getProject", {"idOrName": "prj_1"}),
        ("deployments", "deleteDeployment", {"id": skipped}),
    )
    states = {found["uid"]: found["state"] for found in listed["answer"]["deployments"]}
    assert states == {first: "READY", skipped: "CANCELED", custom: "READY"}
    of_qa = next(found for found in listed["answer"]["deployments"] if found["uid"] == custom)
    assert (of_qa.get("target"), of_qa["customEnvironment"]["slug"]) == (None, "qa")
    assert one["answer"]["id"] == first
    assert project["answer"]["targets"]["production"]["id"] == first
    assert project["answer"]["lastAliasRequest"]["type"] == "rollback"
    assert deleted["answer"]["state"] == "DELETED"


def test_a_page_says_where_the_next_one_begins(client: Any, vendors: Addresses, estate: Estate) -> None:
    with estate.edit("vercel") as objects:
        about: dict[str, Any] = {
            "type": "deployment",
            "projectId": "prj_1",
            "sha": "a" * 40,
            "branch": "x",
            "state": "READY",
        }
        about |= {"target": None, "served": False, "url": "frontend-x.vercel.app"}
        objects += [{**about, "id": f"dpl_{n}", "created": 1_700_000_000_000 + n} for n in range(25)]
    (first,) = ask(client, vendors, ("deployments", "getDeployments", {"projectId": "prj_1"}))
    page = first["answer"]
    assert (len(page["deployments"]), page["pagination"]["next"]) == (20, 1_700_000_000_005)
    following = {"projectId": "prj_1", "until": page["pagination"]["next"]}
    (second,) = ask(client, vendors, ("deployments", "getDeployments", following))
    assert [one["uid"] for one in second["answer"]["deployments"]] == [f"dpl_{n}" for n in range(4, -1, -1)]
    assert second["answer"]["pagination"]["next"] is None


TYPES = {
    "GET deployments": "GetDeployments",
    "GET deployments/*": "GetDeployment",
    "DELETE deployments/*": "DeleteDeployment",
    "GET domains/*/config": "GetDomainConfig",
    "GET domains/*/records": "GetRecords",
    "GET projects": "GetProjects",
    "GET projects/*": "GetProject",
    "GET projects/*/domains": "GetProjectDomains",
    "GET projects/*/domains/*": "GetProjectDomain",
    "GET projects/*/env": "FilterProjectEnvs",
    "GET projects/*/env/*": "GetProjectEnv",
    "POST projects/*/promote/*": "RequestPromote",
    "POST projects/*/rollback/*": "RequestRollback",
    "GET teams/*": "GetTeam",
}
IN_PATHS = {"id", "idOrName", "idOrUrl", "domain", "deploymentId", "teamId", "slug"}


def test_the_simulator_can_be_asked_with_what_the_client_can(folder: Path) -> None:
    declared = "".join(path.read_text() for path in (folder / "node_modules/@vercel/sdk/esm/models").glob("*.d.ts"))
    of_client = {}
    for operation, name in TYPES.items():
        (fields,) = {*re.findall(rf"^export type {name}Request = {{\n(.*?)^}};", declared, re.MULTILINE | re.DOTALL)}
        named = {*re.findall(r"^    (\w+)\??:", fields, re.MULTILINE)} - IN_PATHS
        of_client[operation] = named - ({"projectId"} if operation.startswith("POST") else set())
    assert of_client == QUERIES


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/v6/deployments?projectId=prj_1&colour=red", "should NOT have additional property `colour`."),
        ("GET", "/v6/deployments?projectId=prj_1&state=DONE", "`state` should be equal to one of the allowed values"),
        ("GET", "/v9/projects/prj_1/domains?limit=500", "`limit` should be <= 100"),
        ("POST", "/v10/projects/prj_1/promote/dpl_1", "should NOT have additional property `force`."),
    ],
)
def test_what_vercel_does_not_know_is_refused(vendors: Addresses, method: str, path: str, said: str) -> None:
    headers = {"Authorization": f"Bearer {CREDENTIALS['VERCEL_API_TOKEN']}"}
    body = {"force": True} if method == "POST" else None
    answer = httpx.request(method, f"{vendors.vercel}{path}", headers=headers, json=body, trust_env=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert said in answer.json()["error"]["message"]
