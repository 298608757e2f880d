"""Turns declared variables into values: references to other objects are looked up, kept values stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from blueprint.errors import MissingReference, NotFound
from blueprint.kinds import GROUP, KEY_VALUE, POSTGRES, Kind
from blueprint.marker import Marker
from blueprint.sources import EnvVar, FromService
from blueprint.spec import Known, KnownObjects
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
        self._known = {
            POSTGRES.section: dict(known.databases),
            KEY_VALUE.section: dict(known.key_values),
            GROUP.section: dict(known.env_var_groups),
        }
        self.revisions: dict[str, Known | None] = {}
        """The declared groups as a look found them; None for one that the next apply writes."""
        self._connections: dict[tuple[Kind, str], dict[str, str]] = {}

    def add(self, section: str, name: str, made: Json) -> None:
        """Take up what an apply reports of an object that later ones may refer to."""
        if section in self._known:
            self._known[section][name] = Known(id=made["id"], revision=made.get("revision", ""))

    def group(self, name: str, *, with_revision: bool) -> Known:
        """Return a group that is to be linked, looked up if the document does not say its id.

        Args:
            with_revision: ask for the revision of a group that the stack declares, because no document knows it.

        Raises:
            MissingReference: there is no such group.
        """
        if known := self._known[GROUP.section].get(name):
            asks = with_revision and not known.revision
            return as_linked(self._session.client.get(f"{GROUP.path}/{known.id}")) if asks else known
        if (found := self._session.find(GROUP.path, name)) is None:
            raise MissingReference(f"no environment group is named {name!r}: declare it, or correct fromGroup")
        return Known(id=found["id"])

    def connection(self, kind: Kind, name: str) -> dict[str, str]:
        """Return the parts of a datastore's internal connection string, which works only inside Render.

        Raises:
            MissingReference: there is no such datastore.
        """
        if (kind, name) not in self._connections:
            known = self._known[kind.section].get(name)
            identity, replica = (known.id, None) if known else self._look_up(kind, name)
            info = self._session.client.get(f"{kind.path}/{identity}/connection-info")
            url = str(info["internalConnectionString"])
            # A replica has its primary's user, password and database, on a host that is called by its own id.
            self._connections[kind, name] = _parts(url.replace(f"@{identity}", f"@{replica}") if replica else url)
        return self._connections[kind, name]

    def _look_up(self, kind: Kind, name: str) -> tuple[str, str | None]:
        """Return the id of an instance, and its read replica if the name is that of one."""
        if found := self._session.find(kind.path, name):
            return str(found["id"]), None
        for primary in self._session.listing(kind.path):
            for replica in primary.get("readReplicas") or ():
                if replica["name"] == name:
                    return str(primary["id"]), str(replica["id"])
        raise MissingReference(f"no {kind.label} is named {name!r}: declare it, or correct the reference")

    def service(self, reference: FromService, own_name: str, own: Json | None) -> str:
        """Return a property or a variable of a service. For the declared one itself it may not exist yet."""
        itself = reference.name == own_name
        live = own if itself else self._session.find("/services", reference.name)
        if live is None and (not itself or reference.property != "port"):
            raise MissingReference(
                f"no service is named {reference.name!r}: it has to exist before something can refer to it"
            )
        port = _port(live) if live else str(DEFAULT_PORT)
        if live is None or reference.property == "port":
            return port
        if reference.env_var_key:
            return self._variable(live, reference.env_var_key)
        return str(live["slug"]) if reference.property == "host" else f"{live['slug']}:{port}"

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


def as_linked(group: Json) -> Known:
    """Return what a service records of a linked group.

    Args:
        group: as the API answers it alone, with its variables.
    """
    marker = Marker.read({variable["key"]: variable["value"] for variable in group["envVars"]})
    return Known(id=group["id"], revision=marker.revision, at=marker.at) if marker else Known(id=group["id"])


def _port(live: Json) -> str:
    ports = live["serviceDetails"].get("openPorts")
    return str(ports[0]["port"] if ports else DEFAULT_PORT)


def resolve(
    references: References, owner: str, variables: Sequence[EnvVar], present: Mapping[str, str], live: Json | None
) -> list[Wanted]:
    """Return every variable of an object with its value. Generated values, and those kept at Render, stay.

    Args:
        owner: the object's name.
        present: its live variables.
        live: the object as it is, if it exists.

    Raises:
        MissingReference: names the variable.
    """

    def one(variable: EnvVar, key: str) -> Wanted:
        if variable.generate_value:
            return Wanted(key, present.get(key), managed=False)
        if variable.sync is False:
            if key not in present:
                raise MissingReference(
                    f"{owner}: variable {key} is declared `sync: false` (its value is kept in Render's "
                    f"dashboard) and does not exist there: set it at {owner}, Environment, then run again"
                )
            return Wanted(key, present[key], managed=False)
        if source := variable.from_database:
            return Wanted(key, references.connection(POSTGRES, source.name)[source.property])
        if store := variable.key_value:
            return Wanted(key, references.connection(KEY_VALUE, store.name)[store.property])
        if variable.from_service:
            return Wanted(key, references.service(variable.from_service, owner, live))
        return Wanted(key, str(variable.value))

    return [one(variable, variable.key) for variable in variables if variable.key is not None]


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
