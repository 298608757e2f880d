"""Settings that would only fail in the middle of an up, or do nothing at all, are refused at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.stack_file import StackFile

HOST = "staging.zebra.associates"
ROWS: list[tuple[str, Any, str]] = [
    ("vercel.aliases", [HOST], f"marketedge: this section — declared as a domain more than once: {HOST}"),
    ("render.service.domains", [HOST], f"marketedge: this section — declared as a domain more than once: {HOST}"),
    (
        "auth0.loginTest",
        {"application": "MarketEdge Platform (staging)"},
        "marketedge: this section — auth0.loginTest.application: MarketEdge Platform (staging) is the application that "
        "people use",
    ),
    (
        "github.releaseManagers",
        {"teams": ["release-managers"]},
        "marketedge:github: this section — releaseManagers needs releaseTags: without a pattern there is nothing that "
        "they manage",
    ),
    (
        "github.protection.checksBy",
        {"staging-smoke-test": 15368},
        "marketedge:github: this section — protection.checksBy: staging-smoke-test: no phase requires such a check",
    ),
    (
        "vercel.variables.0",
        {"key": "TZ", "value": "UTC"},
        "marketedge:vercel.variables: this list — reserved by Vercel: TZ; expected another name",
    ),
    (
        "auth0.webOrigins",
        [f"https://host{number}.example.com" for number in range(101)],
        "marketedge:auth0.webOrigins: this list — expected at most 100 entries",
    ),
]


@pytest.mark.parametrize(("path", "value", "problem"), ROWS, ids=[f"{path}" for path, _, _ in ROWS])
def test_it_is_one_problem(path: str, value: Any, problem: str) -> None:
    stack_file = StackFile()
    stack_file.put(path, value)
    assert stack_file.problems() == [problem]


WEB = {"type": "web", "name": "w", "runtime": "python", "plan": "starter", "buildCommand": "x", "startCommand": "y"}
IMAGE = {"type": "web", "name": "w", "runtime": "image", "plan": "starter", "image": {"url": "nginx"}}
DOCKER = {"type": "web", "name": "w", "runtime": "docker", "plan": "starter"}
STATIC = {"type": "web", "name": "w", "runtime": "static", "staticPublishPath": "dist"}
CRON = {**WEB, "type": "cron"}
DISK = {"name": "d", "mountPath": "/var/data"}
SCALING = {"minInstances": 1, "maxInstances": 2, "targetCPUPercent": 50}
SERVICES: list[tuple[dict[str, Any], str]] = [
    ({**WEB, "type": "worker", "healthCheckPath": "/x"}, "no such thing"),
    ({**STATIC, "plan": "starter"}, "no such thing"),
    ({**CRON, "schedule": "* * * * *", "disk": DISK}, "no such thing"),
    ({**WEB, "healthCheckPath": "/x?y=1"}, "expected a path such as /health, without a query"),
    ({**WEB, "healthCheckPath": "x"}, "expected a path such as /health, without a query"),
    (CRON, "schedule: required"),
    *(
        ({**CRON, "schedule": one}, "expected a cron expression of five fields")
        for one in ("0 3 * *", "0 3 * * * *", "a b c d e", "60 * * * *", "0 24 * * *", "*/0 * * * *", "5-1 * * * *")
    ),
    *(({**CRON, "schedule": one}, "of five fields") for one in ("@reboot", "0 0 L * *", "0 0 * * 1#2", "0,, * * * *")),
    ({**WEB, "disk": DISK, "numInstances": 2}, "a service with a disk runs as one instance"),
    ({**WEB, "disk": DISK, "scaling": SCALING}, "a service with a disk runs as one instance"),
    ({**WEB, "disk": {**DISK, "mountPath": "data"}}, "expected a path such as /var/data"),
    ({**WEB, "plan": "free", "disk": DISK}, "disk: a free service cannot have that"),
    ({**WEB, "plan": "free", "preDeployCommand": "x"}, "preDeployCommand: a free service cannot have that"),
    ({**WEB, "plan": "free", "numInstances": 2}, "several instances: a free service cannot have that"),
    ({**WEB, "plan": "free", "scaling": SCALING}, "several instances: a free service cannot have that"),
    ({**WEB, "type": "worker", "plan": "free"}, "a worker cannot be free"),
    ({**WEB, "numInstances": 101}, "expected at most 100"),
    ({**WEB, "scaling": {**SCALING, "maxInstances": 101}}, "expected at most 100"),
    ({**WEB, "scaling": {**SCALING, "targetCPUPercent": 95}}, "expected at most 90"),
    ({**WEB, "maxShutdownDelaySeconds": 301}, "expected at most 300"),
    ({**WEB, "plan": "basic_256mb"}, "a plan of another kind of object; expected one such as free, starter"),
    ({**WEB, "plan": "standart"}, "did you mean standard?"),
    ({**IMAGE, "buildCommand": "x", "rootDir": "y"}, "buildCommand, rootDir: runtime image has no such thing"),
    ({**IMAGE, "image": {"url": "nginx:"}}, "expected an image such as"),
    ({**IMAGE, "image": {"url": "a b"}}, "expected an image such as"),
    ({**DOCKER, "startCommand": "x"}, "startCommand: runtime docker has no such thing"),
    ({**WEB, "dockerfilePath": "./Dockerfile"}, "dockerfilePath: runtime python has no such thing"),
    ({**WEB, "image": {"url": "nginx"}}, "expected image.url where runtime is image, and nowhere else"),
    ({**WEB, "rootDir": "/web"}, "expected a folder in the repository"),
    ({**WEB, "rootDir": "../web"}, "expected a folder in the repository"),
    ({**WEB, "branch": "a..b"}, "expected a branch name"),
    ({**WEB, "repo": "git@github.com:a/b.git"}, "expected an address such as https://github.com/acme/shop"),
    ({**WEB, "repo": "acme/shop"}, "expected an address such as https://github.com/acme/shop"),
    ({**WEB, "domains": ["w.onrender.com"]}, "expected a domain of your own"),
    ({**WEB, "renderSubdomainPolicy": "disabled"}, "disabled would leave no address"),
    ({**STATIC, "renderSubdomainPolicy": "disabled"}, "disabled would leave no address"),
    ({**WEB, "maintenanceMode": {"enabled": True, "uri": "soon"}}, "expected an address such as"),
    ({**WEB, "region": "moon"}, "expected 'frankfurt'"),
    ({**WEB, "region": "ohio", "envVars": [{"key": "D", "fromDatabase": {"name": "marketedge-staging-db"}}]},
     "D: marketedge-staging-db is in oregon and w in ohio; expected one region"),
    *(
        ({**WEB, "envVars": [{"key": "PORT", "value": port}]}, "PORT: expected a number up to 65535")
        for port in ("18012", "0", "65536", "http")
    ),
    ({**WEB, "name": "w "}, "expected a name of 1 to 63"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "problem"), SERVICES)
def test_a_service_that_render_would_refuse(service: dict[str, Any], problem: str) -> None:
    stack_file = StackFile()
    stack_file.put("render.otherServices", [service])
    (said,) = stack_file.problems()
    assert problem in said


@pytest.mark.parametrize(
    "service",
    [
        WEB, IMAGE, DOCKER, STATIC, {**CRON, "schedule": "0 3,15 1-7/2 JAN-MAR mon-fri"},
        {**CRON, "schedule": "*/5 * ? * 7"},
        {**WEB, "plan": "a_plan_of_next_year"}, {**WEB, "region": "ohio"}, {**WEB, "rootDir": "./apps/web"},
        {**IMAGE, "image": {"url": "ghcr.io/acme/shop@sha256:abc"}, "dockerCommand": "x", "preDeployCommand": "y"},
    ],
)  # fmt: skip
def test_a_service_that_render_takes(service: dict[str, Any]) -> None:
    stack_file = StackFile()
    stack_file.put("render.otherServices", [service])
    assert stack_file.problems() == []


STORES: list[tuple[str, Any, str]] = [
    ("plan", "standart", "did you mean standard?"),
    ("plan", "pro_max", "a plan of another kind of object"),
    ("diskSizeGB", 15, "diskSizeGB: a free database has 1 GB"),
    ("highAvailability", {"enabled": True}, "highAvailability: a free database has 1 GB"),
    ("readReplicas", [{"name": "r"}], "readReplicas: a free database has 1 GB"),
    ("storageAutoscalingEnabled", True, "storageAutoscalingEnabled: a free database has 1 GB"),
    ("postgresMajorVersion", "10", "Render makes no new database of version 10"),
    ("postgresMajorVersion", "16.1", "expected '10', '11'"),
    (
        "ipAllowList",
        [{"source": "203.0.113.7/24"}],
        "expected a block that begins at its first address: 203.0.113.0/24",
    ),
    ("ipAllowList", [{"source": "203.0.113.0/255.255.255.0"}], "expected an address block in CIDR notation"),
    ("databaseName", "Shop-DB", "expected lower-case letters, digits and _"),
    ("name", "db/1", "expected a name of 1 to 63"),
    ("plan", None, ""),
]


@pytest.mark.parametrize(("key", "value", "problem"), STORES)
def test_a_database_that_render_would_refuse(key: str, value: Any, problem: str) -> None:
    stack_file = StackFile()
    stack_file.put(f"render.database.{key}", value)
    stack_file.put("render.service.envVars.5", {"key": "X", "value": "y"})
    assert [problem in said for said in stack_file.problems()] == ([True] if problem else [])


def test_what_is_kept_in_an_adopted_object_is_nobodys_mistake() -> None:
    stack_file = StackFile()
    stack_file.put(
        "render.databases", [{"name": "old", "ownership": "adopted", "postgresMajorVersion": "10", "plan": "pro"}]
    )
    stack_file.put("render.otherServices", [{"name": "w", "type": "web", "ownership": "adopted", "startCommand": "x"}])
    assert stack_file.problems() == []


def test_a_workspace_has_one_free_instance_of_a_kind() -> None:
    stack_file = StackFile()
    stack_file.put("render.databases", [{"name": "second", "plan": "free", "ipAllowList": []}])
    (said,) = stack_file.problems()
    assert "a workspace has one free instance of a kind: marketedge-staging-db, second" in said


def test_an_address_of_a_service_needs_one() -> None:
    stack_file = StackFile()
    del stack_file["render"]["service"]
    (said,) = stack_file.problems()
    assert "fromOutput render.serviceId and render.serviceUrl needs a web service in marketedge:render" in said


NAMES: list[tuple[str, Any, str]] = [
    ("vercel.variables.0.key", "API-URL", "expected letters, digits and _, with a letter first; found API-URL"),
    ("vercel.variables.0.key", "_API", "expected letters, digits and _, with a letter first; found _API"),
    ("vercel.settings", {"productionBranch": "main", "rootDirectory": "/web"}, "expected a folder in the repository"),
    ("github.environment.variables.0.key", "GITHUB_X", "without GITHUB_ in front"),
    ("github.environment.variables.0.key", "lower", "expected upper-case letters"),
    ("github.environment.variables.0", {"key": "X", "value": "x" * 49_153}, "longer than 48 KB: X"),
    ("github.environment.variables", [{"key": f"V{n}", "value": "x"} for n in range(101)], "at most 100 of them"),
    ("github.environment.tags", "refs/tags/v*", "without refs/tags/"),
    ("github.releaseTags", "refs/tags/v*", "without refs/tags/"),
    ("github.repository", "zebra-devops/MarketEdge-Platform", "without its owner"),
    *(("vercel.domain", host, "expected a host name") for host in ("a.example.com.", "a_b.example.com", "*.a.example")),
    *(("vercel.domain", host, "expected a host name") for host in ("A.example.com", "münchen.example", "localhost")),
    ("vercel.domain", ".".join(["a" * 60] * 5), "expected a host name"),
    ("vercel.domain", None, "empty — expected text"),
    ("render.service.domains.0", "a.example.com.", "expected a host name"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "problem"), NAMES)
def test_a_name_that_its_vendor_would_refuse_is_one_problem(path: str, value: Any, problem: str) -> None:
    stack_file = StackFile()
    stack_file.put(path, value)
    (said,) = stack_file.problems()
    assert problem in said


def test_a_stack_is_no_peer_of_itself() -> None:
    stack_file = StackFile()
    stack_file.config["marketedge:peers"] = ["staging", "production"]
    assert stack_file.problems() == ["marketedge: this section — peers: staging is this environment itself"]


def test_managers_have_to_be_somebody() -> None:
    stack_file = StackFile("production")
    stack_file["github"]["releaseManagers"] = {}
    assert stack_file.problems() == ["marketedge:github.releaseManagers: this section — expected a team or a role"]


def test_previews_are_not_of_the_production_branch() -> None:
    """Vercel binds neither a variable nor a domain to it (terraform-provider-vercel, pull request 20)."""
    stack_file = StackFile()
    stack_file.put("vercel.settings", {"productionBranch": "staging"})
    stack_file.put("vercel.target", "preview")
    (said,) = stack_file.problems()
    assert "vercel.target: staging is Vercel's production branch; expected production" in said
