"""What is declared at Render: each object a document that `bin/render apply` takes on standard input."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from blueprint.spec import Document, fill_in, parse
from components.render_documents import secret_variable
from tests.unit import plan
from tests.unit.components.engine import UNKNOWN, Run, Secret, run
from tests.unit.components.vendors import CLIENT_ID, CLIENT_SECRET, DATABASE_ID, GROUP_ID, KEY_VALUE_ID, nothing_there
from tests.unit.settings.stack_file import SECRETS, StackFile

COMMAND = "command:local:Command"
READ = ("stdin", "environment")
"""Inputs that say what to converge; the others say how."""
CONTENTS = "CONTENTS_staging_2D_env"
REDIS = "marketedge-staging-redis"


def document(result: Run, name: str) -> Document:
    """As the command reads it, with its secrets."""
    inputs = result.only(COMMAND, name).plain
    environment = {key: v.value if isinstance(v, Secret) else v for key, v in inputs["environment"].items()}
    return fill_in(parse(inputs["stdin"], environment["RENDER_KNOWN"]), environment)


def variables_of(stdin: str) -> list[dict[str, Any]]:
    (group,) = json.loads(stdin)["envVarGroups"]
    variables: list[dict[str, Any]] = group["envVars"]
    return variables


def by_key(variables: list[Any]) -> dict[str, dict[str, Any]]:
    return {v.key: v.model_dump(by_alias=True, exclude_none=True, exclude={"key"}) for v in variables if v.key}


@pytest.mark.parametrize("name", [plan.DATABASE, plan.ENV_GROUP, plan.SERVICE])
def test_commands_do_not_depend_on_the_machine(up: Run, name: str) -> None:
    inputs = {key: value for key, value in up.only(COMMAND, name).inputs.items() if key not in READ}
    assert inputs == {
        "create": "bin/render apply",
        "update": "bin/render apply",
        "delete": "bin/render destroy",
        "logging": "stderr",
    }


def test_the_database(up: Run) -> None:
    (database,) = document(up, plan.DATABASE).databases
    assert database.model_dump(exclude_none=True) == {
        "name": plan.DATABASE,
        "plan": plan.DATABASE_PLAN,
        "region": plan.REGION,
        "postgres_major_version": "16",
        "database_name": plan.DATABASE_NAME,
        "user": plan.DATABASE_USER,
        "ip_allow_list": [],
        "recreate": False,
        "ownership": "exact",
    }


def test_the_service(up: Run) -> None:
    (service,) = document(up, plan.SERVICE).services
    assert service.model_dump(exclude={"env_vars"}, exclude_none=True) == {
        "type": "web",
        "name": plan.SERVICE,
        "runtime": plan.RUNTIME,
        "plan": plan.SERVICE_PLAN,
        "region": plan.REGION,
        "repo": plan.REPOSITORY_URL,
        "branch": plan.BRANCH,
        "build_command": plan.BUILD_COMMAND,
        "start_command": plan.START_COMMAND,
        "health_check_path": plan.HEALTH_CHECK_PATH,
        "auto_deploy_trigger": "commit",
        "previews": {"generation": "automatic"},
        "domains": [plan.BACKEND_DOMAIN],
        "ownership": "exact",  # a variable that nobody declared is drift
    }
    assert service.groups == [plan.ENV_GROUP]


def test_the_services_own_variables(up: Run) -> None:
    (service,) = document(up, plan.SERVICE).services
    variables = by_key(service.env_vars)
    assert variables.pop("PYTHON_VERSION")["value"].startswith(f"{plan.PYTHON}.")
    assert variables == {
        **{key: {"value": value} for key, value in plan.SERVICE_VARIABLES.items()},
        "PORT": {"fromService": plan.PORT_FROM},
        "DATABASE_URL": {"fromDatabase": {"name": plan.DATABASE, "property": "connectionString"}},
    }


def test_the_groups_variables(up: Run) -> None:
    (group,) = document(up, plan.ENV_GROUP).env_var_groups
    assert (group.name, group.ownership) == (plan.ENV_GROUP, "exact")
    assert by_key(group.env_vars) == {
        **{key: {"value": value} for key, value in plan.GROUP_VARIABLES.items()},
        "REDIS_URL": {"value": SECRETS["REDIS_URL"]},
        "AUTH0_CLIENT_ID": {"value": CLIENT_ID},
        "AUTH0_CLIENT_SECRET": {"value": CLIENT_SECRET},
        "AUTH0_ACTION_SECRET": {"value": SECRETS["AUTH0_ACTION_SECRET"]},
        "JWT_SECRET_KEY": {"generateValue": True},
    }


def test_ids_travel_but_no_connection_string(up: Run) -> None:
    known = document(up, plan.SERVICE).known
    assert {name: one.id for name, one in known.databases.items()} == {plan.DATABASE: DATABASE_ID}
    assert {name: one.id for name, one in known.env_var_groups.items()} == {plan.ENV_GROUP: GROUP_ID}
    assert "postgres://" not in str([resource.plain for resource in up.declared])


def test_no_document_is_secret_and_each_secret_is_a_variable_of_the_command(up: Run) -> None:
    assert [c.name for c in up.of(COMMAND) if isinstance(c.inputs["stdin"], Secret)] == []
    secret = {c.name: {k for k, v in c.inputs["environment"].items() if isinstance(v, Secret)} for c in up.of(COMMAND)}
    group = {"SECRET_REDIS_URL", "SECRET_AUTH0_CLIENT_SECRET", "SECRET_AUTH0_ACTION_SECRET"}
    assert secret == {plan.DATABASE: set(), plan.ENV_GROUP: group, plan.SERVICE: {CONTENTS}}
    inputs = up.only(COMMAND, plan.ENV_GROUP).inputs
    assert inputs["environment"]["SECRET_REDIS_URL"] == Secret(SECRETS["REDIS_URL"])
    named = {v["key"]: v["fromEnvironment"] for v in variables_of(inputs["stdin"]) if "fromEnvironment" in v}
    assert named == {name.removeprefix("SECRET_"): name for name in group}


def test_a_key_that_a_shell_would_not_hand_on_gets_a_name_that_it_does() -> None:
    stack_file = StackFile()
    stack_file.put("render.envGroup.envVars.0.key", "redis.url-1")
    (name,) = (n for n in run(stack_file).only(COMMAND, plan.ENV_GROUP).inputs["environment"] if "redis" in n)
    assert name == "SECRET_redis_2E_url_2D_1"


def test_two_keys_never_share_a_variable_of_the_command() -> None:
    assert secret_variable("A-B") == "SECRET_A_2D_B"
    assert secret_variable("A_2D_B") == "SECRET_A_5F_2D_B"
    assert secret_variable("A_2D") == "SECRET_A_2D"
    keys = ["".join(key) for length in range(1, 7) for key in product("2D5F_-", repeat=length)]
    assert len({secret_variable(key) for key in keys}) == len(keys)


def contents(stack_file: StackFile) -> Any:
    return run(stack_file).only(COMMAND, plan.SERVICE).inputs["environment"][CONTENTS].value


def test_a_service_runs_again_when_the_contents_of_its_group_change_and_not_when_their_order_does() -> None:
    before = contents(StackFile())
    turned, other, secret = StackFile(), StackFile(), StackFile()
    turned.put("render.envGroup.envVars", list(reversed(StackFile()["render"]["envGroup"]["envVars"])))
    other.put("render.envGroup.envVars.8.value", "31")
    secret.config["marketedge:secrets"]["REDIS_URL"] = "redis://another"
    assert contents(turned) == before
    assert len({before, contents(other), contents(secret)}) == 3


VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"


def test_a_preview_knows_the_ids_and_addresses_of_what_exists() -> None:
    result = run(preview=True)
    assert result.error is None
    assert result.only(VARIABLE, "staging-BACKEND_URL").plain["value"] == plan.SERVICE_URL
    known = document(result, plan.SERVICE).known
    assert (known.databases[plan.DATABASE].id, known.env_var_groups[plan.ENV_GROUP].id) == (DATABASE_ID, GROUP_ID)
    targets = [record["target"] for record in (result.outputs or {})["dnsRecords"]]
    assert UNKNOWN not in targets


def test_a_preview_does_not_know_what_only_the_creation_tells() -> None:
    result = run(preview=True, observed=nothing_there)
    assert result.error is None
    assert result.only(VARIABLE, "staging-BACKEND_URL").plain["value"] is UNKNOWN
    assert result.only(COMMAND, plan.SERVICE).inputs["environment"]["RENDER_KNOWN"] is UNKNOWN


def test_only_the_database_is_protected(up: Run) -> None:
    assert [resource.label for resource in up.declared if resource.protect] == [f"{COMMAND} {plan.DATABASE}"]


def test_each_object_waits_for_what_it_refers_to(up: Run) -> None:
    depends_on = up.only(COMMAND, plan.SERVICE).depends_on
    assert {f"{COMMAND} {plan.DATABASE}", f"{COMMAND} {plan.ENV_GROUP}"} <= depends_on


@pytest.fixture(scope="module")
def paid() -> Run:
    """A Redis of staging's own, and plans that cost."""
    stack_file = StackFile()
    stack_file.put(
        "render.keyValue",
        {"name": REDIS, "plan": "starter", "maxmemoryPolicy": "allkeys_lru", "ipAllowList": []},
    )
    redis_url = {"key": "REDIS_URL", "fromKeyValue": {"name": REDIS, "property": "connectionString"}}
    stack_file.put("render.envGroup.envVars.0", redis_url)
    stack_file.put("render.service.plan", "starter")
    stack_file.put("render.database.plan", "basic_256mb")
    stack_file.put("render.database.diskSizeGB", 5)
    stack_file.config["marketedge:budgetUsd"] = "32"
    stack_file.config["marketedge:secrets"].pop("REDIS_URL")
    result = run(stack_file)
    assert result.error is None
    return result


