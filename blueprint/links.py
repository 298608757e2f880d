"""Services and environment groups: which groups a service links, and which contents of them it has taken up."""

from collections.abc import Mapping

from blueprint.errors import MissingReference
from blueprint.marker import Marker
from blueprint.spec import Known
from blueprint.workspace import Json, Session


def linked_groups(session: Session, service_id: str) -> dict[str, str]:
    """Return the name and id of every environment group that a service links."""
    listed = session.listing("/env-groups", "envGroup")
    return {g["name"]: g["id"] for g in listed if any(s["id"] == service_id for s in g["serviceLinks"])}


def link(session: Session, group_id: str, service_id: str) -> None:
    """Link a service to a group."""

    def linked() -> bool:
        group = session.client.get(f"/env-groups/{group_id}")
        return any(one["id"] == service_id for one in group["serviceLinks"])

    session.create(f"/env-groups/{group_id}/services/{service_id}", None, linked)


def as_linked(group: Json) -> Known:
    """Return what a service records of a linked group.

    Args:
        group: as the API answers it alone, with its variables.
    """
    marker = Marker.read({variable["key"]: variable["value"] for variable in group["envVars"]})
    return Known(id=group["id"], revision=marker.revision, at=marker.at) if marker else Known(id=group["id"])


def taken_up(name: str, group: Known, marker: Marker | None) -> str:
    """Return what a marker records of a linked group.

    A service that was created after the group's contents were written has them. Its marker then has no revision, and
    the service's first apply asks for none.
    """
    as_made = f"{group.id} "
    is_older = marker is not None and not (group.at and group.at > marker.at)
    if marker and is_older and marker.records(f"group.{name}", as_made):
        return as_made
    return f"{group.id} {group.revision}"


def group_of(name: str, known: Mapping[str, Known], session: Session, *, with_revision: bool) -> Known:
    """Return a group that is to be linked, looked up if the document does not say its id.

    Args:
        with_revision: ask for the revision of a group that the stack declares, because no document knows it.

    Raises:
        MissingReference: there is no such group.
    """
    if name in known:
        group = known[name]
        asks = with_revision and not group.revision
        return as_linked(session.client.get(f"/env-groups/{group.id}")) if asks else group
    if (found := session.find("/env-groups", "envGroup", name)) is None:
        raise MissingReference(f"no environment group is named {name!r}: declare it, or correct fromGroup")
    return Known(id=found["id"])
