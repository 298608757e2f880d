"""Puts existing objects into the state, with the engine's own import and a list made from the plan.

An import asks the provider to read an object by its import id. Only that works for all types: a protection rule, for
example, is known to an import by repository and pattern, and to everything else by a node id. An entry written into an
exported state could not be refreshed by the name that we know.

The list is made from the preview's steps, because `pulumi preview --import-file` takes one of several components of the
same name as the parent of all their children (found with CLI 3.210).
"""

from collections.abc import Mapping
from typing import Any, cast

from pulumi.automation import CommandError, Stack

from gate.common.errors import GateError
from gate.recover.state import Locked
from gate.stack.planned import Plan

Resource = dict[str, Any]
"""The ImportResource of pulumi.automation, which its package does not export."""


class ImportFailed(GateError):
    """The engine or a provider refused an import. What was imported before stays imported."""


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

    The names are ours, because the program's may repeat.
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
        if declared.provider and declared.provider.in_state:
            entry["provider"] = alias(declared.provider.urn, "provider")
        elif declared.provider:
            entry |= {"version": declared.provider.version, "pluginDownloadUrl": declared.provider.download_url}
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
