"""What happens besides the writes when a preview's changes are applied, from what the engine compared."""

from collections.abc import Iterable, Mapping

from components import consequences as words
from components.render_consequences import Describe, Planned
from gate.changes import render_findings as render
from gate.changes.report import Consequence, FindingKind, PlannedChange
from gate.stack.steps import Preview


def consequences(
    changes: Iterable[PlannedChange], preview: Preview, describe: Describe = lambda _name: ""
) -> list[Consequence]:
    """Return what the changes lead to, the dangerous consequences first, each once.

    Args:
        changes: of one stack.
        preview: which they were read from.
        describe: tells the size and the last backup of a database, by its name.
    """
    linked = _linked(preview)
    planned = [_planned(change, linked) for change in changes]
    found = words.consequences(planned, preview.outputs_before, preview.outputs, describe)
    return [Consequence(text=text, danger=danger) for text, danger in found]


def _planned(change: PlannedChange, linked: Mapping[str, list[str]]) -> Planned:
    return Planned(
        kind=change.object.type,
        name=change.object.name,
        operation=change.operation.value,
        fields={one.field: (one.declared, one.live) for one in change.findings if one.field},
        adopted=change.adopted,
        is_gone=any(one.kind == FindingKind.DRIFT and one.live == "does not exist" for one in change.findings),
        is_suspended=any(one.live == "suspended" for one in change.findings),
        users=tuple(linked.get(change.object.name, [])),
        vendor=change.object.vendor,
    )


def _linked(preview: Preview) -> dict[str, list[str]]:
    """Return the names of the services that link to a group, by the group's name."""
    found: dict[str, list[str]] = {}
    for steps in preview.resources.values():
        for field in render.fields_of(steps):
            part, _, group = field.partition(".")
            if part == "fromGroup":
                found.setdefault(group, []).append(steps.urn.rpartition("::")[2])
    return found
