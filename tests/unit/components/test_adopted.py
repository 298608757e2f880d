"""What lived before the gate: what is not declared of it stays as it is, and its import leaves it alone."""

from __future__ import annotations

import json

import pytest

from components.adoption import key
from tests.unit.components.engine import CREDENTIALS, Run, run
from tests.unit.components.test_phases import (
    CLIENT,
    DOMAIN,
    ENVIRONMENT,
    PROJECT,
    PROTECTION,
    VARIABLE,
    in_phase,
    stack,
)
from tests.unit.components.test_phases import (
    CREDENTIALS as CLIENT_CREDENTIALS,
)
from tests.unit.components.vendors import REVIEWERS
from tests.unit.settings.stack_file import StackFile


@pytest.fixture
def production() -> Run:
    return in_phase("production", "infrastructure")


def adopting(*keys: str, phase: str = "infrastructure") -> StackFile:
    stack_file = stack("production", phase)
    stack_file.config["marketedge:adopt"] = json.dumps(dict.fromkeys(keys, "id"))
    return stack_file


def test_of_the_application_the_addresses_are_managed_and_nothing_else(production: Run) -> None:
    client = production.only(CLIENT)
    addresses = {"callbacks", "allowedLogoutUrls", "webOrigins", "allowedOrigins"}
    assert set(client.plain) - set(client.ignore_changes) == {"name"} | addresses


def test_how_an_adopted_application_proves_itself_stays() -> None:
    stack_file = stack("production", "infrastructure")
    stack_file["github"]["environment"]["secrets"] = [
        {"key": "AUTH0_CLIENT_SECRET", "fromOutput": "auth0.clientSecret"}
    ]
    result = run(stack_file, stacks={"production": {}})
    assert result.error is None
    assert result.only(CLIENT_CREDENTIALS).ignore_changes == ("authenticationMethod",)


def test_a_rule_of_main_stays_as_strict_as_it_is_beyond_what_is_declared(production: Run) -> None:
    rule = production.only(PROTECTION)
    reviews = "requiredPullRequestReviews[0]"
    assert set(rule.ignore_changes) == {
        *("lockBranch", "requireSignedCommits", "requiredLinearHistory", "restrictPushes"),
        *(f"{reviews}.{name}" for name in ("requireCodeOwnerReviews", "requireLastPushApproval")),
        *(f"{reviews}.{name}" for name in ("restrictDismissals", "dismissalRestrictions")),
    }


def test_reviewers_of_the_environment_stay_where_none_are_named(production: Run) -> None:
    environment = production.only(ENVIRONMENT)
    assert environment.ignore_changes == ("waitTimer", "preventSelfReview", "reviewers")
    assert "reviewers" not in environment.plain


def test_reviewers_that_are_named_are_set_by_their_ids() -> None:
    stack_file = stack("production", "infrastructure")
    stack_file["github"]["environment"]["reviewers"] = {"users": ["octocat"], "teams": ["release-managers"]}
    environment = run(stack_file, stacks={"production": {}}).only(ENVIRONMENT)
    assert environment.plain["reviewers"] == [
        {"users": [REVIEWERS["octocat"]], "teams": [REVIEWERS["release-managers"]]}
    ]
    assert "reviewers" not in environment.ignore_changes


def test_the_project_is_built_as_before(production: Run) -> None:
    project = production.only(PROJECT)
    assert {"framework", "buildCommand", "installCommand", "passwordProtection"} <= set(project.ignore_changes)
    assert not set(project.plain) & set(project.ignore_changes)


def test_a_domain_that_redirects_goes_on_and_a_closed_variable_stays_closed(production: Run) -> None:
    for domain in production.of(DOMAIN):
        assert domain.ignore_changes == ("redirect", "redirectStatusCode", "customEnvironmentId")
    for variable in production.of(VARIABLE):
        assert variable.ignore_changes == ("sensitive",)


def test_of_staging_everything_is_managed() -> None:
    commands = "command:local:Command"
    declared = in_phase("staging", "infrastructure").declared
    assert [r.label for r in declared if r.ignore_changes and r.type != commands] == []


@pytest.mark.parametrize(
    ("type_", "name", "written"),
    [
        # A value that cannot be read back; and what GitHub wants before the environment's policy can be made.
        (VARIABLE, "production-NEXT_PUBLIC_ENVIRONMENT", "value"),
        (ENVIRONMENT, "production", "deploymentBranchPolicy"),
    ],
)
def test_what_an_import_cannot_do_without_is_as_declared(type_: str, name: str, written: str) -> None:
    result = run(adopting(key(type_, name)), stacks={"production": {}})
    assert result.error is None
    taken_over = result.only(type_, name)
    assert taken_over.import_id == "id"
    assert set(taken_over.plain) - set(taken_over.ignore_changes) == {written}


def test_a_line_that_nothing_is_called_by_is_an_error_that_names_it() -> None:
    stack_file = adopting("auth0:Client/produktion", "auth0:Client/production")
    result = run(stack_file, stacks={"production": {}}, preview=True)
    assert "marketedge:adopt: auth0:Client/produktion: nothing that is declared in this phase is called that" in str(
        result.error
    )


def test_a_line_of_another_phase_is_an_error() -> None:
    result = run(adopting("vercel:Project/production", phase="foundation"), stacks={"production": {}}, preview=True)
    assert "marketedge:adopt: vercel:Project/production" in str(result.error)


def test_a_line_of_a_vendor_that_was_left_out_is_none() -> None:
    without = {name: value for name, value in CREDENTIALS.items() if name != "VERCEL_API_TOKEN"}
    result = run(adopting("vercel:Project/production"), without, stacks={"production": {}}, preview=True)
    assert result.error is None
