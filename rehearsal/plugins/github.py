"""The resource types of the GitHub plugin that the program uses, and what the plugin does with each."""

from collections.abc import Mapping
from typing import Any

import pulumi_github as github

from . import github_vendor as vendor
from .estate import Object, Store, select
from .provider import VendorProvider
from .resource_type import ProviderError, ResourceType
from .values import Properties

_SECRET_VALUES = ("value", "valueEncrypted", "encryptedValue", "plaintextValue")
_NO_REVIEW = "requiredPullRequestReviews"
_NAME = "(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*"
"""Of a variable or a secret (docs.github.com: Naming your variables)."""
_ACTORS = ("RepositoryRole", "Team", "Integration", "OrganizationAdmin", "DeployKey", "EnterpriseOwner", "User")


_SECRET: Mapping[str, Any] = {
    "on_existing": "overwrite",
    "secrets": frozenset(_SECRET_VALUES),
    "sealed": lambda _: (*_SECRET_VALUES, "keyId", "destroyOnDrift"),
    "exactly_one": _SECRET_VALUES,
    "unseen": frozenset({"keyId"}),
    "complete": vendor.new_secret,
    "touched": ("updatedAt", "remoteUpdatedAt"),
    "stamp": ("updatedAt", "remoteUpdatedAt"),
}

TYPES = (
    ResourceType(
        resource=github.Repository,
        args=github.RepositoryArgs,
        type="repository",
        key=("name",),
        id_format="{name}",
        refusal="422 Repository creation failed: name already exists on this account",
        defaults={
            "allowMergeCommit": True,
            "allowSquashMerge": True,
            "allowRebaseMerge": True,
            "mergeCommitTitle": "MERGE_MESSAGE",
            "mergeCommitMessage": "PR_TITLE",
            "squashMergeCommitTitle": "COMMIT_OR_PR_TITLE",
            "squashMergeCommitMessage": "COMMIT_MESSAGES",
        },
        vendor_defaults={"defaultBranch": "main", "topics": [], "allowForking": True, "vulnerabilityAlerts": False},
        unseen=frozenset({"visibility", "private", "securityAndAnalysis", "etag", "fork", "sourceOwner", "sourceRepo"}),
        sets=frozenset({"topics"}),
        sealed=lambda _: ("archiveOnDestroy", "autoInit", "gitignoreTemplate", "licenseTemplate", "template"),
        complete=vendor.new_repository,
        autonamed=True,
    ),
    ResourceType(
        resource=github.Branch,
        args=github.BranchArgs,
        type="branch",
        key=("repository", "branch"),
        id_format="{repository}:{branch}",
        import_formats=("{repository}:{branch}:{sourceBranch}", "{repository}:{branch}"),
        on_existing="adopt",
        defaults={"sourceBranch": "main"},
        unseen=frozenset({"sourceSha", "etag"}),
        replaces=frozenset({"repository", "branch", "sourceBranch", "sourceSha"}),
        sealed=lambda _: ("sourceBranch", "sourceSha"),
        import_knows=lambda _: {"sourceBranch": "main"},
        complete=vendor.new_branch,
    ),
    ResourceType(
        resource=github.BranchProtection,
        args=github.BranchProtectionArgs,
        type="branch_protection",
        key=("repositoryId", "pattern"),
        import_formats=("{repository}:{pattern}",),
        refusal="Name already protected, the rule already exists",
        clashes=vendor.same_protection,
        defaults={
            f"{_NO_REVIEW}.requiredApprovingReviewCount": 1,
            "restrictPushes.blocksCreations": True,
        },
        unseen=frozenset({"requiredStatusChecks.contexts"}),
        replaces=frozenset({"repositoryId"}),
        sets=frozenset(
            {
                "requiredStatusChecks.contexts",
                "forcePushBypassers",
                "restrictPushes.pushAllowances",
                f"{_NO_REVIEW}.dismissalRestrictions",
                f"{_NO_REVIEW}.pullRequestBypassers",
            }
        ),
        sealed=lambda _: ("repositoryId",),
        import_knows=lambda found: {"repositoryId": found["repositoryId"]},
        complete=vendor.new_protection,
    ),
    ResourceType(
        resource=github.RepositoryEnvironment,
        args=github.RepositoryEnvironmentArgs,
        type="environment",
        key=("repository", "environment"),
        id_format="{repository}:{environment}",
        on_existing="overwrite",
        defaults={"canAdminsBypass": True, "preventSelfReview": False},
        replaces=frozenset({"repository", "environment"}),
        sets=frozenset({"reviewers.teams", "reviewers.users"}),
        complete=vendor.in_repository,
    ),
    ResourceType(
        resource=github.RepositoryEnvironmentDeploymentPolicy,
        args=github.RepositoryEnvironmentDeploymentPolicyArgs,
        type="deployment_policy",
        key=("repository", "environment", "branchPattern", "tagPattern"),
        id_format="{repository}:{environment}:{policyId}",
        on_existing="adopt",
        replaces=frozenset({"repository", "environment"}),
        exactly_one=("branchPattern", "tagPattern"),
        complete=vendor.new_policy,
    ),
    ResourceType(
        resource=github.ActionsEnvironmentVariable,
        args=github.ActionsEnvironmentVariableArgs,
        type="environment_variable",
        key=("repository", "environment", "variableName"),
        values={"variableName": _NAME},
        id_format="{repository}:{environment}:{variableName}",
        refusal="409 Already exists - Variable already exists []",
        replaces=frozenset({"repository", "environment", "variableName"}),
        complete=vendor.new_variable,
        touched=("updatedAt",),
    ),
    ResourceType(
        resource=github.ActionsEnvironmentSecret,
        args=github.ActionsEnvironmentSecretArgs,
        type="environment_secret",
        key=("repository", "environment", "secretName"),
        values={"secretName": _NAME},
        id_format="{repository}:{environment}:{secretName}",
        replaces=frozenset({"repository", "environment", "secretName"}),
        **_SECRET,
    ),
    ResourceType(
        resource=github.RepositoryRuleset,
        args=github.RepositoryRulesetArgs,
        type="ruleset",
        key=("repository", "name"),
        import_formats=("{repository}:{rulesetId}",),
        refusal="409 Already exists - Name must be unique",
        values={
            "target": ("branch", "tag", "push"),
            "enforcement": ("disabled", "active", "evaluate"),
            "bypassActors.actorType": _ACTORS,
            "bypassActors.bypassMode": ("always", "pull_request", "exempt"),
        },
        replaces=frozenset({"repository"}),
        complete=vendor.new_ruleset,
        autonamed=True,
    ),
    ResourceType(
        resource=github.RepositoryFile,
        args=github.RepositoryFileArgs,
        type="file",
        key=("repository", "file", "branch"),
        id_format="{repository}:{file}:{branch}",
        clashes=vendor.refused_file,
        refusal="refusing to overwrite existing file, configure `overwrite_on_create` to `true` to override",
        defaults={"overwriteOnCreate": False, "autocreateBranch": False, "autocreateBranchSourceBranch": "main"},
        unseen=frozenset({"commitMessage", "commitAuthor", "commitEmail", "autocreateBranchSourceSha"}),
        replaces=frozenset({"repository", "file", "branch"}),
        sealed=lambda _: (
            *("commitAuthor", "commitEmail", "commitMessage", "overwriteOnCreate"),
            *("autocreateBranch", "autocreateBranchSourceBranch", "autocreateBranchSourceSha"),
        ),
        complete=vendor.new_file,
    ),
)


