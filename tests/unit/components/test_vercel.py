"""What is declared at Vercel: variables of preview builds, and the domain of the staging branch."""

from __future__ import annotations

from tests.unit import plan
from tests.unit.components.engine import Run, Secret, run
from tests.unit.components.vendors import CLIENT_ID, PROJECT_ID
from tests.unit.settings.stack_file import SECRETS, StackFile

VARIABLE = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable"
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


def test_a_project_given_by_id_is_not_looked_up() -> None:
    stack_file = StackFile()
    stack_file.put("vercel.project", "prj_given")
    result = run(stack_file)
    assert LOOK_UP not in [token for token, _ in result.asked]
    assert result.only(DOMAIN).inputs["projectId"] == "prj_given"


def test_a_secret_variable_is_sensitive() -> None:
    stack_file = StackFile()
    stack_file["vercel"]["variables"].append({"key": "REDIS_URL", "fromSecret": "REDIS_URL"})
    variable = run(stack_file).only(VARIABLE, "staging-REDIS_URL")
    assert variable.inputs["sensitive"] is True
    assert variable.inputs["value"] == Secret(SECRETS["REDIS_URL"])
