"""Runs `pulumi preview --refresh` on a stack and reads it. It changes neither a resource nor the state."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from pulumi import automation
from pulumi.automation.events import EngineEvent

from components.consequences import Planned, consequences
from components.databases import described
from components.vendors import FORESEEN, PREVIEW_WITHOUT, missing_credentials, to_export
from gate.changes.drift import DriftReport, FindingKind
from gate.changes.findings import MISSING, Dependencies, change_of, fields_of, find, object_of, of_objects, overridden
from gate.changes.preview import Consequence, CostChange, Operation, PlannedChange, StackPreview
from gate.common.errors import GateError, MissingCredentials, StackUnavailable
from gate.common.redaction import Redactor, configured_secrets, environment_secrets
from gate.stack import project
from gate.stack.names import VendorObject
from gate.stack.steps import Preview, run_preview

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Look:
    """One preview of a stack.

    Attributes:
        redactor: knows every secret that its texts may repeat.
    """

    preview: Preview
    dependencies: Dependencies
    redactor: Redactor


def check(stack: automation.Stack, progress: Progress = lambda _text: None) -> DriftReport:
    """Compare everything that the stack declares with what exists.

    Args:
        progress: is called with what is being read, at most a few times a second.

    Raises:
        StackUnavailable, MissingCredentials, PreviewFailed: their texts hold no secret.
    """
    seen = read_stack(stack, progress)
    findings, follow_ups = find(seen.preview, seen.dependencies)
    findings += overridden(seen.preview.outputs)  # no `up` puts that right
    report = DriftReport(stack=stack.name, checked_at=datetime.now(UTC), findings=findings, follow_ups=follow_ups)
    return report.redacted(seen.redactor)


def preview(stack: automation.Stack, progress: Progress = lambda _text: None) -> StackPreview:
    """Return what `up` would do to one stack. A vendor without credentials is left out with a warning, as by the CLI.

    Raises:
        StackUnavailable, PreviewFailed: their texts hold no secret.
    """
    seen = read_stack(stack, progress, at_everything=False)
    changes, follow_ups = _changes(seen)
    before, after, warnings = seen.preview.outputs_before, seen.preview.outputs, seen.preview.warnings
    planned, describe = _planned(changes, seen.preview), described({**os.environ, **stack.workspace.env_vars})
    told = [*((text, True) for text in seen.preview.existing), *consequences(planned, before, after, describe)]
    report = StackPreview(
        stack=stack.name,
        changes=changes,
        follow_ups=follow_ups,
        consequences=[Consequence(text=text, danger=danger) for text, danger in told],
        warnings=warnings,
        known_warnings=[text for text in warnings if text in ((before or {}).get("warnings") or [])],
        cost=CostChange.between(before, after),
    )
    return StackPreview.model_validate(seen.redactor.value(report.model_dump()))


def checked(name: str, progress: Progress) -> DriftReport:
    """Check a stack by its name. The report says why it could not be checked."""
    try:
        return check(project.open_stack(name), progress)
    except GateError as error:
        return DriftReport(stack=name, checked_at=datetime.now(UTC), error=str(error))


def previewed(name: str, progress: Progress) -> StackPreview:
    """Preview a stack by its name. The result says why it could not be previewed."""
    try:
        return preview(project.open_stack(name), progress)
    except GateError as error:
        return StackPreview(stack=name, error=str(error))


def _changes(seen: Look) -> tuple[list[PlannedChange], list[VendorObject]]:
    """Return what would be done, the dangerous operations first, and what else the engine lists."""
    by_object = of_objects(seen.preview, seen.dependencies)
    changes = [change_of(steps, found) for steps, found in by_object if found]
    follow_ups = [object_of(steps) for steps, found in by_object if not found]
    if not by_object:
        # Something the program declares beside the vendors' objects, such as a provider or a component of its own.
        findings, _ = find(seen.preview, seen.dependencies)
        changes = [PlannedChange(operation=Operation.UPDATE, object=one.object, findings=[one]) for one in findings]
    order = list(Operation)
    return sorted(changes, key=lambda one: (order.index(one.operation), str(one.object))), sorted(follow_ups, key=str)


def _planned(changes: list[PlannedChange], preview: Preview) -> list[Planned]:
    """Return the changes as `components.consequences` takes them."""
    users: dict[str, list[str]] = {}  # of a group: the services that link to it
    for steps in preview.resources.values():
        for field in fields_of(steps):
            part, _, group = field.partition(".")
            if part == "fromGroup":
                users.setdefault(group, []).append(steps.urn.rpartition("::")[2])
    return [
        Planned(
            kind=one.object.type,
            name=one.object.name,
            operation=one.operation.value,
            fields={found.field: (found.declared, found.live) for found in one.findings if found.field},
            adopted=one.adopted,
            is_gone=any(found.kind == FindingKind.DRIFT and found.live == MISSING for found in one.findings),
            is_suspended=any(found.live == "suspended" for found in one.findings),
            users=tuple(users.get(one.object.name, ())),
            vendor=one.object.vendor,
        )
        for one in changes
    ]


def read_stack(stack: automation.Stack, progress: Progress = lambda _text: None, *, at_everything: bool = True) -> Look:
    """Run one preview with refresh.

    Args:
        at_everything: whether a vendor without credentials is an error. Otherwise the preview warns and goes on.

    Raises:
        StackUnavailable, MissingCredentials, PreviewFailed: as in `check`.
    """
    environ = {**os.environ, **stack.workspace.env_vars}
    redactor = Redactor(environment_secrets(environ))
    try:
        with _said(f"the configuration of stack {stack.name}"):
            config = stack.get_all_config()
        redactor.add(configured_secrets(config))
        missing = missing_credentials({**{key: value.value for key, value in config.items()}, **environ})
        if at_everything and missing:
            raise MissingCredentials(f"credentials are missing, so nothing was checked:\n{to_export(missing)}")
        unseen = [vendor for vendor in missing if vendor.can_be_excluded]
        if unseen:
            without = {PREVIEW_WITHOUT: ",".join(vendor.package for vendor in unseen)}
            stack.workspace.env_vars = {**stack.workspace.env_vars, **without}
        hear = partial(_hear, progress=progress)
        excluded = [vendor.pattern for vendor in unseen]  # left as they are, because their vendor cannot be asked
        preview = run_preview(stack, hear, refresh=True, exclude=excluded or None)
        return Look(preview, _dependencies(stack) if preview.changing else {}, redactor)
    except GateError as error:
        raise type(error)(redactor.text(str(error))) from None


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Say that something cannot be read, if the CLI fails in the block."""
    try:
        yield
    except automation.CommandError as error:
        raise StackUnavailable(f"{what} cannot be read: {project.said(error)}") from None


def _hear(preview: Preview, event: EngineEvent, progress: Progress) -> None:
    note = event.diagnostic_event
    if note and note.severity == "info" and not note.message.startswith(FORESEEN):
        progress(note.message.strip())  # such as that Render does not answer and is asked again
    else:
        progress(f"{sum(steps.met is not None for steps in preview.resources.values())} resources read")


def _dependencies(stack: automation.Stack) -> Dependencies:
    """Return which properties come from which resources, as of the last `up`. The events do not say it."""
    with _said(f"the state of stack {stack.name}"):
        resources = (stack.export_stack().deployment or {}).get("resources", [])
    return {one["urn"]: one.get("propertyDependencies") or {} for one in resources}
