"""Edits that people make by hand in the vendors' dashboards, for the rehearsal's chapters and for trying out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from rehearsal.estate import World
from rehearsal.inventory import APPLICATION, BRANCH, SERVICE
from rehearsal.plugins import Estate
from rehearsal.plugins.estate import FOLDER_VARIABLE, select


@dataclass(frozen=True)
class Desk:
    """Somebody at the dashboards.

    Args:
        render: a client of Render's API.
        vendors: everything at the other vendors.
    """

    render: httpx.Client
    vendors: Estate

    @classmethod
    @contextlib.contextmanager
    def in_world(cls, world: World) -> Iterator[Desk]:
        """Return the desk inside the process that runs the world."""
        with world.render_session() as render:
            yield cls(render, world.vendors)

    @classmethod
    @contextlib.contextmanager
    def in_shell(cls, environ: Mapping[str, str] = os.environ) -> Iterator[Desk]:
        """Return the desk inside another process, which has the environment of a rehearsal's shell."""
        headers = {"Authorization": f"Bearer {environ['RENDER_API_KEY']}"}
        with httpx.Client(base_url=environ["RENDER_HOST"], headers=headers) as render:
            yield cls(render, Estate(environ[FOLDER_VARIABLE]))

    def service_id(self) -> str:
        """Return staging's service at Render."""
        answer = self.render.get("/services", params={"name": SERVICE})
        answer.raise_for_status()
        return str(answer.json()[0]["service"]["id"])

    def ask_render(self, method: str, path: str, content: Any = None) -> None:
        """Send one request about staging's service."""
        self.render.request(method, f"/services/{self.service_id()}{path}", json=content).raise_for_status()

    def set(self, vendor: str, type: str, key: str, value: Any, **where: Any) -> None:
        """Set a property of the one object that has these other properties."""
        with self.vendors.edit(vendor) as objects:
            (one,) = select(objects, type, **where)
            one[key] = value


@dataclass(frozen=True)
class Break:
    """One edit by hand.

    Attributes:
        says: what it does, in words for a person.
    """

    says: str
    edit: Callable[[Desk], None]


BREAKS = {
    "variable": Break(
        "RUN_MIGRATIONS of the service at Render is set to false",
        lambda desk: desk.ask_render("PUT", "/env-vars/RUN_MIGRATIONS", {"value": "false"}),
    ),
    "branch": Break(
        "the service at Render builds the branch main", lambda desk: desk.ask_render("PATCH", "", {"branch": "main"})
    ),
    "suspend": Break("the service at Render is suspended", lambda desk: desk.ask_render("POST", "/suspend")),
    "force-pushes": Break(
        "force pushes to the branch staging are allowed at GitHub",
        lambda desk: desk.set("github", "branch_protection", "allowsForcePushes", True, pattern=BRANCH),
    ),
    "callback": Break(
        "a stranger's callback is added to the application at Auth0",
        lambda desk: desk.set("auth0", "client", "callbacks", ["https://evil.example/callback"], name=APPLICATION),
    ),
}
"""The edits by the name that `python -m rehearsal break` takes."""
