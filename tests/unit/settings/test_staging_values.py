"""The stack file of the tests, `rehearsal/stacks/Pulumi.staging.yaml`, says what the plan says."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.settings import Settings
from tests.unit import plan
from tests.unit.settings.stack_file import SECRETS, STACKS, StackFile


@pytest.fixture
def settings(stack_file: StackFile) -> Settings:
    return stack_file.load().settings


def by_key(variables: list[Any]) -> dict[str, dict[str, Any]]:
    """Each variable's source under its key."""
    return {v.key: v.model_dump(by_alias=True, exclude_none=True, exclude={"key"}) for v in variables if v.key}


def test_repository(stack_file: StackFile) -> None:
    loaded = stack_file.load()
    assert (loaded.owner, loaded.settings.github.repository) == (plan.OWNER, plan.REPOSITORY)
    assert loaded.repository_url == plan.REPOSITORY_URL
    assert loaded.settings.environment == "staging"


def test_audience_is_derived_from_the_domain(settings: Settings) -> None:
    assert settings.auth0.domain == plan.AUTH0_DOMAIN
    assert settings.auth0.audience == plan.AUDIENCE


def test_auth0_lists(settings: Settings) -> None:
    assert settings.auth0.callbacks == plan.CALLBACKS
    assert settings.auth0.logout_urls == plan.LOGOUT_URLS
    assert settings.auth0.web_origins == plan.WEB_ORIGINS
    assert settings.auth0.allowed_origins is None  # then the web origins


def test_branch_and_protection(settings: Settings) -> None:
    assert settings.github.branch.model_dump() == {"name": plan.BRANCH, "source": plan.SOURCE_BRANCH}
    assert settings.github.protection.model_dump() == {
        "required_approvals": plan.REQUIRED_APPROVALS,
        "dismiss_stale_approvals": True,
        "required_checks": plan.REQUIRED_CHECKS,
        "require_up_to_date": False,  # 5.2 asks it of main only, in phase 5
        "require_conversation_resolution": True,
        "allow_bypass": False,
        "allow_force_pushes": False,
        "allow_deletions": False,
        "checks_by": {},
        "force": False,
    }


def test_service(settings: Settings) -> None:
    service = settings.render.service
    assert settings.render.region == plan.REGION
    assert (service.name, service.runtime, service.plan) == (plan.SERVICE, plan.RUNTIME, plan.SERVICE_PLAN)
    assert service.build_command == plan.BUILD_COMMAND
    assert service.start_command == plan.START_COMMAND
    assert service.health_check_path == plan.HEALTH_CHECK_PATH
    assert service.auto_deploy_trigger == "commit"  # 1.3 of the overview: staging deploys on merge
    assert service.domains == [plan.BACKEND_DOMAIN]


def test_service_variables(settings: Settings) -> None:
    sources = by_key(settings.render.service.env_vars)
    assert sources.pop("PYTHON_VERSION")["value"].startswith(f"{plan.PYTHON}.")
    assert sources == {
        "ENVIRONMENT": {"fromOutput": "environment"},
        "RUN_MIGRATIONS": {"value": plan.SERVICE_VARIABLES["RUN_MIGRATIONS"]},
        "PORT": {"fromService": plan.PORT_FROM},
        "DATABASE_URL": {"fromDatabase": {"name": plan.DATABASE, "property": "connectionString"}},
    }
    assert [v.from_group for v in settings.render.service.env_vars if v.from_group] == [plan.ENV_GROUP]


def test_database(settings: Settings) -> None:
    database = settings.render.database
    assert database is not None
    assert (database.name, database.plan) == (plan.DATABASE, plan.DATABASE_PLAN)
    assert (database.database_name, database.user) == (plan.DATABASE_NAME, plan.DATABASE_USER)
    assert database.ip_allow_list == []
    assert settings.render.key_values == []


def test_group_variables(settings: Settings) -> None:
    (group,) = settings.render.env_groups
    assert group.name == plan.ENV_GROUP
    sources = by_key(group.env_vars)
    assert sorted(sources) == sorted([*plan.GROUP_VARIABLES, *plan.GROUP_PLACEHOLDERS])
    derived = {"AUTH0_DOMAIN": "auth0.domain", "AUTH0_AUDIENCE": "auth0.audience", "CORS_ORIGINS": "cors.origins"}
    for key, value in plan.GROUP_VARIABLES.items():
        assert sources[key] == ({"fromOutput": derived[key]} if key in derived else {"value": value}), key
    assert {key: sources[key] for key in plan.GROUP_PLACEHOLDERS} == {
        "REDIS_URL": {"fromSecret": "REDIS_URL"},
        "AUTH0_CLIENT_ID": {"fromOutput": "auth0.clientId"},
        "AUTH0_CLIENT_SECRET": {"fromOutput": "auth0.clientSecret"},
        "AUTH0_ACTION_SECRET": {"fromSecret": "AUTH0_ACTION_SECRET"},
        "JWT_SECRET_KEY": {"generateValue": True},
    }


def test_cors(settings: Settings) -> None:
    assert ",".join(settings.cors.origins) == plan.CORS_ORIGINS


def test_vercel(settings: Settings) -> None:
    assert (settings.vercel.project, settings.vercel.domain) == (plan.VERCEL_PROJECT, plan.FRONTEND_DOMAIN)
    assert settings.frontend_url == plan.FRONTEND_URL
    assert by_key(settings.vercel.variables) == {
        "NEXT_PUBLIC_API_BASE_URL": {"fromOutput": "render.serviceUrl"},
        "NEXT_PUBLIC_ENVIRONMENT": {"fromOutput": "environment"},
        "NEXT_PUBLIC_AUTH0_DOMAIN": {"fromOutput": "auth0.domain"},
        "NEXT_PUBLIC_AUTH0_CLIENT_ID": {"fromOutput": "auth0.clientId"},
        "NEXT_PUBLIC_EPIC_1_ENABLED": {"value": "true"},
        "NEXT_PUBLIC_EPIC_2_ENABLED": {"value": "true"},
        "NEXT_PUBLIC_DEBUG_MODE": {"value": "true"},
    }


def test_dns(settings: Settings) -> None:
    assert settings.dns.ttl_seconds == plan.DNS_TTL


def test_the_file_holds_secrets_only_as_pulumi_encrypts_them() -> None:
    config = yaml.safe_load((STACKS / "Pulumi.staging.yaml").read_text(encoding="utf-8"))["config"]
    assert all(list(value) == ["secure"] for value in config.get("marketedge:secrets", {}).values())


def test_the_secrets_that_the_file_refers_to(stack_file: StackFile) -> None:
    del stack_file.config["marketedge:secrets"]
    assert [problem.split(":")[1] for problem in stack_file.problems()] == [
        f"secrets.{name}" for name in ("AUTH0_ACTION_SECRET", "REDIS_URL")
    ]


def test_secrets_are_loaded_beside_the_settings(stack_file: StackFile) -> None:
    assert stack_file.load().secrets == SECRETS
