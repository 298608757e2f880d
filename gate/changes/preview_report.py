"""What a preview of one or more stacks says, as data."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field
from rich.console import Console

from gate.changes.drift_report import Finding, Thing
from gate.common.exit_codes import ExitCode
from gate.common.notifications import workflow_run
from gate.common.report import Model
from gate.common.report import Report as Base


class Operation(StrEnum):
    """What `up` would do, in the engine's words; those that may lose something come first."""

    DELETE = "delete"
    REPLACE = "replace"
    UPDATE = "update"
    CREATE = "create"
    IMPORT = "import"


class Change(Model):
    """One object. findings: its fields that differ; none where a value of it follows from another object."""

    operation: Operation
    object: Thing
    findings: list[Finding] = Field([])


class Price(Model):
    """US dollars a month; None where it is not known."""

    before: float | None
    after: float | None


class Cost(Price):
    """Of the whole stack; None where a part has no price. parts: by the object's name at Render."""

    parts: dict[str, Price] = Field({})


class StackPreview(Model):
    """One stack. error: why it could not be previewed; the rest is then empty."""

    stack: str
    changes: list[Change] = Field([])
    warnings: list[str] = Field([])
    cost: Cost | None = None
    error: str | None = None

    @property
    def counts(self) -> dict[Operation, int]:
        """How many objects each operation touches, without those that touch none."""
        found = Counter(change.operation for change in self.changes)
        return {operation: found[operation] for operation in Operation if found[operation]}


class Report(Base):
    """The outcome of one run.

    As JSON: `schema` (1: raised when a field changes its meaning or goes away), `previewedAt`, `stacks` (stack, counts,
    changes {operation, object {vendor, type, name}, findings as of `gate drift`}, warnings, cost {before, after,
    parts}, in dollars a month with null for unknown, error).
    """

    previewed_at: datetime
    stacks: list[StackPreview]

    @property
    def exit_code(self) -> int:
        if any(stack.error is not None for stack in self.stacks):
            return ExitCode.ERROR
        return ExitCode.FOUND if any(stack.changes for stack in self.stacks) else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """See the class's text."""
        content = super().as_json()
        for shown, stack in zip(content["stacks"], self.stacks, strict=True):
            shown["counts"] = {operation.value: number for operation, number in stack.counts.items()}
        return content

    def show(self, console: Console) -> None:
        from gate.changes import preview_console

        preview_console.show(self, console)

    def markdown(self) -> str:
        from gate.changes import preview_markdown

        return preview_markdown.render(self, link=workflow_run(os.environ))
