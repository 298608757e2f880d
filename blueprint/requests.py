"""The parts of an object that are read or changed by requests of their own, besides its GET and PATCH.

Facts (Render's API reference): scaling, disks, headers, routes and the environment of an object are accepted when it is
created, and have endpoints of their own afterwards. Registry credentials are named in Blueprints and sent by id.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from blueprint.errors import MissingReference
from blueprint.fields import Field, FieldChange, body, initial
from blueprint.objects import Object
from blueprint.workspace import Json, Session

Spec = TypeVar("Spec", bound=Object)

_LISTS = {"headers": ("header", ("path", "name", "value")), "routes": ("route", ("type", "source", "destination"))}


def with_lists(session: Session, spec: Any, live: Json) -> Json:
    """Return a live service with what the API keeps in separate lists, if that is declared."""
    lists = {}
    for name, (item, keys) in _LISTS.items():
        if getattr(spec, name, None) is not None:
            found = session.client.pages(f"/services/{live['id']}/{name}", item)
            lists[name] = [{key: one[key] for key in keys} for one in found]
    return live | {"serviceDetails": live["serviceDetails"] | lists}


def placed(session: Session, spec: Spec, *, now: bool = False) -> Spec:
    """Return the declaration with the id of its environment instead of the name.

    Args:
        now: the environment has to exist.

    Raises:
        MissingReference: it does not exist.
    """
    if not spec.environment or (identity := session.environment_id(spec.environment)) is None:
        if spec.environment and now:
            raise MissingReference(
                f"{spec.name}: no environment is called {spec.environment!r}: declare it below projects, or correct it"
            )
        return spec
    return spec.model_copy(update={"environment": identity})


def with_ids(session: Session, values: Iterable[tuple[Field, Any]]) -> Iterable[tuple[Field, Any]]:
    """Return declared values as they are sent: names of credentials become ids."""
    for field, value in values:
        if field.name == "registry_credential":
            yield field, _credential(session, value)
        elif field.name == "image":
            named = value["registryCredential"]
            by = {"registryCredentialId": _credential(session, named)} if named else {}
            yield field, {"ownerId": session.owner_id, "imagePath": value["imagePath"], **by}
        else:
            yield field, value


def patch(session: Session, found: Iterable[FieldChange]) -> Json:
    """Return the nested JSON of the given changes, without those that have an endpoint of their own."""
    return body(with_ids(session, ((d.field, d.declared) for d in found if not d.field.own_request)))


def creation(session: Session, fields: Iterable[Field], spec: Object) -> Json:
    """Return the nested JSON that creates the declared object, without its name and owner."""
    return body(with_ids(session, initial(fields, placed(session, spec, now=True))))


def _credential(session: Session, name: str) -> str:
    found = session.find("/registrycredentials", "registryCredential", name)
    if found is None:
        raise MissingReference(
            f"no registry credential is named {name!r}: add it at Workspace Settings, Container Registry Credentials"
        )
    return str(found["id"])


def send_rest(session: Session, live: Json, found: Iterable[FieldChange]) -> None:
    """Make the changes that have an endpoint of their own."""
    for change in found:
        if change.field.own_request:
            _send(session, live, change)


def _send(session: Session, live: Json, change: FieldChange) -> None:
    client, value, path = session.client, change.declared, f"/services/{live['id']}"
    match change.field.name:
        case "environment":
            session.move(live, value)
        case "num_instances":
            session.create(f"{path}/scale", {"numInstances": value}, lambda: _instances(session, path) == value)
        case "scaling":
            client.put(f"{path}/autoscaling", value)
        case "disk":
            _send_disk(session, live, value)
        case name:  # a list, which is sent whole
            client.put(f"{path}/{name}", value)


def _instances(session: Session, path: str) -> Any:
    return session.client.get(path)["serviceDetails"].get("numInstances")


def _send_disk(session: Session, live: Json, disk: Json) -> None:
    path = f"/services/{live['id']}"
    if known := live["serviceDetails"].get("disk"):
        session.client.patch(f"/disks/{known['id']}", disk)
    else:
        made = disk | {"serviceId": live["id"]}
        session.create("/disks", made, lambda: session.client.get(path)["serviceDetails"].get("disk"))
