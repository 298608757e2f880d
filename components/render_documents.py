"""What the command of a Render object reads: a document in Blueprint vocabulary, and its environment.

It makes the documents from the settings, and compares two of them. It knows no Pulumi resource.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from blueprint.fields import Difference
from blueprint.objects import Object
from blueprint.service import StaticSite
from blueprint.sources import as_json
from blueprint.spec import Document
from components.phases import CRITICAL_OUTPUTS, Part
from components.render_settings import AnyService
from components.settings import Settings
from components.variables import RenderVariable, is_secret
from components.vendors import HIDDEN

Key = tuple[str, str]
"""An object's section of the document, and its name. Of an object elsewhere: its resource's type and name."""
Spec = dict[str, Any]
"""One object of a document."""
ValueOf = Callable[[RenderVariable], Any]
"""Returns the value of a variable that is a named secret or another component's output."""


class Blueprint:
    """What a phase declares of the settings.

    Without the backend, only the critical variables of an adopted service are declared.

    Args:
        repository_url: what services are built from, unless they name another one; always the settings' branch.
    """

    def __init__(self, settings: Settings, repository_url: str) -> None:
        self.render, self._repository_url, self._parts = settings.render, repository_url, settings.parts
        self.branch = settings.github.branch.name
        """The branch that is built, unless a service names another one."""

    def resource_name(self, key: Key, held: Mapping[Key, str], earlier: str | None = None) -> str:
        """Return the name of an object's Pulumi resource: its own name, with its kind if another object has that name.

        Args:
            held: the names that objects have in the state, which they keep whatever else comes or goes.
            earlier: the object's earlier name, if it was renamed.
        """
        section, name = key
        # If several have one name, the first keeps it.
        named = (other for other, listed in self.render.by_section.items() if name in [one.name for one in listed])
        is_free = section == next(named, section) and name not in [held[k] for k in held if k != (section, earlier)]
        return held.get(key) or (name if is_free else f"{name}-{section}")

    def concerns(self, spec: Spec, section: str, name: str) -> bool:
        """Whether a command is told of another object: one that it refers to, or the only one below a short key."""
        render = self.render
        short = {
            "databases": render.single_database,
            "keyValues": render.single_key_value,
            "envVarGroups": render.single_group,
        }
        only = short.get(section)
        return (only is not None and only.name == name) or (section, name) in referred(spec)

    def objects(self, value_of: ValueOf) -> Iterator[tuple[str, Spec]]:
        """Return section and content of each declared object, each after those that it refers to."""
        render = self.render
        if Part.BACKEND not in self._parts:
            for service in render.services if Part.CRITICAL_VARIABLES in self._parts else ():
                if critical := _critical(service):
                    yield "services", self._with(critical, service, value_of)
            return
        for project in render.projects:
            yield "projects", _plain(project, {"listed_databases", "listed_services", "listed_groups"})
        for section, stores in (("databases", render.databases), ("keyValues", render.key_values)):
            yield from ((section, self._in_region(_plain(store))) for store in stores)
        for group in render.env_groups:
            yield "envVarGroups", _plain(group) | {"envVars": _variables(group.env_vars, value_of)}
        for service in render.services_in_turn:
            yield "services", self._service(service, value_of)

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

    def _in_region(self, spec: Spec) -> Spec:
        return {"region": self.render.region, **spec}

    def document(self, value_of: ValueOf = lambda _: "") -> Document:
        """Return every object in one document. Without `value_of`, values from other components are empty in it."""
        listed: dict[str, list[Spec]] = defaultdict(list)
        for section, spec in self.objects(value_of):
            listed["services" if section == "keyValues" else section].append(spec)
        return Document.model_validate(listed)


def references(spec: Spec) -> set[str]:
    """Return the names of the services that a service's variables refer to."""
    return {variable["fromService"]["name"] for variable in spec["envVars"] if "fromService" in variable}


_SOURCES = {"fromDatabase": "databases", "fromKeyValue": "keyValues", "fromService": "keyValues"}
"""The section of what a variable refers to by id. A service is found by its name."""


def referred(spec: Spec) -> set[tuple[str, str]]:
    """Return section and name of everything that an object's variables refer to by id."""
    variables = spec.get("envVars", ())
    found = {(section, v[source]["name"]) for v in variables for source, section in _SOURCES.items() if source in v}
    return found | {("envVarGroups", v["fromGroup"]) for v in variables if "fromGroup" in v}


