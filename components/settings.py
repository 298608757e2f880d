"""The typed configuration of a stack: every value of `Pulumi.<stack>.yaml`, checked before anything is declared.

Knows neither Pulumi nor a vendor's API. `problems.load` builds these models and reports everything that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from blueprint.sources import Model
from components.domains import Domain
from components.kinds_of_text import (
    ORGANIZATION,
    BranchName,
    CallbackUrls,
    HostName,
    HostNames,
    Names,
    Origin,
    Origins,
    StackName,
    unique,
)
from components.own_hosts import UNKNOWN, expanded
from components.phases import Part, Phase, added, parts
from components.render_settings import Render
from components.variables import GitHubSecrets, GitHubVariables, VercelVariables

Path = Annotated[str, Field(pattern=r"^/[^\s#]*$")]


class Branch(Model):
    """A long-lived branch (plan 1.4). source: the one it is made from; without it the branch exists already."""

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
    force: bool = Field(default=False, description="Require checks that nothing reports on a branch that lived before")
    checks_by: dict[str, Annotated[int, Field(gt=0)]] = Field(
        {},
        description="The GitHub App that has to report a check, by the check's name. Anybody with write access can set "
        "a check that is bound to none. GitHub Actions is 15368.",
        examples=[{"staging-smoke-tests": 15368}],
    )

    @property
    def bound_checks(self) -> dict[str, int]:
        """The required checks that one app has to report."""
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
    """Who has to approve a deployment: logins, and slugs of the owner's teams; six together at most."""

    users: Names = Field([])
    teams: Names = Field([])

    @model_validator(mode="after")
    def _no_more_than_six(self) -> Self:
        if len(self.users) + len(self.teams) > 6:
            raise ValueError("GitHub takes six reviewers at most, users and teams together")
        return self


class DeploymentEnvironment(Model):
    """A GitHub environment and what its jobs can read. tags: pattern of the tags whose jobs may use it; without it
    only jobs of the branch may."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    tags: Annotated[str, Field(min_length=1)] | None = None
    reviewers: Reviewers = Reviewers()
    variables: GitHubVariables = Field([])
    secrets: GitHubSecrets = Field([])


class GitHub(Model):
    """The repository.

    Attributes:
        release_tags: pattern of the tags that nobody may move or delete.
        release_managers: who may create such a tag all the same, and nobody else; without them everybody who can write.
    """

    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    branch: Branch
    protection: Protection
    at_cutover: AtCutover | None = None
    release_tags: Annotated[str, Field(min_length=1)] | None = None
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
        """The branch's protection in a phase of the rollout."""
        added = self.at_cutover
        if added is None or phase != "cutover":
            return self.protection
        checks = [*self.protection.required_checks, *added.required_checks]
        update = {"required_checks": list(dict.fromkeys(checks)), "require_up_to_date": added.require_up_to_date}
        return self.protection.model_copy(update=update)


class LoginTest(Model):
    """An Auth0 application of its own for `gate smoke`'s login test, so that the one that people use needs no password
    grant. Its id and secret are the outputs `auth0.testClientId` and `auth0.testClientSecret`."""

    application: Annotated[str, Field(min_length=1, pattern=r"^[^<>]+$")]


