"""What is declared at Vercel: variables of preview builds, and the domain of the staging branch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import plan
from tests.unit.components.engine import Run, Secret, run
from tests.unit.components.vendors import CLIENT_ID, PROJECT_ID, answer
from tests.unit.settings.stack_file import SECRETS, StackFile

VARIABLE = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable"
PROJECT = "vercel:index/project:Project"
DOMAIN = "vercel:index/projectDomain:ProjectDomain"
LOOK_UP = "vercel:index/getProject:getProject"


def test_variables_are_the_plans_with_the_client_id_and_url_wired(up: Run) -> None:
    values = {variable.plain["key"]: variable.plain["value"] for variable in up.of(VARIABLE)}
    assert values == {**plan.VERCEL_VARIABLES, plan.VERCEL_CLIENT_ID: CLIENT_ID}


def test_variables_reach_preview_builds_only_and_can_be_read_back(up: Run) -> None:
    for variable in up.of(VARIABLE):
        assert variable.plain == {
            "projectId": PROJECT_ID,
            "key": variable.name.removeprefix("staging-"),
            "value": variable.plain["value"],
            "targets": plan.VERCEL_TARGETS,
            "sensitive": False,
            "comment": "Declared by the staging gate",
        }


def test_the_domain_serves_the_staging_branch(up: Run) -> None:
    assert up.only(DOMAIN).inputs == {
        "projectId": PROJECT_ID,
        "domain": plan.FRONTEND_DOMAIN,
        "gitBranch": plan.BRANCH,
        "waitForReady": False,
    }


def test_the_project_is_looked_up_by_name(up: Run) -> None:
    assert (LOOK_UP, {"name": plan.VERCEL_PROJECT}) in up.asked


def test_a_project_given_by_its_id_keeps_its_name() -> None:
    """Once the second up renamed the living project to its id."""
    stack_file = StackFile("production")
    stack_file.config["marketedge:phase"] = "infrastructure"
    stack_file.put("vercel.project", PROJECT_ID)
    result = run(stack_file, stacks={"production": {}})
    assert result.only(PROJECT).inputs["name"] == plan.VERCEL_PROJECT
    assert {domain.inputs["projectId"] for domain in result.of(DOMAIN)} == {PROJECT_ID}


@pytest.mark.parametrize(("declared", "sent"), [("web", "web"), (".", None), (None, None)])
def test_the_frontend_may_be_the_repository_itself(declared: str | None, sent: str | None) -> None:
    """Vercel's API then says null. Left out, the directory stays as it is."""
    stack_file = StackFile("production")
    stack_file.config["marketedge:phase"] = "infrastructure"
    stack_file.put("vercel.settings.rootDirectory", declared)
    if declared is None:
        del stack_file["vercel"]["settings"]["rootDirectory"]
    project = run(stack_file, stacks={"production": {}}).only(PROJECT)
    assert project.inputs.get("rootDirectory") == sent
    assert ("rootDirectory" in project.ignore_changes) is (declared is None)


def kept(key: str, *targets: str, branch: str = "") -> dict[str, Any]:
    return {"id": f"env_{key}", "key": key, "targets": list(targets), "gitBranch": branch}


def with_variables(monkeypatch: pytest.MonkeyPatch, *variables: dict[str, Any]) -> Run:
    shown = {"name": plan.VERCEL_PROJECT, "id": PROJECT_ID, "environments": list(variables)}

    def looked_up(token: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return shown if token == LOOK_UP else answer(token, arguments)

    monkeypatch.setattr("tests.unit.components.engine.answer", looked_up)
    return run()


def test_a_record_for_several_targets_is_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what the dashboard makes by default, and Vercel answers 409 ENV_CONFLICT to a second one."""
    result = with_variables(monkeypatch, kept("NEXT_PUBLIC_ENVIRONMENT", "production", "preview", "development"))
    assert "NEXT_PUBLIC_ENVIRONMENT is kept at Vercel for development and preview and production" in str(result.error)
    assert result.declared == []


def test_a_record_of_the_stacks_own_branch_wins_over_the_declared_one(monkeypatch: pytest.MonkeyPatch) -> None:
    result = with_variables(monkeypatch, kept("NEXT_PUBLIC_ENVIRONMENT", "preview", branch=plan.BRANCH))
    assert result.error is None
    (said,) = (text for text in result.warnings if "marketedge:vercel" in text)
    assert f"kept at Vercel for the branch {plan.BRANCH} alone" in said
    assert result.outputs["overriddenAtVercel"] == {"NEXT_PUBLIC_ENVIRONMENT": "env_NEXT_PUBLIC_ENVIRONMENT"}


@pytest.mark.parametrize(
    "record",
    [
        kept("NEXT_PUBLIC_ENVIRONMENT", "preview"),
        kept("NEXT_PUBLIC_ENVIRONMENT", "production", "development"),
        kept("OTHER", "production", "preview"),
        kept("NEXT_PUBLIC_ENVIRONMENT", "preview", branch="feature"),
    ],
    ids=["its own", "of other targets", "of another name", "of another branch"],
)
def test_other_records_are_in_nobodys_way(monkeypatch: pytest.MonkeyPatch, record: dict[str, Any]) -> None:
    result = with_variables(monkeypatch, record)
    assert result.error is None
    assert not [text for text in result.warnings if "marketedge:vercel" in text]
    assert "overriddenAtVercel" not in result.outputs


def test_a_secret_variable_is_sensitive() -> None:
    stack_file = StackFile()
    stack_file["vercel"]["variables"].append({"key": "REDIS_URL", "fromSecret": "REDIS_URL"})
    variable = run(stack_file).only(VARIABLE, "staging-REDIS_URL")
    assert variable.inputs["sensitive"] is True
    assert variable.inputs["value"] == Secret(SECRETS["REDIS_URL"])


def test_values_that_are_no_secret_are_inputs_of_the_component_where_a_preview_shows_them(up: Run) -> None:
    public = up.only("marketedge:vercel:Frontend").inputs["publicVariables"]
    assert public["NEXT_PUBLIC_API_BASE_URL"] == plan.SERVICE_URL
    assert not any(isinstance(value, Secret) for value in public.values())
