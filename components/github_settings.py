"""The `marketedge:github` section: the repository, its branch, its environment and its release tags (plan 1.4, 1.5)."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from blueprint.kinds_of_text import BranchName, unique
from blueprint.sources import Model
from components.kinds_of_text import Names
from components.phases import Phase
from components.variables import GitHubSecrets, GitHubVariables


def _tag_pattern(value: str) -> str:
    if not value.split() == [value] or value.startswith("refs/"):
        raise ValueError("expected a pattern of names such as v*, without refs/tags/")
    return value


TagPattern = Annotated[str, AfterValidator(_tag_pattern)]


class Branch(Model):
    """A long-lived branch (plan 1.4).

    Attributes:
        source: the branch that it is made from. Without it, the branch exists already.
    """

    name: BranchName
    source: BranchName | None = None


class Protection(Model):
    """Branch protection, in the words of GitHub's settings page (plan 1.5)."""

    required_approvals: int = Field(ge=0, le=6)
    dismiss_stale_approvals: bool
    required_checks: Names = Field(min_length=1)
    require_up_to_date: bool
    require_conversation_resolution: bool
    allow_bypass: bool
    allow_force_pushes: bool
    allow_deletions: bool
    force: bool = Field(default=False, description="Require a check that nothing reports on an existing branch")
    checks_by: dict[str, Annotated[int, Field(gt=0)]] = Field(
        {},
        description="The GitHub App that has to report a check, by the check's name. Anybody with write access can set "
        "a check that is bound to none. GitHub Actions is 15368.",
        examples=[{"staging-smoke-tests": 15368}],
    )

    @property
    def bound_checks(self) -> dict[str, int]:
        """Return the required checks that one app has to report."""
        return {check: app for check, app in self.checks_by.items() if check in self.required_checks}


class AtCutover(Model):
    """What the cutover adds to the protection (plan 5.2)."""

    required_checks: Names
    require_up_to_date: bool


class ReleaseManagers(Model):
    """Who may create, move and delete release tags: slugs of the owner's teams, and roles in the repository."""

    teams: Names = Field([])
    roles: Annotated[list[Literal["write", "maintain", "admin"]], AfterValidator(unique)] = Field([])

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not (self.teams or self.roles):
            raise ValueError("expected a team or a role")
        return self


class Reviewers(Model):
    """Who has to approve a deployment: logins, and slugs of the owner's teams; at most six together."""

    users: Names = Field([])
    teams: Names = Field([])

    @model_validator(mode="after")
    def _no_more_than_six(self) -> Self:
        if len(self.users) + len(self.teams) > 6:
            raise ValueError("GitHub takes six reviewers at most, users and teams together")
        return self


class DeploymentEnvironment(Model):
    """A GitHub environment and what its jobs can read.

    Attributes:
        tags: pattern of the tags whose jobs may use it. Without it, only jobs of the branch may.
    """

    name: Annotated[str, Field(min_length=1, max_length=255)]
    tags: TagPattern | None = None
    reviewers: Reviewers = Reviewers()
    variables: GitHubVariables = Field([])
    secrets: GitHubSecrets = Field([])


class GitHub(Model):
    """The repository.

    Attributes:
        release_tags: pattern of the tags that nobody may move or delete.
        release_managers: the only ones who may create such a tag. Without them, everybody with write access may.
    """

    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    branch: Branch
    protection: Protection
    at_cutover: AtCutover | None = None
    release_tags: TagPattern | None = None
    release_managers: ReleaseManagers | None = None
    environment: DeploymentEnvironment

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> Self:
        if self.release_managers and not self.release_tags:
            raise ValueError("releaseManagers needs releaseTags: without a pattern there is nothing that they manage")
        required = {*self.protection.required_checks, *(self.at_cutover.required_checks if self.at_cutover else ())}
        if unknown := sorted(self.protection.checks_by.keys() - required):
            raise ValueError(f"protection.checksBy: {', '.join(unknown)}: no phase requires such a check")
        return self

    def protection_in(self, phase: Phase) -> Protection:
        """Return the branch's protection in a phase of the rollout."""
        added = self.at_cutover
        if added is None or phase != "cutover":
            return self.protection
        checks = [*self.protection.required_checks, *added.required_checks]
        update = {"required_checks": list(dict.fromkeys(checks)), "require_up_to_date": added.require_up_to_date}
        return self.protection.model_copy(update=update)
