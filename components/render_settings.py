"""The `marketedge:render` section: what runs on Render, in Blueprint vocabulary (plan 2.1 to 2.4).

It holds the models of `blueprint`, whose variables may also come from a named secret or from another component. A stack
lists any number of objects as a Blueprint does; `database`, `keyValue`, `envGroup`, `service` and `otherServices` are
shorter ways to write the same lists.
"""

import graphlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, Tag

from blueprint.errors import Refused
from blueprint.kinds_of_text import repeated
from blueprint.objects import Database, Environment, EnvVarGroup, KeyValue, Object, Project, Region
from blueprint.service import ANY_TYPE, CronJob, PrivateService, Service, StaticSite, WebService, Worker
from blueprint.sources import Model
from components.variables import RenderVariable

SERVICE_TAGS = frozenset({"web", "pserv", "worker", "cron", "static", "keyvalue"})
"""What pydantic calls the variants of a listed service."""
Group = EnvVarGroup[RenderVariable]
AnyService = Service[RenderVariable]
Listed = Annotated[
    Annotated[WebService[RenderVariable], Tag("web")]
    | Annotated[PrivateService[RenderVariable], Tag("pserv")]
    | Annotated[Worker[RenderVariable], Tag("worker")]
    | Annotated[CronJob[RenderVariable], Tag("cron")]
    | Annotated[StaticSite[RenderVariable], Tag("static")]
    | Annotated[KeyValue, Tag("keyvalue")],
    ANY_TYPE,
]


class Within(Model):
    """What a Blueprint lists, at its top and in each environment of a project."""

    listed_databases: list[Database] = Field([], alias="databases")
    listed_services: list[Listed] = Field([], alias="services")
    listed_groups: list[Group] = Field([], alias="envVarGroups")


class EnvironmentSection(Environment, Within):
    """An environment of a project with what belongs to it."""


class ProjectSection(Project):
    """A project at Render. Its environments list what belongs to them."""

    environments: list[EnvironmentSection] = Field(min_length=1)  # type: ignore[assignment]


