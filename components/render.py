"""What runs on Render: each object a command that converges it over REST (plan 2.1 to 2.4).

A command reads one object in Blueprint vocabulary on standard input; see `blueprint/`. Its secrets stay out of that, so
that a preview shows every value that is none: each is a variable of the command's environment. It runs when one of
these changes, and when the object was found changed at Render: then its environment says what drifted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi
from pulumi_command import local

from blueprint.spec import KNOWN_VARIABLE
from components.blueprint import Blueprint, Spec, references
from components.command_environment import DRIFT, contents_variable, dump, secret_variable
from components.observation import Change, Observation
from components.wiring import Wiring


@dataclass(frozen=True)
class BackendArgs:
    """Args of Backend.

    branch: the one to build; an output where this stack makes it, which has to be done before.
    found: at Render: what has changed since the last apply, and what is known of the objects that exist.
    """

    blueprint: Blueprint
    branch: pulumi.Input[str]
    wiring: Wiring
    found: Observation


class Backend(pulumi.ComponentResource):
    """A database, a key-value instance where one is declared, a group of variables, and the service with its domains.

    Ids travel from one command to the next, and a digest of what a group declares, so that a new database or a changed
    group reaches the service; connection strings do not: the service's command reads them from Render itself.

    Attributes:
        service_id, service_url: of the settings' own `service`; None in a phase that does not declare it.
        service_urls: of every one by name.
        outputs: what variables elsewhere can refer to, by the name that `fromOutput` uses.
        database_id, key_value_id, env_group_id: None where not declared.
    """

    service_id: pulumi.Output[str] | None = None
    service_url: pulumi.Output[str] | None = None
    database_id: pulumi.Output[str] | None = None
    key_value_id: pulumi.Output[str] | None = None
    env_group_id: pulumi.Output[str] | None = None
    service_urls: Mapping[str, pulumi.Output[str]]
    outputs: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: BackendArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("marketedge:render:Backend", name, None, opts)
        self._found = args.found
        self._commands: dict[tuple[str, str], local.Command] = {}  # later ones may need earlier ones
        self._contents: dict[str, pulumi.Output[str]] = {}  # of each group
        blueprint, value_of = args.blueprint, args.wiring.value
        # Never changed in place: outputs read what they are given later than this runs.
        known: Mapping[str, Any] = {}
        if spec := blueprint.database():
            database = self._converge("databases", spec, {}, protect=True)
            self.database_id = database["id"]
            known = {"ownerId": database["ownerId"], "databases": {spec["name"]: {"id": self.database_id}}}
        if spec := blueprint.key_value():
            self.key_value_id = self._converge("keyValues", spec, {}, protect=True)["id"]
            known = {**known, "keyValues": {spec["name"]: {"id": self.key_value_id}}}
        if spec := blueprint.env_group(value_of):
            self.env_group_id = self._converge("envVarGroups", spec, known)["id"]
            self._contents[spec["name"]] = _contents(spec, known)
            known = {**known, "envVarGroups": {spec["name"]: {"id": self.env_group_id}}}
        services = {spec["name"]: self._service(spec, args.branch, known) for spec in blueprint.services(value_of)}
        self.service_urls = {name: service["url"] for name, service in services.items()}
        self.outputs = {"render.serviceUrls": pulumi.Output.json_dumps(self.service_urls, sort_keys=True)}
        if own := services.get(blueprint.main):
            self.service_id, self.service_url = own["id"], own["url"]
            self.outputs |= {"render.serviceId": self.service_id, "render.serviceUrl": self.service_url}
        self.register_outputs({"service_id": self.service_id, "service_url": self.service_url})

    def _service(self, spec: Spec, branch: pulumi.Input[str], known: Mapping[str, Any]) -> pulumi.Output[Any]:
        # A branch that this stack makes has to be there before it is built.
        spec = {**spec, "branch": branch} if "branch" in spec else spec
        groups = [v["fromGroup"] for v in spec["envVars"] if v.get("fromGroup") in self._contents]
        contents = {contents_variable(name): self._contents[name] for name in groups}
        return self._converge("services", spec, known, environment=contents)

    def _converge(
        self,
        section: str,
        spec: Spec,
        known: Mapping[str, Any],
        *,
        environment: Mapping[str, pulumi.Input[str]] | None = None,
        protect: bool = False,
    ) -> pulumi.Output[Any]:
        """Declare one object.

        Returns: what `apply` reports of it. Of an object that exists it is what was found: a preview knows that too.
        """
        name = spec["name"]
        change = self._found.drift.get((section, name))
        command = local.Command(
            name,
            create="bin/render apply",
            update="bin/render apply",
            delete="bin/render destroy",
            # Without secrets, and without what only `up` will know: so a preview shows what changes.
            stdin=pulumi.Output.json_dumps(_document(section, spec), sort_keys=True),
            environment={
                **_secrets(spec),
                **(environment or {}),
                KNOWN_VARIABLE: pulumi.Output.json_dumps(known, sort_keys=True),
                **({DRIFT: _because(change)} if change else {}),
            },
            # Progress is on standard error; the report on standard output is for the next resource only.
            logging=local.Logging.STDERR,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=protect,
                depends_on=[command for other, command in self._commands.items() if _needs(section, spec, *other)],
                # In sync: the reasons of the last drift stay in the state, and are no change.
                ignore_changes=[] if change else [f"environment.{DRIFT}"],
            ),
        )
        self._commands[section, name] = command
        if made := self._found.made.get((section, name)):
            return pulumi.Output.from_input(made)
        return pulumi.Output.json_loads(command.stdout)[section][name]


def _needs(section: str, spec: Spec, other_section: str, other: str) -> bool:
    """Whether an object is made after another one, and deleted before it."""
    if other_section == "services":
        return other in references(spec)
    return section in ("envVarGroups", "services") and other_section != section


def _document(section: str, spec: Spec) -> dict[str, Any]:
    if "envVars" in spec:
        named = [
            v | {"fromEnvironment": secret_variable(v["key"])} if "fromEnvironment" in v else v for v in spec["envVars"]
        ]
        spec = {**spec, "envVars": named}
    return {"services" if section == "keyValues" else section: [spec]}


def _secrets(spec: Spec) -> dict[str, pulumi.Input[str]]:
    """Each secret by the name that the document refers to, so that a preview says which one changes."""
    return {secret_variable(v["key"]): v["fromEnvironment"] for v in spec.get("envVars", ()) if "fromEnvironment" in v}


def _contents(group: Spec, known: Mapping[str, Any]) -> pulumi.Output[str]:
    """A digest of what a group declares, in any order: another one, and the services that link to it run again.

    Secret where something in it is.
    """
    variables = pulumi.Output.all(*({**variable} for variable in group["envVars"]))
    sources = variables.apply(lambda listed: sorted(listed, key=lambda variable: str(variable["key"])))
    declared = {"sources": sources, "ownership": group.get("ownership"), "known": known}
    whole = pulumi.Output.json_dumps(declared, sort_keys=True)
    return whole.apply(lambda text: hashlib.sha256(text.encode()).hexdigest()[:16])


def _because(change: Change) -> str:
    """What makes the command an update."""
    return dump(change.differences, change.updated_at, datetime.now(UTC).replace(microsecond=0))
