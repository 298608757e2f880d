"""The `marketedge:render` section: what runs on Render, in Blueprint vocabulary (plan 2.1 to 2.4)."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from blueprint.spec import (
    AllowedAddress,
    BuildFilter,
    KeyValuePlan,
    Model,
    ObjectName,
    PostgresPlan,
    PostgresVersion,
    Previews,
    Region,
    Runtime,
    ServicePlan,
    SqlName,
)
from components.kinds_of_text import HostNames
from components.variables import RenderVariable, RenderVariables


class Database(Model):
    """See blueprint.spec.Database; the region is the section's."""

    name: ObjectName
    plan: PostgresPlan
    postgres_major_version: PostgresVersion
    database_name: SqlName
    user: SqlName
    disk_size_gb: int | None = Field(None, alias="diskSizeGB", ge=1)
    ip_allow_list: list[AllowedAddress]
    recreate: bool = False


class KeyValue(Model):
    """See blueprint.spec.KeyValue; the region is the section's."""

    name: ObjectName
    plan: KeyValuePlan
    maxmemory_policy: Literal["noeviction", "allkeys_lru", "allkeys_lfu", "volatile_lru", "volatile_lfu"]
    ip_allow_list: list[AllowedAddress]
    recreate: bool = False


class Group(Model):
    """See blueprint.spec.EnvVarGroup."""

    name: ObjectName
    env_vars: RenderVariables = Field(min_length=1)

    @model_validator(mode="after")
    def _no_nesting(self) -> Self:
        if any(variable.from_group for variable in self.env_vars):
            raise ValueError("a group cannot hold fromGroup")
        return self


class ServiceSettings(Model):
    """What every web service has; see blueprint.spec.WebService. Repository and branch are known from elsewhere."""

    name: ObjectName
    root_dir: str | None = None
    pre_deploy_command: str | None = None
    build_filter: BuildFilter | None = None
    domains: HostNames = Field([])
    env_vars: RenderVariables = Field([])

    @property
    def references(self) -> set[str]:
        """Names of the services that its variables refer to."""
        return {variable.from_service.name for variable in self.env_vars if variable.from_service}


class Service(ServiceSettings):
    """A service of this stack's own: made, deployed and deleted with it."""

    ownership: Literal["exact"] = "exact"
    runtime: Runtime
    plan: ServicePlan
    build_command: str = Field(min_length=1)
    start_command: str = Field(min_length=1)
    health_check_path: str = Field(pattern=r"^/[^\s?#]*$")
    auto_deploy_trigger: Literal["off", "commit", "checksPass"]
    previews: Previews


class AdoptedService(ServiceSettings):
    """A service that lives already: only what is declared here is managed, and it is never deployed or deleted."""

    ownership: Literal["adopted"]
    runtime: Runtime | None = None
    plan: ServicePlan | None = None
    build_command: str | None = Field(None, min_length=1)
    start_command: str | None = Field(None, min_length=1)
    health_check_path: str | None = Field(None, pattern=r"^/[^\s?#]*$")
    auto_deploy_trigger: Literal["off", "commit", "checksPass"] | None = None
    previews: Previews | None = None


AnyService = Service | AdoptedService


def _kind(service: object) -> str:
    """Own, unless it says otherwise; so an error is about the keys of the one that was meant."""
    given = service.get("ownership") if isinstance(service, dict) else getattr(service, "ownership", None)
    return "adopted" if given == "adopted" else "exact"


ServiceSection = Annotated[
    Annotated[Service, Tag("exact")] | Annotated[AdoptedService, Tag("adopted")], Discriminator(_kind)
]


class Render(Model):
    """What runs on Render.

    Attributes: service: the backend that the frontend talks to. other_services: of the same repository and branch.
    """

    region: Region
    database: Database | None = None
    key_value: KeyValue | None = None
    env_group: Group | None = None
    service: ServiceSection
    other_services: list[ServiceSection] = Field([])

    @property
    def services(self) -> list[AnyService]:
        return [self.service, *self.other_services]

    @property
    def services_in_turn(self) -> list[AnyService]:
        """Each after those of this stack's own that it refers to: a host has to exist before it is somebody's variable.

        Raises: graphlib.CycleError.
        """
        by_name = {service.name: service for service in self.services}
        made = {name for name, service in by_name.items() if isinstance(service, Service)}
        waits = {name: (service.references & made) - {name} for name, service in by_name.items()}
        return [by_name[name] for name in graphlib.TopologicalSorter(waits).static_order()]

    @property
    def variables(self) -> list[RenderVariable]:
        """Every declared variable."""
        own = [variable for service in self.services for variable in service.env_vars]
        return own + (list(self.env_group.env_vars) if self.env_group else [])

    def variables_of(self, service: AnyService) -> list[RenderVariable]:
        """What a service runs with: its own variables, and the group's where it links it."""
        group = self.env_group
        shared = list(group.env_vars) if group and any(v.from_group for v in service.env_vars) else []
        return [variable for variable in service.env_vars if variable.key] + shared

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [service.name for service in self.services]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"more than one service is named {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _services_can_be_made(self) -> Self:
        try:
            self.services_in_turn  # noqa: B018
        except graphlib.CycleError as error:
            circle = " → ".join(error.args[1])
            raise ValueError(f"fromService: {circle} wait for each other; write one of the addresses out") from None
        return self

    @model_validator(mode="after")
    def _group_is_not_shadowed(self) -> Self:
        linked = [service for service in self.services if any(v.from_group for v in service.env_vars)]
        own = {v.key for service in linked for v in service.env_vars if v.key}
        shared = {variable.key for variable in self.env_group.env_vars} if self.env_group else set()
        if both := sorted(str(key) for key in own & shared):
            raise ValueError(
                f"declared by both service and envGroup, of which the service would win: {', '.join(both)}"
            )
        return self

    @model_validator(mode="after")
    def _references_are_declared(self) -> Self:
        if undeclared := list(self._undeclared()):
            raise ValueError("; ".join(undeclared))
        return self

    def _undeclared(self) -> Iterator[str]:
        declared = {
            "fromDatabase": [self.database.name] if self.database else [],
            "fromKeyValue": [self.key_value.name] if self.key_value else [],
            "fromService": [service.name for service in self.services],
            "fromGroup": [self.env_group.name] if self.env_group else [],
        }
        for variable in self.variables:
            sources = {
                "fromDatabase": variable.from_database and variable.from_database.name,
                "fromKeyValue": variable.from_key_value and variable.from_key_value.name,
                "fromService": variable.from_service and variable.from_service.name,
                "fromGroup": variable.from_group,
            }
            for source, name in sources.items():
                if name and name not in declared[source]:
                    known = " or ".join(declared[source]) or "none, since this stack declares none"
                    yield f"{variable.key or 'envVars'}: {source} {name!r} is not declared; expected {known}"