class Auth0(Model):
    """An application and the addresses it may be used from (plan 1.3). api: identifier of the API at Auth0 that tokens
    are for, the configuration's `audience`."""

    domain: HostName
    application: Annotated[str, Field(min_length=1, pattern=r"^[^<>]+$")]
    api: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(None, alias="audience")
    callbacks: CallbackUrls = Field(min_length=1, max_length=100)
    logout_urls: CallbackUrls = Field(min_length=1, max_length=100)
    web_origins: Origins = Field(min_length=1, max_length=100)
    allowed_origins: Origins | None = None
    """CORS; the web origins where left out."""
    login_test: LoginTest | None = None

    @property
    def addresses(self) -> list[str]:
        """Every entry of its lists."""
        return [*self.callbacks, *self.logout_urls, *self.web_origins, *(self.allowed_origins or [])]

    @model_validator(mode="after")
    def _audience_is_known(self) -> Self:
        if self.api is None and not self.domain.endswith((".auth0.com", ".auth0app.com")):
            raise ValueError(
                f"with the custom domain {self.domain} an audience is required: the identifier of the API at Auth0 (of "
                "the Management API: https://<tenant>.<region>.auth0.com/api/v2/, which has no custom domain)"
            )
        return self

    @property
    def for_organizations(self) -> bool:
        """Whether an address names the organization, which Auth0 replaces only in logins of one."""
        return any(ORGANIZATION in entry for entry in self.addresses)

    @property
    def audience(self) -> str:
        """What makes Auth0 answer JWTs: by default the tenant's Management API, the plan's value (1.1)."""
        return self.api or f"https://{self.domain}/api/v2/"


class VercelProject(Model):
    """Settings of the project itself, for the one stack that owns it (plan 2.5).

    Attributes:
        root_directory: where the frontend is in the repository; `.` for the repository itself. Left out, it stays as it
            is at Vercel.
    """

    root_directory: Annotated[str, Field(min_length=1)] | None = None
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
            (`branch`) the preview builds of this stack's branch only. Left out: production where there
            are settings, else preview.
        domain: where people open the frontend; aliases: further domains.
    """

    project: Annotated[str, Field(min_length=1)]
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


class Cors(Model):
    """Browsers' origins that the backend answers (plan 1.2, 2.4)."""

    origins: Origins = Field(min_length=1)


class Dns(Model):
    ttl_seconds: int = Field(ge=30, le=86400)


class Suite(Model):
    """The team's own tests, which `gate smoke` runs as well.

    Attributes:
        command: without a shell, such as `npx playwright test`. It gets BACKEND_URL and FRONTEND_URL.
        folder: where it runs, seen from the project's folder; in the delivered workflows that is `..`.
        junit: the JUnit file that it writes, seen from its folder; a failure in it fails the suite.
    """

    command: Annotated[str, Field(min_length=1)]
    folder: Annotated[str, Field(min_length=1)] = "."
    timeout_seconds: int = Field(240, ge=1, le=300)
    junit: Annotated[str, Field(min_length=1)] | None = None


class Smoke(Model):
    """Where the application is looked at by `gate smoke` (plan 3.2, 3.4); the defaults are MarketEdge's.

    Attributes:
        health_status: what `status` of a health answer may be. environment_field: where it names the environment.
        dependencies: what the health detail has to report as connected, or the answer at ready_path.
        frontend_url: where people open the frontend, unless Vercel serves it.
        require_login: whether a login test that is not made, for want of a test user, fails.
        suite: the team's own tests.
        None (null): the application has no such thing, and the checks of it are not made.
    """

    health_path: Path = "/health"
    health_status: Names = Field(["healthy"], min_length=1)
    environment_field: Annotated[str, Field(min_length=1)] | None = "environment"
    ready_path: Path = "/ready"
    dependencies: Names = Field(["database", "redis"])
    auth0_url_path: Path | None = "/api/v1/auth/auth0-url"
    callback_path: Path = "/callback"
    cors_path: Path = "/api/v1/auth/login"
    api_paths: list[Path] = Field(["/api/v1/auth/me"])
    me_path: Path = "/api/v1/auth/me"
    pages: list[Path] = Field(["/", "/login", "/dashboard"])
    admin_page: Path | None = "/admin"
    admin_api_path: Path | None = "/api/v1/admin/feature-flags"
    frontend_url: Origin | None = None
    budget_seconds: int = Field(300, ge=10, le=300)
    require_login: bool = False
    suite: Suite | None = None

    @model_validator(mode="after")
    def _frontend_is_one_host(self) -> Self:
        if "*" in (self.frontend_url or ""):
            raise ValueError("frontendUrl: expected one host, without a wildcard")
        return self