def test_a_key_value_instance_of_its_own(paid: Run) -> None:
    (key_value,) = document(paid, REDIS).services
    assert key_value.model_dump(exclude_none=True) == {
        "type": "keyvalue",
        "name": REDIS,
        "plan": "starter",
        "region": plan.REGION,
        "maxmemory_policy": "allkeys_lru",
        "ip_allow_list": [],
        "recreate": False,
        "ownership": "exact",
    }
    assert paid.only(COMMAND, REDIS).protect


def test_redis_url_comes_from_the_key_value_instance(paid: Run) -> None:
    (group,) = document(paid, plan.ENV_GROUP).env_var_groups
    source = {"fromKeyValue": {"name": REDIS, "property": "connectionString"}}
    assert by_key(group.env_vars)["REDIS_URL"] == source
    assert {name: one.id for name, one in document(paid, plan.ENV_GROUP).known.key_values.items()} == {
        REDIS: KEY_VALUE_ID
    }


def test_paid_plans_are_declared_and_summed_up(paid: Run) -> None:
    assert document(paid, plan.SERVICE).services[0].plan == "starter"  # type: ignore[attr-defined]
    assert (paid.outputs or {})["monthlyCostUsd"] == {
        "total": 7 + 7 + 6 + 5 * 0.3 + 10,
        "parts": {plan.SERVICE: 7, f"{plan.SERVICE} (each open preview)": 7, plan.DATABASE: 6 + 5 * 0.3, REDIS: 10},
    }


def test_a_service_alone() -> None:
    stack_file = StackFile()
    stack_file.delete("render.database")
    stack_file.delete("render.envGroup")
    stack_file.put("render.service.envVars", [{"key": "ENVIRONMENT", "fromOutput": "environment"}])
    result = run(stack_file)
    assert result.error is None
    assert [command.name for command in result.of(COMMAND)] == [plan.SERVICE]
    assert document(result, plan.SERVICE).known.databases == {}
    assert "renderDatabaseId" not in (result.outputs or {})
