"""One resource type as data: what its provider knows about it, and what its vendor does with such an object."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from . import shapes
from .estate import Object, now, select
from .values import Properties


class ProviderError(Exception):
    """The answer of a vendor or a plugin that refuses."""


def _nothing_sealed(_: Object) -> Collection[str]:
    return ()


def _knows_nothing(_: Object) -> Object:
    return {}


def _as_given(_objects: list[Object], _new: Object) -> Object:
    return {}


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    resource: Any
    args: Any
    type: str
    """The vendor's name for such objects; their `type` in the store."""
    key: tuple[str, ...]
    """The properties by which the vendor tells two of them apart."""
    id_format: str = "{id}"
    import_formats: tuple[str, ...] = ()
    view: bool = False
    """Whether it is a part of another resource's object, so that it neither creates nor deletes the object."""
    renames: Mapping[str, str] = field(default_factory=dict)
    """The object's name of a property, for those that the resource calls otherwise."""
    on_existing: Literal["refuse", "adopt", "overwrite", "duplicate"] = "refuse"
    refusal: str = "409 Already exists"
    clashes: Callable[[Object, Object], bool] | None = None
    """Whether a new object and an existing one exclude each other. None compares the keys."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the provider adds to the declared inputs, by dotted path."""
    vendor_defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the vendor fills in and the provider ignores while it is not declared (Optional and Computed)."""
    unseen: frozenset[str] = frozenset()
    """More properties, by dotted path, that never show as drift while they are not declared."""
    all_unseen: bool = False
    replaces: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    sets: frozenset[str] = frozenset()
    """Lists, by dotted path, whose order does not matter."""
    sealed: Callable[[Object], Collection[str]] = _nothing_sealed
    """The properties that the vendor does not answer, so that a refresh keeps the state's values."""
    exactly_one: tuple[str, ...] = ()
    values: Mapping[str, Collection[str] | str] = field(default_factory=dict)
    """What the vendor or its provider takes as the value of a property, by dotted path: names, or a pattern."""
    import_knows: Callable[[Object], Object] = _knows_nothing
    """Those of the sealed properties that an import finds out. A refresh does not."""
    complete: Callable[[list[Object], Object], Object] = _as_given
    """Returns what the vendor adds to a new object. Raises ProviderError when the vendor refuses it."""
    touched: tuple[str, ...] = ()
    """Timestamps that every write renews."""
    stamp: tuple[str, str] | None = None
    """Two timestamps, ours and the vendor's. If they differ, somebody else wrote a value that cannot be read."""
    autonamed: bool = False

    @cached_property
    def token(self) -> str:
        return str(self.resource.pulumi_type)

    @cached_property
    def inputs(self) -> shapes.Shape:
        return shapes.inputs_of(self.args)

    @cached_property
    def properties(self) -> frozenset[str]:
        return shapes.properties_of(self.resource)

    @cached_property
    def computed(self) -> frozenset[str]:
        """Properties that only the vendor knows while nobody declares them."""
        unseen = self.properties if self.all_unseen else self.unseen | set(self.vendor_defaults)
        return (self.properties - set(self.inputs.fields)) | (unseen & self.properties)

    def hides(self, path: str) -> bool:
        """Whether the provider ignores a property while it is not declared."""
        return self.all_unseen or path in self.unseen or path in self.vendor_defaults

    def name_of(self, properties: Mapping[str, Any]) -> str:
        return ":".join(str(properties.get(name)) for name in self.key)

    def same(self, objects: list[Object], properties: Mapping[str, Any]) -> list[Object]:
        return select(objects, self.type, **{self.renames.get(name, name): properties.get(name) for name in self.key})

    def shown(self, found: Object) -> Object:
        """Return the object with the resource's names of its properties."""
        return found | {own: found.get(stored) for own, stored in self.renames.items()}

    def add_to(self, objects: list[Object], properties: Mapping[str, Any]) -> Object:
        """Create the object as its vendor would, or return the existing one that takes its place."""
        given = {name: value for name, value in properties.items() if value is not None}
        stored = {} if self.view else self.renames
        new = {"type": self.type, **{stored.get(name, name): value for name, value in given.items()}}
        for path, value in self.defaults.items():
            set_default(new, path.split("."), value)
        new |= self.complete(objects, new)
        if self.view:
            return self._write_view(objects, new)
        rivals = [o for o in select(objects, self.type) if self.clashes(new, o)] if self.clashes else None
        existing = self.same(objects, new) if rivals is None else rivals
        if existing and self.on_existing == "refuse":
            raise ProviderError(f"{self.refusal}: {self.name_of(new)}")
        if existing and self.on_existing == "adopt":
            return existing[0]
        new = {**self.vendor_defaults, **{name: now() for name in self.touched}, **new}
        if existing and self.on_existing == "overwrite":
            existing[0].update(new)
            return existing[0]
        new.setdefault("id", self.id_format.format(**{"id": "", **new}))
        objects.append(new)
        return new

    def _write_view(self, objects: list[Object], new: Object) -> Object:
        existing = self.same(objects, new)
        if not existing:
            raise ProviderError(f"404 Not Found: the {self.type} {self.name_of(new)} does not exist")
        existing[0].update({self.renames.get(name, name): value for name, value in new.items()})
        return existing[0]

    def id_of(self, found: Object) -> str:
        return self.id_format.format(**self.shown(found)) if self.view else str(found["id"])

    def with_id(self, objects: list[Object], id: str) -> Object | None:
        return next((o for o in select(objects, self.type) if self.id_of(o) == id), None)

    def import_key(self, id: str) -> list[dict[str, str]]:
        """Return each way to read an import id, the most specific first."""
        readings = []
        for text in self.import_formats or (self.id_format,):
            separator = ":" if ":" in text else "/"
            pattern = re.sub(r"\\\{(\w+)\\\}", rf"(?P<\1>[^{separator}]+)", re.escape(text))
            if match := re.fullmatch(pattern, id):
                readings.append(match.groupdict())
        return readings


def values_at(properties: Mapping[str, Any], path: list[str]) -> Iterator[Any]:
    """Return what is given at a path. In a list, look in each item."""
    head, *rest = path
    inner = properties.get(head)
    for item in inner if isinstance(inner, list) else [inner]:
        if rest and isinstance(item, dict):
            yield from values_at(item, rest)
        elif not rest and item is not None:
            yield item


def set_default(properties: Properties, path: list[str], value: Any) -> None:
    """Set a property by its path unless it is given. In a list, set it in each item."""
    head, *rest = path
    inner = properties.get(head)
    if not rest and inner is None:
        properties[head] = value
    for item in inner if isinstance(inner, list) else [inner]:
        if rest and isinstance(item, dict):
            set_default(item, rest, value)
