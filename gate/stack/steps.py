"""The engine's events of one preview, sorted by resource: what refresh met, and what `up` would do.

Facts about the events (tried with v3.210): refresh reports every resource twice, and its outcome stands in the second
event (`resOutputsEvent`): `old` as declared last, `new` as met, no `new` where the object is gone. The step that
follows is planned from what was met: its `old` is the live object, its `new` the declaration.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent, OpType, StepEventMetadata, StepEventStateMetadata

from components.vendors import EXISTING, FORESEEN, UNKNOWN
from gate.common.errors import PreviewFailed
from gate.stack.project import said
from gate.stack.values import Path, at, field_of, holds, overlap, parse

_CHANGES = frozenset({OpType.CREATE, OpType.UPDATE, OpType.REPLACE, OpType.DELETE, OpType.IMPORT})
"""Operations that `up` would do. A replacement also reports its parts, which say nothing more."""

_STACK = "pulumi:pulumi:Stack"
_WHERE_A_PLUGIN_IS = re.compile(r"using pulumi-\S+ from \$PATH")
"""A warning about the machine that runs the preview, and no fact about the estate."""

Properties = Mapping[str, Any]


@dataclass
class Steps:
    """Of one resource.

    Attributes:
        met: by refresh.
        planned: by the program that ran afterwards; None where nothing changes.
        kept: what the program declares where nothing changes.
    """

    urn: str
    met: StepEventMetadata | None = None
    planned: StepEventMetadata | None = None
    kept: StepEventMetadata | None = None

    @property
    def operation(self) -> OpType | None:
        """What `up` would do; None where nothing changes."""
        return self.planned.op if self.planned else None

    @property
    def is_custom(self) -> bool:
        """Whether it is an object of a provider, and no component."""
        return any(state.custom for state in (self._old, self._new) if state)

    @property
    def is_gone(self) -> bool:
        """Whether refresh found that the object no longer exists."""
        return self.met is not None and self.met.new is None

    @property
    def leaves_open(self) -> bool:
        """Whether some of its outputs are known at `up` only, and with them what others make of those."""
        if self.planned is None or self.planned.op in (OpType.CREATE, OpType.REPLACE):
            return self.planned is not None
        return holds(_outputs(self._new), UNKNOWN)

    @property
    def declared(self) -> Properties:
        """What the program declares."""
        return _inputs(self._new)

    @property
    def parent(self) -> str:
        """URN of the component that it belongs to; empty where it is none's."""
        state = self._new or self._old
        return (state and state.parent) or ""

    @property
    def live(self) -> Properties:
        """What the vendor answers, with the inputs that it does not."""
        return {**_inputs(self._old), **_outputs(self._old)}

    @property
    def last_declared(self) -> Properties:
        """As of the last `up`."""
        return _inputs(self.met.old if self.met else self._old)

    @property
    def met_outputs(self) -> Properties:
        """What refresh met."""
        return _outputs(self.met.new if self.met else None)

    @property
    def outputs_before(self) -> Properties:
        """What the last `up` made."""
        return _outputs(self.met.old if self.met else self._old)

    def changed_fields(self) -> list[Path]:
        """Return the fields for which something is planned, each once, sorted by name."""
        met = _inputs(self._old)
        paths = _paths(self.planned) or [
            (key,) for key in sorted(self.declared.keys() | met.keys()) if _differ(self.declared, met, key)
        ]
        either = {**self.live, **self.declared}
        return list(dict.fromkeys(field_of(field_of(path, either), self.live) for path in paths))

    def met_changed(self, path: Path) -> bool:
        """Whether refresh found this field changed."""
        if self.met is None or self.met.new is None:
            return False
        if any(overlap(path, other) for other in _paths(self.met)):
            return True
        # A masked value is the same before and after: only the engine's own list, above, knows of a change of it.
        return any(
            at(before, path) != at(after, path)
            for before, after in (
                (_inputs(self.met.old), _inputs(self.met.new)),
                (_outputs(self.met.old), _outputs(self.met.new)),
            )
        )

    @property
    def _old(self) -> StepEventStateMetadata | None:
        step = self.planned or self.kept
        return step.old if step else None

    @property
    def _new(self) -> StepEventStateMetadata | None:
        step = self.planned or self.kept
        return step.new if step else None