def get_repository(objects: list[Object], arguments: Properties) -> Properties:
    name = arguments.get("name") or str(arguments.get("fullName", "")).rpartition("/")[2]
    found = vendor.repository_named(objects, name)
    return {name: value for name, value in found.items() if name != "type"}


def get_branch(objects: list[Object], arguments: Properties) -> Properties:
    """Return a branch. For an absent one the real plugin answers without a ref, and raises no error."""
    vendor.repository_named(objects, arguments["repository"])
    found = select(objects, "branch", **{name: arguments[name] for name in ("repository", "branch")})
    return {**arguments, **{name: value for item in found for name, value in item.items() if name != "type"}}


class GitHub(VendorProvider):
    """The GitHub plugin. Without a token the real one starts, and its first request fails."""

    def __init__(self, estate: Store) -> None:
        super().__init__(
            "github",
            TYPES,
            github.ProviderArgs,
            estate,
            {
                "github:index/getRepository:getRepository": get_repository,
                "github:index/getBranch:getBranch": get_branch,
            },
        )
        self._token = False

    def configure(self, settings: Mapping[str, str]) -> None:
        self._token = bool(self.setting(settings, "token", "GITHUB_TOKEN"))

    def authorize(self) -> None:
        if not self._token:
            raise ProviderError("401 Requires authentication []: set GITHUB_TOKEN")
