"""The gate at GitHub: a protected branch, and the environment of the jobs that deploy and test it (plan 1.4, 1.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_github as github

from components.github_settings import Branch, DeploymentEnvironment, Protection, ReleaseManagers, Reviewers
from components.wiring import Wiring


@dataclass(frozen=True)
class ProtectedBranchArgs:
    """Arguments of ProtectedBranch.

    Attributes:
        owner, repository: together they name the repository.
        adopted: whether the rule may exist already. Then what the settings omit stays as strict as it is.
    """

    owner: str
    repository: str
    branch: Branch
    protection: Protection
    adopted: bool


_REVIEWS = "requiredPullRequestReviews[0]"
_KEPT = [
    "lockBranch",
    "requireSignedCommits",
    "requiredLinearHistory",
    "restrictPushes",
    f"{_REVIEWS}.requireCodeOwnerReviews",
    f"{_REVIEWS}.requireLastPushApproval",
    f"{_REVIEWS}.restrictDismissals",
    f"{_REVIEWS}.dismissalRestrictions",
]
"""What an adopted rule keeps."""


class ProtectedBranch(pulumi.ComponentResource):
    """A branch and its protection rule. The branch is made from another one unless it exists.

    The rule needs the repository's node id. With a name the provider would plan to replace an imported rule.

    Attributes:
        branch: its name, once it exists.
    """

    branch: pulumi.Output[str]

    def __init__(self, name: str, args: ProtectedBranchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:github:ProtectedBranch", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        rules = args.protection
        branch = (
            github.Branch(
                name, repository=args.repository, branch=args.branch.name, source_branch=args.branch.source, opts=child
            )
            if args.branch.source
            else None
        )
        repository = github.get_repository_output(
            full_name=f"{args.owner}/{args.repository}", opts=pulumi.InvokeOutputOptions(parent=self)
        )
        protection = github.BranchProtection(
            name,
            repository_id=repository.node_id,
            pattern=args.branch.name,
            required_pull_request_reviews=[
                github.BranchProtectionRequiredPullRequestReviewArgs(
                    required_approving_review_count=rules.required_approvals,
                    dismiss_stale_reviews=rules.dismiss_stale_approvals,
                    require_code_owner_reviews=False,
                    require_last_push_approval=False,
                    restrict_dismissals=False,
                    dismissal_restrictions=[],
                    pull_request_bypassers=[],
                )
            ],
            required_status_checks=[
                github.BranchProtectionRequiredStatusCheckArgs(
                    strict=rules.require_up_to_date, contexts=sorted(rules.required_checks)
                )
            ],
            require_conversation_resolution=rules.require_conversation_resolution,
            enforce_admins=not rules.allow_bypass,
            force_push_bypassers=[],
            allows_force_pushes=rules.allow_force_pushes,
            allows_deletions=rules.allow_deletions,
            require_signed_commits=False,
            required_linear_history=False,
            lock_branch=False,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[branch] if branch else [],
                ignore_changes=_KEPT if args.adopted else None,
            ),
        )
        self.branch = branch.branch if branch else pulumi.Output.from_input(args.branch.name)
        self.register_outputs({"branch": self.branch, "protection_id": protection.id})


@dataclass(frozen=True)
class EnvironmentArgs:
    """Arguments of Environment.

    Attributes:
        branch: the only one whose jobs may use it, unless the settings name tags.
        adopted: whether it may exist already. Then it keeps its waiting time, and its reviewers if the settings name
            none.
    """

    repository: str
    settings: DeploymentEnvironment
    branch: str
    wiring: Wiring
    adopted: bool


class Environment(pulumi.ComponentResource):
    """A GitHub environment for the jobs of one branch or of tags, with its variables and its secrets."""

    def __init__(self, name: str, args: EnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:github:Environment", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags, reviewers = args.settings.tags, _reviewers(args.settings.reviewers, child)
        kept = ["wait_timer", "prevent_self_review", *([] if reviewers else ["reviewers"])]
        environment = github.RepositoryEnvironment(
            name,
            repository=args.repository,
            environment=args.settings.name,
            can_admins_bypass=False,
            prevent_self_review=False,
            wait_timer=0,
            reviewers=reviewers,
            deployment_branch_policy=github.RepositoryEnvironmentDeploymentBranchPolicyArgs(
                protected_branches=False, custom_branch_policies=True
            ),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=kept if args.adopted else None),
        )
        github.RepositoryEnvironmentDeploymentPolicy(
            name,
            repository=args.repository,
            environment=environment.environment,
            branch_pattern=None if tags else args.branch,
            tag_pattern=tags,
            opts=child,
        )
        own: dict[str, Any] = {"repository": args.repository, "environment": environment.environment, "opts": child}
        for one in args.settings.variables:
            value = args.wiring.value(one)
            github.ActionsEnvironmentVariable(f"{name}-{one.key}", variable_name=str(one.key), value=value, **own)
        for one in args.settings.secrets:
            value = args.wiring.value(one)
            github.ActionsEnvironmentSecret(f"{name}-{one.key}", secret_name=str(one.key), value=value, **own)
        self.register_outputs({"environment": environment.environment})


def _reviewers(
    reviewers: Reviewers, options: pulumi.ResourceOptions
) -> list[github.RepositoryEnvironmentReviewerArgs] | None:
    """Return the ids that GitHub needs instead of names, or None if nobody has to approve."""
    if not (reviewers.users or reviewers.teams):
        return None
    look = pulumi.InvokeOutputOptions(parent=options.parent)
    users = [github.get_user_output(username=login, opts=look).id.apply(int) for login in reviewers.users]
    teams = [github.get_team_output(slug=slug, opts=look).id.apply(int) for slug in reviewers.teams]
    return [github.RepositoryEnvironmentReviewerArgs(users=users, teams=teams)]


@dataclass(frozen=True)
class ReleaseTagsArgs:
    """Arguments of ReleaseTags.

    Attributes:
        pattern: of the tags, such as v*.
        managers: who may create, move and delete them. If it is None, everybody with write access may create one, and
            nobody may move or delete it.
    """

    repository: str
    pattern: str
    managers: ReleaseManagers | None = None


_ROLES = {"maintain": 2, "write": 4, "admin": 5}
"""The ids of a repository's roles (docs.github.com/en/rest/repos/rules, bypass_actors)."""


