"""The gate at GitHub: a protected branch, and the environment of the jobs that deploy and test it (plan 1.4, 1.5)."""

from typing import Any

import pulumi
import pulumi_github as github

from components.settings import Settings
from components.vendor_settings import GitHub, ReleaseManagers, Reviewers
from components.wiring import Wiring

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

    def __init__(self, name: str, owner: str, settings: Settings) -> None:
        """Declare the branch, if it is made here, and its rule.

        Args:
            owner: of the repository.
        """
        super().__init__("marketedge:github:ProtectedBranch", name)
        declared, own = settings.github, settings.github.branch
        rules = declared.protection_in(settings.phase)
        made, child = None, pulumi.ResourceOptions(parent=self)
        if own.source:
            made = github.Branch(
                name, repository=declared.repository, branch=own.name, source_branch=own.source, opts=child
            )
        repository = github.get_repository_output(
            full_name=f"{owner}/{declared.repository}", opts=pulumi.InvokeOutputOptions(parent=self)
        )
        protection = github.BranchProtection(
            name,
            repository_id=repository.node_id,
            pattern=own.name,
            required_pull_request_reviews=[
                {
                    "required_approving_review_count": rules.required_approvals,
                    "dismiss_stale_reviews": rules.dismiss_stale_approvals,
                    "require_code_owner_reviews": False,
                    "require_last_push_approval": False,
                    "restrict_dismissals": False,
                    "dismissal_restrictions": [],
                    "pull_request_bypassers": [],
                }
            ],
            required_status_checks=[{"strict": rules.require_up_to_date, "contexts": sorted(rules.required_checks)}],
            require_conversation_resolution=rules.require_conversation_resolution,
            enforce_admins=not rules.allow_bypass,
            force_push_bypassers=[],
            allows_force_pushes=rules.allow_force_pushes,
            allows_deletions=rules.allow_deletions,
            require_signed_commits=False,
            required_linear_history=False,
            lock_branch=False,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[made] if made else [], ignore_changes=_KEPT if settings.adopted else None
            ),
        )
        self.branch = made.branch if made else pulumi.Output.from_input(own.name)
        self.register_outputs({"branch": self.branch, "protection_id": protection.id})


class Environment(pulumi.ComponentResource):
    """A GitHub environment for the jobs of one branch or of tags, with its variables and its secrets.

    One that may exist already keeps its waiting time, and its reviewers if the settings name none.
    """

    def __init__(self, name: str, settings: Settings, wiring: Wiring) -> None:
        super().__init__("marketedge:github:Environment", name)
        child = pulumi.ResourceOptions(parent=self)
        repository, declared = settings.github.repository, settings.github.environment
        reviewers = _reviewers(declared.reviewers, pulumi.InvokeOutputOptions(parent=self))
        kept = ["wait_timer", "prevent_self_review", *([] if reviewers else ["reviewers"])]
        environment = github.RepositoryEnvironment(
            name,
            repository=repository,
            environment=declared.name,
            can_admins_bypass=False,
            prevent_self_review=False,
            wait_timer=0,
            reviewers=reviewers,
            deployment_branch_policy={"protected_branches": False, "custom_branch_policies": True},
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=kept if settings.adopted else None),
        )
        own: dict[str, Any] = {"repository": repository, "environment": environment.environment, "opts": child}
        github.RepositoryEnvironmentDeploymentPolicy(
            name,
            branch_pattern=None if declared.tags else settings.github.branch.name,
            tag_pattern=declared.tags,
            **own,
        )
        for one in declared.variables:
            value = wiring.value(one)
            github.ActionsEnvironmentVariable(f"{name}-{one.key}", variable_name=str(one.key), value=value, **own)
        for one in declared.secrets:
            value = wiring.value(one)
            github.ActionsEnvironmentSecret(f"{name}-{one.key}", secret_name=str(one.key), value=value, **own)
        self.register_outputs({"environment": environment.environment})


def _reviewers(
    reviewers: Reviewers, look: pulumi.InvokeOutputOptions
) -> list[github.RepositoryEnvironmentReviewerArgsDict] | None:
    """Return the ids that GitHub needs instead of names, or None if nobody has to approve."""
    if not (reviewers.users or reviewers.teams):
        return None
    users = [github.get_user_output(username=login, opts=look).id.apply(int) for login in reviewers.users]
    return [{"users": users, "teams": _team_ids(reviewers.teams, look)}]


def _team_ids(teams: list[str], look: pulumi.InvokeOutputOptions) -> list[pulumi.Output[int]]:
    return [github.get_team_output(slug=slug, opts=look).id.apply(int) for slug in teams]


_ROLES = {"maintain": 2, "write": 4, "admin": 5}
"""The ids of a repository's roles (docs.github.com/en/rest/repos/rules, bypass_actors)."""


class ReleaseTags(pulumi.ComponentResource):
    """A ruleset for the release tags: only the managers may create, move and delete them.

    Without managers, everybody with write access may create one, and nobody may move or delete it.
    """

    def __init__(self, name: str, declared: GitHub) -> None:
        super().__init__("marketedge:github:ReleaseTags", name)
        managers = declared.release_managers
        rules: github.RepositoryRulesetRulesArgsDict = {"deletion": True, "update": True, "non_fast_forward": True}
        if managers:
            rules["creation"] = True
        ruleset = github.RepositoryRuleset(
            name,
            name="Release tags",
            repository=declared.repository,
            target="tag",
            enforcement="active",
            bypass_actors=_bypass(managers, pulumi.InvokeOutputOptions(parent=self)),
            conditions={"ref_name": {"includes": [f"refs/tags/{declared.release_tags}"], "excludes": []}},
            rules=rules,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"ruleset_id": ruleset.ruleset_id})


def _bypass(
    managers: ReleaseManagers | None, look: pulumi.InvokeOutputOptions
) -> list[github.RepositoryRulesetBypassActorArgsDict]:
    if managers is None:
        return []
    actors: list[tuple[str, pulumi.Input[int]]] = [("Team", team) for team in _team_ids(managers.teams, look)]
    actors += [("RepositoryRole", _ROLES[role]) for role in managers.roles]
    return [{"actor_type": kind, "actor_id": identity, "bypass_mode": "always"} for kind, identity in actors]


class BoundChecks(pulumi.ComponentResource):
    """A ruleset that accepts a required check from one app only. Branch protection cannot name the app.

    The ruleset exists in every phase, because production's objects are protected: a phase could not delete it on the
    way back. It is switched off while the phase requires none of these checks.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__("marketedge:github:BoundChecks", name)
        protection, branch = settings.github.protection_in(settings.phase), settings.github.branch.name
        bound = protection.bound_checks
        required: list[github.RepositoryRulesetRulesRequiredStatusChecksRequiredCheckArgsDict] = [
            {"context": check, "integration_id": app} for check, app in sorted((bound or protection.checks_by).items())
        ]
        ruleset = github.RepositoryRuleset(
            f"{name}-checks",
            name=f"Checks of {branch}",
            repository=settings.github.repository,
            target="branch",
            enforcement="active" if bound else "disabled",
            bypass_actors=[],
            conditions={"ref_name": {"includes": [f"refs/heads/{branch}"], "excludes": []}},
            rules={
                "required_status_checks": {"required_checks": required, "strict_required_status_checks_policy": False}
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"ruleset_id": ruleset.ruleset_id})
