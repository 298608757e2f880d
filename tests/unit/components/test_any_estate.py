"""A stack that lists its Render objects as a Blueprint does: any number of every kind, referring to each other."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.unit.components.engine import Run, run
from tests.unit.components.test_render import document
from tests.unit.settings.stack_file import StackFile

COMMAND = "command:local:Command"
ESTATE = yaml.safe_load(
    """
region: frankfurt
backend: api
databases:
  - { name: main, plan: pro 4gb, postgresMajorVersion: 17, ipAllowList: [], highAvailability: { enabled: true } }
  - { name: jobs-db, plan: Basic-1GB, region: ohio, ipAllowList: [] }
envVarGroups:
  - { name: shared, envVars: [{ key: LOG_LEVEL, value: INFO }] }
  - { name: mail, envVars: [{ key: SMTP_HOST, value: smtp.example.com }] }
services:
  - { type: redis, name: cache, plan: starter, maxmemoryPolicy: allkeys-lru, ipAllowList: [] }
  - type: pserv
    name: search
    env: docker
    plan: Pro Plus
    disk: { name: index, mountPath: /data, sizeGB: 50 }
  - type: web
    name: front
    env: node
    plan: free
    buildCommand: npm ci
    startCommand: npm start
    domain: www.example.com
    envVars: [{ key: API, fromService: { type: web, name: api, property: hostport } }]
  - type: web
    name: api
    runtime: python
    plan: standard
    buildCommand: make
    startCommand: ./run
    envVars:
      - fromGroup: shared
      - { key: DATABASE_URL, fromDatabase: { name: main, property: connectionString } }
      - { key: CACHE, fromService: { type: redis, name: cache, property: connectionString } }
      - { key: SEARCH, fromService: { type: pserv, name: search, property: hostport } }
  - { type: cron, name: nightly, runtime: python, schedule: 0 3 * * *, buildCommand: make, startCommand: ./nightly }
projects:
  - name: docs
    environments:
      - name: live
        networking: { isolation: enabled }
        services: [{ type: web, name: manual, runtime: static, staticPublishPath: dist, autoDeploy: false }]
        envVarGroups: [{ name: search, envVars: [{ key: A, value: "1" }] }]
