"""The shell of a kept rehearsal, where `pulumi` and `python -m gate` work against the simulated vendors.

In it people edit by hand what the vendors hold, as they would in the dashboards. The rehearsal's chapters do the same.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from rich.console import Console

from rehearsal import application
from rehearsal.application import Application
from rehearsal.estate import PROJECT, World
from rehearsal.inventory import APPLICATION, BRANCH, SERVICE
from rehearsal.plugins import Estate
from rehearsal.plugins.catalog import PROVIDERS
from rehearsal.plugins.estate import FOLDER_VARIABLE
from rehearsal.production import FRONTEND


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
    def opened(cls, environ: Mapping[str, str]) -> Iterator[Desk]:
        """Open the desk while the block runs.

        Args:
            environ: the environment variables of a world.
        """
        headers = {"Authorization": f"Bearer {environ['RENDER_API_KEY']}"}
        with httpx.Client(base_url=environ["RENDER_HOST"], headers=headers, trust_env=False) as render:
            yield cls(render, Estate(environ[FOLDER_VARIABLE]))

    def service(self, method: str, path: str, content: Any = None) -> None:
        """Send one request about staging's service to Render."""
        answer = self.render.get("/services", params={"name": SERVICE}).raise_for_status()
        place = f"/services/{answer.json()[0]['service']['id']}{path}"
        self.render.request(method, place, json=content).raise_for_status()

    def set(self, vendor: str, type: str, key: str, value: Any, **where: Any) -> None:
        """Set a property of the one object that has these other properties."""
        with self.vendors.edit(vendor) as objects:
            (one,) = objects.all(type, **where)
            one[key] = value


class Break(NamedTuple):
    """One edit by hand.

    Attributes:
        says: what it does, in words for a person.
    """

    says: str
    edit: Callable[[Desk], None]


BREAKS = {
    "variable": Break(
        "RUN_MIGRATIONS of the service at Render is set to false",
        lambda desk: desk.service("PUT", "/env-vars/RUN_MIGRATIONS", {"value": "false"}),
    ),
    "branch": Break(
        "the service at Render builds the branch main", lambda desk: desk.service("PATCH", "", {"branch": "main"})
    ),
    "suspend": Break("the service at Render is suspended", lambda desk: desk.service("POST", "/suspend")),
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

_WELCOME = Path(__file__).parent / "welcome.txt"
"""What the shell says first, with Rich's markup."""
_PACKAGES = {"vercel": "pulumiverse-vercel"}
"""The Python packages of the providers that are not called pulumi-NAME."""


def _install_plugins(world: World, stand_ins: Path) -> None:
    """Put the stand-in providers where Pulumi installs plugins. It warns of those on PATH in every run."""
    for name in PROVIDERS:
        version = importlib.metadata.version(_PACKAGES.get(name, f"pulumi-{name}"))
        folder = Path(world.environment["PULUMI_HOME"], "plugins", f"resource-{name}-v{version}")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"pulumi-resource-{name}").symlink_to(stand_ins / f"pulumi-resource-{name}")


def stay(world: World, console: Console, production: tuple[str, str]) -> None:
    """Open the shell, and return when it ends.

    Args:
        production: the addresses of production's backend and frontend.
    """
    console.print("\n" + _WELCOME.read_text(), soft_wrap=True)
    with application.serve(Application(world.render, world.vendors, SERVICE, FRONTEND)) as staging:
        names = [f"{stack}_{half}_URL" for stack in ("PRODUCTION", "STAGING") for half in ("BACKEND", "FRONTEND")]
        addresses = dict(zip(names, [*production, *staging], strict=True))
        variables = {**os.environ, **world.environment, **addresses, **_environment(world)}
        subprocess.run(["bash", "--noprofile", "--norc"], cwd=world.project, env=variables, check=False)
    console.print("The rehearsal is over.")


def _environment(world: World) -> dict[str, str]:
    """Put the virtual environment and the stand-ins into the project, and return the variables that find them."""
    venv = world.project / "venv"
    stand_ins, _, rest = world.environment["PATH"].partition(os.pathsep)
    venv.symlink_to(sys.prefix)
    (world.project / "rehearsal").symlink_to(PROJECT / "rehearsal")
    _install_plugins(world, Path(stand_ins))
    path = os.pathsep.join([stand_ins, str(venv / "bin"), rest])
    return {"PATH": path, "VIRTUAL_ENV": str(venv), "PS1": "(rehearsal) $ ", "PULUMI_IGNORE_AMBIENT_PLUGINS": "true"}
