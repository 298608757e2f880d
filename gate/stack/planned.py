"""What the program would create, from a preview: type, name, parent, provider and inputs of each new resource."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.automation import OpType, Stack
from pulumi.automation.events import StepEventMetadata

from gate.common.errors import PreviewFailed
from gate.stack.steps import run_preview

_ROOT = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True)
class Provider:
    """The provider of a resource. in_state: otherwise an import has to make it, from version and download_url."""

    urn: str
    in_state: bool
    version: str = ""
    download_url: str = ""


@dataclass(frozen=True)
class Declared:
    """A resource as a preview shows it. id: in the state, empty where it would be created."""

    urn: str
    type: str
    parent: str
    custom: bool
    inputs: Mapping[str, Any]
    provider: Provider | None
    id: str = ""

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True)
class Plan:
    """resources: every declared one, components and those in the state included, by URN, parents first."""

    resources: Mapping[str, Declared]
    creates: tuple[str, ...]

    def new(self) -> Iterator[Declared]:
        """Return what would be created, without components."""
        for urn in self.creates:
            if self.resources[urn].custom:
                yield self.resources[urn]

    def kept(self) -> Iterator[Declared]:
        """Return what is in the state already."""
        for resource in self.resources.values():
            if resource.id and resource.urn not in self.creates:
                yield resource

    def parents_to_make(self, urn: str) -> list[Declared]:
        """Return the components above a resource that the state does not have, outermost first."""
        parent = self.resources[urn].parent
        if parent not in self.creates or self.resources[parent].type == _ROOT:
            return []
        return [*self.parents_to_make(parent), self.resources[parent]]

    def parent_of(self, urn: str) -> str:
        """Return the component above a resource; empty if that is the stack itself."""
        parent = self.resources[urn].parent
        return "" if not parent or parent.split("::")[2] == _ROOT else parent


def read(stack: Stack, show: Callable[[str], None]) -> Plan:
    """Run a preview without a refresh. The vendors are asked for new objects only.

    Raises:
        PreviewFailed: the text has what the program or the engine said.
    """
    show(f"previewing {stack.name} to see what it would create")
    try:
        preview = run_preview(stack)
    except PreviewFailed as error:
        raise PreviewFailed(
            f"the preview of {stack.name} failed, so nothing was looked up or changed:\n{error}"
        ) from None
    return plan(step for steps in preview.resources.values() if (step := steps.planned or steps.kept))


def plan(events: Iterable[StepEventMetadata]) -> Plan:
    """Return a preview's steps as a plan. A reference to a provider is its URN and its id, joined by `::`."""
    providers: dict[str, Provider] = {}
    resources: dict[str, Declared] = {}
    creates: list[str] = []
    for step in events:
        state = step.new
        if state is None:
            continue
        inputs: Mapping[str, Any] = state.inputs or {}
        if step.type.startswith(_PROVIDER):
            providers[step.urn] = _provider(step, inputs)
            continue
        # A component has none; it would be made by the state's next write.
        provider = providers.get((state.provider or step.provider or "").rpartition("::")[0])
        resources[step.urn] = Declared(
            urn=step.urn,
            type=step.type,
            parent=state.parent or "",
            custom=bool(state.custom),
            inputs=inputs,
            provider=provider,
            id=(step.old.id or "") if step.old else "",
        )
        if step.op == OpType.CREATE:
            creates.append(step.urn)
    return Plan(resources, tuple(creates))


def _provider(step: StepEventMetadata, inputs: Mapping[str, Any]) -> Provider:
    internal = inputs.get("__internal")
    url = internal.get("pluginDownloadURL", "") if isinstance(internal, Mapping) else ""
    return Provider(
        urn=step.urn,
        in_state=step.op != OpType.CREATE,
        version=str(inputs.get("version", "")),
        download_url=str(url or inputs.get("pluginDownloadURL", "")),
    )
