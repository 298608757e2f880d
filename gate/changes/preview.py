"""Previews one stack as `pulumi preview --refresh` does, and reads what `up` would do. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pulumi import automation

from gate.changes.drift_check import look
from gate.changes.findings import find, of_objects, thing_of
from gate.changes.preview_report import Change, Cost, Operation, Price, StackPreview
from gate.stack.steps import Preview, Properties

_COST = "monthlyCostUsd"
"""The stack's output that holds it."""


def preview(stack: automation.Stack, progress: Callable[[str], None] = lambda _text: None) -> StackPreview:
    """What `up` would do to one stack. A vendor without credentials is left out, with a warning, as by the CLI.

    Raises: StackUnavailable, PreviewFailed; their texts hold no secret.
    """
    seen = look(stack, progress, at_everything=False)
    report = StackPreview(
        stack=stack.name,
        changes=sorted(_changes(seen.preview, seen.dependencies), key=_order),
        warnings=seen.preview.warnings,
        cost=cost(seen.preview.outputs_before, seen.preview.outputs),
    )
    return StackPreview.model_validate(seen.redactor.value(report.model_dump()))


def _changes(preview: Preview, dependencies: Mapping[str, Mapping[str, list[str]]]) -> list[Change]:
    changes = [
        Change(operation=Operation(steps.planned.op.value), object=thing_of(steps), findings=found)
        for steps, found in of_objects(preview, dependencies)
        if steps.planned
    ]
    if changes:
        return changes
    # Something the program declares beside the vendors' objects, such as a provider or a component of its own.
    findings, _ = find(preview, dependencies)
    return [Change(operation=Operation.UPDATE, object=finding.object, findings=[finding]) for finding in findings]


def _order(change: Change) -> tuple[int, str]:
    return list(Operation).index(change.operation), str(change.object)


def cost(before: Properties | None, after: Properties) -> Cost:
    """The change of cost between the outputs of the last `up` and those of a preview.

    Args: before: None where nothing is up yet, and nothing costs anything.
    """
    old = {"total": 0, "parts": {}} if before is None else before.get(_COST)
    new = after.get(_COST)
    before_parts, after_parts = _parts(old), _parts(new)
    parts = {
        name: Price(before=_part(old, before_parts, name), after=_part(new, after_parts, name))
        for name in sorted(before_parts.keys() | after_parts.keys())
    }
    return Cost(before=_dollars(_total(old)), after=_dollars(_total(new)), parts=parts)


def _total(output: Any) -> Any:
    return output.get("total") if isinstance(output, Mapping) else None


def _parts(output: Any) -> Mapping[str, Any]:
    parts = output.get("parts") if isinstance(output, Mapping) else None
    return parts if isinstance(parts, Mapping) else {}


def _part(output: Any, parts: Mapping[str, Any], name: str) -> float | None:
    """An object that is not there costs nothing; where there is no output at all, nobody knows."""
    if name in parts:
        return _dollars(parts[name])
    return 0.0 if isinstance(output, Mapping) else None


def _dollars(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
