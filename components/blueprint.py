"""The stack's Render objects as documents in Blueprint vocabulary, made from its settings.

It knows no Pulumi resource.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blueprint.objects import Object
from blueprint.service import StaticSite
from blueprint.sources import as_json
from blueprint.spec import Document
from components.phases import CRITICAL_OUTPUTS, Part
from components.render_settings import AnyService
from components.settings import Settings
from components.variables import RenderVariable, is_secret

Spec = dict[str, Any]
ValueOf = Callable[[RenderVariable], Any]
"""Returns the value of a variable that is a named secret or another component's output."""


class Blueprint:
    """What a phase declares of the settings.

    Args:
        repository_url: what services are built from, unless they name another one; always the settings' branch.
        parts: of the phase. Without the backend, only the critical variables of an adopted service are declared.
    """

    def __init__(self, settings: Settings, repository_url: str, parts: frozenset[Part]) -> None:
        self._settings, self._repository_url, self._parts = settings.render, repository_url, parts
        self.branch = settings.github.branch.name
        """The branch that is built, unless a service names another one."""

    @property
    def _whole(self) -> bool:
        return Part.BACKEND in self._parts

    @property
    def main(self) -> str | None:
        """The name of the service that the frontend talks to."""
        return self._settings.backend.name if self._settings.backend else None

    @property
    def addressed(self) -> frozenset[str]:
        """The names of the services that browsers can open."""
        return frozenset(service.name for service in self._settings.addressed)

    def resource_name(
        self, section: str, name: str, held: Mapping[tuple[str, str], str], earlier: str | None = None
    ) -> str:
        """Return the name of an object's Pulumi resource: its own name, with its kind if another object has that name.

        Args:
            held: the names that objects have in the state, which they keep whatever else comes or goes.
            earlier: the object's earlier name, if it was renamed.
        """
        first = next((other for other, names in self._names.items() if name in names), section)
        is_free = section == first and name not in [held[key] for key in held if key != (section, earlier)]
        return held.get((section, name)) or (name if is_free else f"{name}-{section}")

    @property
    def _names(self) -> dict[str, set[str]]:
        """The names of the declared objects by section. If several have one name, the first keeps it."""
        render = self._settings
        objects: dict[str, Sequence[Object]] = {
            "services": render.services,
            "databases": render.databases,
            "keyValues": render.key_values,
            "envVarGroups": render.env_groups,
            "projects": render.projects,
        }
        return {section: {one.name for one in listed} for section, listed in objects.items()}

    def concerns(self, spec: Spec, section: str, name: str) -> bool:
        """Whether a command is told of another object: one that it refers to, or the only one below a short key."""
        render = self._settings
        short = {
            "databases": render.single_database,
            "keyValues": render.single_key_value,
            "envVarGroups": render.single_group,
        }
        only = short.get(section)
        return (only is not None and only.name == name) or (section, name) in referred(spec)

    def projects(self) -> list[Spec]:
        inside = {"databases", "services", "envVarGroups"}
        specs = [_plain(project) for project in self._settings.projects] if self._whole else []
        for spec in specs:
            spec["environments"] = [
                {key: value for key, value in one.items() if key not in inside} for one in spec["environments"]
            ]
        return specs

    def databases(self) -> list[Spec]:
        return [self._in_region(_plain(one)) for one in self._settings.databases] if self._whole else []

    def key_values(self) -> list[Spec]:
        return [self._in_region(_plain(one)) for one in self._settings.key_values] if self._whole else []

    def env_groups(self, value_of: ValueOf) -> list[Spec]:
        groups = self._settings.env_groups if self._whole else []
        return [_plain(group) | {"envVars": _variables(group.env_vars, value_of)} for group in groups]

    def services(self, value_of: ValueOf) -> list[Spec]:
        """Return the objects, each after those that it refers to."""
        if self._whole:
            return [self._service(service, value_of) for service in self._settings.services_in_turn]
        if Part.CRITICAL_VARIABLES in self._parts:
            critical = [(service, _critical(service)) for service in self._settings.services]
            return [self._with(variables, service, value_of) for service, variables in critical if variables]
        return []

    def _service(self, service: AnyService, value_of: ValueOf) -> Spec:
        spec = as_json(service) | _taken_over(service) | {"envVars": _variables(service.env_vars, value_of)}
        if not isinstance(service, StaticSite):
            spec = self._in_region(spec)
        if not service.has_repository:
            return spec
        spec |= {"autoDeployTrigger": "off"} if Part.TAG_DEPLOYS in self._parts else {}
        # An adopted one's repository is the one it has: another one would be another service.
        source = {"branch": self.branch} | ({} if service.is_adopted else {"repo": self._repository_url})
        return source | spec

    def _with(self, variables: list[RenderVariable], service: AnyService, value_of: ValueOf) -> Spec:
        """Return a service of which only some variables are managed."""
        spec = {
            "type": service.type,
            "name": service.name,
            "ownership": service.ownership,
            "envVars": _variables(variables, value_of),
        }
        return spec | {"runtime": "static"} if isinstance(service, StaticSite) else self._in_region(spec)

    def without_values(self) -> Document:
        """Return every object in one document, for a look at Render. Values from other components are empty in it."""
        return Document.model_validate(
            {
                "projects": self.projects(),
                "databases": self.databases(),
                "services": [*self.services(_nothing), *self.key_values()],
                "envVarGroups": self.env_groups(_nothing),
            }
        )

    def _in_region(self, spec: Spec) -> Spec:
        return {"region": self._settings.region, **spec}


def references(spec: Spec) -> set[str]:
    """Return the names of the services that a service's variables refer to."""
    return {variable["fromService"]["name"] for variable in spec["envVars"] if "fromService" in variable}


_SOURCES = {"fromDatabase": "databases", "fromKeyValue": "keyValues", "fromService": "keyValues"}
"""Return the section of what a variable refers to by id. A service is found by its name."""


def referred(spec: Spec) -> set[tuple[str, str]]:
    """Return section and name of everything that an object's variables refer to by id."""
    variables = spec.get("envVars", ())
    found = {(section, v[source]["name"]) for v in variables for source, section in _SOURCES.items() if source in v}
    return found | {("envVarGroups", v["fromGroup"]) for v in variables if "fromGroup" in v}


def _plain(one: Object) -> Spec:
    """Return what is declared, without the usual ownership."""
    spec = as_json(one) | _taken_over(one)
    return {key: value for key, value in spec.items() if (key, value) != ("ownership", "exact")}


def _taken_over(one: Object) -> Spec:
    """Whether the file spells out an ownership, which answers what becomes of things that somebody else made."""
    explicit = "ownership" in one.model_fields_set and one.ownership == "exact"
    return {"takeOver": True} if explicit else {}


def _critical(service: AnyService) -> list[RenderVariable]:
    """Return what the foundation already sets of an existing service."""
    if not service.is_adopted:
        return []
    return [variable for variable in service.env_vars if variable.from_output in CRITICAL_OUTPUTS]


def _variables(variables: Sequence[RenderVariable], value_of: ValueOf) -> list[Spec]:
    """Return a variable for a document. A secret is named by `fromEnvironment`; see components.render."""
    return [
        {"key": variable.key, "fromEnvironment" if is_secret(variable) else "value": value_of(variable)}
        if variable.from_secret or variable.from_output
        else as_json(variable)
        for variable in variables
    ]


def _nothing(_: RenderVariable) -> str:
    return ""
