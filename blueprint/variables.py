"""Turns declared variables into values: references to other objects are looked up, kept values stay."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from blueprint.client import RenderClient
from blueprint.errors import MissingReference, NotFound, Refused
from blueprint.fields import Difference
from blueprint.fields import DriftKind as Found
from blueprint.kinds import KEY_VALUE, POSTGRES, Kind
from blueprint.marker import KEY, Marker, fingerprint
from blueprint.objects import Ownership
from blueprint.sources import EnvVar, FromService
from blueprint.spec import KnownObjects
from blueprint.workspace import Json, Session

DEFAULT_PORT = 10000
"""Where Render expects a web service to listen unless it says otherwise."""


@dataclass(frozen=True)
class Wanted:
    """One variable as it should be.

    Attributes:
        value: None for one that Render generates.
        managed: False for one that only has to exist.
    """

    key: str
    value: str | None
    managed: bool = True

    @property
    def recorded(self) -> str | None:
        """Return what a marker records of it."""
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
        """Return the parts of a datastore's internal connection string, which works only inside Render.

        Raises:
            MissingReference: there is no such datastore.
        """
        if (kind, name) not in self._connections:
            known = self._known[kind].get(name)
            identity, replica = (known.id, None) if known else self._look_up(kind, name)
            info = self._session.client.get(f"{kind.path}/{identity}/connection-info")
            url = str(info["internalConnectionString"])
            # A replica has its primary's user, password and database, on a host that is called by its own id.
            self._connections[kind, name] = _parts(url.replace(f"@{identity}", f"@{replica}") if replica else url)
        return self._connections[kind, name]

    def _look_up(self, kind: Kind, name: str) -> tuple[str, str | None]:
        """Return the id of an instance, and its read replica if the name is that of one."""
        for fresh in (False, True):  # it may have been made earlier in this run
            if found := self._session.find(kind.path, kind.item, name, fresh=fresh):
                return str(found["id"]), None
            for primary in self._session.listing(kind.path, kind.item):
                for replica in primary.get("readReplicas") or ():
                    if replica["name"] == name:
                        return str(primary["id"]), str(replica["id"])
        raise MissingReference(f"no {kind.label} is named {name!r}: declare it, or correct the reference")

    def service(self, reference: FromService, own_name: str, own: Json | None) -> str:
        """Return a property or a variable of a service. For the declared one itself it may not exist yet."""
        itself = reference.name == own_name
        live = own if itself else self._session.find("/services", "service", reference.name)
        if live is None and not itself:  # made earlier in this run
            live = self._session.find("/services", "service", reference.name, fresh=True)
        if live is None and (not itself or reference.property != "port"):
            raise MissingReference(
                f"no service is named {reference.name!r}: it has to exist before something can refer to it"
            )
        if reference.env_var_key:
            assert live is not None
            return self._variable(live, reference.env_var_key)
        port = _port(live) if live else str(DEFAULT_PORT)
        if reference.property == "port":
            return port
        assert live is not None
        host = str(live["slug"])
        return host if reference.property == "host" else f"{host}:{port}"

    def _variable(self, live: Json, key: str) -> str:
        """Return a service's own variable, or one that Render sets (its documentation, Default variables)."""
        details, url = live["serviceDetails"], str(live["serviceDetails"].get("url") or "")
        by_render = {
            "RENDER_EXTERNAL_URL": url,
            "RENDER_EXTERNAL_HOSTNAME": urlsplit(url).netloc,
            "RENDER_SERVICE_ID": live["id"],
            "RENDER_SERVICE_NAME": live["name"],
            "RENDER_DISCOVERY_SERVICE": f"{live['slug']}-discovery",
            "PORT": _port(live) if "openPorts" in details else "",
        }
        if by_render.get(key) and key.startswith("RENDER_"):
            return str(by_render[key])
        try:
            return str(self._session.client.get(f"/services/{live['id']}/env-vars/{key}")["value"])
        except NotFound:
            if by_render.get(key):
                return str(by_render[key])
        raise MissingReference(f"service {live['name']} has no variable {key} of its own: correct envVarKey")


def _port(live: Json) -> str:
    ports = live["serviceDetails"].get("openPorts")
    return str(ports[0]["port"] if ports else DEFAULT_PORT)


