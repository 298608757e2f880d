"""The stack's Render objects as documents in Blueprint vocabulary, made from its settings. Knows no Pulumi resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blueprint.spec import Document
from components.phases import CRITICAL_OUTPUTS, Part
from components.render_settings import AdoptedService, AnyService
from components.settings import Settings
from components.variables import RenderVariable, is_secret

Spec = dict[str, Any]
ValueOf = Callable[[RenderVariable], Any]
"""The value of a variable that is a named secret or another component's output."""


class Blueprint:
    """What of the settings a phase declares.

    Args:
        repository_url: what services are built from; of the settings' branch.
        parts: of the phase. Without the backend, an adopted service has its critical variables and nothing else.
    """

    def __init__(self, settings: Settings, repository_url: str, parts: frozenset[Part]) -> None:
        self._settings, self._repository_url, self._parts = settings.render, repository_url, parts
        self._branch = settings.github.branch.name

    @property
    def _whole(self) -> bool:
        return Part.BACKEND in self._parts

    def database(self) -> Spec | None:
        database = self._settings.database
        return self._in_region(database) if database and self._whole else None

    def key_value(self) -> Spec | None:
        key_value = self._settings.key_value
        return {"type": "keyvalue", **self._in_region(key_value)} if key_value and self._whole else None

    def env_group(self, value_of: ValueOf) -> Spec | None:
        group = self._settings.env_group
        return {"name": group.name, "envVars": _variables(group.env_vars, value_of)} if group and self._whole else None

    @property
    def main(self) -> str:
        """Name of the service that the frontend talks to."""
        return self._settings.service.name

    def services(self, value_of: ValueOf) -> list[Spec]:
        """Each after the ones that it refers to."""
        if self._whole:
            return [self._service(service, value_of) for service in self._settings.services_in_turn]
        if Part.CRITICAL_VARIABLES in self._parts:
            critical = [(service, _critical(service)) for service in self._settings.services]
            return [self._with(variables, service, value_of) for service, variables in critical if variables]
        return []

    def _service(self, service: AnyService, value_of: ValueOf) -> Spec:
        spec = {
            **self._in_region(service),
            "type": "web",
            "branch": self._branch,
            "envVars": _variables(service.env_vars, value_of),
        }
        spec |= {"autoDeployTrigger": "off"} if Part.TAG_DEPLOYS in self._parts else {}
        # An adopted one's repository is the one it has: another one would be another service.
        return spec if isinstance(service, AdoptedService) else spec | {"repo": self._repository_url}

    def _with(self, variables: list[RenderVariable], service: AnyService, value_of: ValueOf) -> Spec:
        """A service of which nothing but some variables is managed."""
        return {
            "type": "web",
            "name": service.name,
            "region": self._settings.region,
            "ownership": service.ownership,
            "envVars": _variables(variables, value_of),
        }

    def without_values(self) -> Document:
        """Every object in one document, for a look at what is there: values from elsewhere are left empty."""
        sections = {
            "databases": [self.database()],
            "services": [*self.services(_nothing), self.key_value()],
            "envVarGroups": [self.env_group(_nothing)],
        }
        return Document.model_validate({name: [s for s in specs if s] for name, specs in sections.items()})

    def _in_region(self, settings: Any) -> Spec:
        return {"region": self._settings.region, **settings.model_dump(by_alias=True, exclude_none=True)}


def references(spec: Spec) -> set[str]:
    """Names of the services that a service's variables refer to."""
    return {variable["fromService"]["name"] for variable in spec["envVars"] if "fromService" in variable}


def _critical(service: AnyService) -> list[RenderVariable]:
    """What the foundation already sets, of a service that lives."""
    if not isinstance(service, AdoptedService):
        return []
    return [variable for variable in service.env_vars if variable.from_output in CRITICAL_OUTPUTS]


def _variables(variables: list[RenderVariable], value_of: ValueOf) -> list[Spec]:
    """A secret stands below `fromEnvironment`, where its command finds it; see components.render."""
    return [
        {"key": variable.key, "fromEnvironment" if is_secret(variable) else "value": value_of(variable)}
        if variable.from_secret or variable.from_output
        else variable.model_dump(by_alias=True, exclude_none=True)
        for variable in variables
    ]


def _nothing(_: RenderVariable) -> str:
    return ""
