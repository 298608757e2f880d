"""Which objects each phase of each environment declares, and what moving between phases takes (plan 2.1, 7, 8.2)."""

from __future__ import annotations

import json

import pytest
import yaml

from components.phases import ADDS, PHASES, Part, parts, skipped
from tests.unit.components.engine import Declared, Run, run
from tests.unit.settings.stack_file import STACKS, StackFile

BRANCH = "github:index/branch:Branch"
PROTECTION = "github:index/branchProtection:BranchProtection"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
CLIENT = "auth0:index/client:Client"
CREDENTIALS = "auth0:index/clientCredentials:ClientCredentials"
COMMAND = "command:local:Command"
PROJECT = "vercel:index/project:Project"
DOMAIN = "vercel:index/projectDomain:ProjectDomain"
VARIABLE = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable"
GITHUB_VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
GITHUB_SECRET = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"


def stack(environment: str, phase: str) -> StackFile:
    stack_file = StackFile(environment)
    stack_file.config["marketedge:phase"] = phase
    return stack_file


def in_phase(environment: str, phase: str) -> Run:
    result = run(stack(environment, phase), stacks={environment: {}})
    assert result.error is None
    return result


def custom(result: Run) -> dict[str, int]:
    types = [resource.type for resource in result.declared if resource.custom]
    return {type_: types.count(type_) for type_ in sorted(set(types))}


def service(result: Run) -> dict[str, object]:
    (command,) = (r for r in result.of(COMMAND) if r.name.startswith("marketedge-platform"))
    found: dict[str, object] = json.loads(command.plain["stdin"])["services"][0]
    return found


RESOURCES = {
    ("staging", "foundation"): {BRANCH: 1, PROTECTION: 1, CLIENT: 1, CREDENTIALS: 1},
    ("staging", "infrastructure"): {
        **{BRANCH: 1, PROTECTION: 1, CLIENT: 1, CREDENTIALS: 1, COMMAND: 3, ENVIRONMENT: 1, POLICY: 1},
        **{GITHUB_VARIABLE: 7, GITHUB_SECRET: 1, VARIABLE: 7, DOMAIN: 1},
    },
    ("production", "foundation"): {PROTECTION: 1, CLIENT: 1, COMMAND: 1},
    ("production", "infrastructure"): {
        **{PROTECTION: 1, CLIENT: 1, COMMAND: 1, ENVIRONMENT: 1, POLICY: 1, RULESET: 2, PROJECT: 1},
        **{GITHUB_VARIABLE: 7, VARIABLE: 4, DOMAIN: 2},
    },
}
RESOURCES |= {(one, "cutover"): RESOURCES[one, "infrastructure"] for one in ("staging", "production")}


@pytest.mark.parametrize(("environment", "phase"), RESOURCES)
def test_what_a_phase_declares(environment: str, phase: str) -> None:
    assert custom(in_phase(environment, phase)) == dict(sorted(RESOURCES[environment, phase].items()))


def test_staging_is_the_same_at_cutover() -> None:
    def inputs(result: Run) -> list[tuple[str, dict[str, object]]]:
        return sorted((r.label, r.plain) for r in result.declared)

    assert inputs(in_phase("staging", "cutover")) == inputs(in_phase("staging", "infrastructure"))


def protection(result: Run) -> tuple[list[str], bool]:
    checks = result.only(PROTECTION).plain["requiredStatusChecks"][0]
    return checks["contexts"], checks["strict"]


def project(result: Run) -> Declared:
    return result.only(PROJECT)


def test_main_requires_the_gate_from_cutover_on() -> None:
    before = (["Database Migration Test", "zebra-protection-gate"], False)
    assert protection(in_phase("production", "foundation")) == before
    assert protection(in_phase("production", "infrastructure")) == before
    assert protection(in_phase("production", "cutover")) == (sorted([*before[0], "staging-smoke-tests"]), True)


def test_nothing_but_tags_releases_from_cutover_on_and_moving_back_undoes_exactly_that() -> None:
    before, after = in_phase("production", "infrastructure"), in_phase("production", "cutover")
    assert (service(before)["autoDeployTrigger"], service(after)["autoDeployTrigger"]) == ("commit", "off")
    assert project(before).plain["autoAssignCustomDomains"] is True
    assert project(after).plain["autoAssignCustomDomains"] is False
    inputs = [{r.label: r.plain for r in result.declared} for result in (before, after)]
    assert inputs[0].keys() == inputs[1].keys()
    changed = {label for label, declared in inputs[0].items() if declared != inputs[1][label]}
    rules = {f"{PROTECTION} production", f"{RULESET} production-checks"}
    assert changed == rules | {f"{COMMAND} marketedge-platform", f"{PROJECT} production"}
    enforced = [result.only(RULESET, "production-checks").plain for result in (before, after)]
    assert [one["enforcement"] for one in enforced] == ["disabled", "active"]
    assert enforced[1]["rules"]["requiredStatusChecks"]["requiredChecks"] == [
        {"context": "staging-smoke-tests", "integrationId": 15368}
    ]


