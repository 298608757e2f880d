"""Every kind of object: made, changed field by field, found when somebody else changed it, adopted, and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blueprint.errors import MissingReference, Refused
from blueprint.marker import KEY
from tests.unit.blueprint.account import OWNER, Account
from tests.unit.blueprint.documents import REPO, database, key_value, service, variables

Json = dict[str, Any]
NATIVE = {"buildCommand": "make", "startCommand": "./run"}
BUILT = {"repo": REPO, "branch": "staging"}


def running(kind: str, **changes: Any) -> Json:
    """A service of a kind that runs a process."""
    one = {"type": kind, "name": kind, "runtime": "python", "plan": "starter", "region": "oregon", **BUILT, **NATIVE}
    return one | ({"schedule": "0 3 * * *"} if kind == "cron" else {}) | changes


def image(kind: str, **changes: Any) -> Json:
    """The same from an image."""
    kept = {key: value for key, value in running(kind).items() if key not in (*NATIVE, *BUILT)}
    return kept | {"runtime": "image", "image": {"url": "docker.io/library/nginx:1.27"}} | changes


def docker(kind: str, **changes: Any) -> Json:
    kept = {key: value for key, value in running(kind).items() if key not in NATIVE}
    return kept | {"runtime": "docker"} | changes


def site(**changes: Any) -> Json:
    one = {"type": "web", "name": "site", "runtime": "static", "buildCommand": "npm run build", **BUILT}
    return one | {"staticPublishPath": "dist"} | changes


def of(*services: Json) -> Json:
    return {"services": list(services)}


SERVICES: dict[str, Json] = {
    "web": running("web", healthCheckPath="/health"),
    "private": running("pserv"),
    "worker": running("worker"),
    "cron": running("cron"),
    "static": site(),
    "docker": docker("worker", dockerfilePath="./docker/Dockerfile"),
    "docker cron": docker("cron"),
    "image": image("web"),
    "image cron": image("cron"),
}
VALUE = variables(A="1")


def credentials(account: Account) -> None:
    for number, name in enumerate(("ghcr", "other")):
        account.estate.registry_credentials[f"rgc-{number}"] = registry(f"rgc-{number}", name)


def registry(identity: str, name: str) -> Json:
    return {
        "id": identity,
        "name": name,
        "registry": "GITHUB",
        "username": "bot",
        "updatedAt": "2026-01-01T00:00:00Z",
        "_ownerId": OWNER,
    }


# Services


@pytest.mark.parametrize("kind", SERVICES)
def test_a_service_is_made_observed_clean_and_deleted(account: Account, kind: str) -> None:
    document = of(SERVICES[kind] | {"envVars": VALUE})
    report = account.apply(document)
    (name,) = report["services"]
    assert ("url" in report["services"][name]) == (SERVICES[kind]["type"] == "web")
    assert account.variables(name) == {"A": "1"}
    assert account.drift(document) == {}

    account.apply(document)
    assert account.writes() == []
    account.destroy(document, report)
    assert account.estate.services == {}


CREDS = {"fromRegistryCreds": {"name": "ghcr"}}
WAS, NOW = {"maxShutdownDelaySeconds": 30}, {"maxShutdownDelaySeconds": 120}
AUTO = {"minInstances": 1, "maxInstances": 3, "targetCPUPercent": 60}
DISK = {"name": "data", "mountPath": "/var/data"}
DOWN = {"enabled": True, "uri": "https://down.example.com"}
OFFICE = [{"source": "203.0.113.7"}]
HOME = [{"source": "198.51.100.0/24", "description": "home"}]
HEADER = {"path": "/*", "name": "X-Frame-Options", "value": "DENY"}
ROUTE = {"type": "rewrite", "source": "/*", "destination": "/index.html"}
# What is declared first, what then, and whether that takes a deploy.
CHANGES: dict[str, tuple[Json, Json, bool]] = {
    "plan": (running("worker"), {"plan": "standard"}, False),
    "a plan of the newer names": (running("worker"), {"plan": "1c-2g"}, False),
    "branch": (running("pserv"), {"branch": "release"}, True),
    "rootDir": (running("pserv"), {"rootDir": "backend"}, True),
    "buildCommand": (running("worker"), {"buildCommand": "make all"}, True),
    "startCommand": (running("cron"), {"startCommand": "./nightly"}, True),
    "preDeployCommand": (running("web"), {"preDeployCommand": "./migrate"}, True),
    "healthCheckPath": (running("web"), {"healthCheckPath": "/up"}, True),
    "schedule": (running("cron"), {"schedule": "*/5 * * * *"}, False),
    "numInstances": (running("worker", numInstances=1), {"numInstances": 3}, False),
    "numInstances newly": (running("worker"), {"numInstances": 2}, False),
    "scaling": (running("web", scaling=AUTO), {"scaling": AUTO | {"maxInstances": 5}}, False),
    "scaling newly": (running("web"), {"scaling": AUTO}, False),
    "disk larger": (running("web", disk=DISK), {"disk": DISK | {"sizeGB": 20}}, True),
    "disk newly": (running("pserv"), {"disk": DISK | {"sizeGB": 5}}, True),
    "maxShutdownDelaySeconds": (running("worker", **WAS), NOW, True),
    "previews": (running("web"), {"previews": {"generation": "automatic"}}, False),
    "autoDeployTrigger": (running("web"), {"autoDeployTrigger": "checksPass"}, False),
    "buildFilter": (running("worker"), {"buildFilter": {"paths": ["api/**"]}}, False),
    "ipAllowList": (running("web", ipAllowList=OFFICE), {"ipAllowList": HOME}, False),
    "renderSubdomainPolicy": (running("web", domains=["a.test"]), {"renderSubdomainPolicy": "disabled"}, False),
    "maintenanceMode": (running("web"), {"maintenanceMode": DOWN}, False),
    "dockerCommand": (docker("web"), {"dockerCommand": "./serve"}, True),
    "dockerfilePath": (docker("worker"), {"dockerfilePath": "./ops/Dockerfile"}, True),
    "dockerContext": (docker("cron"), {"dockerContext": "./api"}, True),
    "registryCredential": (docker("worker"), {"registryCredential": CREDS}, True),
    "image": (image("web"), {"image": {"url": "docker.io/library/nginx:1.28"}}, True),
    "image's credentials": (image("web"), {"image": {"url": "nginx:1.27", "creds": CREDS}}, True),
    "runtime": (running("worker"), {"runtime": "node"}, True),
    "staticPublishPath": (site(), {"staticPublishPath": "build"}, True),
    "site's buildCommand": (site(), {"buildCommand": "npm run all"}, True),
    "headers": (site(headers=[HEADER]), {"headers": [HEADER | {"value": "SAMEORIGIN"}]}, False),
    "headers newly": (site(), {"headers": [HEADER]}, False),
    "routes": (site(routes=[ROUTE]), {"routes": [ROUTE | {"type": "redirect"}, ROUTE]}, False),
    "routes none": (site(routes=[ROUTE]), {"routes": []}, False),
    "domains": (site(domains=["a.example.com"]), {"domains": ["b.example.com"]}, False),
}  # fmt: skip


def deploys(account: Account) -> int:
    return sum(line.endswith("/deploys") for line in account.writes())


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_field_is_written_once_and_deployed_where_that_takes_it_up(account: Account, what: str) -> None:
    first, change, deployed = CHANGES[what]
    credentials(account)
    account.apply(of(first))
    changed = of(first | change)
    assert [line for line in account.drift(changed).get(first["name"], []) if "not applied" not in line] == []
    account.apply(changed)
    assert account.writes() != []
    assert deploys(account) == deployed

    assert account.drift(changed) == {}
    account.apply(changed)
    assert account.writes() == []


@pytest.mark.parametrize(
    "what", [what for what in CHANGES if "newly" not in what and what not in ("domains", "disk larger")]
)
def test_a_field_that_somebody_changes_is_drift_by_its_key_and_put_back(account: Account, what: str) -> None:
    first, change, _ = CHANGES[what]
    (key,) = change
    credentials(account)
    declared = of(first | change)
    account.apply(declared)
    account.apply(of(first | _others(change, first)))  # the same account, as somebody else would leave it
    (service_id,) = account.estate.env_vars
    account.apply(declared)
    marker = account.estate.env_vars[service_id][KEY]
    account.apply(of(first | _others(change, first)))
    account.estate.env_vars[service_id][KEY] = marker

    (found,) = account.drift(declared)[first["name"]]
    assert found.startswith(f"{key} changed")
    account.apply(declared)
    assert account.drift(declared) == {}


def _others(change: Json, first: Json) -> Json:
    """What somebody else would set: another value for a field that is not declared first."""
    (key,) = change
    instead = {
        "plan": "pro", "previews": {"generation": "manual"}, "registryCredential": None, "rootDir": "elsewhere",
        "preDeployCommand": "./other", "buildFilter": {"paths": ["x/**"]}, "autoDeployTrigger": "off",
        "healthCheckPath": "/other", "renderSubdomainPolicy": "enabled", "dockerContext": "./b",
        "maintenanceMode": {"enabled": False, "uri": ""}, "dockerCommand": "./x", "dockerfilePath": "./y",
    }  # fmt: skip
    if key == "registryCredential":
        return {"registryCredential": {"fromRegistryCreds": {"name": "other"}}}
    return {} if key in first else {key: instead[key]}


FIXED: dict[str, tuple[Json, Json, str]] = {
    "region": (running("pserv"), {"region": "ohio"}, "exists in oregon, declared ohio"),
    "type": (running("pserv", name="x"), running("worker", name="x"), "is a private_service, declared as a background"),
    "a site's kind": (site(name="x"), running("web", name="x"), "is a static_site, declared as a web service"),
    "a smaller disk": (
        running("web", disk={"name": "d", "mountPath": "/d", "sizeGB": 20}),
        {"disk": {"name": "d", "mountPath": "/d", "sizeGB": 10}},
        "its disk has 20 GB and cannot shrink. Declare sizeGB: 20",
    ),
}


@pytest.mark.parametrize("what", FIXED)
def test_what_render_fixes_is_refused_before_anything_is_written(account: Account, what: str) -> None:
    first, change, message = FIXED[what]
    account.apply(of(first))
    for look_or_apply in (account.observe, account.apply):
        with pytest.raises(Refused, match=message):
            look_or_apply(of(change if "type" in change else first | change))
        assert account.writes() == []


def test_a_registry_credential_that_the_workspace_does_not_have_is_named(account: Account) -> None:
    with pytest.raises(MissingReference, match="no registry credential is named 'ghcr': add it at Workspace Settings"):
        account.apply(of(image("web", image={"url": "ghcr.io/a/b:1", "creds": CREDS})))
    assert account.writes() == []


@pytest.mark.parametrize("kind", SERVICES)
def test_an_adopted_service_is_changed_and_neither_deployed_nor_deleted(account: Account, kind: str) -> None:
    account.apply(of(SERVICES[kind]))
    name = SERVICES[kind]["name"]
    kept = {key: SERVICES[kind][key] for key in ("type", "name", "runtime") if key in SERVICES[kind]}
    document = of(kept | {"ownership": "adopted", "envVars": VALUE, "autoDeployTrigger": "off"})
    account.apply(document)
    assert account.variables(name) == {"A": "1"}
    assert account.drift(document) == {}
    assert deploys(account) == 0

    account.destroy(document)
    assert list(account.estate.services) != []
    assert KEY not in account.variables(name)


def test_a_service_that_another_has_made_is_not_emptied(account: Account) -> None:
    account.apply(of(running("worker", envVars=variables(OLD="only copy"), domains=[])))
    (present,) = account.estate.env_vars.values()
    del present[KEY]
    document = of(running("worker", envVars=VALUE))

    found = account.observe(document)["services"]["worker"]
    assert "would lose variable OLD" in found["refused"]
    assert account.drift(document) == {"worker": ["object unmarked", "env.OLD undeclared"]}
    with pytest.raises(Refused, match=r"not made by this program.*would lose variable OLD"):
        account.apply(document)
    assert present == {"OLD": "only copy"}

    account.apply(of(running("worker", envVars=VALUE, takeOver=True)))
    assert account.variables("worker") == {"A": "1"}


# Databases and key-value instances

STORES: dict[str, tuple[Json, Json, str]] = {
    "plan": ({"databases": [database(plan="basic_256mb")]}, {"plan": "basic_1gb"}, "plan"),
    "diskSizeGB": ({"databases": [database(plan="pro_4gb", diskSizeGB=10)]}, {"diskSizeGB": 20}, "diskSizeGB"),
    "high availability": (
        {"databases": [database(plan="pro_4gb")]},
        {"highAvailability": {"enabled": True}},
        "highAvailability",
    ),
    "autoscaling": (
        {"databases": [database(plan="pro_4gb")]},
        {"storageAutoscalingEnabled": True},
        "storageAutoscalingEnabled",
    ),
    "replicas": ({"databases": [database(plan="pro_4gb")]}, {"readReplicas": [{"name": "copy"}]}, "readReplicas"),
    "allow list": ({"databases": [database()]}, {"ipAllowList": OFFICE}, "ipAllowList"),
    "cache plan": (of(key_value(plan="starter")), {"plan": "standard"}, "plan"),
    "policy": (of(key_value()), {"maxmemoryPolicy": "noeviction"}, "maxmemoryPolicy"),
    "persistence": (of(key_value(plan="starter")), {"persistenceMode": "off"}, "persistenceMode"),
}


@pytest.mark.parametrize("what", STORES)
def test_a_changed_field_of_a_datastore_is_not_applied_until_it_is(account: Account, what: str) -> None:
    document, change, key = STORES[what]
    ((section, (first,)),) = document.items()
    made = account.apply(document)
    changed = {section: [first | change]}
    name = first["name"]

    (line,) = account.drift(changed, made)[name]
    assert line.startswith(f"{key} not applied")
    made = account.apply(changed, made=made)
    assert account.drift(changed, made) == {}
    account.apply(changed)
    assert account.writes() == []
    account.destroy(changed, made)
    assert (account.estate.postgres, account.estate.key_values) == ({}, {})


def test_a_datastore_that_somebody_changes_has_drift_also_where_the_declaration_changed(account: Account) -> None:
    document = {"databases": [database(plan="pro_4gb", ipAllowList=[])]}
    made = account.apply(document)
    account.estate.find_postgres("staging-db")["plan"] = "pro_8gb"
    assert account.drift(document, made) == {"staging-db": ["plan changed: pro_4gb → pro_8gb"]}

    changed = {"databases": [database(plan="pro_16gb", ipAllowList=OFFICE)]}
    allowed = [{"cidrBlock": "203.0.113.7/32", "description": ""}]
    assert account.drift(changed, made) == {
        "staging-db": ["plan changed: pro_4gb → pro_8gb", f"ipAllowList not applied: {allowed} → []"]
    }


def test_storage_that_render_enlarged_is_neither_drift_nor_an_error(account: Account) -> None:
    document = {"databases": [database(plan="pro_4gb", diskSizeGB=10, storageAutoscalingEnabled=True)]}
    made = account.apply(document)
    account.estate.find_postgres("staging-db")["diskSizeGB"] = 25
    assert account.drift(document, made) == {}
    account.apply(document)
    assert account.writes() == []


def test_storage_that_somebody_enlarged_is_to_be_declared(account: Account) -> None:
    document = {"databases": [database(plan="pro_4gb", diskSizeGB=10)]}
    account.apply(document)
    account.estate.find_postgres("staging-db")["diskSizeGB"] = 25
    for look_or_apply in (account.observe, account.apply):
        with pytest.raises(Refused, match=r"has 25 GB, declared 10: .*never smaller. Declare diskSizeGB: 25"):
            look_or_apply(document)


@pytest.mark.parametrize("document", [{"databases": [database()]}, of(key_value())], ids=["database", "key-value"])
def test_an_adopted_datastore_has_to_exist_keeps_what_is_not_declared_and_stays(
    account: Account, document: Json
) -> None:
    ((section, (first,)),) = document.items()
    kept = {key: first[key] for key in ("type", "name") if key in first} | {"ownership": "adopted"}
    with pytest.raises(Refused, match="declared as adopted and does not exist"):
        account.apply({section: [kept]})

    made = account.apply(document)
    account.apply({section: [kept | {"ipAllowList": OFFICE}]})
    assert [line.split()[0] for line in account.writes()] == ["PATCH"]
    account.destroy({section: [kept]}, made)
    assert len(account.estate.postgres) + len(account.estate.key_values) == 1


# Groups


def test_the_hundred_and_first_group_is_found(account: Account) -> None:
    for number in range(101):
        account.clock.now += 2
        account.apply({"envVarGroups": [{"name": f"group-{number:03}", "envVars": VALUE}]})
    assert len(account.estate.env_groups) == 101
    account.apply({"envVarGroups": [{"name": "group-000", "envVars": VALUE}]})
    assert account.writes() == []
    assert len(account.estate.env_groups) == 101


def test_a_group_that_another_has_made_is_not_emptied(account: Account) -> None:
    account.apply({"envVarGroups": [{"name": "shared", "envVars": variables(OLD="only copy")}]})
    group = account.estate.find_env_group("shared")
    group["envVars"] = [row for row in group["envVars"] if row["key"] != KEY]
    document = {"envVarGroups": [{"name": "shared", "envVars": VALUE}]}

    with pytest.raises(Refused, match=r"would lose variable OLD.*`ownership: merge` to keep them"):
        account.apply(document)
    assert account.group_variables("shared") == {"OLD": "only copy"}
    account.apply({"envVarGroups": [{"name": "shared", "envVars": VALUE, "ownership": "merge"}]})
    assert account.group_variables("shared") == {"OLD": "only copy", "A": "1"}


def test_a_group_that_this_program_made_is_taken_for_its_own_without_its_marker(account: Account) -> None:
    document = {"envVarGroups": [{"name": "shared", "envVars": VALUE}]}
    made = account.apply(document)
    group = account.estate.find_env_group("shared")
    group["envVars"] = [{"key": "NEW", "value": "theirs"}]

    assert account.drift(document, made) == {"shared": [f"env.{KEY} missing", "env.NEW undeclared"]}
    account.apply(document, made=made)
    assert account.group_variables("shared") == {"A": "1"}


# Projects and environments

PROJECT = {"name": "shop", "environments": [{"name": "staging", "networking": {"isolation": "enabled"}}]}


def estate(**changes: Any) -> Json:
    place = {"environment": "shop/staging"} | changes
    return {
        "projects": [PROJECT],
        "databases": [database() | place],
        "envVarGroups": [{"name": "shared", "envVars": VALUE} | place],
        "services": [running("worker") | place, key_value() | place],
    }


def test_a_project_is_made_with_its_environments_and_everything_is_in_its_place(account: Account) -> None:
    made = account.apply(estate())
    (environment,) = account.estate.environments.values()
    assert environment["networkIsolationEnabled"] is True
    tables = (account.estate.postgres, account.estate.key_values, account.estate.env_groups, account.estate.services)
    assert {row["environmentId"] for table in tables for row in table.values()} == {environment["id"]}
    assert account.drift(estate(), made) == {}
    account.apply(estate())
    assert account.writes() == []

    account.apply(estate(environment=""))
    assert not any(row.get("environmentId") for table in tables for row in table.values())
    account.apply(estate())
    assert {row.get("environmentId") for table in tables for row in table.values()} == {environment["id"]}
    account.destroy(estate(), made)
    assert (account.estate.projects, account.estate.environments) == ({}, {})


CHANGED_PROJECT: list[tuple[Callable[[Json], Json], str]] = [
    (lambda e: e | {"permissions": {"protection": "enabled"}}, "environments.staging.protectedStatus"),
    (lambda e: e | {"networking": {"isolation": "disabled"}}, "environments.staging.networkIsolationEnabled"),
]


@pytest.mark.parametrize(("change", "field"), CHANGED_PROJECT)
def test_a_changed_environment_is_not_applied_until_it_is(
    account: Account, change: Callable[[Json], Json], field: str
) -> None:
    made = account.apply({"projects": [PROJECT]})
    changed = {"projects": [PROJECT | {"environments": [change(PROJECT["environments"][0]), {"name": "uat"}]}]}
    found = account.drift(changed, made)["shop"]
    assert [line.split(":")[0] for line in found] == [f"{field} not applied", "environments.uat not applied"]
    made = account.apply(changed, made=made)
    assert account.drift(changed, made) == {}
    assert set(made["projects"]["shop"]["environments"]) == {"shop/staging", "shop/uat"}


def test_an_environment_that_nobody_declares_is_named(account: Account) -> None:
    with pytest.raises(MissingReference, match="worker: no environment is called 'shop/staging': declare it below"):
        account.apply(of(running("worker", environment="shop/staging")))
    assert account.writes() == []


def test_services_of_every_kind_refer_to_each_other_in_one_document(account: Account) -> None:
    api = running("pserv", name="api")
    web = service({"key": "API", "fromService": {"type": "pserv", "name": "api", "property": "hostport"}}, name="web")
    cache = {"key": "REDIS", "fromService": {"type": "redis", "name": "cache", "property": "connectionString"}}
    account.apply(of(api, web, running("worker", envVars=[cache]), key_value()))
    (store,) = account.estate.key_values
    assert account.variables("web")["API"] == "api:10000"
    assert account.variables("worker")["REDIS"].endswith(f"{store}:6379")


def test_scaling_goes_before_a_number_of_instances(account: Account) -> None:
    document = of(running("worker", scaling=AUTO, numInstances=1))
    account.apply(document)
    (live,) = account.estate.services.values()
    live["serviceDetails"]["numInstances"] = 3  # as Render scales it
    assert account.drift(document) == {}
    account.apply(document)
    assert account.writes() == []
