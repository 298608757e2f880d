"""Postgres and Key Value instances: create, change what differs, wait until available, delete.

Facts from recorded traffic: a new instance is `unknown`, then `creating`, then `available`; the requested database name
gets a random suffix; an empty allow list is answered as null. Storage only grows, and Render enlarges it by itself if
storage autoscaling is on.
"""

import time

from blueprint.errors import NotAvailable, Refused
from blueprint.fields import FieldChange, as_applied, changes, drift_of, observed
from blueprint.kinds import kind_of
from blueprint.objects import Database, KeyValue
from blueprint.requests import creation, patch, placed, send_rest
from blueprint.workspace import Json, Session

_READY = frozenset({"available", "maintenance_scheduled"})
_FAILED = frozenset({"unavailable", "recovery_failed", "suspended"})


class Datastore:
    """One declared instance and its live counterpart, if any."""

    def __init__(self, session: Session, spec: Database | KeyValue, made: Json | None = None) -> None:
        """Find the live counterpart.

        Args:
            made: what the last apply reported of it.
        """
        self._session, self.spec, self._kind = session, spec, kind_of(spec)
        self._made = made or {}
        self._live = self._find()

    def _find(self, *, fresh: bool = False) -> Json | None:
        return self._session.find(self._kind.path, self._kind.item, self.spec.name, fresh=fresh)

    @property
    def _title(self) -> str:
        return f"{self._kind.label} {self.spec.name}"

    def differences(self) -> list[FieldChange]:
        """Return every field that is not as declared. An instance that does not exist has none."""
        if self._live is None:
            return []
        found = changes(self._kind.fields, placed(self._session, self.spec), self._live)
        declared = getattr(self.spec, "storage_autoscaling_enabled", None)
        enlarges = self._live.get("diskAutoscalingEnabled") if declared is None else declared
        return [d for d in found if not (_suffixed(d) or (enlarges and _has_grown(d)))]

    def check(self) -> None:
        """Refuse a change that only a new, empty instance could make.

        Raises:
            Refused: with the field and what to do.
        """
        if self._live is None and self.spec.is_adopted:
            raise Refused(
                f"{self._title} is declared as adopted and does not exist in this workspace; an adopted one is never "
                f"made. Correct its name, or RENDER_OWNER_ID"
            )
        if fixed := [d for d in self.differences() if d.field.fixed]:
            raise Refused(
                f"{self._title} exists and differs where Render changes nothing after creation ("
                + "; ".join(f"{d.field.label} is {d.live}, declared {d.declared}" for d in fixed)
                + "). A new one would lose its data: declare what is there, or declare another name"
            )
        if grown := [d for d in self.differences() if d.field.grows and _has_grown(d)]:
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
            "support or a backup has it. To have a new, empty one made in its place declare recreate: true"
        )

    def converge(self) -> Json:
        """Create or change the instance, and wait until it is available."""
        if self._live is None:
            self._live = self._create()
        elif found := self.differences():
            self._session.notify(f"{self._title}: {', '.join(map(str, found))}")
            if sent := patch(self._session, found):
                self._live = self._session.client.patch(f"{self._kind.path}/{self._live['id']}", sent)
            send_rest(self._session, self._live, found)
        if not self.spec.is_adopted:
            self._wait_until_available()
        return self._report() | {"applied": as_applied(self._kind.fields, placed(self._session, self.spec))}

    def _report(self) -> Json:
        assert self._live is not None
        kept = {key: self._live.get(key) for key in ("id", "region", "plan", "expiresAt")}
        return kept | {"ownerId": self._session.owner_of(self._live)}

    def observe(self) -> Json:
        """Compare with what was applied last, if that is known. A datastore has no place for a marker.

        A free database also reports `expiresAt`.
        """
        found = observed(self._live, drift_of(self.differences(), self._made.get("applied")))
        made = self._report() if self._live else None
        return found | {"expiresAt": (self._live or {}).get("expiresAt"), "made": made, "refused": self.refused()}

    def _create(self) -> Json:
        spec, kind = self.spec, self._kind
        sent = creation(self._session, kind.fields, spec)
        self._session.notify(f"{self._title}: creating ({', '.join(f'{k} {sent[k]}' for k in _TOLD if k in sent)})")
        asked = {"name": spec.name, "ownerId": self._session.owner_id, **sent}
        made: Json = self._session.create(kind.path, asked, lambda: self._find(fresh=True))
        return made

    def _wait_until_available(self) -> None:
        assert self._live is not None
        # Only the first look after creation, when the status is not known yet, is free of a wait.
        started, pause = time.monotonic(), 0.0 if self._live["status"] == "unknown" else 1.0
        while (status := self._live["status"]) not in _READY:
            if status in _FAILED:
                raise NotAvailable(f"{self._title} is {status}: see {self._live.get('dashboardUrl', 'the dashboard')}")
            if pause:
                self._session.client.pause(pause)
            pause = min(max(1.0, pause * 1.5), 10.0)
            self._live = self._session.client.get(f"{self._kind.path}/{self._live['id']}")
            if self._live["status"] != status:
                self._session.notify(f"{self._title}: {self._live['status']} after {time.monotonic() - started:.0f} s")


_TOLD = ("plan", "region")


def _suffixed(change: FieldChange) -> bool:
    """Whether Render answers the requested database name with its own suffix."""
    return change.field.name == "database_name" and str(change.live).startswith(f"{change.declared}_")


def _has_grown(change: FieldChange) -> bool:
    return change.field.grows and change.live is not None and change.live > change.declared
