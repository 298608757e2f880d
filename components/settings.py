"""The typed configuration of a stack: every value of `Pulumi.<stack>.yaml`, checked before anything is declared.

Knows neither Pulumi nor a vendor's API. `problems.load` builds these models and reports everything that is wrong.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from components.values import BranchName, CallbackUrl, HostName, Origin
from render.spec import (
    AllowedAddress,
    BuildFilter,
    EnvVar,
    KeyValuePlan,
    Model,
    ObjectName,
    PostgresPlan,
    PostgresVersion,
    Previews,
    Region,
    Runtime,
    ServicePlan,
    Sourced,
    SqlName,
    unique_keys,
)

_GITHUB_NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*")
Item = TypeVar("Item", bound=str)


def _unique(values: list[Item]) -> list[Item]:
    if twice := sorted({value for value in values if values.count(value) > 1}):
        raise ValueError(f"listed more than once: {', '.join(twice)}")
    return values


Origins = Annotated[list[Origin], AfterValidator(_unique)]
CallbackUrls = Annotated[list[CallbackUrl], AfterValidator(_unique)]
HostNames = Annotated[list[HostName], AfterValidator(_unique)]
Checks = Annotated[list[Annotated[str, Field(min_length=1)]], AfterValidator(_unique)]

SecretName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""Name of an entry of `marketedge:secrets`."""

Auth0Output = Literal["auth0.domain", "auth0.audience", "auth0.clientId", "auth0.clientSecret"]
DerivedOutput = Literal["cors.origins", "frontend.url", "environment"]
RenderOutput = Literal["render.serviceUrl", "render.serviceId"]


class Variable(Sourced):
    """A variable at GitHub or Vercel: written out, a named secret, or what another component makes."""

    from_secret: SecretName | None = None
    from_output: Literal[Auth0Output, DerivedOutput, RenderOutput] | None = None


class RenderVariable(EnvVar):
    """A variable at Render: one of Blueprint's sources, a named secret, or what another component makes."""

    from_secret: SecretName | None = None
    from_output: Literal[Auth0Output, DerivedOutput] | None = None


def _not_in_clear(variables: list[Variable]) -> list[Variable]:
    if clear := [str(variable.key) for variable in variables if variable.value is not None]:
        raise ValueError(f"written in clear: {', '.join(clear)}; expected fromSecret or fromOutput")
    return variables


def _in_clear(variables: list[Variable]) -> list[Variable]:
    hidden = [str(v.key) for v in variables if v.from_secret or v.from_output == "auth0.clientSecret"]
    if hidden:
        raise ValueError(f"anybody could read {', '.join(hidden)}; expected secrets under secrets, not variables")
    return variables


def _github_names(variables: list[Variable]) -> list[Variable]:
    if bad := [str(v.key) for v in variables if not _GITHUB_NAME.fullmatch(str(v.key))]:
        raise ValueError(f"expected upper-case letters, digits and _, without GITHUB_ in front; found {', '.join(bad)}")
    return variables


Variables = Annotated[list[Variable], AfterValidator(unique_keys)]
GitHubVariables = Annotated[Variables, AfterValidator(_github_names), AfterValidator(_in_clear)]
GitHubSecrets = Annotated[Variables, AfterValidator(_github_names), AfterValidator(_not_in_clear)]
RenderVariables = Annotated[list[RenderVariable], AfterValidator(unique_keys)]


class Branch(Model):
    """A long-lived branch and the one it starts from (plan 1.4)."""

    name: BranchName
    source: BranchName


class Protection(Model):
    """Branch protection, in the words of GitHub's settings page (plan 1.5)."""

    required_approvals: int = Field(ge=0, le=6)
    dismiss_stale_approvals: bool
    required_checks: Checks = Field(min_length=1)
    require_up_to_date: bool
    require_conversation_resolution: bool
    allow_bypass: bool
    allow_force_pushes: bool
    allow_deletions: bool


class DeploymentEnvironment(Model):
    """A GitHub environment and what its jobs can read."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    variables: GitHubVariables = Field([])
    secrets: GitHubSecrets = Field([])


class GitHub(Model):
    repository: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    branch: Branch
    protection: Protection
    environment: DeploymentEnvironment


class Auth0(Model):
    """An application and the addresses it may be used from (plan 1.3)."""

    domain: HostName
    application: Annotated[str, Field(min_length=1, pattern=r"^[^<>]+$")]
    callbacks: CallbackUrls = Field(min_length=1)
    logout_urls: CallbackUrls = Field(min_length=1)
    web_origins: Origins = Field(min_length=1)
    allowed_origins: Origins | None = None
    """CORS; the web origins where left out."""

    @property
    def audience(self) -> str:
        """Of the tenant's Management API: the plan's value (1.1), which makes Auth0 answer JWTs."""
        return f"https://{self.domain}/api/v2/"


class Vercel(Model):
    """The frontend's project and what its preview builds get (plan 2.5, 2.6)."""

    project: Annotated[str, Field(min_length=1)]
    domain: HostName
    variables: Variables = Field([])


