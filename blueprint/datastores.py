"""Postgres and Key Value instances: create, change what differs, wait until available, delete.

Facts from recorded traffic: a new instance is `unknown`, then `creating`, then `available`; the requested database name
gets a random suffix; an empty allow list is answered as null. Storage only grows, and Render enlarges it by itself if
storage autoscaling is on.
"""

import time
from collections.abc import Iterator

from blueprint.declared import DeclaredObject
from blueprint.errors import NotAvailable, Refused
from blueprint.fields import Difference, DriftKind, FieldChange, canonical
from blueprint.objects import Database, KeyValue
from blueprint.variables import References
from blueprint.workspace import Json

_READY = frozenset({"available", "maintenance_scheduled"})
_FAILED = frozenset({"unavailable", "recovery_failed", "suspended"})


class Datastore(DeclaredObject[Database | KeyValue]):
    """One declared instance and its live counterpart, if any."""

    def _differences(self) -> list[FieldChange]:
        declared = getattr(self.spec, "storage_autoscaling_enabled", None)
        enlarges = (self._live or {}).get("diskAutoscalingEnabled") if declared is None else declared
        return [d for d in super()._differences() if not (_suffixed(d) or (enlarges and _has_grown(d)))]

    def check(self) -> None:
        """Refuse a change that only a new, empty instance could make.

        Raises:
            Refused: with the field and what to do.
        """
        super().check()
        if fixed := [d for d in self._differences() if d.field.fixed]:
            raise Refused(
                f"{self._title} exists with values that Render cannot change ("
                + "; ".join(f"{d.field.label} is {d.live}, declared {d.declared}" for d in fixed)
                + "). A new one would lose its data. Declare the existing values, or another name"
            )
        if grown := [d for d in self._differences() if d.field.grows and _has_grown(d)]:
            (size,) = grown
            raise Refused(
                f"{self._title} has {size.live} GB, declared {size.declared}: Render makes storage larger and never "
                f"smaller. Declare {size.field.label}: {size.live}"
            )

    def refused(self) -> str | None:
        """Return why an apply would be refused: a lost instance is only made again if the document says so."""
        if self._live is not None or not self._made or self.spec.recreate:
            return None
        return (
            f"{self._title} ({self._made['id']}) no longer exists at Render, and its data is lost unless Render "
            "support or a backup has it. To create a new, empty one, declare recreate: true"
        )

    def converge(self, references: References) -> Json:
        """Create or change the instance, and wait until it is available."""
        if self._live is None:
            sent = self._creation()
            self._say(f"creating ({', '.join(f'{key} {sent[key]}' for key in ('plan', 'region') if key in sent)})")
            self._live = self._create(sent)
        else:
            self._change(self._differences())
        if not self.spec.is_adopted:
            self._wait_until_available()
        return self._report() | {"applied": {field.label: value for field, value in self._declared.items()}}

    def _report(self) -> Json:
        return super()._report() | {key: self._there.get(key) for key in ("region", "plan", "expiresAt")}

    def observe(self, references: References) -> Json:
        """Return what it also does of others, and when a free database expires."""
        return super().observe(references) | {"expiresAt": (self._live or {}).get("expiresAt")}

    def _drift(self, references: References) -> Iterator[Difference]:
        """Compare with what was applied last, because a datastore has no place for a marker.

        If nobody knows what was applied, every difference counts as a change.
        """
        applied = self._made.get("applied")
        for change in self._differences():
            label, before = change.field.label, (applied or {}).get(change.field.label)
            if applied is not None and (label not in applied or canonical(before) == canonical(change.live)):
                yield change.as_difference(DriftKind.NOT_APPLIED, change.declared)
            else:
                yield change.as_difference(DriftKind.CHANGED, change.declared if before is None else before)

    def _wait_until_available(self) -> None:
        # Only the first look after creation, when the status is not known yet, is free of a wait.
        started, pause = time.monotonic(), 0.0 if self._there["status"] == "unknown" else 1.0
        while (status := self._there["status"]) not in _READY:
            if status in _FAILED:
                raise NotAvailable(f"{self._title} is {status}: see {self._there.get('dashboardUrl', 'the dashboard')}")
            if pause:
                self._session.client.pause(pause)
            pause = min(max(1.0, pause * 1.5), 10.0)
            self._live = self._session.client.get(self._path)
            if self._there["status"] != status:
                self._say(f"{self._there['status']} after {time.monotonic() - started:.0f} s")


def _suffixed(change: FieldChange) -> bool:
    """Whether Render answers the requested database name with its own suffix."""
    return change.field.name == "database_name" and str(change.live).startswith(f"{change.declared}_")


def _has_grown(change: FieldChange) -> bool:
    return change.field.grows and change.live is not None and change.live > change.declared
