"""A provider over the stored objects: create, read, update, delete and import of every type in its table."""

import os
import re
import secrets
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from . import compare, shapes
from .estate import Object, Store, now, select
from .resource_type import ProviderError, ResourceType, set_default, values_at
from .values import UNKNOWN, Properties, Secret, plain, seal_like

Invoke = Callable[[list[Object], Properties], Properties]


class Provider(ABC):
    """What the servicer asks of a plugin, in plain properties. Secrets are wrapped in `Secret` both ways."""

    environment: Mapping[str, str] = os.environ
    """Where it finds credentials. An attached plugin has those of its rehearsal, not those of its process."""
    engine_address = ""
    """The address of the engine that it answers now."""
    is_process = True
    """Whether the engine started it in a process of its own, so that it can be killed alone."""

    def __init__(self, name: str, types: Iterable[ResourceType], config: Any) -> None:
        self.name = name
        self.types = {spec.token: spec for spec in types}
        self.config = config

    @abstractmethod
    def configure(self, settings: Mapping[str, str]) -> None:
        """Take the provider's settings. A vendor's plugin that refuses to start without credentials raises here."""

    def setting(self, settings: Mapping[str, str], name: str, variable: str) -> str:
        """Return a setting of the provider, or else the variable of its environment. It is never stored."""
        return settings.get(name) or self.environment.get(variable, "")

    def check(self, spec: ResourceType, name: str, olds: Properties, news: Properties, seed: bytes) -> Properties:
        """Return the inputs with the provider's defaults."""
        inputs = dict(news)
        if spec.autonamed and inputs.get("name") is None:
            suffix = seed.hex()[:7] if seed else secrets.token_hex(4)[:7]
            inputs["name"] = olds.get("name") or f"{name}-{suffix}"
        for path, value in spec.defaults.items():
            set_default(inputs, path.split("."), value)
        return inputs

    def problems(self, spec: ResourceType, inputs: Properties) -> list[tuple[str, str]]:
        values = plain(inputs)
        found = list(shapes.problems(spec.inputs, values))
        given = [name for name in spec.exactly_one if values.get(name) is not None]
        if spec.exactly_one and len(given) != 1:
            found.append((spec.exactly_one[0], f"exactly one of {', '.join(spec.exactly_one)} must be set"))
        for path, known in spec.values.items():
            for value in values_at(values, path.split(".")):
                fits = re.fullmatch(known, str(value)) if isinstance(known, str) else value in known
                if value != UNKNOWN and not fits:
                    found.append((path, f"expected {path} to be {known}, got {value}"))
        return found

    def diff(
        self, spec: ResourceType, state: Properties, old_inputs: Properties, news: Properties
    ) -> list[compare.Change]:
        return compare.changes(spec, plain(state), plain(news))

    @abstractmethod
    def create(self, spec: ResourceType, urn: str, inputs: Properties, preview: bool) -> tuple[str, Properties]: ...

    @abstractmethod
    def read(
        self, spec: ResourceType, id: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """Return id, state and inputs as they are now, or None when the object is gone."""

    @abstractmethod
    def update(
        self, spec: ResourceType, id: str, urn: str, state: Properties, news: Properties, preview: bool
    ) -> Properties: ...

    @abstractmethod
    def delete(self, spec: ResourceType, id: str, urn: str, state: Properties) -> None: ...

    def invoke(self, token: str, arguments: Properties) -> Properties:
        raise ProviderError(f"unknown function {token}")


class VendorProvider(Provider):
    """A provider whose vendor is a file of stored objects."""

    def __init__(
        self,
        name: str,
        types: Iterable[ResourceType],
        config: Any,
        estate: Store,
        invokes: Mapping[str, Invoke] | None = None,
    ) -> None:
        super().__init__(name, types, config)
        self.estate = estate
        self.invokes = invokes or {}
        self.extra: Properties = {}
        """Properties of the provider's own configuration. Every new object gets them if its type has them."""

    def authorize(self) -> None:
        """Raise ProviderError when the credentials do not allow requests."""

    def create(self, spec: ResourceType, urn: str, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        if preview:
            return "", self._outputs(spec, {**dict.fromkeys(spec.computed, UNKNOWN), **plain(inputs)}, inputs)
        self.authorize()
        given = {name: value for name, value in self.extra.items() if name in spec.properties} | plain(inputs)
        with self.estate.edit(self.name) as objects:
            new = spec.shown(spec.add_to(objects, given))
        self.estate.record(self.name, "create", spec.type, spec.name_of(new))
        self._fail_if_told(spec)
        return spec.id_of(new), self._outputs(spec, new | self._sealed(spec, new, inputs), inputs)

    def read(
        self, spec: ResourceType, id: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        self.authorize()
        found = spec.with_id(self.estate.objects(self.name), id) if state else None
        known = plain(state)
        if not state:
            found, known = self._imported(spec, id)
        if found is None:
            return None
        found = spec.shown(found)
        self.estate.record(self.name, "read", spec.type, spec.name_of(found))
        hidden = set(spec.sealed(found)) | ({spec.stamp[0]} if spec.stamp else set())
        live = {name: value for name, value in found.items() if name not in hidden} | {
            name: value for name, value in known.items() if name in hidden
        }
        outputs = self._outputs(spec, live, {**state, **inputs})
        if not inputs:
            return spec.id_of(found), outputs, {n: v for n, v in outputs.items() if n in spec.inputs.fields}
        current = {n: v if n in hidden else outputs.get(n) for n, v in inputs.items()}
        return spec.id_of(found), outputs, current

    def update(
        self, spec: ResourceType, id: str, urn: str, state: Properties, news: Properties, preview: bool
    ) -> Properties:
        removed = [n for n in spec.inputs.fields if n in state and n not in news and not spec.hides(n)]
        if preview:
            kept = {n: v for n, v in plain(state).items() if n not in removed}
            return self._outputs(spec, {**kept, **plain(news), **dict.fromkeys(spec.touched, UNKNOWN)}, news)
        self.authorize()
        with self.estate.edit(self.name) as objects:
            found = spec.with_id(objects, id)
            if found is None:
                raise ProviderError(f"404 Not Found: {spec.type} {id}")
            for name in removed:
                found.pop(spec.renames.get(name, name), None)
            for name, value in plain(news).items():
                if value is not None and name not in spec.replaces:
                    stored = spec.renames.get(name, name)
                    found[stored] = _merged(spec, found.get(stored), value, name)
            found.update(dict.fromkeys(spec.touched, now()))
            updated = spec.shown(found)
        self.estate.record(self.name, "update", spec.type, spec.name_of(updated))
        return self._outputs(spec, updated | self._sealed(spec, updated, news), news)

    def delete(self, spec: ResourceType, id: str, urn: str, state: Properties) -> None:
        self.authorize()
        if spec.view:
            return
        with self.estate.edit(self.name) as objects:
            if found := spec.with_id(objects, id):
                objects.remove(found)
                self.estate.record(self.name, "delete", spec.type, spec.name_of(found))

    def invoke(self, token: str, arguments: Properties) -> Properties:
        function = self.invokes.get(token)
        if function is None:
            raise ProviderError(f"unknown function {token}")
        self.authorize()
        return function(self.estate.objects(self.name), self.extra | plain(arguments))

    def _sealed(self, spec: ResourceType, found: Object, inputs: Properties) -> Properties:
        return {name: value for name, value in plain(inputs).items() if name in spec.sealed(found)}

    def _imported(self, spec: ResourceType, id: str) -> tuple[Object | None, Properties]:
        """Find the object that an import id names. Returns it, and what only the id tells."""
        readings = spec.import_key(id)
        if not readings:
            formats = " or ".join(spec.import_formats or (spec.id_format,))
            raise ProviderError(f"invalid import id {id!r}: expected {formats}")
        for reading in readings:
            for found in select(self.estate.objects(self.name), spec.type):
                shown = spec.shown(found)
                telling = reading.keys() - set(spec.sealed(shown))
                if all(str(shown.get(name)) == reading[name] for name in telling):
                    return found, spec.import_knows(shown) | reading
        return None, {}

    def _outputs(self, spec: ResourceType, values: Mapping[str, Any], model: Mapping[str, Any]) -> Properties:
        outputs: Properties = {}
        for name in spec.properties & values.keys():
            value = values[name]
            if value is not None:
                outputs[name] = Secret(value) if name in spec.secrets else seal_like(value, model.get(name))
        return outputs

    def _fail_if_told(self, spec: ResourceType) -> None:
        fault = self.estate.take_fault(self.name, spec.type)
        if fault and fault["kill"]:
            if not self.is_process:
                raise ProviderError("only a plugin in a process of its own can be killed: see world(processes=True)")
            if fault["kill"] == "engine":
                _wait_until_written(Path(os.environ["PULUMI_BACKEND_URL"].removeprefix("file://")))
                os.kill(os.getppid(), signal.SIGKILL)
            os._exit(137)
        if fault:
            raise ProviderError(f"502 Bad Gateway: the answer to the create of a {spec.type} was lost")


def _wait_until_written(backend: Path) -> None:
    """Wait until the engine writes no state: Pulumi cannot read what is half written (docs/STATE.md)."""
    seen: list[int] = []
    while seen != (seen := [file.stat().st_mtime_ns for file in backend.glob(".pulumi/stacks/*/*.json")]) or not seen:
        time.sleep(0.5)


def _merged(spec: ResourceType, old: Any, new: Any, path: str) -> Any:
    """Return the new value, with the undeclared parts of the old one that the provider leaves alone."""
    if isinstance(old, dict) and isinstance(new, dict):
        left = {name: item for name, item in old.items() if name not in new and spec.hides(f"{path}.{name}")}
        return left | {name: _merged(spec, old.get(name), item, f"{path}.{name}") for name, item in new.items()}
    return new
