"""Documents: the Blueprint's vocabulary in, every problem of a bad one named at once, no value shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.errors import InvalidSpec
from blueprint.kinds import WEB
from blueprint.objects import KeyValue
from blueprint.service import WebService
from blueprint.spec import Document, parse
from tests.unit.blueprint.documents import database, from_database, group, key_value, only, service, staging, variables

SECRET = "correct-horse-battery-staple"


def problems(document: Any) -> str:
    with pytest.raises(InvalidSpec) as invalid:
        parse(document if isinstance(document, str) else json.dumps(document))
    return str(invalid.value)


def test_a_document_in_blueprint_vocabulary_is_read() -> None:
    text = json.dumps(
        {
            "databases": [
                database(
                    plan="pro_4gb", diskSizeGB=20, ipAllowList=[{"source": "203.0.113.0/24", "description": "office"}]
                )
            ],
            "envVarGroups": [group()],
            "services": [
                key_value(maxmemoryPolicy="noeviction"),
                service(
                    {"fromGroup": "staging-env"},
                    {"key": "STRIPE_KEY", "sync": False},
                    {"key": "REDIS_URL", "fromKeyValue": {"name": "cache"}},
                    from_database(),
                    buildFilter={"paths": ["backend/**"]},
                    previews={"generation": "off"},
                ),
            ],
            "known": {"envVarGroups": {"other": {"id": "evg-1", "revision": "abc"}}},
        }
    )
    document = parse(text)

    (web,) = (one for one in document.services if isinstance(one, WebService))
    (store,) = (one for one in document.services if isinstance(one, KeyValue))
    assert document.databases[0].disk_size_gb == 20
    assert document.databases[0].postgres_major_version == "16"
    assert document.databases[0].ip_allow_list[0].source == "203.0.113.0/24"
    assert store.maxmemory_policy == "noeviction"
    assert web.groups == ["staging-env"]
    assert web.env_vars[1].sync is False
    assert web.env_vars[2].from_key_value is not None
    assert web.env_vars[2].from_key_value.property == "connectionString"
    assert web.build_filter.paths == ["backend/**"]
    assert document.known.env_var_groups["other"].revision == "abc"


def test_what_is_left_out_has_renders_defaults() -> None:
    (web,) = parse(json.dumps(only())).services

    declared = {field.label: field.declared(web) for field in WEB.fields}
    assert declared["autoDeployTrigger"] == "commit"
    assert declared["previews"] == {"generation": "off"}
    assert (declared["rootDir"], declared["preDeployCommand"]) == ("", "")
    assert (web.domains, web.ownership) == ([], "exact")
    assert declared["numInstances"] is None  # what Render has, stays


@pytest.mark.parametrize("text", ["", "{}"])
def test_an_empty_document_declares_nothing(text: str) -> None:
    assert parse(text) == Document()


@pytest.mark.parametrize(("given", "seen"), [(True, "true"), (False, "false"), (30, "30"), ("", "")])
def test_a_number_or_a_truth_value_becomes_the_text_a_process_sees(given: object, seen: str) -> None:
    (web,) = parse(json.dumps(only({"key": "A", "value": given}))).services

    assert web.env_vars[0].value == seen


VARIABLES: list[tuple[list[Any], str]] = [
    ([{"key": "A"}], "A: expected exactly one of value, generateValue, sync,"),
    ([{"key": "A"}], "found none"),
    ([{"key": "A", "value": SECRET, "generateValue": True}], "found value, generateValue"),
    ([{"key": "A", "value": SECRET, "sync": False}], "found value, sync"),
    ([{"key": "A", "sync": True}], "found none"),
    ([{"key": "A", "generateValue": False}], "found none"),
    ([{"key": "A", "fromGroup": "staging-env"}], "expected a key (and none with fromGroup"),
    ([{"value": SECRET}], "expected a key (and none with fromGroup"),
    ([*variables(A=SECRET), *variables(A="again")], "declared more than once: A"),
    ([{"key": "1A", "value": SECRET}], "expected a variable name"),
    ([{"key": "A=B", "value": SECRET}], "expected a variable name"),
    ([{"key": "A", "vlaue": SECRET}], "envVars.0.vlaue: Extra inputs are not permitted"),
    ([{"key": "A", "value": [SECRET]}], "envVars.0.value: Input should be a valid string"),
    ([{"key": "STAGING_GATE_APPLIED", "value": "1"}], "is where this program keeps what it applied"),
    ([{"key": "A", "value": 1.5}], "envVars.0.value: Input should be a valid string"),
    ([from_database(property="secret")], "envVars.0.fromDatabase.property: Input should be 'connectionString'"),
    ([{"key": "A", "fromService": {"name": "api", "property": "url"}}], "property: Input should be 'host'"),
    ([{"key": "A", "fromService": {"name": "api"}}], "fromService api: expected one of property and envVarKey"),
    (
        [{"key": "A", "fromService": {"name": "api", "property": "host", "envVarKey": "B"}}],
        "fromService api: expected one of property and envVarKey",
    ),
    (
        [{"key": "A", "fromService": {"type": "web", "name": "api", "property": "connectionString"}}],
        "only a keyvalue has a connectionString",
    ),
    (
        [{"key": "A", "fromService": {"type": "worker", "name": "w", "property": "host"}}],
        "a worker has no address; expected envVarKey",
    ),
    (
        [{"key": "A", "fromService": {"type": "redis", "name": "cache", "envVarKey": "B"}}],
        "a keyvalue has no variables; expected property",
    ),
    ([{"key": "A", "fromDatabase": {"name": ""}}], "expected a name of 1 to 63"),
]


@pytest.mark.parametrize(("env", "message"), VARIABLES)
def test_a_bad_variable_is_named_with_its_place_and_without_its_value(env: list[Any], message: str) -> None:
    text = problems(only(*env))

    assert message in text
    assert SECRET not in text


OBJECTS: list[tuple[Any, str]] = [
    ({"services": [service(plan="")]}, "services.0.web.plan: String should have at least 1 character"),
    ({"services": [service(region="paris")]}, "services.0.web.region: Input should be 'frankfurt', 'ohio'"),
    ({"services": [service(runtime="php")]}, "services.0.web.runtime: Input should be 'elixir'"),
    ({"services": [service(type="job")]}, "services.0: expected type web, pserv, worker, cron or keyvalue"),
    ({"services": [service(type="worker")]}, "services.0.worker.healthCheckPath: Extra inputs are not permitted"),
    ({"services": [service(buildCommand="")]}, "services.0.web.buildCommand: String should have at least 1 character"),
    ({"services": [service(healthCheckPath="health")]}, "services.0.web.healthCheckPath: String should match pattern"),
    ({"services": [service(name="-api")]}, "services.0.web.name: Value error, expected a name of 1 to 63"),
    ({"services": [service(ownership="mine")]}, "services.0.web.ownership: Input should be 'exact' or 'adopted'"),
    ({"services": [service(ownership="merge")]}, "services.0.web.ownership: Input should be 'exact' or 'adopted'"),
    ({"services": [{"type": "web", "name": "api"}]}, "services.0.web: Value error, runtime: expected docker, image"),
    ({"services": [service(ownership="adopted", region="paris")]}, "services.0.web.region: Input should be"),
    ({"services": [key_value(plan="")]}, "services.0.keyvalue.plan: String should have at least 1 character"),
    ({"databases": [database(region="paris")]}, "databases.0.region: Input should be 'frankfurt'"),
    ({"databases": [database(postgresMajorVersion="9")]}, "databases.0.postgresMajorVersion: Input should be '10'"),
    ({"databases": [database(databaseName="Big Name")]}, "databases.0.databaseName: String should match pattern"),
    ({"databases": [database(diskSizeGB=0)]}, "databases.0.diskSizeGB: Input should be greater than or equal to 1"),
    ({"databases": [database(diskSizeGB=12)]}, "expected 1 or a multiple of 5"),
    (
        {"databases": [database(ipAllowList=[{"source": "10.0.0.1/8"}])]},
        "expected a block that begins at its first address",
    ),
    ({"databases": [database(ipAllowList=[{"source": "anywhere"}])]}, "databases.0.ipAllowList.0.source"),
    ({"envVarGroups": [group({"fromGroup": "other"})]}, "envVarGroups.0: Value error, a group cannot hold fromGroup"),
    ({"envVarGroups": [group(*variables(LOG_LEVEL="1"))]}, "declared more than once: LOG_LEVEL"),
    ({"serivces": []}, "serivces: Extra inputs are not permitted"),
    ({"known": {"databases": {"x": {}}}}, "known.databases.x.id: Field required"),
    ([], "document: Input should be an object"),
    ("{", "document: Invalid JSON"),
    ("nonsense", "document: Invalid JSON"),
]


@pytest.mark.parametrize(("document", "message"), OBJECTS)
def test_a_bad_object_is_named_with_its_place_and_what_was_expected(document: Any, message: str) -> None:
    assert message in problems(document)


def test_all_problems_are_listed_at_once() -> None:
    document = staging(plan="", region="paris", database_changes={"plan": ""})
    document["envVarGroups"][0]["envVars"].append({"key": "A"})
    lines = problems(document).splitlines()

    assert lines[0] == "the document on standard input is not valid:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "databases.0.plan",
        "services.0.web.plan",
        "services.0.web.region",
        "envVarGroups.0.envVars.3",
    ]


def test_a_document_that_is_cut_off_shows_nothing_of_what_it_holds() -> None:
    text = json.dumps(only(*variables(PASSWORD=SECRET)))

    assert SECRET not in problems(text[:-2])
    assert SECRET not in problems(text.replace(f'"{SECRET}"', SECRET))
