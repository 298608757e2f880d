"""What runs on Render. Each object is a command that makes it match over REST (plan 2.1 to 2.4).

A command reads one object in Blueprint vocabulary on standard input; see `blueprint/`. Its secrets are not in there, so
that a preview shows every other value; each is a variable of the command's environment. The command runs when one of
these changes, and when the object was found changed at Render: then its environment says what drifted.
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pulumi
from pulumi_command import local

from blueprint.spec import KNOWN_VARIABLE
from components.observation import Observation
from components.render_documents import (
    DRIFT,
    Blueprint,
    Key,
    Spec,
    contents_variable,
    dump,
    references,
    secret_variable,
)
from components.stack import Applied
from components.wiring import Wiring


class Backend(pulumi.ComponentResource):
    """Every object at Render, each after those that it needs.

    Ids are passed from one command to the next, and also a digest of what a group declares. So a new database or a
    changed group reaches the service. Connection strings are not passed: the service's command reads them from Render.

    Attributes:
        service_id, service_url: of the settings' own `service`; None in a phase that does not declare it.
        service_urls: of every service, by name.
        outputs: what variables elsewhere can refer to, by the name that `fromOutput` uses.
        given: `stdin` and `environment` of each command, by the section and the name of its object.
        database_id, env_group_id: of the first one; None if none is declared.
    """

    service_id: pulumi.Output[str] | None = None
    service_url: pulumi.Output[str] | None = None
    database_id: pulumi.Output[str] | None
    env_group_id: pulumi.Output[str] | None
    service_urls: Mapping[str, pulumi.Output[str]]
    outputs: Mapping[str, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        blueprint: Blueprint,
        branch: pulumi.Input[str],
        wiring: Wiring,
        found: Observation,
        applied: Mapping[Key, Applied],
    ) -> None:
        """Declare the objects.

        Args:
            branch: the one to build. It is an output if this stack makes it, which has to happen first.
            found: at Render: what has changed since the last apply, and what is known of the objects that exist.
            applied: the objects in the state.
        """
        super().__init__("marketedge:render:Backend", name)
        self._blueprint, self._branch, self._found = blueprint, branch, found
        self._held = {key: one.resource for key, one in applied.items()}
        self.given: dict[Key, Mapping[str, Any]] = {}
        self._commands: dict[Key, local.Command] = {}  # later ones may need earlier ones
        self._made: dict[Key, pulumi.Output[Any]] = {}
        self._contents: dict[str, pulumi.Output[str]] = {}  # of each group
        for section, spec in blueprint.objects(wiring.value):
            self._declare(section, spec)
        self.database_id, self.env_group_id = map(self._first, ("databases", "envVarGroups"))
        services = {name: one for (section, name), one in self._made.items() if section == "services"}
        addressed = {service.name for service in blueprint.render.addressed}
        self.service_urls = {name: one["url"] for name, one in services.items() if name in addressed}
        self.outputs = {"render.serviceUrls": pulumi.Output.json_dumps(self.service_urls, sort_keys=True)}
        main = blueprint.render.backend  # the service that the frontend talks to
        if main and (own := services.get(main.name)):
            self.service_id, self.service_url = own["id"], own["url"]
            self.outputs |= {"render.serviceId": self.service_id, "render.serviceUrl": self.service_url}
        self.register_outputs({"service_id": self.service_id, "service_url": self.service_url})

    def host(self, service: str) -> pulumi.Output[str]:
        """Return the onrender.com host of a service that has an address."""
        return self.service_urls[service].apply(lambda url: urlsplit(url).netloc)

    def _first(self, section: str) -> pulumi.Output[str] | None:
        return next((one["id"] for (kind, _), one in self._made.items() if kind == section), None)

    def _known(self, section: str, spec: Spec) -> Mapping[str, Any]:
        """Return what a command is told of others: those that it refers to, and those that the stack has one of."""
        known: dict[str, Any] = {}
        for (other_section, other), one in self._made.items():
            if not _is_told(section, other_section) or not self._blueprint.concerns(spec, other_section, other):
                continue
            if other_section == "databases" and "ownerId" not in known:
                known["ownerId"] = one["ownerId"]
            known[other_section] = {**known.get(other_section, {}), other: {"id": one["id"]}}
        if path := spec.get("environment"):
            project = self._made["projects", path.rpartition("/")[0]]
            known["environments"] = {path: {"id": project["environments"][path]}}
        return known

    def _declare(self, section: str, spec: Spec) -> None:
        """Declare one object.

        What is known of it is what `apply` reports. For one that exists it is what was found, which a preview knows
        too.
        """
        key = section, spec["name"]
        if spec.get("branch") == self._blueprint.branch:  # one that this stack makes has to be there before it is built
            spec = {**spec, "branch": self._branch}
        groups = [v["fromGroup"] for v in spec.get("envVars", ()) if v.get("fromGroup") in self._contents]
        contents = {contents_variable(group): self._contents[group] for group in groups}
        values, known = {**_secrets(spec), **contents}, self._known(section, spec)
        # Without its earlier name, the engine would delete what was renamed at Render.
        renamed, change = self._found.renamed.get(key), self._found.drift.get(key)
        command = local.Command(
            self._blueprint.resource_name(key, self._held, renamed),
            create="bin/render apply",
            update="bin/render apply",
            delete="bin/render destroy",
            # Without secrets, and without what only `up` will know: so a preview shows what changes.
            stdin=pulumi.Output.json_dumps(_document(section, spec), sort_keys=True),
            environment={
                **values,
                KNOWN_VARIABLE: pulumi.Output.json_dumps(known, sort_keys=True),
                **({DRIFT: dump(change)} if change else {}),
            },
            # Progress is on standard error; the report on standard output is for the next resource only.
            logging=local.Logging.STDERR,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=section in _DATA,
                depends_on=[command for other, command in self._commands.items() if _needs(section, spec, *other)],
                # In sync: the reasons of the last drift stay in the state, and are no change.
                ignore_changes=[] if change else [f"environment.{DRIFT}"],
                aliases=[pulumi.Alias(name=self._held[section, renamed])] if renamed else [],
            ),
        )
        self._commands[key] = command
        self.given[key] = {"stdin": command.stdin, "environment": values}
        made = self._found.made.get(key)
        self._made[key] = (
            pulumi.Output.from_input(made) if made else pulumi.Output.json_loads(command.stdout)[section][key[1]]
        )
        if section == "envVarGroups":
            self._contents[key[1]] = _contents(spec, known)


_DATA = frozenset({"databases", "keyValues"})
"""The sections of what holds data: it is protected."""


def _needs(section: str, spec: Spec, other_section: str, other: str) -> bool:
    """Whether an object is created after another one, and deleted before it."""
    if other_section == "services":
        return section == "services" and other in references(spec)
    if other_section == "projects":
        return str(spec.get("environment", "")).startswith(f"{other}/")
    return _is_told(section, other_section)


_TOLD = {"envVarGroups": _DATA, "services": _DATA | {"envVarGroups"}}
"""The sections whose objects an object of a section may refer to by id."""


def _is_told(section: str, other_section: str) -> bool:
    return other_section in _TOLD.get(section, ())


def _document(section: str, spec: Spec) -> dict[str, Any]:
    if "envVars" in spec:
        named = [
            v | {"fromEnvironment": secret_variable(v["key"])} if "fromEnvironment" in v else v for v in spec["envVars"]
        ]
        spec = {**spec, "envVars": named}
    return {"services" if section == "keyValues" else section: [spec]}


def _secrets(spec: Spec) -> dict[str, pulumi.Input[str]]:
    """Return each secret by the name that the document refers to, so that a preview says which one changes."""
    return {secret_variable(v["key"]): v["fromEnvironment"] for v in spec.get("envVars", ()) if "fromEnvironment" in v}


def _contents(group: Spec, known: Mapping[str, Any]) -> pulumi.Output[str]:
    """Return a digest of what a group declares, in any order. When it changes, the services that link to it run again.

    It is secret if something in the group is.
    """
    variables = pulumi.Output.all(*({**variable} for variable in group["envVars"]))
    sources = variables.apply(lambda listed: sorted(listed, key=lambda variable: str(variable["key"])))
    declared = {"sources": sources, "ownership": group.get("ownership"), "known": known}
    whole = pulumi.Output.json_dumps(declared, sort_keys=True)
    return whole.apply(lambda text: hashlib.sha256(text.encode()).hexdigest()[:16])
