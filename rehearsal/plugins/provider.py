"""A provider over the stored objects: create, read, update, delete and import of every type in its table."""

import os
import secrets
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from .estate import Object, Objects, Store
from .resource_type import Change, ProviderError, ResourceType
from .values import UNKNOWN, Properties, plain

Lookup = Callable[[Objects, Properties], Properties]


class Provider(ABC):
    """What the servicer asks of a plugin, in plain properties. Secrets are wrapped in `Secret` both ways.

    Attributes:
        types: the resource types that it knows.
        config: the SDK's class with the arguments of the provider.
        environment: where it finds credentials. An attached plugin has those of its rehearsal, not of its process.
        engine_address: of the engine that it answers now.
        is_process: whether the engine started it in a process of its own, so that it can be killed alone.
    """

    name: ClassVar[str]
    types: ClassVar[Sequence[ResourceType]]
    config: ClassVar[Any]
    environment: Mapping[str, str] = os.environ
    engine_address = ""
    is_process = True

    @abstractmethod
    def configure(self, settings: Mapping[str, str]) -> None:
        """Take the provider's settings. A vendor's plugin that refuses to start without credentials raises here."""

    def setting(self, settings: Mapping[str, str], name: str, variable: str) -> str:
        """Return a setting of the provider, or else the variable of its environment. It is never stored."""
        return settings.get(name) or self.environment.get(variable, "")

    def resource_type(self, token: str) -> ResourceType:
        """Return the resource type with this token of the SDK's schema."""
        for spec in self.types:
            if spec.token == token:
                return spec
        raise ProviderError(f"unrecognized resource type (stand-in for {self.name}): {token}")

    def check(self, spec: ResourceType, name: str, olds: Properties, news: Properties, seed: bytes) -> Properties:
        """Return the inputs with the provider's defaults."""
        inputs = dict(news)
        if spec.autonamed and inputs.get("name") is None:
            suffix = seed.hex()[:7] if seed else secrets.token_hex(4)[:7]
            inputs["name"] = olds.get("name") or f"{name}-{suffix}"
        return spec.checked(inputs)

    def diff(self, spec: ResourceType, state: Properties, old_inputs: Properties, news: Properties) -> list[Change]:
        """Compare the declared inputs with the state."""
        return spec.changes(plain(state), plain(news))

    @abstractmethod
    def create(self, spec: ResourceType, urn: str, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        """Return the id and the outputs."""

    @abstractmethod
    def read(
        self, spec: ResourceType, id: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """Return id, outputs and inputs as they are now, or None when the object is gone."""

    @abstractmethod
    def update(
        self, spec: ResourceType, id: str, urn: str, state: Properties, news: Properties, preview: bool
    ) -> Properties:
        """Return the outputs."""

    @abstractmethod
    def delete(self, spec: ResourceType, id: str, urn: str, state: Properties) -> None:
        """Delete an object."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Answer a function of the SDK."""
        raise ProviderError(f"unknown function {token}")


class VendorProvider(Provider):
    """A provider whose vendor is a file of stored objects.

    Attributes:
        lookups: the functions of the SDK that it answers, by token.
        extra: properties of the provider's own configuration. Every new object gets them if its type has them.
    """

    def __init__(self, estate: Store, lookups: Mapping[str, Lookup]) -> None:
        self.estate, self.lookups = estate, lookups
        self.extra: Properties = {}

    def authorize(self) -> None:
        """Raise ProviderError when the credentials do not allow requests."""

    def create(self, spec: ResourceType, urn: str, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        if preview:
            return "", spec.outputs({**dict.fromkeys(spec.computed, UNKNOWN), **plain(inputs)}, inputs)
        self.authorize()
        given = {name: value for name, value in self.extra.items() if name in spec.properties} | plain(inputs)
        with self.estate.edit(self.name) as objects:
            new = spec.shown(spec.add_to(objects, given))
        self.estate.record(self.name, "create", spec.type, spec.name_of(new))
        self._fail_if_told(spec)
        return spec.id_of(new), self._written(spec, new, inputs)

    def read(
        self, spec: ResourceType, id: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        self.authorize()
        objects, known = self.estate.objects(self.name), plain(state)
        found = spec.with_id(objects, id)
        if not state:
            found, known = spec.imported(objects, id)
        if found is None:
            return None
        found = spec.shown(found)
        self.estate.record(self.name, "read", spec.type, spec.name_of(found))
        hidden = spec.hidden(found).union(spec.stamp[:1])
        live = {name: value for name, value in found.items() if name not in hidden}
        live |= {name: value for name, value in known.items() if name in hidden}
        outputs = spec.outputs(live, {**state, **inputs})
        if not inputs:
            return spec.id_of(found), outputs, {n: v for n, v in outputs.items() if n in spec.inputs.fields}
        return spec.id_of(found), outputs, {n: v if n in hidden else outputs.get(n) for n, v in inputs.items()}

    def update(
        self, spec: ResourceType, id: str, urn: str, state: Properties, news: Properties, preview: bool
    ) -> Properties:
        removed = [n for n in spec.inputs.fields if n in state and n not in news and not spec.hides(n)]
        if preview:
            kept = {n: v for n, v in plain(state).items() if n not in removed}
            return spec.outputs({**kept, **plain(news), **dict.fromkeys(spec.touched, UNKNOWN)}, news)
        self.authorize()
        with self.estate.edit(self.name) as objects:
            found = spec.with_id(objects, id)
            if found is None:
                raise ProviderError(f"404 Not Found: {spec.type} {id}")
            spec.change(found, removed, news)
        self.estate.record(self.name, "update", spec.type, spec.name_of(found))
        return self._written(spec, spec.shown(found), news)

    def delete(self, spec: ResourceType, id: str, urn: str, state: Properties) -> None:
        self.authorize()
        if spec.view:
            return
        with self.estate.edit(self.name) as objects:
            if found := spec.with_id(objects, id):
                objects.remove(found)
                self.estate.record(self.name, "delete", spec.type, spec.name_of(found))

    def invoke(self, token: str, arguments: Properties) -> Properties:
        if token not in self.lookups:
            return super().invoke(token, arguments)
        self.authorize()
        found = self.lookups[token](self.estate.objects(self.name), self.extra | plain(arguments))
        return {name: value for name, value in found.items() if name != "type"}

    def _written(self, spec: ResourceType, found: Object, inputs: Properties) -> Properties:
        """Return the outputs after a write: the vendor's answer, and what it does not answer as it was sent."""
        hidden = spec.hidden(found)
        return spec.outputs(found | {n: value for n, value in plain(inputs).items() if n in hidden}, inputs)

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