@dataclass
class Preview:
    """What one preview said.

    Attributes:
        errors, warnings: of the engine, the program and the providers, each once.
        existing: what `up` would meet at its vendor, in the program's words.
        outputs_before, outputs: the stack's, as of the last `up` and as this preview makes them; the former is None
            where nothing is up yet.
    """

    resources: dict[str, Steps] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    outputs_before: Properties | None = None
    outputs: Properties = field(default_factory=dict)

    def read(self, event: EngineEvent) -> None:
        """Take one more event. Debug messages are not looked at: they hold everything."""
        if step := event.res_outputs_event or event.resource_pre_event:
            self._read_step(step.metadata, finished=event.res_outputs_event is not None)
        elif event.diagnostic_event and event.diagnostic_event.severity == "error":
            self._read_error(event.diagnostic_event.message)
        elif event.diagnostic_event and event.diagnostic_event.severity == "warning":
            self._read_warning(event.diagnostic_event.message.strip())

    @property
    def problems(self) -> list[str]:
        """The errors, without those that only say that there were some."""
        return [error for error in self.errors if error not in ("preview failed", "update failed")] or self.errors

    @property
    def changing(self) -> list[Steps]:
        """Return the resources that `up` would change."""
        return [steps for steps in self.resources.values() if steps.planned]

    def _read_step(self, step: StepEventMetadata, *, finished: bool) -> None:
        steps = self.resources.setdefault(step.urn, Steps(step.urn))
        if step.type == _STACK and finished and step.op != OpType.REFRESH:
            # Comes twice as well: without outputs when the stack is registered, and with them at the end.
            self.outputs_before = _outputs(step.old) if step.old else None
            self.outputs = _outputs(step.new)
        if step.op == OpType.REFRESH and finished:
            steps.met = step
        elif step.op in _CHANGES:
            steps.planned = step
        elif step.op == OpType.SAME:
            steps.kept = step

    def _read_error(self, message: str) -> None:
        text = message.strip().removeprefix("an unhandled error occurred: ").removeprefix("Preview failed: ")
        if "Traceback (most recent call last)" in text:
            text = text.splitlines()[-1].strip()
        if text and text not in self.errors:
            self.errors.append(text)

    def _read_warning(self, text: str) -> None:
        if text.startswith(EXISTING) and text not in self.existing:
            self.existing.append(text)
        if text.startswith((EXISTING, FORESEEN)) or _WHERE_A_PLUGIN_IS.match(text):
            return
        if text and text not in self.warnings:
            self.warnings.append(text)


def run_preview(
    stack: automation.Stack,
    hear: Callable[[Preview, EngineEvent], None] = lambda _preview, _event: None,
    **options: Any,
) -> Preview:
    """Run a preview of a stack and read it.

    Args:
        hear: is called after each event.
        options: as `automation.Stack.preview` takes them.

    Raises:
        PreviewFailed: with what the program, the engine or a vendor said.
    """
    preview = Preview()

    def read(event: EngineEvent) -> None:
        preview.read(event)
        hear(preview, event)

    try:
        stack.preview(on_event=read, **options)
    except (automation.CommandError, RuntimeError) as error:  # the second if the engine ended without a summary
        raise PreviewFailed("\n".join(preview.problems) or said(error)) from None
    if preview.problems:
        raise PreviewFailed("\n".join(preview.problems))
    return preview


def _paths(step: StepEventMetadata | None) -> list[Path]:
    if step is None:
        return []
    return [parse(path) for path in sorted(step.detailed_diff or step.diffs or [])]


def _differ(one: Properties, other: Properties, key: str) -> bool:
    return json.dumps(one.get(key), sort_keys=True) != json.dumps(other.get(key), sort_keys=True)


def _inputs(state: StepEventStateMetadata | None) -> Properties:
    return (state and state.inputs) or {}


def _outputs(state: StepEventStateMetadata | None) -> Properties:
    return (state and state.outputs) or {}
