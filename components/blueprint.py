"""The stack's Render objects as documents in Blueprint vocabulary, made from its settings. Knows no Pulumi resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.settings import Render, RenderVariable
from render.spec import Document

Spec = dict[str, Any]
ValueOf = Callable[[RenderVariable], Any]
"""The value of a variable that is a named secret or another component's output."""


class Blueprint:
    """Args: repository_url, branch: what the service is built from."""

    def __init__(self, settings: Render, repository_url: str, branch: str) -> None:
        self._settings, self._repository_url, self._branch = settings, repository_url, branch

    def database(self) -> Spec | None:
        database = self._settings.database
        return self._in_region(database) if database else None

    def key_value(self) -> Spec | None:
        key_value = self._settings.key_value
        return {"type": "keyvalue", **self._in_region(key_value)} if key_value else None

    def env_group(self, value_of: ValueOf) -> Spec | None:
        group = self._settings.env_group
        return {"name": group.name, "envVars": _variables(group.env_vars, value_of)} if group else None

    def service(self, value_of: ValueOf) -> Spec:
        service = self._settings.service
        return {
            **self._in_region(service),
            "type": "web",
            "repo": self._repository_url,
            "branch": self._branch,
            "envVars": _variables(service.env_vars, value_of),
        }

    def without_values(self) -> Document:
        """Every object in one document, for a look at what is there: values from elsewhere are left empty."""
        services = [self.service(_nothing), self.key_value()]
        sections = {
            "databases": [self.database()],
            "services": services,
            "envVarGroups": [self.env_group(_nothing)],
        }
        return Document.model_validate({name: [s for s in specs if s] for name, specs in sections.items()})

    def _in_region(self, settings: Any) -> Spec:
        return {"region": self._settings.region, **settings.model_dump(by_alias=True, exclude_none=True)}


def _variables(variables: list[RenderVariable], value_of: ValueOf) -> list[Spec]:
    return [
        {"key": variable.key, "value": value_of(variable)}
        if variable.from_secret or variable.from_output
        else variable.model_dump(by_alias=True, exclude_none=True)
        for variable in variables
    ]


def _nothing(_: RenderVariable) -> str:
    return ""