class ReleaseTags(pulumi.ComponentResource):
    """A ruleset for the release tags."""

    def __init__(self, name: str, args: ReleaseTagsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:github:ReleaseTags", name, None, opts)
        ruleset = github.RepositoryRuleset(
            name,
            name="Release tags",
            repository=args.repository,
            target="tag",
            enforcement="active",
            bypass_actors=_bypass(args.managers, pulumi.InvokeOutputOptions(parent=self)),
            conditions=_only(f"refs/tags/{args.pattern}"),
            rules=github.RepositoryRulesetRulesArgs(
                creation=True if args.managers else None, deletion=True, update=True, non_fast_forward=True
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"ruleset_id": ruleset.ruleset_id})


def _only(ref: str) -> github.RepositoryRulesetConditionsArgs:
    """Return the condition of a ruleset for one pattern."""
    named = github.RepositoryRulesetConditionsRefNameArgs(includes=[ref], excludes=[])
    return github.RepositoryRulesetConditionsArgs(ref_name=named)


def _bypass(
    managers: ReleaseManagers | None, look: pulumi.InvokeOutputOptions
) -> list[github.RepositoryRulesetBypassActorArgs]:
    if managers is None:
        return []
    teams = [github.get_team_output(slug=slug, opts=look).id.apply(int) for slug in managers.teams]
    actors: list[tuple[str, pulumi.Input[int]]] = [("Team", team) for team in teams]
    actors += [("RepositoryRole", _ROLES[role]) for role in managers.roles]
    return [
        github.RepositoryRulesetBypassActorArgs(actor_type=kind, actor_id=identity, bypass_mode="always")
        for kind, identity in actors
    ]


@dataclass(frozen=True)
class BoundChecksArgs:
    """Arguments of BoundChecks.

    Attributes:
        checks: the id of the GitHub App that has to report a check, by the check's name.
        active: whether they are required in this phase. The ruleset exists in every phase, because production's objects
            are protected: a phase could not delete it on the way back.
    """

    repository: str
    branch: str
    checks: Mapping[str, int]
    active: bool


class BoundChecks(pulumi.ComponentResource):
    """A ruleset that accepts a required check from one app only. Branch protection cannot name the app."""

    def __init__(self, name: str, args: BoundChecksArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:github:BoundChecks", name, None, opts)
        required = [
            github.RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArgs(context=check, integration_id=app)
            for check, app in sorted(args.checks.items())
        ]
        ruleset = github.RepositoryRuleset(
            f"{name}-checks",
            name=f"Checks of {args.branch}",
            repository=args.repository,
            target="branch",
            enforcement="active" if args.active else "disabled",
            bypass_actors=[],
            conditions=_only(f"refs/heads/{args.branch}"),
            rules=github.RepositoryRulesetRulesArgs(
                required_status_checks=github.RepositoryRulesetRulesRequiredStatusChecksArgs(
                    required_checks=required, strict_required_status_checks_policy=False
                )
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"ruleset_id": ruleset.ruleset_id})
