"""One resource type as data: what its provider knows about it, and what its vendor does with such an object."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import yaml

from . import shapes
from .estate import Object, Objects, now
from .values import UNKNOWN, Properties, Secret, canonical, is_given, plain, same, seal_like, set_default, values_at


class ProviderError(Exception):
    """The answer of a vendor or a plugin that refuses."""


@dataclass(frozen=True)
class Change:
    """One difference between what is declared and what is known."""

    path: str
    """The path as the engine writes it, with list indices."""
    kind: Literal["ADD", "DELETE", "UPDATE"]
    replace: bool


Complete = Callable[[Objects, Object], Object]
"""Returns what the vendor adds to a new object. Raises ProviderError when the vendor refuses it."""
Clashes = Callable[[Object, Object], bool]
"""Whether a new object and an existing one exclude each other."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One type. Properties have the names of the SDK's schema; nested ones are named by a dotted path."""

    resource: Any
    args: Any
    type: str
    """The vendor's name for such objects; their `type` in the store."""
    key: Sequence[str]
    """The properties by which the vendor tells two of them apart."""
    unique: Sequence[str] = ()
    """The properties of which there may be one combination only, if these are not the key."""
    clashes: Clashes | None = None
    complete: Complete | None = None
    id_format: str = "{id}"
    import_formats: Sequence[str] = ()
    view: bool = False
    """Whether it is a part of another resource's object, so that it neither creates nor deletes the object."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """The object's name of a property, for those that the resource calls otherwise."""
    on_existing: Literal["refuse", "adopt", "overwrite", "duplicate"] = "refuse"
    overwritten_if: str = ""
    """The property by which a person allows the provider to overwrite an existing object."""
    refusal: str = "409 Already exists"
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the provider adds to the declared inputs."""
    vendor_defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the vendor fills in and the provider ignores while it is not declared (Optional and Computed)."""
    unseen: Collection[str] = ()
    """More properties that never show as drift while they are not declared."""
    all_unseen: bool = False
    replaces: Collection[str] = ()
    secrets: Collection[str] = ()
    sets: Collection[str] = ()
    """Lists whose order does not matter."""
    sealed: Collection[str] = ()
    """The properties that the vendor does not answer, so that a refresh keeps the state's values."""
    sealed_if: Mapping[str, Collection[str]] = field(default_factory=dict)
    """More of them, for objects that have the property."""
    exactly_one: Sequence[str] = ()
    values: Mapping[str, Collection[str] | str] = field(default_factory=dict)
    """What the vendor or its provider takes as the value of a property: names, or a pattern."""
    import_knows: Mapping[str, str] = field(default_factory=dict)
    """Those of the sealed properties that an import finds out, as a format of the others. A refresh does not."""
    touched: Collection[str] = ()
    """Timestamps that every write renews."""
    stamp: Sequence[str] = ()
    """Two timestamps, ours and the vendor's. If they differ, somebody else wrote a value that cannot be read."""
    autonamed: bool = False

    @cached_property
    def token(self) -> str:
        """Return the type's token in the SDK's schema, such as github:index/branch:Branch."""
        return str(self.resource.pulumi_type)

    @cached_property
    def inputs(self) -> shapes.Shape:
        """Return what the resource takes."""
        return shapes.inputs_of(self.args)

    @cached_property
    def properties(self) -> frozenset[str]:
        """Return the names of all inputs and outputs."""
        return shapes.properties_of(self.resource)

    @cached_property
    def computed(self) -> frozenset[str]:
        """Properties that only the vendor knows while nobody declares them."""
        unseen = self.properties if self.all_unseen else {*self.unseen, *self.vendor_defaults}
        return (self.properties - set(self.inputs.fields)) | (self.properties & unseen)

    # The provider's side: what it checks, compares and answers.

    def hides(self, path: str) -> bool:
        """Whether the provider ignores a property while it is not declared."""
        return self.all_unseen or path in self.unseen or path in self.vendor_defaults

    def hidden(self, found: Object) -> set[str]:
        """Return the properties of an object that the vendor does not answer."""
        more = (names for name, names in self.sealed_if.items() if found.get(name))
        return {*self.sealed}.union(*more)

    def problems(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        """Yield the path of each input that the provider refuses, with the reason."""
        declared = plain(inputs)
        yield from shapes.problems(self.inputs, declared)
        if self.exactly_one and sum(declared.get(name) is not None for name in self.exactly_one) != 1:
            yield self.exactly_one[0], f"exactly one of {', '.join(self.exactly_one)} must be set"
        for path, known in self.values.items():
            for value in values_at(declared, path.split(".")):
                fits = re.fullmatch(known, str(value)) if isinstance(known, str) else value in known
                if value != UNKNOWN and not fits:
                    yield path, f"expected {path} to be {known}, got {value}"

    def checked(self, inputs: Properties) -> Properties:
        """Return the inputs with the provider's defaults."""
        checked = dict(inputs)
        for path, value in self.defaults.items():
            set_default(checked, path.split("."), value)
        return checked

    def outputs(self, values: Mapping[str, Any], model: Mapping[str, Any]) -> Properties:
        """Return the outputs with these values, secret where the type says so or where the model has a secret."""
        return {
            name: Secret(values[name]) if name in self.secrets else seal_like(values[name], model.get(name))
            for name in self.properties
            if values.get(name) is not None
        }

    def changes(self, state: Mapping[str, Any], declared: Mapping[str, Any]) -> list[Change]:
        """Compare declared inputs with the last known state."""
        found = list(self._object_changes(state, declared, "", ""))
        if self.stamp and state.get(self.stamp[0]) != state.get(self.stamp[1]):
            found.append(Change(self.stamp[0], "UPDATE", replace=False))
        return found

    def _object_changes(
        self, old: Mapping[str, Any], new: Mapping[str, Any], path: str, shown: str
    ) -> Iterator[Change]:
        for name in sorted(old.keys() | new.keys() if path else self.inputs.fields):
            inner, label = (f"{path}.{name}", f"{shown}.{name}") if path else (name, name)
            if new.get(name) is not None:
                yield from self._value_changes(old.get(name), new[name], inner, label)
            elif not self.hides(inner) and is_given(old.get(name)):
                yield Change(label, "DELETE", inner in self.replaces)

    def _value_changes(self, old: Any, new: Any, path: str, shown: str) -> Iterator[Change]:
        match old, new:
            case dict(), dict():
                yield from self._object_changes(old, new, path, shown)
            case list(), list() if len(old) == len(new) and all(isinstance(item, dict) for item in old + new):
                if path in self.sets:
                    old, new = sorted(old, key=canonical), sorted(new, key=canonical)
                for index, (before, after) in enumerate(zip(old, new, strict=True)):
                    yield from self._value_changes(before, after, path, f"{shown}[{index}]")
            case _:
                if not same(old, new, in_any_order=path in self.sets):
                    yield Change(shown, "UPDATE" if is_given(old) else "ADD", path in self.replaces)

    # The vendor's side: what becomes of an object.

    def name_of(self, properties: Mapping[str, Any]) -> str:
        """Return the object's name in errors and in the log."""
        return ":".join(str(properties.get(name)) for name in self.key)

    def shown(self, found: Object) -> Object:
        """Return the object with the resource's names of its properties."""
        return found | {own: found.get(stored) for own, stored in self.renames.items()}

    def id_of(self, found: Object) -> str:
        """Return the resource's id for an object."""
        return self.id_format.format(**self.shown(found)) if self.view else str(found["id"])

    def with_id(self, objects: Objects, id: str) -> Object | None:
        """Return the object of the resource with this id, or None."""
        return next((o for o in objects.all(self.type) if self.id_of(o) == id), None)

    def add_to(self, objects: Objects, properties: Mapping[str, Any]) -> Object:
        """Create the object as its vendor would, or return the existing one that takes its place."""
        given = {self.renames.get(name, name): value for name, value in properties.items() if value is not None}
        new = self.checked({"type": self.type, **given})
        new |= self.complete(objects, new) if self.complete else {}
        unique = self.unique or self.key
        clashes = self.clashes or (lambda one, other: all(one.get(name) == other.get(name) for name in unique))
        existing = next((o for o in objects.all(self.type) if clashes(new, o)), None)
        if self.view and not existing:
            raise ProviderError(f"404 Not Found: the {self.type} {self.name_of(new)} does not exist")
        may_overwrite = self.view or self.on_existing == "overwrite" or new.get(self.overwritten_if)
        if existing and self.on_existing == "adopt":
            return existing
        if existing and self.on_existing == "refuse" and not may_overwrite:
            raise ProviderError(f"{self.refusal}: {self.name_of(new)}")
        new = {**self.vendor_defaults, **{name: now() for name in self.touched}, **new}
        if existing and may_overwrite:
            existing.update(new)
            return existing
        new.setdefault("id", self.id_format.format(**{"id": "", **new}))
        objects.append(new)
        return new

    def change(self, found: Object, removed: Collection[str], news: Properties) -> None:
        """Change an object as the vendor would: what is not declared stays, where the provider leaves it alone."""
        for name in removed:
            found.pop(self.renames.get(name, name), None)
        for name, value in plain(news).items():
            if value is not None and name not in self.replaces:
                stored = self.renames.get(name, name)
                found[stored] = self._merged(found.get(stored), value, name)
        found.update(dict.fromkeys(self.touched, now()))

    def _merged(self, old: Any, new: Any, path: str) -> Any:
        if isinstance(old, dict) and isinstance(new, dict):
            left = {name: item for name, item in old.items() if name not in new and self.hides(f"{path}.{name}")}
            return left | {name: self._merged(old.get(name), item, f"{path}.{name}") for name, item in new.items()}
        return new

    def imported(self, objects: Objects, id: str) -> tuple[Object | None, Properties]:
        """Find the object that an import id names.

        Returns:
            The object or None, and what only the id or the import tells of it.
        """
        formats = self.import_formats or (self.id_format,)
        readings = [match.groupdict() for text in formats if (match := _pattern(text).fullmatch(id))]
        if not readings:
            raise ProviderError(f"invalid import id {id!r}: expected {' or '.join(formats)}")
        for reading in readings:
            for found in objects.all(self.type):
                shown = self.shown(found)
                if all(str(shown.get(name)) == reading[name] for name in reading.keys() - self.hidden(shown)):
                    return found, {n: text.format(**shown) for n, text in self.import_knows.items()} | reading
        return None, {}


def resource_types(
    sdk: ModuleType, complete: Mapping[str, Complete], clashes: Mapping[str, Clashes] | None = None
) -> tuple[ResourceType, ...]:
    """Return the resource types of a vendor's YAML file.

    Args:
        sdk: the package with the resources, whose last part names the file.
        complete: by the resource's name.
        clashes: by the resource's name, for those that have more than a key.
    """
    file = Path(__file__).with_name(f"{sdk.__name__.rpartition('_')[2]}.yaml")
    return tuple(
        ResourceType(
            resource=getattr(sdk, name),
            args=getattr(sdk, f"{name}Args"),
            complete=complete.get(name),
            clashes=(clashes or {}).get(name),
            **facts,
        )
        for name, facts in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    )


def _pattern(import_format: str) -> re.Pattern[str]:
    separator = ":" if ":" in import_format else "/"
    return re.compile(re.sub(r"\\\{(\w+)\\\}", rf"(?P<\1>[^{separator}]+)", re.escape(import_format)))
