"""Creating an estate from nothing: which requests that takes, and what is there afterwards."""

from __future__ import annotations

from tests.unit.blueprint.account import Account
from tests.unit.blueprint.documents import OWN, known_of, only, service, staging, variables

COLD = [
    "GET /postgres",
    "GET /env-groups",
    "GET /services",
    "POST /postgres",
    "GET /postgres/staging-db",
    "POST /env-groups",
    "GET /postgres/staging-db/connection-info",
    "POST /services",
    "POST /env-groups/staging-env/services/api",
    "POST /services/api/custom-domains",
    "POST /services/api/deploys",
]


# From nothing


def test_a_cold_apply_sends_each_write_once_and_twelve_requests_at_most(account: Account) -> None:
    account.apply(staging(), owner_id=None)

    looks, rest = COLD[:3], COLD[3:]
    assert account.requests() == [*looks, "GET /owners", *rest]
    assert len(account.requests()) <= 12
    assert len(set(account.writes())) == len(account.writes())


def test_a_cold_apply_runs_into_no_rate_limit() -> None:
    account = Account(rate_limits=True)
    account.apply(staging())

    assert account.clock.slept == []


def test_a_new_service_runs_with_its_own_variables_and_those_of_its_group(account: Account) -> None:
    account.apply(staging())

    running = account.running("api")
    assert running["LOG_LEVEL"] == "DEBUG"
    assert running["SETTING_07"] == "value number 7"
    assert running["JWT_SECRET_KEY"] == account.group_variables("staging-env")["JWT_SECRET_KEY"]
    assert running.keys() == OWN.keys() | {"PORT", "DATABASE_URL", "LOG_LEVEL", "JWT_ALGORITHM", "JWT_SECRET_KEY"}


def test_every_declared_field_reaches_render(account: Account) -> None:
    fields = {
        "plan": "starter",
        "region": "frankfurt",
        "rootDir": "backend",
        "preDeployCommand": "alembic upgrade head",
        "autoDeployTrigger": "off",
        "buildFilter": {"paths": ["backend/**"], "ignoredPaths": ["**/*.md"]},
        "previews": {"generation": "manual"},
    }
    account.apply(only(**fields))

    live = account.estate.find_service("api")
    details = live["serviceDetails"]
    assert live["type"] == "web_service"
    assert (live["repo"], live["branch"]) == (service()["repo"], "staging")
    assert live["rootDir"] == "backend"
    assert (live["autoDeploy"], live["autoDeployTrigger"]) == ("no", "off")
    assert live["buildFilter"] == fields["buildFilter"]
    assert (details["plan"], details["region"], details["runtime"]) == ("starter", "frankfurt", "python")
    assert details["healthCheckPath"] == "/health"
    assert details["previews"] == {"generation": "manual"}
    assert details["envSpecificDetails"] == {
        "buildCommand": "pip install -r requirements.txt",
        "startCommand": "./render-startup.sh",
        "preDeployCommand": "alembic upgrade head",
    }


def test_a_service_without_groups_is_deployed_by_its_creation_alone(account: Account) -> None:
    account.apply(only(*variables(A="1")))

    assert account.writes() == ["POST /services"]
    assert account.running("api") == {"A": "1"}


def test_the_report_says_what_others_need_and_no_variable(account: Account) -> None:
    report = account.apply(staging())

    live = account.estate.find_service("api")
    assert report["services"]["api"] == {
        "id": live["id"],
        "ownerId": "tea-1",
        "url": "https://api.onrender.com",
        "dashboardUrl": live["dashboardUrl"],
    }
    assert report["envVarGroups"]["staging-env"]["id"] == account.estate.find_env_group("staging-env")["id"]
    database = account.estate.find_postgres("staging-db")
    applied = report["databases"]["staging-db"].pop("applied")
    assert (applied["plan"], applied["postgresMajorVersion"], applied["ipAllowList"]) == ("free", "16", [])
    assert report["databases"]["staging-db"] == {
        "id": database["id"],
        "ownerId": "tea-1",
        "region": "oregon",
        "plan": "free",
        "expiresAt": database["expiresAt"],
    }


def test_objects_applied_one_command_each_make_the_same_estate_as_one_document(account: Account) -> None:
    whole = staging()
    together = Account()
    together.apply(whole)

    made = account.apply({"databases": whole["databases"]})
    known = known_of(made)
    known |= known_of(account.apply({"envVarGroups": whole["envVarGroups"], "known": known}))
    one = {"services": whole["services"], "known": known}
    account.apply(one)

    assert account.picture() == together.picture()
    account.apply(one)
    assert account.writes() == []