class Resolver:
    """Resolve the variables of one object.

    Args:
        owner: its name.
        live: the object as it is, if it exists.
    """

    def __init__(self, references: References, owner: str, live: Json | None) -> None:
        self._references, self._owner, self._live = references, owner, live

    def resolve(self, variables: Sequence[EnvVar], present: Mapping[str, str]) -> list[Wanted]:
        """Return every variable with its value.

        Args:
            present: the object's live variables.

        Raises:
            MissingReference: names the variable.
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
        if store := variable.key_value:
            return self._references.connection(KEY_VALUE, store.name)[store.property]
        if variable.from_service:
            return self._references.service(variable.from_service, self._owner, self._live)
        return str(variable.value)


def undeclared(present: Mapping[str, str], declared: Collection[str], ownership: Ownership) -> list[str]:
    """Return the live variables to remove; none if the object is shared with somebody else."""
    return sorted(present.keys() - set(declared) - {KEY}) if ownership == "exact" else []


def to_write(wanted: Iterable[Wanted], present: Mapping[str, str]) -> list[Wanted]:
    """Return the variables that are missing or have another value."""
    return [v for v in wanted if v.value is None or present.get(v.key) != v.value]


def whole_list(wanted: Iterable[Wanted], marker: Marker) -> list[Json]:
    """Return every variable and the marker, as one request sends them."""
    return [{"key": v.key, **v.request()} for v in wanted] + [{"key": KEY, "value": marker.text()}]


def names(changed: Iterable[Wanted], removed: Iterable[str]) -> str:
    """Return what is written, for a line of progress."""
    return ", ".join([v.key for v in changed] + [f"-{key}" for key in removed]) or "its marker"


def write_each(
    client: RenderClient, path: str, changed: Iterable[Wanted], removed: Iterable[str], marker: Marker | None
) -> None:
    """Write variable by variable, the marker first, so that the next run recognises an interrupted one.

    Args:
        path: of the object's variables.
        marker: None if the present one is still right.
    """
    if marker:
        client.put(f"{path}/{KEY}", {"value": marker.text()})
    for variable in changed:
        client.put(f"{path}/{variable.key}", variable.request())
    for key in removed:
        client.delete(f"{path}/{key}")


def missing_by_hand(owner: str, declared: Iterable[EnvVar], present: Mapping[str, str]) -> None:
    """Refuse a value that is declared to be kept at Render and never existed.

    Raises:
        Refused: with the variables.
    """
    marker = Marker.read(present)
    recorded = marker.names("env.") if marker else set()
    missing = [str(v.key) for v in declared if v.sync is False and v.key not in present]
    if missing and not set(missing) <= recorded:
        raise Refused(
            f"{owner}: declared `sync: false` (their values are kept in Render's dashboard), and not there: "
            f"{', '.join(missing)}. Set them at {owner.split(maxsplit=1)[1]}, Environment, then run again; or declare "
            "fromSecret"
        )


def losses(owner: str, lost: Sequence[str], milder: Ownership) -> str | None:
    """Return why an apply would be refused, or None if nothing would be lost.

    Args:
        milder: the ownership that keeps undeclared values.
    """
    if not lost:
        return None
    return (
        f"{owner} was not made by this program, and would lose {', '.join(lost)}. Declare them, or set "
        f"`ownership: {milder}` to keep them, or `ownership: exact` to remove them"
    )


def generated(declared: Iterable[EnvVar], present: Mapping[str, str]) -> Json:
    """Return `{"generated": {key: fingerprint}}` of the values that Render generated, if there are any."""
    keys = [str(variable.key) for variable in declared if variable.generate_value and variable.key in present]
    return {"generated": {key: fingerprint(present[key]) for key in keys}} if keys else {}


def drift_or_stranger(
    present: Mapping[str, str], declared: Iterable[EnvVar], ownership: Ownership, *, is_ours: bool
) -> list[Difference]:
    """Return what happened to an object's variables since its marker was written, by name, without values.

    Args:
        is_ours: whether this program applied it, even if there is no marker.
    """
    declared = list(declared)
    if (marker := Marker.read(present)) is None:
        lost = undeclared(present, [str(v.key) for v in declared], ownership)
        gone = Difference(field=f"env.{KEY}", kind=Found.MISSING) if is_ours else Difference(kind=Found.UNMARKED)
        return [gone, *differing("env", [], lost)]
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
    """Return parts of an object that are gone, and parts that nobody declared.

    Args:
        key: the key under which people write them.
    """
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
