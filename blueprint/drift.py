"""What a look at Render finds, as data: one record for each difference. `gate.changes` puts it into words."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class DriftKind(StrEnum):
    """What happened to an object, or to a field of it."""

    CHANGED = "changed"
    """It was applied, and has another value now."""
    REPLACED = "replaced"
    """Render generated it, and it has another value now. Nobody has the earlier one, so an apply keeps the new one."""
    MISSING = "missing"
    """It was applied, and is gone. Without a field, the whole object is gone."""
    UNDECLARED = "undeclared"
    """It exists, but is neither declared nor was applied. The next apply removes it."""
    SUSPENDED = "suspended"
    """The object was suspended."""
    UNMARKED = "unmarked"
    """The object exists without a marker: this program never applied it, or somebody removed the marker."""
    NOT_APPLIED = "not applied"
    """It is declared, and no apply has written it yet. This is not drift."""


class Difference(BaseModel):
    """One difference between Render and what was applied.

    Attributes:
        field: the key that people write, such as `diskSizeGB`, `env.LOG_LEVEL`, `domains.api.example.com` or
            `fromGroup.shared`; None if the difference is about the whole object.
        kind: what happened.
        declared: what the stack file says or what was applied; None if there is nothing, or if it is not shown.
        live: what exists now; None if there is nothing, or if it is not shown. Values of variables are never shown.
    """

    model_config = ConfigDict(frozen=True)

    field: str | None = None
    kind: DriftKind
    declared: Any = None
    live: Any = None

    @property
    def is_drift(self) -> bool:
        """Whether somebody changed what was applied. Otherwise a declaration waits to be applied."""
        return self.kind not in (DriftKind.NOT_APPLIED, DriftKind.UNMARKED)