class Render(Within):
    """What runs on Render.

    Attributes:
        region: of every object that does not name another one.
        backend: name of the service that the frontend calls, that smoke tests ask and releases deploy. By default it is
            the one below `service`, else the first web service.
        ungrouped: what belongs to no environment, and is taken out of the one that it is in.
    """

    region: Region = "oregon"
    backend_name: str | None = Field(None, alias="backend")
    single_database: Database | None = Field(None, alias="database")
    single_key_value: KeyValue | None = Field(None, alias="keyValue")
    single_group: Group | None = Field(None, alias="envGroup")
    single_service: Listed | None = Field(None, alias="service")
    other_listed: list[Listed] = Field([], alias="otherServices")
    projects: list[ProjectSection] = Field([])
    ungrouped: Within = Within()

    @property
    def _sections(self) -> list[tuple[str | None, Within]]:
        """Return each list of objects with the environment that these belong to; None if the section does not say."""
        inside = [(f"{p.name}/{e.name}", e) for p in self.projects for e in p.environments]
        return [(None, self), *inside, ("", self.ungrouped)]

    def _placed(self, singles: list[Any], name: str) -> list[Any]:
        """Return every object of a kind, each with its environment."""
        listed = [
            one if place is None else one.model_copy(update={"environment": place})
            for place, section in self._sections
            for one in getattr(section, name)
        ]
        return [one for one in singles if one] + listed

    @property
    def database(self) -> Database | None:
        """The first database."""
        return next(iter(self.databases), None)

    @property
    def databases(self) -> list[Database]:
        """Every database."""
        return self._placed([self.single_database], "listed_databases")

    @property
    def _listed(self) -> list[AnyService | KeyValue]:
        return self._placed([self.single_key_value, self.single_service, *self.other_listed], "listed_services")

    @property
    def key_values(self) -> list[KeyValue]:
        """Every key-value instance."""
        return [one for one in self._listed if isinstance(one, KeyValue)]

    @property
    def env_groups(self) -> list[Group]:
        """Every environment group."""
        return self._placed([self.single_group], "listed_groups")

    @property
    def services(self) -> list[AnyService]:
        """Every service that is not a key-value instance."""
        return [one for one in self._listed if not isinstance(one, KeyValue)]

    @property
    def objects(self) -> list[Object]:
        """Every object of any kind."""
        return [*self.projects, *self.databases, *self.key_values, *self.env_groups, *self.services]

    @property
    def by_section(self) -> Mapping[str, Sequence[Object]]:
        """Every object, by the section of a document that its kind has."""
        return {
            "services": self.services,
            "databases": self.databases,
            "keyValues": self.key_values,
            "envVarGroups": self.env_groups,
            "projects": self.projects,
        }

    @property
    def backend(self) -> WebService[RenderVariable] | None:
        """The service that the frontend talks to; None if the stack has no web service."""
        webs = [one for one in self.services if isinstance(one, WebService)]
        name = self.backend_name or (self.single_service.name if self.single_service else None)
        return next((one for one in webs if name in (None, one.name)), None)

    @property
    def service(self) -> WebService[RenderVariable]:
        """The backend, for code that needs one.

        Raises:
            Refused: there is none.
        """
        if (backend := self.backend) is None:
            raise Refused("marketedge:render has no web service: there is nothing to open, to test or to release")
        return backend

    @property
    def other_services(self) -> list[AnyService]:
        """Every service but the backend."""
        backend = self.backend
        return [one for one in self.services if backend is None or one.name != backend.name]

    @property
    def addressed(self) -> list[AnyService]:
        """The services that browsers can open."""
        return [one for one in self.services if one.has_address]

    @property
    def services_in_turn(self) -> list[AnyService]:
        """Return the services, each after those that it refers to: a host has to exist before it can be a variable.

        Raises:
            graphlib.CycleError: two refer to each other.
        """
        by_name = {service.name: service for service in self.services}
        made = {name for name, service in by_name.items() if not service.is_adopted}
        waits = {name: (service.references & made) - {name} for name, service in by_name.items()}
        return [by_name[name] for name in graphlib.TopologicalSorter(waits).static_order()]

    @property
    def variables(self) -> list[RenderVariable]:
        """Every declared variable."""
        return [variable for holder in self._holders for variable in holder.env_vars]

    @property
    def _holders(self) -> list[AnyService | Group]:
        """Every object that has variables."""
        return [*self.services, *self.env_groups]

    def variables_of(self, service: AnyService) -> list[RenderVariable]:
        """Return what a service runs with: its own variables, and those of the groups that it links."""
        linked = [group for group in self.env_groups if group.name in service.groups]
        shared = [variable for group in linked for variable in group.env_vars]
        return [variable for variable in service.env_vars if variable.key] + shared

    def _problems(self) -> Iterator[str]:
        yield from self._repeated()
        webs = [one.name for one in self.services if isinstance(one, WebService)]
        if self.backend_name and self.backend_name not in webs:
            known = " or ".join(webs) or "none"
            yield f"backend: {self.backend_name!r} is no web service of this stack; expected {known}"
        try:
            self.services_in_turn  # noqa: B018
        except graphlib.CycleError as error:
            circle = " → ".join(error.args[1])
            yield f"fromService: {circle} wait for each other; write one of the addresses out"
        for check in (self._shadowed, self._incomplete, self._crowded, self._apart, self._undeclared):
            if problems := list(check()):
                yield "; ".join(problems)

    def _repeated(self) -> Iterator[str]:
        """Return names that are used twice.

        Render wants that of services only; this program finds every object by its name.
        """
        for section, objects in self.by_section.items():
            names = [name for one in objects for name in (one.name, *getattr(one, "replica_names", ()))]
            if twice := repeated(names):
                what = "service" if section == "services" else type(objects[0]).__name__.partition("[")[0]
                yield f"more than one {what} is named {', '.join(twice)}"

    def _shadowed(self) -> Iterator[str]:
        """Return variables in both below `envGroup`, where it is a mistake. In lists the service's own wins."""
        group = self.single_group
        for service in self.services:
            linked = group.env_vars if group and group.name in service.groups else []
            shared = {variable.key for variable in linked if variable.key}
            if both := sorted(str(variable.key) for variable in service.env_vars if variable.key in shared):
                yield f"declared by both service and envGroup, of which the service would win: {', '.join(both)}"

    def _incomplete(self) -> Iterator[str]:
        """Return values that Render would leave open, or would ask for in its dashboard."""
        stores: list[Database | KeyValue] = [*self.databases, *self.key_values]
        for store in stores:
            if store.ip_allow_list is None and not store.is_adopted:
                yield f"{store.name}: ipAllowList is required; [] lets in nobody from outside Render"
        for holder in self._holders:
            by_hand = [str(variable.key) for variable in holder.env_vars if variable.sync is False]
            if by_hand and not holder.is_adopted:
                yield (
                    f"{holder.name}: `sync: false` asks for a value in Render's dashboard, which an object that is "
                    f"made here cannot wait for: {', '.join(by_hand)}; expected fromSecret"
                )

    def _crowded(self) -> Iterator[str]:
        """Return free instances beside others of their kind (render.com/docs: Free instances)."""
        for objects in (self.databases, self.key_values):
            if len(free := [one.name for one in objects if one.plan == "free"]) > 1:
                yield f"a workspace has one free instance of a kind: {', '.join(free)}; expected a paid plan"

    def _apart(self) -> Iterator[str]:
        """Return references to another region, where no private address of it is reached (docs: Private network)."""
        places = {one.name: self._region_of(one) for one in (*self.databases, *self.key_values, *self.services)}
        for service in self.services:
            here = places[service.name]
            for variable in self.variables_of(service):
                source = variable.from_database or variable.key_value
                name = source.name if source else variable.service if variable.reaches_its_host else None
                if here and name and places.get(name, here) not in (here, None):
                    told = f"{name} is in {places[name]} and {service.name} in {here}"
                    yield f"{variable.key}: {told}; expected one region"

    def _region_of(self, one: Any) -> str | None:
        """Return where an object is; None for a static site, and for an adopted one that does not say it."""
        is_anywhere = isinstance(one, StaticSite) or (one.is_adopted and one.region is None)
        return None if is_anywhere else one.region or self.region

    def _undeclared(self) -> Iterator[str]:
        """Return references to what the stack does not declare."""
        declared = {
            "fromDatabase": [name for one in self.databases for name in (one.name, *one.replica_names)],
            "fromKeyValue": [one.name for one in self.key_values],
            "fromService": [one.name for one in self.services],
            "fromGroup": [one.name for one in self.env_groups],
        }
        for variable in self.variables:
            sources = {
                "fromDatabase": variable.from_database and variable.from_database.name,
                "fromKeyValue": variable.key_value and variable.key_value.name,
                "fromService": variable.service,
                "fromGroup": variable.from_group,
            }
            for source, name in sources.items():
                if name and name not in declared[source]:
                    known = " or ".join(declared[source]) or "none, since this stack declares none"
                    yield f"{variable.key or 'envVars'}: {source} {name!r} is not declared; expected {known}"
