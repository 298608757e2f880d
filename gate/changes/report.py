"""What a look at a stack found, as data: what drifted, what `up` would do. It knows neither engine nor terminal."""

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from gate.common.exit_codes import ExitCode
from gate.common.report import Report, ReportPart
from gate.vendors.kinds import VendorObject


class FindingKind(StrEnum):
    """Why a live object is not as declared."""

    DRIFT = "drift"
    """It was changed, deleted or added to outside Pulumi."""
    NOT_APPLIED = "not applied"
    """The declaration was changed, and `pulumi up` has not run since."""


class DriftVerdict(StrEnum):
    CLEAN = "clean"
    DRIFT = "drift"
    NOT_APPLIED = "not applied"
    ERROR = "error"


class Finding(ReportPart):
    """One field of one object.

    Attributes:
        field: its path in the vendor's words; None if the whole object is missing, or should not exist.
        declared, live: as JSON; `[secret]` for a secret. Of a Render variable only what happened to it.
        since: the vendor's own time of the change, if it tells one.
        seen: when the difference was seen, if that is not the report's own time.
    """

    kind: FindingKind
    object: VendorObject
    field: str | None
    declared: Any
    live: Any
    since: datetime | None = None
    seen: datetime | None = None


class DriftReport(Report):
    """The result of one check for drift.

    As JSON: `schema` (1; raised when a field changes its meaning or is removed), `stack`, `checkedAt`, `verdict`
    (clean, drift, not applied, error; drift if both were found), `findings` (kind, object {vendor, type, name}, field,
    declared, live, since, seen), `followUps` (objects that `up` would change only because a value that they use comes
    from an object above), `error` (text, or null).
    """

    stack: str
    checked_at: datetime
    findings: list[Finding] = Field([])
    follow_ups: list[VendorObject] = Field([])
    error: str | None = None

    @property
    def verdict(self) -> DriftVerdict:
        if self.error is not None:
            return DriftVerdict.ERROR
        kinds = {finding.kind for finding in self.findings}
        if FindingKind.DRIFT in kinds:
            return DriftVerdict.DRIFT
        return DriftVerdict.NOT_APPLIED if kinds else DriftVerdict.CLEAN

    @property
    def exit_code(self) -> int:
        return {DriftVerdict.CLEAN: ExitCode.DONE, DriftVerdict.ERROR: ExitCode.ERROR}.get(self.verdict, ExitCode.FOUND)

    def of(self, kind: FindingKind) -> list[Finding]:
        return [finding for finding in self.findings if finding.kind == kind]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        return {**super().as_json(), "verdict": self.verdict.value}


class Operation(StrEnum):
    """What `up` would do, in the engine's words. Those that may lose something come first."""

    DELETE = "delete"
    REPLACE = "replace"
    UPDATE = "update"
    CREATE = "create"
    IMPORT = "import"


class PlannedChange(ReportPart):
    """One object.

    Attributes:
        findings: its fields that differ.
        adopted: whether it belongs to others too and is not deployed.
    """

    operation: Operation
    object: VendorObject
    findings: list[Finding] = Field([])
    adopted: bool = False


class PriceChange(ReportPart):
    """US dollars a month; None if it is not known."""

    before: float | None
    after: float | None


class CostChange(PriceChange):
    """The cost of the whole stack.

    Attributes:
        before, after: None if a part has no price.
        parts: by the object's name at Render.
    """

    parts: dict[str, PriceChange] = Field({})


class Consequence(ReportPart):
    """What happens besides the writes.

    Attributes:
        danger: something is lost, or stops.
    """

    text: str
    danger: bool = False


class StackPreview(ReportPart):
    """One stack.

    Attributes:
        changes: what `up` would do, object by object, the dangerous operations first.
        follow_ups: objects that the engine lists because they use a value that only `up` will know.
        consequences: what else happens, the dangerous ones first.
        warnings: of this preview.
        known_warnings: those of them that the last `up` had too.
        cost: of the stack's objects at Render.
        error: why it could not be previewed. The rest is empty then.
    """

    stack: str
    changes: list[PlannedChange] = Field([])
    follow_ups: list[VendorObject] = Field([])
    consequences: list[Consequence] = Field([])
    warnings: list[str] = Field([])
    known_warnings: list[str] = Field([])
    cost: CostChange | None = None
    error: str | None = None

    @property
    def new_warnings(self) -> list[str]:
        return [text for text in self.warnings if text not in self.known_warnings]

    @property
    def counts(self) -> dict[Operation, int]:
        """Return how many objects each operation changes, without those that change none."""
        found = Counter(change.operation for change in self.changes)
        return {operation: found[operation] for operation in Operation if found[operation]}


class PreviewReport(Report):
    """What `up` would do to one or more stacks.

    As JSON: `schema` (1; raised when a field changes its meaning or is removed), `previewedAt`, `commit` (empty outside
    of a workflow), `stacks` (stack, counts, changes {operation, object {vendor, type, name}, adopted, findings as of
    `gate drift`}, followUps, consequences {text, danger}, warnings, knownWarnings, cost {before, after, parts} in
    dollars, null for unknown, error).
    """

    previewed_at: datetime
    commit: str = ""
    stacks: list[StackPreview]

    @property
    def exit_code(self) -> int:
        if any(stack.error is not None for stack in self.stacks):
            return ExitCode.ERROR
        return ExitCode.FOUND if any(stack.changes for stack in self.stacks) else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        content = super().as_json()
        for shown, stack in zip(content["stacks"], self.stacks, strict=True):
            shown["counts"] = {operation.value: number for operation, number in stack.counts.items()}
        return content