def test_the_foundation_touches_two_variables_of_the_living_service_and_nothing_else() -> None:
    assert service(in_phase("production", "foundation")) == {
        "name": "marketedge-platform",
        "type": "web",
        "region": "oregon",
        "ownership": "adopted",
        "envVars": [
            {"key": "AUTH0_AUDIENCE", "value": "https://dev-g8trhgbfdq2sk2m8.us.auth0.com/api/v2/"},
            {
                "key": "CORS_ORIGINS",
                "value": "https://platform.marketedge.co.uk,https://marketedge-platform.onrender.com,"
                "https://app.zebra.associates,https://staging.zebra.associates,https://*.vercel.app",
            },
        ],
    }


def test_everything_of_production_is_protected_and_would_be_forgotten_not_deleted() -> None:
    result = in_phase("production", "cutover")
    assert [r.label for r in result.declared if r.custom and not r.protect] == []
    assert [r.label for r in result.declared if r.custom and not r.retain] == [f"{COMMAND} marketedge-platform"]


def test_of_staging_the_database_is_protected() -> None:
    result = in_phase("staging", "infrastructure")
    assert [r.label for r in result.declared if r.protect] == [f"{COMMAND} marketedge-staging-db"]
    assert [r.label for r in result.declared if r.retain] == []


def test_releases_come_from_tags_that_nobody_can_move() -> None:
    result = in_phase("production", "infrastructure")
    assert result.only(POLICY).plain["tagPattern"] == "v*"
    assert "branchPattern" not in result.only(POLICY).plain
    ruleset = result.only(RULESET, "production").plain
    assert (ruleset["target"], ruleset["enforcement"], ruleset["bypassActors"]) == ("tag", "active", [])
    assert ruleset["conditions"] == {"refName": {"includes": ["refs/tags/v*"], "excludes": []}}
    assert ruleset["rules"] == {"deletion": True, "update": True, "nonFastForward": True}


def test_the_project_is_as_the_plan_wants_it() -> None:
    inputs = project(in_phase("production", "infrastructure")).plain
    assert inputs["rootDirectory"] == "platform-wrapper/frontend"
    assert inputs["gitRepository"] == {
        "type": "github",
        "repo": "zebra-devops/MarketEdge-Platform",
        "productionBranch": "main",
    }
    assert inputs["previewDeploymentsDisabled"] is False
    assert "framework" not in inputs


def test_production_builds_and_domains() -> None:
    result = in_phase("production", "infrastructure")
    assert {tuple(r.plain["targets"]) for r in result.of(VARIABLE)} == {("production",)}
    assert sorted(r.plain["domain"] for r in result.of(DOMAIN)) == ["app.zebra.associates", "platform.marketedge.co.uk"]
    assert not any("gitBranch" in r.plain for r in result.of(DOMAIN))


@pytest.mark.parametrize(
    ("before", "now", "passed"),
    [
        (None, "foundation", []),
        (None, "infrastructure", []),
        (None, "cutover", ["infrastructure"]),
        ("foundation", "infrastructure", []),
        ("foundation", "cutover", ["infrastructure"]),
        ("cutover", "infrastructure", []),
        ("cutover", "foundation", []),
    ],
)
def test_skipped_phases(before: str | None, now: str, passed: list[str]) -> None:
    assert skipped(before, now) == passed  # type: ignore[arg-type]


def test_a_skipped_phase_is_one_warning() -> None:
    result = run(stack("production", "cutover"), stacks={"production": {"phase": "foundation"}})
    assert [w for w in result.warnings if "marketedge:phase" in w] == [
        "marketedge:phase goes from foundation to cutover: infrastructure is skipped, so nobody has seen it work"
    ]


@pytest.mark.parametrize("before", ["infrastructure", "cutover"])
def test_leaving_infrastructure_is_refused_unless_what_goes_is_named(before: str) -> None:
    stack_file = stack("staging", "foundation")
    result = run(stack_file, stacks={"staging": {"phase": before}})
    assert result.declared == []
    names = "marketedge-staging-db, marketedge-platform-staging"
    assert f"leaving {before} for foundation removes {names} from this stack" in str(result.error)

    stack_file.config["marketedge:giveUp"] = ["marketedge-platform-staging"]
    again = run(stack_file, stacks={"staging": {"phase": before}})
    assert "removes marketedge-staging-db from this stack" in str(again.error)

    stack_file.config["marketedge:giveUp"] = ["marketedge-platform-staging", "marketedge-staging-db"]
    assert run(stack_file, stacks={"staging": {"phase": before}}).error is None


