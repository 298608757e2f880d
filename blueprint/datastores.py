"""Postgres and Key Value instances: made, patched where they differ, waited for until available, deleted.

Facts from recorded traffic: a new instance is `unknown`, then `creating`, then `available`; the database name that
was asked for gets a random suffix; an empty allow list is answered as null.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from blueprint.drift import Difference
from blueprint.drift import Kind as Found
from blueprint.errors import NotAvailable, Refused
from blueprint.fields import Change, Field, body, creation, differences, observed
from blueprint.spec import Database, KeyValue
from blueprint.workspace import Json, Session

_READY = frozenset({"available", "maintenance_scheduled"})
_FAILED = frozenset({"unavailable", "recovery_failed", "suspended"})


@dataclass(frozen=True)
class Kind:
    """What tells the two sorts of datastore apart in the API."""

    label: str
    path: str
    item: str
    fields: tuple[Field, ...]


POSTGRES = Kind(
    "database",
    "/postgres",
    "postgres",
    (
        Field("plan", "plan"),
        Field("region", "region", fixed=True),
        Field("postgres_major_version", "version", fixed=True),
        Field("database_name", "databaseName", fixed=True),
        Field("user", "databaseUser", fixed=True),
        Field("disk_size_gb", "diskSizeGB"),
        Field("high_availability", "highAvailabilityEnabled", "enableHighAvailability"),
        Field("ip_allow_list", "ipAllowList"),
    ),
)
KEY_VALUE = Kind(
    "key-value instance",
    "/key-value",
    "keyValue",
    (
        Field("plan", "plan"),
        Field("region", "region", fixed=True),
        Field("maxmemory_policy", "options.maxmemoryPolicy", "maxmemoryPolicy"),
        Field("ip_allow_list", "ipAllowList"),
    ),
)


def kind_of(spec: Database | KeyValue) -> Kind:
    return POSTGRES if isinstance(spec, Database) else KEY_VALUE


class Datastore:
    """One declared instance and its live counterpart, if any."""

    def __init__(self, session: Session, spec: Database | KeyValue, made: Json | None = None) -> None:
        """Args: made: what the last apply reported of it."""
        self._session, self.spec, self._kind = session, spec, kind_of(spec)
        self._made = made
        self._live = self._find()

    def _find(self, *, fresh: bool = False) -> Json | None:
        return self._session.find(self._kind.path, self._kind.item, self.spec.name, fresh=fresh)

    @property
    def _title(self) -> str:
        return f"{self._kind.label} {self.spec.name}"

    def differences(self) -> list[Change]:
        """Every field that is not as declared; none for an instance that does not exist."""
        if self._live is None:
            return []
        return [d for d in differences(self._kind.fields, self.spec, self._live) if not _suffixed(d)]

    def check(self) -> None:
        """Raises: Refused where only a new, empty instance could be as declared."""
        if self._live is None and self._made and not self.spec.recreate:
            raise Refused(
                f"{self._title} ({self._made['id']}) no longer exists at Render, and its data is lost unless Render "
                f"support or a backup has it. To have a new, empty one made in its place declare recreate: true"
            )
        if fixed := [d for d in self.differences() if d.field.fixed]:
            raise Refused(
                f"{self._title} exists and differs where Render changes nothing after creation ("
                + "; ".join(f"{d.field.label} is {d.live}, declared {d.declared}" for d in fixed)
                + "). A new one would lose its data: declare what is there, or declare another name"
            )

    def converge(self) -> Json:
        """Create or patch, and wait until it is available."""
        if self._live is None:
            self._live = self._create()
        elif changes := self.differences():
            self._session.notify(f"{self._title}: {', '.join(map(str, changes))}")
            self._live = self._session.client.patch(
                f"{self._kind.path}/{self._live['id']}", body((d.field, d.declared) for d in changes)
            )
        self._wait_until_available()
        return {
            "id": self._live["id"],
            "region": self._live["region"],
            "plan": self._live["plan"],
            "expiresAt": self._live.get("expiresAt"),
        }

    def observe(self) -> Json:
        """Compared with what is declared: a datastore has no place for a marker. expiresAt: of a free database."""
        drift = [
            Difference(field=d.field.label, kind=Found.CHANGED, declared=d.declared, live=d.live)
            for d in self.differences()
        ]
        return observed(self._live, drift) | {"expiresAt": (self._live or {}).get("expiresAt")}

    def _create(self) -> Json:
        spec, kind = self.spec, self._kind
        self._session.notify(f"{self._title}: creating (plan {spec.plan}, region {spec.region})")
        request = {"name": spec.name, "ownerId": self._session.owner_id, **creation(kind.fields, spec)}
        made: Json = self._session.create(kind.path, request, lambda: self._find(fresh=True))
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


def _suffixed(difference: Change) -> bool:
    """Render answers the database name that was asked for with a suffix of its own."""
    return difference.field.name == "database_name" and str(difference.live).startswith(f"{difference.declared}_")
