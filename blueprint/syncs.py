"""Finds Render Blueprints that manage our objects and still sync, and disconnects them.

Each sync of a Blueprint sets variables, plan and automatic deploys again, whatever was declared here since.
Disconnecting it leaves the objects as they are (render.com/docs/infrastructure-as-code, API: blueprints).
"""

from collections.abc import Collection
from dataclasses import dataclass

from blueprint.workspace import Session


@dataclass(frozen=True)
class Sync:
    """One Blueprint.

    Attributes:
        active: it syncs at each push. A paused one syncs when somebody asks it to.
        resources: type and name of everything that it manages.
    """

    id: str
    name: str
    file: str
    active: bool
    resources: tuple[str, ...]

    def __str__(self) -> str:
        kept = ", ".join(self.resources) or "nothing"
        return f"Blueprint {self.name} ({self.file}, {'syncs' if self.active else 'paused'}) manages {kept}"


def managing(session: Session, names: Collection[str]) -> list[Sync]:
    """Return the Blueprints that manage one of the named objects.

    Raises:
        RenderError: of any kind.
    """
    found = []
    for one in session.client.pages("/blueprints"):
        resources = session.client.get(f"/blueprints/{one['id']}").get("resources") or []
        if {resource["name"] for resource in resources} & set(names):
            kept = tuple(f"{resource['type']} {resource['name']}" for resource in resources)
            file = f"{one['path']} of {one['repo'].removeprefix('https://github.com/')}, branch {one['branch']}"
            found.append(Sync(one["id"], one["name"], file, bool(one["autoSync"]), kept))
    return found


def disconnect(session: Session, sync: Sync) -> None:
    """Disconnect it. Everything that it manages stays as it is.

    Raises:
        RenderError: of any kind.
    """
    session.client.delete(f"/blueprints/{sync.id}")