class Seed(Model):
    """What `gate seed` runs, in this order: the application's own scripts (plan 2.2)."""

    scripts: Names = Field(
        ["python database/seeds/initial_data.py", "python database/seeds/phase3_data.py"], min_length=1
    )


class Watch(Model):
    """How long `gate watch` watches after a release, and what is an alarm (plan 8.1).

    Attributes:
        error_minutes: how long the health endpoint may answer errors without a break.
        error_rate_percent: how many of the answers may be server errors.
    """

    minutes: int = Field(15, ge=0, le=60)
    every_seconds: int = Field(15, ge=5, le=60)
    error_minutes: int = Field(5, ge=1, le=30)
    error_rate_percent: int = Field(10, ge=1, le=100)


class Release(Model):
    """How `gate release` and `gate rollback` go about it (plan 3.3, 3.5).

    Attributes:
        by: what makes a release: a tag (the plan's production), or each merge to the branch (its staging).
        smoke_context: of the commit status.
        smoke_status_by: logins whose status counts, beside that of the token that releases; the workflows' own is
            github-actions[bot].
    """

    by: Literal["tag", "merge"] = "merge"
    smoke_context: Annotated[str, Field(min_length=1)] = "staging-smoke-tests"
    smoke_status_by: Names = Field(["github-actions[bot]"])
    budget_seconds: int = Field(1800, ge=60)
    rollback_budget_seconds: int = Field(600, ge=60, le=600)
    runbook: str = "docs/ROLLBACK_PROCEDURES.md"


def _adoptable(adopt: dict[str, str]) -> dict[str, str]:
    if bad := [key for key in adopt if not _ADOPT_KEY.fullmatch(key)]:
        raise ValueError(f"expected <package>:<Type>/<name> such as auth0:Client/production; found {', '.join(bad)}")
    return adopt


_ADOPT_KEY = re.compile(r"[a-z0-9]+:\w+/.+")


