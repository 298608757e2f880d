"""The stack as a whole: everything that is declared, under which component, and what it hands out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components import cost
from tests.unit import plan
from tests.unit.components.engine import CREDENTIALS, UNKNOWN, Run, Secret, run
from tests.unit.components.vendors import (
    CLIENT_ID,
    CLIENT_SECRET,
    DATABASE_ID,
    GROUP_ID,
    PROJECT_ID,
    SERVICE_ID,
    nothing_there,
)
from tests.unit.settings.stack_file import SECRETS, StackFile

STACK = "pulumi:pulumi:Stack marketedge-staging-gate-staging"
GITHUB, VERCEL = "github:index", "vercel:index"
VARIABLE = f"{VERCEL}/projectEnvironmentVariable:ProjectEnvironmentVariable"
ACTIONS_VARIABLE = f"{GITHUB}/actionsEnvironmentVariable:ActionsEnvironmentVariable"
ACTIONS_VARIABLES = [
    "ENVIRONMENT",
    "BACKEND_URL",
    "FRONTEND_URL",
    "RENDER_SERVICE_ID",
    "AUTH0_DOMAIN",
    "AUTH0_AUDIENCE",
    "AUTH0_CLIENT_ID",
]
ESTATE = {
    "marketedge:auth0:Application staging": [
        "auth0:index/client:Client staging",
        "auth0:index/clientCredentials:ClientCredentials staging",
    ],
    "marketedge:github:ProtectedBranch staging": [
        f"{GITHUB}/branch:Branch staging",
        f"{GITHUB}/branchProtection:BranchProtection staging",
    ],
    "marketedge:github:Environment staging": [
        f"{GITHUB}/repositoryEnvironment:RepositoryEnvironment staging",
        f"{GITHUB}/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy staging",
        f"{GITHUB}/actionsEnvironmentSecret:ActionsEnvironmentSecret staging-AUTH0_CLIENT_SECRET",
        *(f"{ACTIONS_VARIABLE} staging-{key}" for key in ACTIONS_VARIABLES),
    ],
    "marketedge:vercel:Frontend staging": [
        f"{VERCEL}/projectDomain:ProjectDomain staging",
        *(f"{VARIABLE} staging-{key}" for key in (*plan.VERCEL_VARIABLES, plan.VERCEL_CLIENT_ID)),
    ],
    "marketedge:render:Backend staging": [
        f"command:local:Command {name}" for name in (plan.DATABASE, plan.ENV_GROUP, plan.SERVICE)
    ],
}


def test_the_whole_estate_and_nothing_else(up: Run) -> None:
    children: dict[str, list[str]] = {}
    for resource in up.declared:
        if resource.custom:
            children.setdefault(resource.parent, []).append(resource.label)
    assert {parent: sorted(labels) for parent, labels in children.items()} == {
        parent: sorted(labels) for parent, labels in ESTATE.items()
    }


def test_components_belong_to_the_stack(up: Run) -> None:
    components = [resource for resource in up.declared if not resource.custom]
    assert sorted(component.label for component in components) == sorted(ESTATE)
    assert {component.parent for component in components} == {STACK}


def test_a_preview_declares_the_same(up: Run, preview: Run) -> None:
    assert {resource.label for resource in preview.declared} == {resource.label for resource in up.declared}
    assert preview.unexpected == up.unexpected == []


def test_outputs(up: Run) -> None:
    assert up.outputs == {
        "environment": "staging",
        "phase": "infrastructure",
        "frontendUrl": plan.FRONTEND_URL,
        "backendUrl": plan.SERVICE_URL,
        "auth0ClientId": CLIENT_ID,
        "vercelProjectId": PROJECT_ID,
        "renderServiceId": SERVICE_ID,
        "renderDatabaseId": DATABASE_ID,
        "renderEnvGroupId": GROUP_ID,
        "warnings": up.warnings,
        "monthlyCostUsd": {"total": plan.MONTHLY_COST, "parts": {plan.SERVICE: 0, plan.DATABASE: 0}},
        "dnsZoneFile": "".join(
            f"{domain}. {plan.DNS_TTL} IN CNAME {target}.\n"
            for domain, target in [
                (plan.FRONTEND_DOMAIN, plan.FRONTEND_CNAME),
                (plan.BACKEND_DOMAIN, plan.BACKEND_CNAME),
            ]
        ),
        "dnsRecords": [
            {"name": domain, "type": "CNAME", "target": target, "ttlSeconds": plan.DNS_TTL}
            for domain, target in [
                (plan.FRONTEND_DOMAIN, plan.FRONTEND_CNAME),
                (plan.BACKEND_DOMAIN, plan.BACKEND_CNAME),
            ]
        ],
    }


def test_outputs_of_a_first_preview() -> None:
    outputs = run(preview=True, observed=nothing_there).outputs or {}
    assert outputs["backendUrl"] is UNKNOWN
    assert outputs["frontendUrl"] == plan.FRONTEND_URL
    assert [record["target"] for record in outputs["dnsRecords"]] == [plan.FRONTEND_CNAME, UNKNOWN]


def in_clear(value: Any) -> Any:
    """What stands in the state as it is: everything around the secrets."""
    if isinstance(value, dict):
        return {key: in_clear(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [in_clear(inner) for inner in value]
    return "(secret)" if isinstance(value, Secret) else value


def test_secrets_reach_the_engine_as_secrets_only(up: Run) -> None:
    clear = [in_clear(dict(resource.inputs)) for resource in up.declared]
    text = repr([clear, up.outputs, up.asked, up.warnings])
    assert not [secret for secret in (*SECRETS.values(), CLIENT_SECRET) if secret in text]


def test_credentials_reach_no_resource(up: Run) -> None:
    text = repr([resource.plain for resource in up.declared])
    credentials = {value for name, value in CREDENTIALS.items() if name != "AUTH0_DOMAIN"}
    assert not [credential for credential in credentials if credential in text]


def test_configuration_that_arrives_in_the_environment() -> None:
    """The way of the Pulumi CLI; the Automation API hands it over in the process."""
    stack_file, empty = StackFile(), StackFile()
    empty.config.clear()
    empty.secret_keys.clear()
    environ = {
        "PULUMI_CONFIG": json.dumps(stack_file.values),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(stack_file.secret_keys)),
    }
    result = run(empty, {**CREDENTIALS, **environ})
    assert result.error is None
    assert (result.outputs or {})["backendUrl"] == plan.SERVICE_URL


PREVIEWS = f"{plan.SERVICE} (each open preview)"


@pytest.mark.parametrize(
    ("path", "value", "parts", "total"),
    [
        ("render.service.plan", "standard", {plan.SERVICE: 25, PREVIEWS: 25, plan.DATABASE: 0}, 50),
        ("render.database.plan", "basic_1gb", {plan.SERVICE: 0, plan.DATABASE: 19 + 15 * 0.3}, 23.5),
        ("render.database.plan", "next_512gb", {plan.SERVICE: 0, plan.DATABASE: None}, None),
    ],
)
def test_cost(
    stack_file: StackFile, path: str, value: str, parts: dict[str, float | None], total: float | None
) -> None:
    stack_file.put(path, value)
    found = cost.monthly_usd(stack_file.load().settings.render)
    assert found == parts
    assert cost.total(found) == total


def test_cost_without_a_database(stack_file: StackFile) -> None:
    stack_file.delete("render.database")
    stack_file.delete("render.service.envVars.5")
    assert cost.monthly_usd(stack_file.load().settings.render) == {plan.SERVICE: 0}