def _plain(one: Object, listed: Set[str] = frozenset()) -> Spec:
    """Return what is declared, without the usual ownership.

    Args:
        listed: fields of a project's environments that hold other objects, which have commands of their own.
    """
    exclude = {"environments": {"__all__": set(listed)}} if listed else None
    spec = one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=exclude) | _taken_over(one)
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


DRIFT = "RENDER_DRIFT"
"""The variable of a command whose object is not as it was applied: a JSON list of `Found`."""
_SECRET = "SECRET_"
_CONTENTS = "CONTENTS_"


class FoundDifference(Difference):
    """A difference, and when it came about.

    Attributes:
        since: Render's time of the object's last change, if Render keeps one.
        seen: when it was found. If the same difference comes back after it was healed, this makes the text another one.
    """

    since: datetime | None = None
    seen: datetime


_LIST = TypeAdapter(list[FoundDifference])


def dump(found: list[FoundDifference]) -> str:
    """Return the text of the drift variable."""
    return _LIST.dump_json(found, exclude_none=True).decode()


def load(text: str) -> list[FoundDifference]:
    """Return the differences in a drift variable. An older program wrote a sentence there, which has none."""
    try:
        return _LIST.validate_json(text)
    except ValidationError:
        return []


def secret_variable(key: str) -> str:
    """Return the variable that holds a secret. Each secret has its own, so that a preview says which one changes."""
    return _SECRET + _shell_name(key)


def contents_variable(group: str) -> str:
    """Return the variable of a service that holds the digest of a linked group's declaration."""
    return _CONTENTS + _shell_name(group)


def _shell_name(name: str) -> str:
    """Return a name that a shell passes on, another one for each name: characters that it does not take as `_2D_`.

    Names at Render may hold `-`, `.`, `:` and spaces. An underscore that would be read as the beginning of such a
    character is written out, too.
    """
    other = r"\W|_(?=(20|2D|2E|3A|5F)(_|\W))"
    return re.sub(other, lambda found: f"_{ord(found[0]):X}_", name, flags=re.ASCII)


def fields(text: str) -> dict[str, Any]:
    """Return the declared fields of a document's one object, with its variables by key, without its `known` objects."""
    document: Mapping[str, Any] = json.loads(text or "{}")
    found: dict[str, Any] = {}
    for section, objects in document.items():
        for one in objects if section != "known" else ():
            for name, value in one.items():
                found |= dict(map(_variable, value)) if name == "envVars" else {name: value}
    return found


NEW_CONTENTS = ("its new contents", "its contents as of the last up")
"""Declared and live of a service's link to a group that changes."""


def differences(now: str, before: str, variables: Collection[str]) -> dict[str, tuple[Any, Any]]:
    """Return what differs between two documents of one object: the declared and the applied value, by field.

    Args:
        variables: those of the command's environment that changed. They tell that a secret or a linked group did.
    """
    new, old = fields(now), fields(before)
    found: dict[str, tuple[Any, Any]] = {}
    for field in sorted(new.keys() | old.keys()):
        part, _, name = field.partition(".")
        if new.get(field) != old.get(field):
            found[field] = new.get(field), old.get(field)
        elif part == "env" and secret_variable(name) in variables:
            found[field] = HIDDEN, HIDDEN
        elif part == "fromGroup" and contents_variable(name) in variables:
            found[field] = NEW_CONTENTS
    return found


def _variable(variable: Mapping[str, Any]) -> tuple[str, Any]:
    """Return how a variable is called, and its value or its source."""
    if "fromGroup" in variable:
        return f"fromGroup.{variable['fromGroup']}", "linked"
    source: str
    value: Any
    source, value = next((item for item in variable.items() if item[0] != "key"), ("value", ""))
    match source:
        case "fromEnvironment":
            value = HIDDEN
        case "generateValue":
            value = "generated by Render"
        case "sync":
            value = "kept in Render's dashboard"
        case "fromDatabase" | "fromKeyValue" | "fromService":
            value = f"{value.get('property', 'connectionString')} of {value['name']}"
    return f"env.{variable['key']}", value
