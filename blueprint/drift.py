"""What a look at Render finds: each difference as data. How it is worded for people is not decided here."""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class DriftKind(StrEnum):
    """What happened to a field of an object, or to the object."""

    CHANGED = "changed"
    """It was applied, and has another value now."""
    MISSING = "missing"
    """It was applied, and is gone; without a field, the whole object does not exist."""
    UNDECLARED = "undeclared"
    """It is there, and neither declared nor applied; the next apply removes it."""
    SUSPENDED = "suspended"
    """The object was suspended."""
    UNMARKED = "unmarked"
    """The object exists without a marker: this program never applied it, or somebody removed the marker."""
    NOT_APPLIED = "not applied"
    """It is declared, and no apply has written it yet. This is no drift."""


class Difference(BaseModel):
    """One thing at Render that is not as it was applied.

    Attributes:
        field: the key that people write, such as `diskSizeGB`, `env.LOG_LEVEL`, `domains.api.example.com` or
            `fromGroup.shared`; None where it is about the whole object.
        kind: what happened.
        declared: what the stack file says, or was applied; None where nothing was, or where it is not shown.
        live: what is there now; None where nothing is, or where it is not shown. Values of variables are never shown.
    """

    model_config = ConfigDict(frozen=True)

    field: str | None = None
    kind: DriftKind
    declared: Any = None
    live: Any = None

    @property
    def is_drift(self) -> bool:
        """Whether somebody changed what was applied, as opposed to a declaration that waits to be applied."""
        return self.kind not in (DriftKind.NOT_APPLIED, DriftKind.UNMARKED)
