"""The sections `marketedge:github`, `marketedge:auth0` and `marketedge:vercel` (plan 1.3 to 1.5, 2.5, 2.6)."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from blueprint.kinds_of_text import BranchName, Folder, unique
from blueprint.sources import Model
from components.addresses import ORGANIZATION, CallbackUrls, HostName, HostNames, Names, Origins, Text
from components.phases import Phase
from components.variables import GitHubSecrets, GitHubVariables, VercelVariables


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

    def _problems(self) -> Iterator[str]:
        if not (self.teams or self.roles):
            yield "expected a team or a role"


class Reviewers(Model):
    """Who has to approve a deployment: logins, and slugs of the owner's teams; at most six together."""

    users: Names = Field([])
    teams: Names = Field([])

    def _problems(self) -> Iterator[str]:
        if len(self.users) + len(self.teams) > 6:
            yield "GitHub takes six reviewers at most, users and teams together"


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

    def _problems(self) -> Iterator[str]:
        if self.release_managers and not self.release_tags:
            yield "releaseManagers needs releaseTags: without a pattern there is nothing that they manage"
        required = {*self.protection.required_checks, *(self.at_cutover.required_checks if self.at_cutover else ())}
        if unknown := sorted(self.protection.checks_by.keys() - required):
            yield f"protection.checksBy: {', '.join(unknown)}: no phase requires such a check"

    def protection_in(self, phase: Phase) -> Protection:
        """Return the branch's protection in a phase of the rollout."""
        added = self.at_cutover
        if added is None or phase != "cutover":
            return self.protection
        checks = [*self.protection.required_checks, *added.required_checks]
        update = {"required_checks": list(dict.fromkeys(checks)), "require_up_to_date": added.require_up_to_date}
        return self.protection.model_copy(update=update)


class LoginTest(Model):
    """A separate Auth0 application for the login test of `gate smoke`, so that people's own needs no further grant.

    Its id and secret are the outputs `auth0.testClientId` and `auth0.testClientSecret`.

    Attributes:
        grant: `password` logs a test user in; `client_credentials` gets a token for the application itself, for a
            backend that takes such tokens.
        connection: the directory of the test user at Auth0, where it is not the tenant's default directory.
    """

    application: Annotated[str, Field(min_length=1, pattern=r"^[^<>]+$")]
    grant: Literal["password", "client_credentials"] = "password"
    connection: Text | None = None

    @property
    def grant_type(self) -> str:
        """As Auth0 calls it (auth0.com/docs/get-started/applications/application-grant-types)."""
        return "http://auth0.com/oauth/grant-type/password-realm" if self.connection else self.grant

    @property
    def logs_a_user_in(self) -> bool:
        """Whether the test logs in a user, and not the application itself."""
        return self.grant == "password"

    def _problems(self) -> Iterator[str]:
        if self.connection and not self.logs_a_user_in:
            yield "connection: expected none beside the grant client_credentials, which logs no user in"


class Auth0(Model):
    """An application and the addresses that it may be used from (plan 1.3).

    Attributes:
        api: the configuration's `audience`: the identifier of the API at Auth0 that tokens are for.
    """

    domain: HostName
    application: Annotated[str, Field(min_length=1, pattern=r"^[^<>]+$")]
    api: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(None, alias="audience")
    callbacks: CallbackUrls = Field(min_length=1, max_length=100)
    logout_urls: CallbackUrls = Field(min_length=1, max_length=100)
    web_origins: Origins = Field(min_length=1, max_length=100)
    allowed_origins: Origins | None = None
    """For CORS. If left out, the web origins."""
    login_test: LoginTest | None = None

    @property
    def addresses(self) -> list[str]:
        """Every entry of its lists."""
        return [*self.callbacks, *self.logout_urls, *self.web_origins, *(self.allowed_origins or [])]

    def _problems(self) -> Iterator[str]:
        if self.api is None and not self.domain.endswith((".auth0.com", ".auth0app.com")):
            yield (
                f"with the custom domain {self.domain} an audience is required: the identifier of the API at Auth0 (of "
                "the Management API: https://<tenant>.<region>.auth0.com/api/v2/, which has no custom domain)"
            )
        if self.api is None and self.login_test and not self.login_test.logs_a_user_in:
            yield (
                "loginTest.grant client_credentials needs auth0.audience: the identifier of your own API at Auth0. The "
                "default is Auth0's Management API, and a test's token must not be one for that"
            )

    @property
    def login(self) -> LoginTest:
        """How the login test logs in: without an application of its own, by the one that people use."""
        return self.login_test or LoginTest(application=self.application)

    @property
    def for_organizations(self) -> bool:
        """Whether an address names the organization. Auth0 replaces that only when somebody logs in to one."""
        return any(ORGANIZATION in entry for entry in self.addresses)

    @property
    def audience(self) -> str:
        """What makes Auth0 answer JWTs; by default the tenant's Management API, which is the plan's value (1.1)."""
        return self.api or f"https://{self.domain}/api/v2/"


class VercelProject(Model):
    """Settings of the project itself, for the one stack that owns it (plan 2.5).

    Attributes:
        root_directory: where the frontend is in the repository; `.` for the repository itself. If left out, it stays as
            it is at Vercel.
    """

    root_directory: Annotated[Folder, Field(min_length=1)] | None = None
    production_branch: BranchName

    @property
    def at_the_top(self) -> bool:
        """Whether the frontend is the repository itself, for which Vercel's API says null."""
        return self.root_directory in (".", "./")


class Vercel(Model):
    """The frontend's project, and what the builds of one of its environments get (plan 2.5, 2.6).

    Attributes:
        settings: of the project, in the one stack that owns it.
        target: whose builds the variables and domains are for: Vercel's production environment, all preview builds, or
            (`branch`) the preview builds of this stack's branch only. If left out, production if there are settings,
            else preview.
        domain: where people open the frontend.
        aliases: further domains.
    """

    project: Text
    settings: VercelProject | None = None
    target: Literal["production", "preview", "branch"]
    domain: HostName
    aliases: HostNames = Field([])
    variables: VercelVariables = Field([])

    @model_validator(mode="before")
    @classmethod
    def _usual_target(cls, data: Any) -> Any:
        if isinstance(data, dict) and "target" not in data:
            return data | {"target": "production" if data.get("settings") else "preview"}
        return data

    @property
    def domains(self) -> list[str]:
        """The domain and its aliases."""
        return [self.domain, *self.aliases]
