"""One run in one workspace: who owns what is made, look-ups by name, and creation that never happens twice."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import httpx

from blueprint.client import BASE_URL, DEADLINE, RenderClient
from blueprint.errors import OutcomeUnknown, Refused, Unreachable
from blueprint.sending import problem_with

Json = dict[str, Any]


class Session:
    """One run in one workspace.

    Args:
        client: the connection.
        owner_id: the workspace that owns everything. If it is None, it is looked up, and there has to be exactly one.
        notify: is called with one line of progress at a time.
    """

    def __init__(self, client: RenderClient, owner_id: str | None, notify: Callable[[str], None]) -> None:
        self.client = client
        self.notify = notify
        self._owner_id = owner_id
        self._seen: set[str] = set()
        self._listings: dict[str, list[Json]] = {}
        self._listing = threading.RLock()
        self.environments: dict[str, str] = {}
        """The known ids of environments, by `<project>/<environment>`."""

    @property
    def owner_id(self) -> str:
        if self._owner_id is None:
            self._owner_id = self._only_workspace()
        return self._owner_id

    def _only_workspace(self) -> str:
        if len(self.workspaces) != 1:
            raise Refused(
                f"the API key sees {len(self.workspaces)} workspaces ({self._named()}): name the one to use, "
                "export RENDER_OWNER_ID=<id>"
            )
        return next(iter(self.workspaces))

    def owner_of(self, live: Json) -> str:
        """Return the workspace of an object; this run's if the answer does not say it."""
        return str(_owner(live) or self.owner_id)

    @cached_property
    def workspaces(self) -> dict[str, str]:
        """The id and name of every workspace that the key sees."""
        return {owner["id"]: owner["name"] for owner in self.client.pages("/owners")}

    def expect_owner(self, owner_id: str) -> None:
        """Check that everything so far was made in this workspace.

        Raises:
            Refused: this run is for another workspace, where it would make everything again.
        """
        if self._owner_id not in (None, owner_id):
            raise Refused(
                f"the objects of this stack are in workspace {owner_id}, RENDER_OWNER_ID says {self._owner_id}: "
                f"unset it, or set it to {owner_id}"
            )
        self._owner_id = owner_id

    def listing(self, path: str) -> list[Json]:
        """Return every object of one kind in this workspace. One list request serves every look-up of a run.

        If nobody named the workspace, everything that the key sees is listed. That is enough while it is all in one
        workspace; otherwise the workspace has to be named.
        """
        with self._listing:
            if path not in self._listings:
                found = list(self.client.pages(path, **({"ownerId": self._owner_id} if self._owner_id else {})))
                self._seen |= {str(owner) for one in found if (owner := _owner(one))}
                if len(self._seen) > 1 and self._owner_id is None:
                    self._owner_id = self._only_workspace()
                self._listings[path] = found
            return self._listings[path]

    def confirm_owner(self) -> None:
        """Check that the key sees the workspace, for a run that found nothing: the lists are empty then too.

        Raises:
            Refused: it does not.
        """
        if self.owner_id not in self.workspaces:
            raise Refused(
                f"the API key does not see workspace {self.owner_id}, only {self._named()}: correct RENDER_OWNER_ID, "
                "or use a key of a member of that workspace"
            )

    def _named(self) -> str:
        return ", ".join(f"{identity} ({name})" for identity, name in self.workspaces.items()) or "none"

    def find(self, path: str, name: str) -> Json | None:
        """Return the one object of that name in this workspace.

        Raises:
            Refused: there are several, which Render allows for datastores.
        """
        found = [entry for entry in self.listing(path) if entry["name"] == name]
        found = [entry for entry in found if "parentServer" not in entry.get("serviceDetails", {})] or found[:1]
        if len(found) > 1:
            ids = ", ".join(entry["id"] for entry in found)
            raise Refused(f"{path.strip('/')}: {len(found)} objects are named {name!r} ({ids}): rename or delete one")
        return found[0] if found else None

    def domains_of(self, service_id: str) -> list[Json]:
        """Return the custom domains of a service, read once in a run."""
        path = f"/services/{service_id}/custom-domains"
        if path not in self._listings:
            self._listings[path] = list(self.client.pages(path))
        return self._listings[path]

    def forget(self, path: str) -> None:
        """Read a list again the next time, because this run has changed it."""
        self._listings.pop(path, None)

    def domain_holder(self, name: str) -> str | None:
        """Return the name of the service of this workspace that has a domain. No second one can have it."""
        for service in self.listing("/services"):
            has_domains = service["type"] in ("web_service", "static_site")
            if has_domains and any(one["name"] == name for one in self.domains_of(service["id"])):
                return str(service["name"])
        return None

    def environment_id(self, path: str) -> str | None:
        """Return the id of an environment.

        Args:
            path: `<project>/<environment>`.
        """
        if path not in self.environments:
            project = path.rpartition("/")[0]
            found = self.find("/projects", project)
            listed = self.environments_of(found["id"]) if found else []
            self.environments |= {f"{project}/{one['name']}": one["id"] for one in listed}
        return self.environments.get(path)

    def environments_of(self, project_id: str) -> list[Json]:
        return list(self.client.pages("/environments", projectId=project_id))

    def move(self, live: Json, identity: str) -> None:
        """Move an object into an environment.

        Args:
            identity: of the environment; empty for none.
        """
        if not identity:
            self.client.delete(f"/environments/{live['environmentId']}/resources?resourceIds={live['id']}")
            return

        def moved() -> bool:
            found = self.client.get(f"/environments/{identity}")
            ids = ("serviceIds", "databasesIds", "redisIds", "envGroupIds")
            return any(live["id"] in (found.get(key) or []) for key in ids)

        self.create(f"/environments/{identity}/resources", {"resourceIds": [live["id"]]}, moved)

    def create(self, path: str, body: Any, look: Callable[[], Any]) -> Any:
        """Send a POST once. If the answer was lost and `look` finds nothing, send it again.

        Args:
            look: finds what the lost request would have made; falsy if there is nothing.
        """
        lost = 0
        while True:
            self.forget(path)
            try:
                return self.client.post(path, body)
            except OutcomeUnknown as error:
                lost += 1
                self.notify(f"{error}: checking whether it had an effect")
                if found := look():
                    return found
                if lost == 5:
                    raise Unreachable(f"{error}, {lost} times in a row. Run it again to continue") from None
                self.client.pause(2.0**lost)


@contextmanager
def connect(
    environ: Mapping[str, str],
    notify: Callable[[str], None],
    transport: httpx.BaseTransport | None = None,
    deadline: float = DEADLINE,
) -> Iterator[Session]:
    """Return a session with what the environment says.

    Args:
        environ: RENDER_API_KEY; RENDER_OWNER_ID if the key sees several workspaces; RENDER_HOST for another base
            address (the names that Render's own tools use).

    Raises:
        Refused: one of them is missing or cannot be right.
    """
    key = environ.get("RENDER_API_KEY", "").strip()
    if not key:
        raise Refused("export RENDER_API_KEY; made at Render: Account Settings, API Keys")
    if problem := problem_with("RENDER_API_KEY", key):
        raise Refused(problem)
    url = environ.get("RENDER_HOST") or BASE_URL
    if not url.startswith(("https://", "http://")):
        raise Refused(f"RENDER_HOST is {url}: expected a base address such as {BASE_URL}")
    with RenderClient(key, base_url=url, deadline=deadline, notify=notify, transport=transport) as client:
        yield Session(client, environ.get("RENDER_OWNER_ID") or None, notify)


def _owner(listed: Json) -> str | None:
    return listed.get("ownerId") or (listed.get("owner") or {}).get("id")
