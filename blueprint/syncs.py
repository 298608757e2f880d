"""Render Blueprints that go on setting what their file says: which manage our objects, and how to end that.

Each sync of a Blueprint sets variables, plan and automatic deploys again, whatever has been declared here since.
Disconnecting it leaves the objects as they are (render.com/docs/infrastructure-as-code, API: blueprints).
"""

from collections.abc import Collection
from dataclasses import dataclass

from blueprint.workspace import Session


@dataclass(frozen=True)
class Sync:
    """One Blueprint. active: it sets again at each push; a paused one does when somebody asks it to.

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
    """The Blueprints that manage one of the named objects. Raises: RenderError."""
    found = []
    for one in session.client.pages("/blueprints", "blueprint"):
        resources = session.client.get(f"/blueprints/{one['id']}").get("resources") or []
        if {resource["name"] for resource in resources} & set(names):
            kept = tuple(f"{resource['type']} {resource['name']}" for resource in resources)
            file = f"{one['path']} of {one['repo'].removeprefix('https://github.com/')}, branch {one['branch']}"
            found.append(Sync(one["id"], one["name"], file, bool(one["autoSync"]), kept))
    return found


def disconnect(session: Session, sync: Sync) -> None:
    """End it; everything that it manages stays as it is. Raises: RenderError."""
    session.client.delete(f"/blueprints/{sync.id}")