class Settings(Model):
    """One stack.

    Attributes:
        environment: its name, which the application and the vendors' objects get.
        adopted: whether its objects existed before: of those, what is not declared stays as it is. Left out: as for the
            name production.
        phase: of the rollout; see `phases`.
        strict: warnings of `guardrails` are errors.
        budget_usd: what the stack's own Render objects may cost a month (plan 10.1).
        adopt: ids of objects that exist, by `<package>:<Type>/<resource name>`; found by `gate adopt`.
        give_up: names of Render objects that leaving a phase may delete, and the id of a service to be owned no more.
        peers: the other environments' stacks, with which no secret and no object may be shared. Left out: production
            for staging, and staging for production.
        secrets_that_differ: variables whose values no two environments may share (plan 2.4).
    """

    environment: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    adopted: bool
    phase: Phase = "infrastructure"
    strict: bool = False
    budget_usd: int = Field(14, ge=0)
    adopt: Annotated[dict[str, str], AfterValidator(_adoptable)] = Field({})
    give_up: Names = Field([])
    peers: Annotated[list[StackName], AfterValidator(unique)] = Field([])
    secrets_that_differ: Names = Field(["JWT_SECRET_KEY"])
    github: GitHub
    auth0: Auth0
    vercel: Vercel | None = None
    render: Render
    cors: Cors
    dns: Dns
    smoke: Smoke = Smoke()
    seed: Seed = Seed()
    release: Release = Release()
    watch: Watch = Watch()

    @model_validator(mode="before")
    @classmethod
    def _usual_for_its_name(cls, data: Any) -> Any:
        """What a file need not say for the plan's two environments, and what older files say in another way."""
        if not isinstance(data, dict):
            return data
        data = expanded(data)
        name = data.get("environment")
        data.setdefault("adopted", name == "production")
        if isinstance(peer := data.get("peerStack"), str) and "peers" not in data:
            data["peers"] = [peer]
            del data["peerStack"]
        data.setdefault("peers", {"staging": ["production"], "production": ["staging"]}.get(str(name), []))
        release = data.get("release", {})
        if isinstance(release, dict) and name == "production":
            data["release"] = {"by": "tag"} | release
        return data

    @property
    def released_by_tag(self) -> bool:
        return self.release.by == "tag"

    @property
    def live(self) -> bool:
        """Whether people depend on it: no debugging, no test data, no wildcards."""
        return self.adopted or self.released_by_tag

    @property
    def parts(self) -> frozenset[Part]:
        """Everything that is declared in the stack's phase."""
        return parts(self.phase, adopted=self.adopted, by_tag=self.released_by_tag)

    def added(self, phase: Phase) -> tuple[Part, ...]:
        """What a phase adds to this environment."""
        return added(phase, adopted=self.adopted, by_tag=self.released_by_tag)

    @property
    def vercel_branch(self) -> str | None:
        """The branch whose builds the frontend's domains serve; None where they serve what was promoted last."""
        return self.github.branch.name if self.vercel and self.vercel.target != "production" else None

    @property
    def domains(self) -> list[Domain]:
        """Every domain that is declared in the stack's phase."""
        return list(self._domains())

    def _domains(self) -> Iterator[Domain]:
        if self.vercel and Part.FRONTEND in self.parts:
            yield from (Domain(name, "Vercel") for name in self.vercel.domains)
        if Part.BACKEND in self.parts:
            for service in self.render.services:
                yield from (Domain(name, "Render", service.name) for name in service.domains)

    @property
    def frontend_url(self) -> str | None:
        return f"https://{self.vercel.domain}" if self.vercel else self.smoke.frontend_url

    @property
    def frontend_folder(self) -> str:
        """Of the frontend in the repository; empty where it is the whole repository, or not known."""
        settings = self.vercel.settings if self.vercel else None
        return (settings.root_directory or "") if settings and not settings.at_the_top else ""

    @property
    def wired(self) -> set[str]:
        """Every output that some variable refers to."""
        lists = [self.github.environment.variables, self.github.environment.secrets]
        lists += [self.vercel.variables] if self.vercel else []
        named = {variable.from_output for variables in lists for variable in variables}
        return {str(name) for name in named | {v.from_output for v in self.render.variables} if name}

    @model_validator(mode="after")
    def _each_is_one(self) -> Self:
        """What would be refused by the engine or a vendor only when others of its kind are made already."""
        hosts = [*(self.vercel.domains if self.vercel else ())]
        hosts += [domain for service in self.render.services for domain in service.domains]
        if twice := sorted({host for host in hosts if hosts.count(host) > 1}):
            raise ValueError(f"declared as a domain more than once: {', '.join(twice)}")
        tester = self.auth0.login_test
        if tester and tester.application == self.auth0.application:
            raise ValueError(f"auth0.loginTest.application: {tester.application} is the application that people use")
        if self.environment in self.peers:
            raise ValueError(f"peers: {self.environment} is this environment itself")
        return self

    @model_validator(mode="after")
    def _frontend_is_declared(self) -> Self:
        needs = "needs the section marketedge:vercel, or smoke.frontendUrl"
        if self.auth0.login_test is None and (tested := {o for o in self.wired if o.startswith("auth0.testClient")}):
            raise ValueError(f"fromOutput {' and '.join(sorted(tested))} needs marketedge:auth0.loginTest")
        if self.frontend_url is None and "frontend.url" in self.wired:
            raise ValueError(f"fromOutput frontend.url {needs}")
        if any(UNKNOWN in entry for entry in (*self.auth0.addresses, *self.cors.origins)):
            raise ValueError(f"{{frontend}} or {{aliases}} in a list of addresses {needs}")
        if self.vercel and self.smoke.frontend_url:
            raise ValueError("smoke.frontendUrl: expected none beside marketedge:vercel, whose domain it is")
        return self
