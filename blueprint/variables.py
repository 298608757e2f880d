"""Resolves declared variables to values: references to other objects are looked up, kept values are left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from blueprint.client import RenderClient
from blueprint.datastores import KEY_VALUE, POSTGRES, Kind
from blueprint.drift import Difference
from blueprint.drift import Kind as Found
from blueprint.errors import MissingReference
from blueprint.marker import KEY, Marker
from blueprint.spec import EnvVar, FromService, KnownObjects, Ownership
from blueprint.workspace import Json, Session

DEFAULT_PORT = 10000
"""Where Render expects a web service to listen unless it says otherwise."""


@dataclass(frozen=True)
class Wanted:
    """One variable as it should be.

    Attributes: value: None for one that Render generates. managed: False for one that only has to exist.
    """

    key: str
    value: str | None
    managed: bool = True

    @property
    def recorded(self) -> str | None:
        """What a marker records of it."""
        return self.value if self.managed else None

    def request(self) -> Json:
        return {"generateValue": True} if self.value is None else {"value": self.value}


class References:
    """Looks up what variables refer to, each object once."""

    def __init__(self, session: Session, known: KnownObjects) -> None:
        self._session = session
        self._known = {POSTGRES: known.databases, KEY_VALUE: known.key_values}
        self._connections: dict[tuple[Kind, str], dict[str, str]] = {}

    def connection(self, kind: Kind, name: str) -> dict[str, str]:
        """Parts of a datastore's internal connection string, which is reachable from inside Render only.

        Raises: MissingReference when there is no such datastore.
        """
        if (kind, name) not in self._connections:
            known = self._known[kind].get(name)
            identity = known.id if known else self._look_up(kind, name)
            info = self._session.client.get(f"{kind.path}/{identity}/connection-info")
            self._connections[kind, name] = _parts(info["internalConnectionString"])
        return self._connections[kind, name]

    def _look_up(self, kind: Kind, name: str) -> str:
        if (found := self._session.find(kind.path, kind.item, name)) is None:
            raise MissingReference(f"no {kind.label} is named {name!r}: declare it, or correct the reference")
        return str(found["id"])

    def service(self, reference: FromService, own_name: str, own: Json | None) -> str:
        """A property of a web service; of the declared one itself also before it exists, where that is possible."""
        itself = reference.name == own_name
        live = own if itself else self._session.find("/services", "service", reference.name)
        if live is None and (not itself or reference.property != "port"):
            raise MissingReference(f"no web service is named {reference.name!r}: it has to exist to refer to its host")
        ports = live["serviceDetails"].get("openPorts") if live else None
        port = str(ports[0]["port"] if ports else DEFAULT_PORT)
        if reference.property == "port":
            return port
        assert live is not None
        host = str(live["slug"])
        return host if reference.property == "host" else f"{host}:{port}"


class Resolver:
    """Args: owner, live: the object that the variables belong to: its name, and its live form if it has one."""

    def __init__(self, references: References, owner: str, live: Json | None) -> None:
        self._references, self._owner, self._live = references, owner, live

    def resolve(self, variables: Sequence[EnvVar], present: Mapping[str, str]) -> list[Wanted]:
        """Args: present: the object's live variables.

        Raises: MissingReference, naming the variable.
        """
        return [self._one(variable, present) for variable in variables if variable.key is not None]

    def _one(self, variable: EnvVar, present: Mapping[str, str]) -> Wanted:
        key = str(variable.key)
        if variable.generate_value:
            return Wanted(key, present.get(key), managed=False)
        if variable.sync is False:
            if key not in present:
                raise MissingReference(
                    f"{self._owner}: variable {key} is declared `sync: false` (its value is kept in Render's "
                    f"dashboard) and does not exist there: set it at {self._owner}, Environment, then run again"
                )
            return Wanted(key, present[key], managed=False)
        return Wanted(key, self._value(variable))

    def _value(self, variable: EnvVar) -> str:
        if variable.from_database:
            return self._references.connection(POSTGRES, variable.from_database.name)[variable.from_database.property]
        if variable.from_key_value:
            return self._references.connection(KEY_VALUE, variable.from_key_value.name)[
                variable.from_key_value.property
            ]
        if variable.from_service:
            return self._references.service(variable.from_service, self._owner, self._live)
        return str(variable.value)


def undeclared(present: Mapping[str, str], declared: Collection[str], ownership: Ownership) -> list[str]:
    """Live variables to be removed: none where the object is shared with somebody else."""
    return sorted(present.keys() - set(declared) - {KEY}) if ownership == "exact" else []


def to_write(wanted: Iterable[Wanted], present: Mapping[str, str]) -> list[Wanted]:
    """Variables that are not there as they should be."""
    return [v for v in wanted if v.value is None or present.get(v.key) != v.value]


def whole_list(wanted: Iterable[Wanted], marker: Marker) -> list[Json]:
    """Every variable and the marker, as one request sends them."""
    return [{"key": v.key, **v.request()} for v in wanted] + [{"key": KEY, "value": marker.text()}]


def names(changed: Iterable[Wanted], removed: Iterable[str]) -> str:
    """What is written, for a line of progress."""
    return ", ".join([v.key for v in changed] + [f"-{key}" for key in removed]) or "its marker"


def write_each(
    client: RenderClient, path: str, changed: Iterable[Wanted], removed: Iterable[str], marker: Marker | None
) -> None:
    """Variable by variable. The marker goes first: a run that is cut short after it is recognised by the next one.

    Args: path: of the object's variables. marker: None where the one that is there still holds.
    """
    if marker:
        client.put(f"{path}/{KEY}", {"value": marker.text()})
    for variable in changed:
        client.put(f"{path}/{variable.key}", variable.request())
    for key in removed:
        client.delete(f"{path}/{key}")


def variable_drift(present: Mapping[str, str], declared: Iterable[EnvVar], ownership: Ownership) -> list[Difference]:
    """What happened to an object's variables since its marker was written, by name; values are not shown."""
    if (marker := Marker.read(present)) is None:
        return [Difference(kind=Found.UNMARKED)]
    recorded = marker.names("env.")
    written = {variable.key: variable.value for variable in declared}
    changed = [
        key for key in recorded & present.keys() if not marker.records(f"env.{key}", present[key], written.get(key))
    ]
    return [
        *(Difference(field=f"env.{key}", kind=Found.CHANGED) for key in sorted(changed)),
        *differing("env", recorded - present.keys(), undeclared(present, recorded, ownership)),
    ]


def differing(key: str, missing: Iterable[str], added: Iterable[str]) -> Iterator[Difference]:
    """Parts of an object that are gone, and parts that nobody declared. Args: key: what people write them under."""
    for kind, names_found in ((Found.MISSING, missing), (Found.UNDECLARED, added)):
        for name in sorted(names_found):
            yield Difference(field=f"{key}.{name}", kind=kind)


def _parts(url: str) -> dict[str, str]:
    split = urlsplit(url)
    port = str(split.port or {"postgresql": 5432, "postgres": 5432}.get(split.scheme, 6379))
    host = split.hostname or ""
    return {
        "connectionString": url,
        "host": host,
        "port": port,
        "hostport": f"{host}:{port}",
        "user": unquote(split.username or ""),
        "password": unquote(split.password or ""),
        "database": split.path.lstrip("/"),
    }
