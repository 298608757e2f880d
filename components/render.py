"""What runs on Render: each object a command that converges it over REST (plan 2.1 to 2.4).

The commands read one object in Blueprint vocabulary on standard input; see `render/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_command import local

from components.settings import Render, RenderVariable
from components.wiring import Wiring

Spec = dict[str, Any]


@dataclass(frozen=True)
class BackendArgs:
    """Args of Backend. repository_url and branch: what the service is built from."""

    settings: Render
    repository_url: str
    branch: str
    wiring: Wiring


class Backend(pulumi.ComponentResource):
    """A database, a key-value instance where one is declared, a group of variables, and the service with its domains.

    Ids and revisions travel from one command to the next, so that a new database or a changed group reaches the
    service; connection strings do not: the service's command reads them from Render itself.

    Attributes: service_id, service_url; database_id and env_group_id, None where not declared.
    """

    service_id: pulumi.Output[str]
    service_url: pulumi.Output[str]
    database_id: pulumi.Output[str] | None = None
    key_value_id: pulumi.Output[str] | None = None
    env_group_id: pulumi.Output[str] | None = None

    def __init__(self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:render:Backend", name, None, opts)
        self._args = args
        settings = args.settings
        # Never changed in place: outputs read what they are given later than this runs.
        known: Mapping[str, Any] = {}
        if settings.database:
            database = self._converge(
                "databases", settings.database.name, self._in_region(settings.database), protect=True
            )
            self.database_id = database["id"]
            known = {
                **known,
                "ownerId": database["ownerId"],
                "databases": {settings.database.name: {"id": self.database_id}},
            }
        if settings.key_value:
            spec = {"type": "keyvalue", **self._in_region(settings.key_value)}
            self.key_value_id = self._converge("keyValues", settings.key_value.name, spec, protect=True)["id"]
            known = {**known, "keyValues": {settings.key_value.name: {"id": self.key_value_id}}}
        if settings.env_group:
            group = self._converge("envVarGroups", settings.env_group.name, self._group(), known)
            self.env_group_id = group["id"]
            linked = {"id": self.env_group_id, "revision": group["revision"]}
            known = {**known, "envVarGroups": {settings.env_group.name: linked}}
        service = self._converge("services", settings.service.name, self._service(), known)
        self.service_id, self.service_url = service["id"], service["url"]
        self.register_outputs({"service_id": self.service_id, "service_url": self.service_url})

    def _converge(
        self, section: str, name: str, spec: Spec, known: Mapping[str, Any] | None = None, *, protect: bool = False
    ) -> pulumi.Output[Any]:
        """Declare one object; answers what `apply` reports of it."""
        document = {"services" if section == "keyValues" else section: [spec]}
        if known:
            document["known"] = known  # type: ignore[assignment]
        command = local.Command(
            name,
            create="bin/render apply",
            update="bin/render apply",
            delete="bin/render destroy",
            # Secret only where a value in it is, so that a preview shows what changes in all the others.
            stdin=pulumi.Output.json_dumps(document, sort_keys=True),
            # Progress is on standard error; the report on standard output is for the next resource only.
            logging=local.Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        return pulumi.Output.json_loads(command.stdout)[section][name]

    def _in_region(self, settings: Any) -> Spec:
        return {"region": self._args.settings.region, **settings.model_dump(by_alias=True, exclude_none=True)}

    def _group(self) -> Spec:
        group = self._args.settings.env_group
        assert group is not None
        return {"name": group.name, "envVars": [self._variable(variable) for variable in group.env_vars]}

    def _service(self) -> Spec:
        service = self._args.settings.service
        return {
            **self._in_region(service),
            "type": "web",
            "repo": self._args.repository_url,
            "branch": self._args.branch,
            "envVars": [self._variable(variable) for variable in service.env_vars],
        }

    def _variable(self, variable: RenderVariable) -> Spec:
        if variable.from_secret or variable.from_output:
            return {"key": variable.key, "value": self._args.wiring.value(variable)}
        return variable.model_dump(by_alias=True, exclude_none=True)