def test_what_a_run_that_was_cut_short_has_made_is_not_left_behind_unnamed() -> None:
    made = ["marketedge-staging-db", "staging-env", "marketedge-platform-staging"]
    result = run(stack("staging", "foundation"), stacks={"staging": {}}, made=made)
    assert "removes marketedge-platform-staging, marketedge-staging-db from this stack" in str(result.error)
    assert result.declared == []


def test_production_at_the_foundation_keeps_the_service_that_it_has() -> None:
    result = run(stack("production", "foundation"), stacks={"production": {}}, made=["marketedge-platform"])
    assert result.error is None


def test_every_part_belongs_to_some_phase_and_cutover_has_everything() -> None:
    assert tuple(ADDS) == PHASES
    assert parts("cutover", adopted=True, by_tag=True) == set(Part)


def test_only_release_managers_may_touch_a_release_tag() -> None:
    stack_file = stack("production", "infrastructure")
    stack_file["github"]["releaseManagers"] = {"teams": ["release-managers"], "roles": ["admin"]}
    ruleset = run(stack_file, stacks={"production": {}}).only(RULESET, "production").plain
    assert ruleset["rules"] == {"creation": True, "deletion": True, "update": True, "nonFastForward": True}
    assert [(one["actorType"], one["bypassMode"]) for one in ruleset["bypassActors"]] == [
        ("Team", "always"),
        ("RepositoryRole", "always"),
    ]
    assert ruleset["bypassActors"][1]["actorId"] == 5


def test_the_login_test_has_an_application_of_its_own() -> None:
    """As the runbook says it."""
    runbook = (STACKS.parents[1] / "docs" / "DEPLOYMENT_RUNBOOK.md").read_text()
    shown = yaml.safe_load(runbook.split("## The login test")[1].split("```yaml")[1].split("```")[0])
    stack_file, environment = stack("staging", "infrastructure"), shown["marketedge:github"]["environment"]
    stack_file["auth0"].update(shown["marketedge:auth0"])
    for kind in ("variables", "secrets"):
        stack_file["github"]["environment"][kind] += environment[kind]
    result = run(stack_file)
    assert result.error is None
    client = result.only(CLIENT, "staging-login-test").plain
    assert (client["name"], client["grantTypes"], client["callbacks"]) == ("MarketEdge smoke tests", ["password"], [])
    assert result.only(CLIENT, "staging").plain["grantTypes"] == ["authorization_code", "refresh_token"]
    assert result.only(GITHUB_SECRET, "staging-SMOKE_AUTH0_CLIENT_SECRET")


def test_a_login_test_of_the_client_itself_may_use_the_api_and_has_no_other_grant() -> None:
    stack_file = stack("staging", "infrastructure")
    stack_file["auth0"]["loginTest"] = {"application": "Smoke tests", "grant": "client_credentials"}
    refused = str(run(stack_file).error)
    assert "loginTest.grant client_credentials needs auth0.audience: the identifier of your own API" in refused
    stack_file["auth0"]["audience"] = "https://api.zebra.associates"
    result = run(stack_file)
    assert result.only(CLIENT, "staging-login-test").plain["grantTypes"] == ["client_credentials"]
    grant = result.only("auth0:index/clientGrant:ClientGrant", "staging-login-test").plain
    assert (grant["audience"], grant["scopes"]) == ("https://api.zebra.associates", [])


def test_a_login_test_in_another_directory_has_the_grant_for_that() -> None:
    stack_file = stack("staging", "infrastructure")
    stack_file["auth0"]["loginTest"] = {"application": "Smoke tests", "connection": "Testers"}
    (grant,) = run(stack_file).only(CLIENT, "staging-login-test").plain["grantTypes"]
    assert grant == "http://auth0.com/oauth/grant-type/password-realm"
    stack_file["auth0"]["loginTest"]["grant"] = "client_credentials"
    assert "connection: expected none beside the grant client_credentials" in str(run(stack_file).error)


def test_its_credentials_need_it() -> None:
    stack_file = stack("staging", "infrastructure")
    stack_file["github"]["environment"]["secrets"][0]["fromOutput"] = "auth0.testClientSecret"
    assert "auth0.testClientSecret needs marketedge:auth0.loginTest" in str(run(stack_file).error)
