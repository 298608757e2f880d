"""What a check for drift found, and its JSON form. Knows neither the engine nor a terminal."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field
from rich.console import Console

from gate.common.exit_codes import ExitCode
from gate.common.report import Model
from gate.common.report import Report as Base


class Kind(StrEnum):
    """Why a live object is not as declared."""

    DRIFT = "drift"
    """It was changed, deleted or added to outside Pulumi."""
    NOT_APPLIED = "not applied"
    """The declaration was changed, and `pulumi up` has not run since."""


class Verdict(StrEnum):
    CLEAN = "clean"
    DRIFT = "drift"
    NOT_APPLIED = "not applied"
    ERROR = "error"


class Thing(Model):
    """An object at a vendor, named as people know it: `GitHub`, `branch protection`, `staging`."""

    vendor: str
    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.type} {self.name}"


class Finding(Model):
    """One field of one object.

    Attributes:
        field: its path in the vendor's words; None where the whole object is missing, or too many.
        declared, live: as JSON, `[secret]` for a secret; of a Render variable only what happened to it.
        since: the vendor's own time of the change, where it tells one.
        seen: when the difference was seen, where that is not the report's own time.
    """

    kind: Kind
    object: Thing
    field: str | None
    declared: Any
    live: Any
    since: datetime | None = None
    seen: datetime | None = None


class Report(Base):
    """The outcome of one check.

    As JSON: `schema` (1: raised when a field changes its meaning or goes away), `stack`, `checkedAt`, `verdict` (clean,
    drift, not applied, error; drift where both were found), `findings` (kind, object {vendor, type, name}, field,
    declared, live, since, seen), `followUps` (objects that `up` would touch only because a value they use comes from
    an object above), `error` (text, or null).
    """

    stack: str
    checked_at: datetime
    findings: list[Finding] = Field([])
    follow_ups: list[Thing] = Field([])
    error: str | None = None

    @property
    def verdict(self) -> Verdict:
        if self.error is not None:
            return Verdict.ERROR
        kinds = {finding.kind for finding in self.findings}
        if Kind.DRIFT in kinds:
            return Verdict.DRIFT
        return Verdict.NOT_APPLIED if kinds else Verdict.CLEAN

    @property
    def exit_code(self) -> int:
        return {Verdict.CLEAN: ExitCode.DONE, Verdict.ERROR: ExitCode.ERROR}.get(self.verdict, ExitCode.FOUND)

    def of(self, kind: Kind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == kind]

    def as_json(self) -> dict[str, Any]:
        """See the class's text."""
        return {**super().as_json(), "verdict": self.verdict.value}

    def show(self, console: Console) -> None:
        from gate.changes import drift_console

        drift_console.show(self, console)

    def markdown(self) -> str:
        from gate.changes import drift_markdown

        return drift_markdown.render(self)