class Database(Model):
    """See render.spec.Database; the region is the section's."""

    name: ObjectName
    plan: PostgresPlan
    postgres_major_version: PostgresVersion
    database_name: SqlName
    user: SqlName
    disk_size_gb: int | None = Field(None, alias="diskSizeGB", ge=1)
    ip_allow_list: list[AllowedAddress]
    recreate: bool = False


class KeyValue(Model):
    """See render.spec.KeyValue; the region is the section's."""

    name: ObjectName
    plan: KeyValuePlan
    maxmemory_policy: Literal["noeviction", "allkeys_lru", "allkeys_lfu", "volatile_lru", "volatile_lfu"]
    ip_allow_list: list[AllowedAddress]
    recreate: bool = False


class Group(Model):
    """See render.spec.EnvVarGroup."""

    name: ObjectName
    env_vars: RenderVariables = Field(min_length=1)

    @model_validator(mode="after")
    def _no_nesting(self) -> Self:
        if any(variable.from_group for variable in self.env_vars):
            raise ValueError("a group cannot hold fromGroup")
        return self


class Service(Model):
    """See render.spec.WebService; region, repository and branch are known from elsewhere in the settings."""

    name: ObjectName
    runtime: Runtime
    plan: ServicePlan
    root_dir: str = ""
    build_command: str = Field(min_length=1)
    start_command: str = Field(min_length=1)
    pre_deploy_command: str = ""
    health_check_path: str = Field(pattern=r"^/[^\s?#]*$")
    auto_deploy_trigger: Literal["off", "commit", "checksPass"]
    build_filter: BuildFilter = BuildFilter()
    previews: Previews
    domains: HostNames = Field([])
    env_vars: RenderVariables = Field([])


class Render(Model):
    """What runs on Render, in Blueprint vocabulary (plan 2.1 to 2.4)."""

    region: Region
    database: Database | None = None
    key_value: KeyValue | None = None
    env_group: Group | None = None
    service: Service

    @model_validator(mode="after")
    def _group_is_not_shadowed(self) -> Self:
        own = {variable.key for variable in self.service.env_vars if variable.key}
        shared = {variable.key for variable in self.env_group.env_vars} if self.env_group else set()
        if both := sorted(str(key) for key in own & shared):
            raise ValueError(
                f"declared by both service and envGroup, of which the service would win: {', '.join(both)}"
            )
        return self

    @model_validator(mode="after")
    def _references_are_declared(self) -> Self:
        declared = {
            "fromDatabase": self.database.name if self.database else None,
            "fromKeyValue": self.key_value.name if self.key_value else None,
            "fromService": self.service.name,
            "fromGroup": self.env_group.name if self.env_group else None,
        }
        variables = [*self.service.env_vars, *(self.env_group.env_vars if self.env_group else [])]
        undeclared = []
        for variable in variables:
            sources = {
                "fromDatabase": variable.from_database and variable.from_database.name,
                "fromKeyValue": variable.from_key_value and variable.from_key_value.name,
                "fromService": variable.from_service and variable.from_service.name,
                "fromGroup": variable.from_group,
            }
            for source, name in sources.items():
                if name and name != declared[source]:
                    known = declared[source] or "none, since this stack declares none"
                    undeclared.append(
                        f"{variable.key or 'envVars'}: {source} {name!r} is not declared; expected {known}"
                    )
        if undeclared:
            raise ValueError("; ".join(undeclared))
        return self


class Cors(Model):
    """Browsers' origins that the backend answers (plan 1.2, 2.4)."""

    origins: Origins = Field(min_length=1)


class Dns(Model):
    ttl_seconds: int = Field(ge=30, le=86400)


class Settings(Model):
    """One stack."""

    environment: Literal["staging"]
    github: GitHub
    auth0: Auth0
    vercel: Vercel
    render: Render
    cors: Cors
    dns: Dns

    @property
    def frontend_url(self) -> str:
        return f"https://{self.vercel.domain}"