"""
)


def stack_file(render: dict[str, Any]) -> StackFile:
    file = StackFile()
    file.config["marketedge:render"] = render
    file.config["marketedge:budgetUsd"] = 1000
    return file


@pytest.fixture(scope="module")
def listed() -> Run:
    result = run(stack_file(ESTATE))
    assert result.error is None
    return result


def test_every_object_is_a_command_of_its_own_name(listed: Run) -> None:
    names = [command.name for command in listed.of(COMMAND)]
    assert sorted(names) == [
        *("api", "cache", "docs", "front", "jobs-db", "mail", "main", "manual", "nightly", "search"),
        "search-envVarGroups",  # a service has that name already
        "shared",
    ]


def test_spellings_are_the_apis_and_regions_the_sections(listed: Run) -> None:
    (main,), (jobs,) = document(listed, "main").databases, document(listed, "jobs-db").databases
    assert (main.plan, main.region, main.postgres_major_version, main.high_availability) == (
        "pro_4gb", "frankfurt", "17", True,
    )  # fmt: skip
    assert (jobs.plan, jobs.region) == ("basic_1gb", "ohio")
    (cache,) = document(listed, "cache").services
    assert cache.maxmemory_policy == "allkeys_lru"
    (front,) = document(listed, "front").services
    assert (front.domains, front.runtime) == (["www.example.com"], "node")  # type: ignore[attr-defined]
    (manual,) = document(listed, "manual").services
    assert (manual.environment, manual.auto_deploy_trigger) == ("docs/live", "off")


def test_a_command_knows_what_it_refers_to_and_nothing_else(listed: Run) -> None:
    def known(name: str) -> dict[str, list[str]]:
        told = document(listed, name).known.model_dump(exclude_defaults=True, exclude={"owner_id"})
        return {section: sorted(objects) for section, objects in told.items()}

    assert known("api") == {"databases": ["main"], "key_values": ["cache"], "env_var_groups": ["shared"]}
    assert known("nightly") == {}
    assert known("manual") == {"environments": ["docs/live"]}
    assert "command:local:Command api" in listed.only(COMMAND, "front").depends_on
    assert "command:local:Command docs" in listed.only(COMMAND, "manual").depends_on


def test_the_backend_is_the_one_that_is_named_and_only_what_has_an_address_has_one(listed: Run) -> None:
    outputs = listed.outputs or {}
    assert outputs["backendUrl"] == "https://api.onrender.com"
    assert set(outputs["serviceUrls"]) == {"api", "front", "manual"}
    assert [record["name"] for record in outputs["dnsRecords"] if record["name"].startswith("www.")] == [
        "www.example.com"
    ]


def test_costs_count_storage_copies_and_disks(listed: Run) -> None:
    assert (listed.outputs or {})["monthlyCostUsd"]["parts"] == {
        "main": 55 + 100 * 0.3,
        "main (standby)": 55 + 100 * 0.3,
        "jobs-db": 19 + 15 * 0.3,
        "cache": 10,
        "search": 175 + 50 * 0.25,
        "front": 0,
        "api": 25,
        "nightly": 1,
        "manual": 0,
    }


DISK = {"name": "index", "mountPath": "/data"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"backend": "cache"}, "backend: 'cache' is no web service of this stack; expected front or api"),
    ({"databases": [{"name": "main", "plan": "free"}]}, "main: ipAllowList is required"),
    (
        {"envVarGroups": [{"name": "shared", "envVars": [{"key": "KEY", "sync": False}]}]},
        "shared: `sync: false` asks for a value in Render's dashboard, which an object that is made here cannot wait "
        "for: KEY; expected fromSecret",
    ),
    (
        {"services": [{"type": "worker", "name": "w", "runtime": "python", "plan": "free"}]},
        "buildCommand and startCommand: required where runtime is python",
    ),
    (
        {"services": [{"type": "worker", "name": "w", "runtime": "docker", "plan": "free"}]},
        "plan: a worker cannot be free; expected starter or another paid plan",
    ),
    (
        {"services": [{"type": "web", "name": "w", "runtime": "docker", "image": {"url": "nginx"}}]},
        "expected image.url where runtime is image, and nowhere else",
    ),
    (
        {"services": [{"type": "pserv", "name": "w", "runtime": "docker", "numInstances": 2, "disk": DISK}]},
        "a service with a disk runs as one instance",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_could_only_fail_later_is_refused_by_the_settings(change: dict[str, Any], message: str) -> None:
    problems = stack_file(ESTATE | change).problems()
    assert any(message in problem for problem in problems), problems


def test_a_stack_without_a_web_service_has_no_address_anywhere() -> None:
    kept = [one for one in ESTATE["services"] if one["type"] in ("cron", "pserv", "redis")]
    render = {key: value for key, value in ESTATE.items() if key not in ("backend", "projects")} | {"services": kept}
    file = stack_file(render)
    environment = file["github"]["environment"]
    environment["variables"] = [v for v in environment["variables"] if not v.get("fromOutput", "").startswith("render")]
    variables = file["vercel"]["variables"]
    file["vercel"]["variables"] = [v for v in variables if not v.get("fromOutput", "").startswith("render")]
    result = run(file)
    assert result.error is None
    assert "backendUrl" not in (result.outputs or {})


def test_what_only_a_blueprint_can_say_is_named() -> None:
    worker: dict[str, Any] = {
        "type": "worker",
        "name": "w",
        "runtime": "docker",
        "previews": {"generation": "manual", "plan": "starter"},
    }
    variables = [{"key": "A", "value": "1", "previewValue": "2"}, {"fromGroup": "shared", "previewValue": "2"}]
    worker |= {"initialDeployHook": "./seed", "envVars": variables}
    result = run(stack_file(ESTATE | {"services": [*ESTATE["services"], worker]}), preview=True)
    assert result.error is None
    told = "w: initialDeployHook, previews.plan, A.previewValue, shared.previewValue: only a Blueprint synced by Render"
    assert any(told in warning for warning in result.warnings)
