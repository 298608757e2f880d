"""Applying again: nothing is written where nothing differs, and else only the difference."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import (
    DOMAIN,
    LINK,
    OWN,
    database,
    from_database,
    group,
    known_of,
    only,
    staging,
    variables,
)


def test_a_second_apply_writes_nothing(staged: Account) -> None:
    staged.apply(staging())

    assert staged.writes() == []
    assert len(staged.requests()) <= 9


def test_a_second_apply_writes_nothing_where_every_optional_field_is_declared(account: Account) -> None:
    document = {
        "databases": [database(plan="pro_4gb", diskSizeGB=20, highAvailability=True)],
        **only(
            plan="starter",
            preDeployCommand="alembic upgrade head",
            autoDeployTrigger="checksPass",
            buildFilter={"paths": ["backend/**"]},
            domains=[DOMAIN],
        ),
    }
    account.apply(document)
    account.apply(document)

    assert account.writes() == []


def test_one_changed_variable_is_one_write_and_one_deploy(staged: Account) -> None:
    staged.apply(staging(own=OWN | {"SETTING_03": "changed"}))

    assert staged.writes() == ["PUT /services/api/env-vars", "POST /services/api/deploys"]
    assert staged.running("api")["SETTING_03"] == "changed"


def test_a_changed_group_reaches_its_services_with_a_deploy(staged: Account) -> None:
    changed = staging()
    changed["envVarGroups"] = [group(*variables(CSRF_ENABLED="false"))]
    changed["envVarGroups"][0]["envVars"][0]["value"] = "INFO"
    staged.apply(changed)

    path = "/env-groups/staging-env/env-vars"
    assert staged.writes()[:3] == [
        f"PUT {path}/STAGING_GATE_APPLIED",
        f"PUT {path}/LOG_LEVEL",
        f"PUT {path}/CSRF_ENABLED",
    ]
    assert staged.writes()[3:] == ["PUT /services/api/env-vars/STAGING_GATE_APPLIED", "POST /services/api/deploys"]
    assert staged.running("api")["LOG_LEVEL"] == "INFO"
    assert staged.running("api")["CSRF_ENABLED"] == "false"


def test_a_changed_group_reaches_a_service_that_is_applied_by_a_command_of_its_own(staged: Account) -> None:
    made = staged.apply({"envVarGroups": [group(*variables(CSRF_ENABLED="false"))]})
    staged.apply({"services": staging()["services"], "known": known_of(made)})

    assert staged.running("api")["CSRF_ENABLED"] == "false"


def test_a_changed_plan_is_patched_alone_and_deploys_nothing(staged: Account) -> None:
    staged.apply(staging(plan="starter"))

    assert staged.writes() == ["PUT /services/api/env-vars/STAGING_GATE_APPLIED", "PATCH /services/api"]
    patch = next(body for body in staged.wire.bodies if body.startswith("PATCH"))
    assert patch.endswith('{"serviceDetails":{"plan":"starter"}}')


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"branch": "release"}, '{"branch":"release"}'),
        ({"startCommand": "./run"}, '{"serviceDetails":{"envSpecificDetails":{"startCommand":"./run"}}}'),
        ({"preDeployCommand": "./migrate"}, '{"serviceDetails":{"preDeployCommand":"./migrate"}}'),
        ({"healthCheckPath": "/ready"}, '{"serviceDetails":{"healthCheckPath":"/ready"}}'),
    ],
)
def test_what_only_a_deploy_brings_into_effect_is_patched_and_deployed(
    staged: Account, change: dict[str, str], sent: str
) -> None:
    staged.apply(staging(plan="starter"))
    staged.wire.bodies.clear()
    staged.apply(staging(plan="starter", **change))

    assert staged.writes()[-2:] == ["PATCH /services/api", "POST /services/api/deploys"]
    assert next(body for body in staged.wire.bodies if body.startswith("PATCH")).endswith(sent)


@pytest.mark.parametrize(
    "change",
    [
        {"plan": "starter"},
        {"branch": "release"},
        {"domains": []},
        {"domains": [DOMAIN, "api2.zebra.associates"]},
        {"autoDeployTrigger": "off"},
        {"buildFilter": {"paths": ["backend/**"]}},
        {"own": OWN | {"NEW": "variable"}},
        {"own": {}},
        {"group_more": variables(NEW="variable")},
        {"database_changes": {"plan": "basic_1gb"}},
    ],
    ids=str,
)
def test_after_any_change_a_further_apply_writes_nothing(staged: Account, change: dict[str, Any]) -> None:
    staged.apply(staging(**change))
    assert staged.writes() != []
    staged.apply(staging(**change))

    assert staged.writes() == []


def test_what_was_changed_in_the_dashboard_and_is_declared_now_is_deployed(staged: Account) -> None:
    staged.estate.find_service("api")["branch"] = "release"
    staged.apply(staging(branch="release"))

    assert staged.writes() == ["PUT /services/api/env-vars/STAGING_GATE_APPLIED", "POST /services/api/deploys"]


def test_a_command_that_is_not_declared_any_more_is_emptied(staged: Account) -> None:
    staged.apply(staging(plan="starter", preDeployCommand="./migrate"))
    staged.apply(staging(plan="starter"))

    live = staged.estate.find_service("api")
    assert live["serviceDetails"]["envSpecificDetails"]["preDeployCommand"] == ""
    staged.apply(staging(plan="starter"))
    assert staged.writes() == []


def test_a_group_that_is_not_declared_any_more_is_unlinked_and_its_variables_leave(staged: Account) -> None:
    alone = only(*variables(A="1"))
    staged.apply(alone)

    assert "DELETE /env-groups/staging-env/services/api" in staged.writes()
    assert staged.running("api") == {"A": "1"}


def test_a_suspended_service_is_resumed(staged: Account) -> None:
    staged.estate.find_service("api").update(suspended="suspended", suspenders=["user"])
    staged.apply(staging())

    assert staged.writes() == ["POST /services/api/resume"]
    assert staged.estate.find_service("api")["suspended"] == "not_suspended"


def test_a_suspended_service_is_changed_resumed_and_runs_as_declared(staged: Account) -> None:
    staged.estate.find_service("api").update(suspended="suspended", suspenders=["user"])
    staged.apply(staging(own=OWN | {"SETTING_03": "changed"}))

    assert staged.running("api")["SETTING_03"] == "changed"


def test_a_service_of_ours_without_a_marker_is_deployed_once_because_nobody_knows_what_it_runs(
    staged: Account,
) -> None:
    own = staged.estate.env_vars[staged.estate.find_service("api")["id"]]
    del own["STAGING_GATE_APPLIED"]
    document = staging(group_more=variables(NEW="1"))
    staged.apply({"envVarGroups": document["envVarGroups"]})
    staged.apply({"services": document["services"]})

    assert staged.running("api")["NEW"] == "1"
    staged.apply({"services": document["services"]})
    assert staged.writes() == []


def test_deleted_objects_are_made_again_and_wired_to_each_other(staged: Account) -> None:
    before = staged.picture()
    for table in (staged.estate.services, staged.estate.env_groups, staged.estate.custom_domains):
        table.clear()
    staged.apply(staging())

    assert staged.picture() == before


def test_a_database_that_was_replaced_reaches_the_service(staged: Account) -> None:
    staged.estate.postgres.clear()
    document = {"databases": [database()], **only(LINK, from_database())}
    staged.apply(document)

    assert staged.estate.find_postgres("staging-db")["id"] in staged.running("api")["DATABASE_URL"]
