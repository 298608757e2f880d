"""What the program would create, from a preview, and the import of what exists of that.

An import asks the provider to read an object by its import id. Only that works for all types: a protection rule, for
example, is known to an import by repository and pattern, and to everything else by a node id. An entry written into an
exported state could not be refreshed by the name that we know.

The list of an import is made from the preview's steps, because `pulumi preview --import-file` takes one of several
components of the same name as the parent of all their children (found with CLI 3.210).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pulumi.automation import CommandError, OpType, Stack
from pulumi.automation.events import StepEventMetadata

from gate.common.errors import GateError, PreviewFailed
from gate.recover.state import Locked
from gate.stack.steps import run_preview

_ROOT = "pulumi:pulumi:Stack"
_PROVIDER = "pulumi:providers:"
Resource = dict[str, Any]
"""The ImportResource of pulumi.automation, which its package does not export."""


class ImportFailed(GateError):
    """The engine or a provider refused an import. What was imported before stays imported."""


@dataclass(frozen=True)
class Declared:
    """A resource as a preview shows it.

    Attributes:
        custom: it is no component.
        provider: URN of its provider; empty for a component.
        id: in the state; empty where it would be created.
    """

    urn: str
    type: str
    parent: str
    custom: bool
    inputs: Mapping[str, Any] = field(repr=False)
    provider: str
    is_new: bool
    id: str

    @property
    def name(self) -> str:
        """Return the name that the program gives it."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True)
class Plan:
    """What a preview shows.

    Attributes:
        resources: every declared one by URN, components, providers and those in the state included, parents first.
    """

    resources: Mapping[str, Declared]

    def new(self) -> Iterator[Declared]:
        """Return what would be created, without components and providers."""
        return (one for one in self._custom() if one.is_new)

    def kept(self) -> Iterator[Declared]:
        """Return what is in the state already."""
        return (one for one in self._custom() if one.id and not one.is_new)

    def _custom(self) -> Iterator[Declared]:
        return (one for one in self.resources.values() if one.custom and not one.type.startswith(_PROVIDER))

    def parents_to_make(self, urn: str) -> list[Declared]:
        """Return the components above a resource that the state does not have, outermost first."""
        parent = self.resources.get(self.resources[urn].parent)
        if parent is None or not parent.is_new or parent.type == _ROOT:
            return []
        return [*self.parents_to_make(parent.urn), parent]

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


def plan(steps: Iterable[StepEventMetadata]) -> Plan:
    """Return a preview's steps as a plan. A reference to a provider is its URN and its id, joined by `::`."""
    return Plan(
        {
            step.urn: Declared(
                urn=step.urn,
                type=step.type,
                parent=step.new.parent or "",
                custom=bool(step.new.custom),
                inputs=step.new.inputs or {},
                provider=(step.new.provider or step.provider or "").rpartition("::")[0],
                is_new=step.op == OpType.CREATE,
                id=(step.old.id or "") if step.old else "",
            )
            for step in steps
            if step.new
        }
    )


def import_objects(stack: Stack, plan: Plan, ids: Mapping[str, str]) -> None:
    """Import objects, with the components above them that the state lacks.

    Args:
        ids: import ids by URN.

    Raises:
        Locked, ImportFailed: see there.
    """
    resources, names = import_list(plan, ids)
    try:
        stack.import_resources(
            resources=cast(Any, resources), name_table=names, protect=False, generate_code=False, show_secrets=False
        )
    except CommandError as error:
        _explain(stack, str(error))


def import_list(plan: Plan, ids: Mapping[str, str]) -> tuple[list[Resource], dict[str, str]]:
    """Return the resources to import, and the URNs of their parents and providers by name.

    The names are ours, because the program's may repeat. A provider that the state lacks is made by the import.
    """
    wanted = {parent.urn: "" for urn in ids for parent in plan.parents_to_make(urn)} | dict(ids)
    aliases = {urn: f"resource-{index}" for index, urn in enumerate(wanted)}
    names: dict[str, str] = {}

    def alias(urn: str, kind: str) -> str:
        if urn not in aliases:
            aliases[urn] = f"{kind}-{len(aliases)}"
            names[aliases[urn]] = urn
        return aliases[urn]

    resources: list[Resource] = []
    for urn, id in wanted.items():
        declared = plan.resources[urn]
        entry: Resource = {"type": declared.type, "name": aliases[urn], "logicalName": declared.name}
        entry |= {"id": id} if declared.custom else {"component": True}
        if parent := plan.parent_of(urn):
            entry["parent"] = alias(parent, "parent")
        if (provider := plan.resources.get(declared.provider)) and not provider.is_new:
            entry["provider"] = alias(provider.urn, "provider")
        elif provider:
            made = provider.inputs.get("__internal")
            url = made.get("pluginDownloadURL") if isinstance(made, Mapping) else ""
            entry["version"] = str(provider.inputs.get("version", ""))
            entry["pluginDownloadUrl"] = str(url or provider.inputs.get("pluginDownloadURL", ""))
        resources.append(entry)
    return resources, names


def _explain(stack: Stack, text: str) -> None:
    if "currently locked" in text:
        raise Locked(
            f"the state of {stack.name} is locked: wait for the end of the update that holds it. Where you know that "
            f"it is dead, run pulumi cancel --yes --stack {stack.name}, then this again"
        ) from None
    said = "\n".join(_errors_in(text)) or text.strip()
    raise ImportFailed(f"an import into {stack.name} failed; what was imported before stays:\n{said}") from None


def _errors_in(text: str) -> list[str]:
    """Return the lines of the command's output that tell why it failed, once each."""
    said = (line.strip().partition("error: ")[2] for line in text.splitlines())
    return list(dict.fromkeys(line for line in said if line and line not in ("update failed", "preview failed")))
