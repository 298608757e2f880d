"""What is declared at GitHub: the staging branch, its protection, and the environment of its jobs."""

from __future__ import annotations

from tests.unit import plan
from tests.unit.components.engine import Run, Secret
from tests.unit.components.vendors import CLIENT_ID, CLIENT_SECRET, NODE_ID, SERVICE_ID

BRANCH = "github:index/branch:Branch"
PROTECTION = "github:index/branchProtection:BranchProtection"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
POLICY = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
SECRET = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"


def test_the_branch_starts_from_main(up: Run) -> None:
    assert up.only(BRANCH).inputs == {
        "repository": plan.REPOSITORY,
        "branch": plan.BRANCH,
        "sourceBranch": plan.SOURCE_BRANCH,
    }


def test_the_protection_is_the_plans_and_leaves_nothing_undeclared(up: Run) -> None:
    assert up.only(PROTECTION).inputs == {
        "repositoryId": NODE_ID,
        "pattern": plan.BRANCH,
        "requiredPullRequestReviews": [
            {
                "requiredApprovingReviewCount": plan.REQUIRED_APPROVALS,
                "dismissStaleReviews": True,
                "requireCodeOwnerReviews": False,
                "requireLastPushApproval": False,
                "restrictDismissals": False,
                "dismissalRestrictions": [],
                "pullRequestBypassers": [],
            }
        ],
        "requiredStatusChecks": [{"strict": False, "contexts": sorted(plan.REQUIRED_CHECKS)}],
        "requireConversationResolution": True,
        "enforceAdmins": True,  # "Do not allow bypassing the above settings"
        "forcePushBypassers": [],
        "allowsForcePushes": False,
        "allowsDeletions": False,
        "requireSignedCommits": False,
        "requiredLinearHistory": False,
        "lockBranch": False,
    }


def test_the_protection_waits_for_the_branch(up: Run) -> None:
    assert up.only(BRANCH).label in up.only(PROTECTION).depends_on


def test_the_repository_is_looked_up_by_its_full_name(up: Run) -> None:
    full_name = f"{plan.OWNER}/{plan.REPOSITORY}"
    assert ("github:index/getRepository:getRepository", {"fullName": full_name}) in up.asked


def test_the_environment_is_for_the_staging_branch_only(up: Run) -> None:
    assert up.only(ENVIRONMENT).inputs == {
        "repository": plan.REPOSITORY,
        "environment": "staging",
        "canAdminsBypass": False,
        "preventSelfReview": False,
        "waitTimer": 0,
        "deploymentBranchPolicy": {"protectedBranches": False, "customBranchPolicies": True},
    }
    assert up.only(POLICY).inputs == {
        "repository": plan.REPOSITORY,
        "environment": "staging",
        "branchPattern": plan.BRANCH,
    }
    assert up.only(ENVIRONMENT).label in up.only(POLICY).depends_on


def test_variables_are_wired_from_the_other_vendors(up: Run) -> None:
    assert {variable.inputs["variableName"]: variable.inputs["value"] for variable in up.of(VARIABLE)} == {
        "ENVIRONMENT": "staging",
        "BACKEND_URL": plan.SERVICE_URL,
        "FRONTEND_URL": plan.FRONTEND_URL,
        "RENDER_SERVICE_ID": SERVICE_ID,
        "AUTH0_DOMAIN": plan.AUTH0_DOMAIN,
        "AUTH0_AUDIENCE": plan.AUDIENCE,
        "AUTH0_CLIENT_ID": CLIENT_ID,
    }


def test_the_secret_is_auth0s(up: Run) -> None:
    assert up.only(SECRET).inputs == {
        "repository": plan.REPOSITORY,
        "environment": "staging",
        "secretName": "AUTH0_CLIENT_SECRET",
        "value": Secret(CLIENT_SECRET),
    }


def test_variables_and_secrets_belong_to_the_environment(up: Run) -> None:
    for resource in [*up.of(VARIABLE), *up.of(SECRET)]:
        assert (resource.inputs["repository"], resource.inputs["environment"]) == (plan.REPOSITORY, "staging")
        assert up.only(ENVIRONMENT).label in resource.depends_on
        assert resource.name == f"staging-{resource.inputs.get('variableName') or resource.inputs['secretName']}"
