"""How services and environment groups hang together: which groups a service links, and what of them it has taken up."""

from collections.abc import Mapping

from blueprint.errors import MissingReference
from blueprint.marker import Marker
from blueprint.spec import Known
from blueprint.workspace import Json, Session


def linked_groups(session: Session, service_id: str) -> dict[str, str]:
    """Name and id of every environment group that a service links."""
    listed = session.listing("/env-groups", "envGroup")
    return {g["name"]: g["id"] for g in listed if any(s["id"] == service_id for s in g["serviceLinks"])}


def link(session: Session, group_id: str, service_id: str) -> None:
    """Link a service to a group."""

    def linked() -> bool:
        group = session.client.get(f"/env-groups/{group_id}")
        return any(one["id"] == service_id for one in group["serviceLinks"])

    session.create(f"/env-groups/{group_id}/services/{service_id}", None, linked)


def as_linked(group: Json) -> Known:
    """What a service that links to it records. Args: group: as the API answers it alone, with its variables."""
    marker = Marker.read({variable["key"]: variable["value"] for variable in group["envVars"]})
    return Known(id=group["id"], revision=marker.revision, at=marker.at) if marker else Known(id=group["id"])


def taken_up(name: str, group: Known, marker: Marker | None) -> str:
    """What a marker records of a linked group. A service that was made later than the group's contents has them, and
    its marker says so without a revision, which the service's first apply does not ask for."""
    as_made = f"{group.id} "
    is_older = marker is not None and not (group.at and group.at > marker.at)
    if marker and is_older and marker.records(f"group.{name}", as_made):
        return as_made
    return f"{group.id} {group.revision}"


def group_of(name: str, known: Mapping[str, Known], session: Session, *, with_revision: bool) -> Known:
    """A group that is to be linked, looked up where the document does not say its id.

    Args: with_revision: of one that the stack declares, ask for it: no document knows it beforehand.

    Raises: MissingReference.
    """
    if name in known:
        group = known[name]
        asks = with_revision and not group.revision
        return as_linked(session.client.get(f"/env-groups/{group.id}")) if asks else group
    if (found := session.find("/env-groups", "envGroup", name)) is None:
        raise MissingReference(f"no environment group is named {name!r}: declare it, or correct fromGroup")
    return Known(id=found["id"])
