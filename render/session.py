"""One run against one workspace: who owns what is made, look-ups by name, creation that never happens twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from render.client import RenderClient
from render.errors import OutcomeUnknown, Refused, Unreachable

Json = dict[str, Any]


class Session:
    """Args:

    client: the connection.
    owner_id: workspace that owns everything; looked up, and then it has to be the only one, where it is None.
    notify: called with one line of progress at a time.
    """

    def __init__(self, client: RenderClient, owner_id: str | None, notify: Callable[[str], None]) -> None:
        self.client = client
        self.notify = notify
        self._owner_id = owner_id
        self._listings: dict[str, list[Json]] = {}

    @property
    def owner_id(self) -> str:
        if self._owner_id is None:
            owners = list(self.client.pages("/owners", "owner"))
            if len(owners) != 1:
                seen = ", ".join(f"{owner['id']} ({owner['name']})" for owner in owners) or "none"
                raise Refused(
                    f"the API key sees {len(owners)} workspaces ({seen}): name the one to use, "
                    f"export RENDER_OWNER_ID=<id>"
                )
            self._owner_id = str(owners[0]["id"])
        return self._owner_id

    def expect_owner(self, owner_id: str) -> None:
        """Everything was made in this workspace so far.

        Raises: Refused when this run is for another one, where it would make everything anew.
        """
        if self._owner_id not in (None, owner_id):
            raise Refused(
                f"the objects of this stack are in workspace {owner_id}, RENDER_OWNER_ID says {self._owner_id}: "
                f"unset it, or set it to {owner_id}"
            )
        self._owner_id = owner_id

    def listing(self, path: str, item: str, *, fresh: bool = False) -> list[Json]:
        """Every object of one sort in this workspace; one list call serves every look-up of a run."""
        if fresh or path not in self._listings:
            self._listings[path] = list(self.client.pages(path, item, ownerId=self.owner_id))
        return self._listings[path]

    def find(self, path: str, item: str, name: str, *, fresh: bool = False) -> Json | None:
        """The one object of that name in this workspace.

        Raises: Refused when there are several, which Render allows for datastores.
        """
        found = [entry for entry in self.listing(path, item, fresh=fresh) if entry["name"] == name]
        if len(found) > 1:
            ids = ", ".join(entry["id"] for entry in found)
            raise Refused(f"{path.strip('/')}: {len(found)} objects are named {name!r} ({ids}): rename or delete one")
        return found[0] if found else None

    def create(self, path: str, body: Any, look: Callable[[], Any]) -> Any:
        """POST once. Where the answer was lost, what `look` finds counts as the answer, and else it is sent again.

        Args: look: finds what the lost request would have made; falsy where there is nothing.
        """
        lost = 0
        while True:
            try:
                return self.client.post(path, body)
            except OutcomeUnknown as error:
                lost += 1
                self.notify(f"{error}: looking whether it took effect")
                if found := look():
                    return found
                if lost == 5:
                    raise Unreachable(f"{error}, {lost} times in a row. A rerun continues") from None
                self.client.pause(2.0**lost)
