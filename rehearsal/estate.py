"""The world of a rehearsal: vendors with what exists before the gate, and credentials that open nothing real."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import string
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from rehearsal import vendor_api
from rehearsal.plugins import Estate, attached, install
from rehearsal.render_api import RenderSimulator, serve

PROJECT = Path(__file__).resolve().parents[1]
STACKS = Path(__file__).resolve().parent / "stacks"
"""The stack files of the plan. The rehearsal uses them even after a team has edited those in the project's folder."""
WORKSPACE = {"id": "tea-rehearsal", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}


FACTS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "marketedge.yaml").read_text())


def _made_up(forms: Mapping[str, str]) -> dict[str, str]:
    """Return secrets of these forms, in which `#36` stands for 36 random letters and digits."""
    return {name: re.sub(r"#(\d+)", lambda found: _token(int(found[1])), form) for name, form in forms.items()}


def _token(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


@dataclass(frozen=True)
class Secrets:
    """The made-up secrets.

    Attributes:
        credentials: of the vendors' APIs.
        stack: those that staging's configuration refers to.
        production: variables of production's service.
        passphrase: of the states.
    """

    credentials: dict[str, str] = field(default_factory=lambda: _made_up(FACTS["secrets"]["credentials"]))
    stack: dict[str, str] = field(default_factory=lambda: _made_up(FACTS["secrets"]["stack"]))
    production: dict[str, str] = field(default_factory=lambda: _made_up(FACTS["secrets"]["production"]))
    passphrase: str = field(default_factory=lambda: _token(24))

    def values(self) -> list[str]:
        """Return every secret, none of which may be shown anywhere."""
        secret = [value for name, value in self.credentials.items() if name not in ("AUTH0_DOMAIN", "AUTH0_CLIENT_ID")]
        return [*secret, *self.stack.values(), *self.production.values(), self.passphrase]


@dataclass(frozen=True)
class World:
    """Everything that a rehearsal runs in.

    Attributes:
        environment: the environment variables that a process in the world needs.
        rest_requests: vendor, method and path of each REST request to GitHub, Auth0 and Vercel, oldest first.
    """

    folder: Path
    vendors: Estate
    render: RenderSimulator
    secrets: Secrets
    environment: dict[str, str]
    rest_requests: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def project(self) -> Path:
        """Return the project as the engine sees it: links to the real files, and copies of those that a run writes."""
        return self.folder / "project"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def render_session(self) -> httpx.Client:
        """Return a client of Render's API for edits by hand. Its requests count towards Render's limits."""
        key = self.secrets.credentials["RENDER_API_KEY"]
        return httpx.Client(
            base_url="http://render.test/v1",
            headers={"Authorization": f"Bearer {key}"},
            transport=self.render.transport(),
        )

    def wait_for_deploys(self) -> None:
        """Wait for deploys, which go on after `up` as they do at Render: an `up` waits for databases only.

        Raises:
            TimeoutError: a deploy did not become live within a minute.
        """
        estate, ends = self.render.estate, time.monotonic() + 60
        while not all(estate.live_deploy(service_id) for service_id in estate.services):
            if time.monotonic() > ends:
                raise TimeoutError("a deploy did not become live")
            time.sleep(0.05)
            self.render.settle()

    def secret_values(self) -> list[str]:
        """Return every secret, given or made by a vendor. No output may hold one, and no state in clear."""
        stores = [*self.render.estate.postgres.values(), *self.render.estate.key_values.values()]
        variables = [one for group in self.render.estate.env_groups.values() for one in group["envVars"]]
        generated = [one["value"] for one in variables if one["key"] == "JWT_SECRET_KEY"]
        auth0 = [client["clientSecret"] for client in self.vendors.find_all("auth0", "client")]
        return [*self.secrets.values(), *(store["_password"] for store in stores), *generated, *auth0]


@contextlib.contextmanager
def world(
    folder: Path,
    pulumi: Path,
    *,
    given: Secrets | None = None,
    provisioning_seconds: float = 0.0,
    rate_limits: bool = True,
    processes: bool = False,
    stacks: Path = STACKS,
    owner: str = "zebra-devops",
    tenant: str = "dev-g8trhgbfdq2sk2m8.us.auth0.com",
) -> Iterator[World]:
    """Run a world in a folder while the block runs.

    Args:
        folder: where its files go; it must be outside the source tree.
        pulumi: the CLI's binary.
        given: None makes new secrets.
        processes: True lets the engine start each plugin, as in real life; False lets it attach to this process.
        stacks: the folder with the stack files.
        owner: of the repository at GitHub.
        tenant: at Auth0.
    """
    given = given or Secrets()
    given.credentials["AUTH0_DOMAIN"] = tenant
    simulator = RenderSimulator(
        api_keys={given.credentials["RENDER_API_KEY"]: [WORKSPACE["id"]]},
        owners=[WORKSPACE],
        rate_limits=rate_limits,
        provisioning_seconds=provisioning_seconds,
        deploy_seconds=provisioning_seconds,
    )
    home, vendors = folder / "pulumi", Estate(folder / "vendors")
    plugins = install(folder / "plugins")
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "pulumi").symlink_to(pulumi)
    (folder / "state").mkdir()
    _lay_out_project(folder / "project", stacks)
    with serve(simulator) as url, vendor_api.serve(vendors, given.credentials, owner=owner) as addresses:
        environment = {
            **given.credentials,
            **vendors.environment,
            **addresses.environment,
            "RENDER_HOST": url,
            "NO_PROXY": "127.0.0.1,localhost",
            "PATH": os.pathsep.join([str(plugins), str(home / "bin"), os.environ["PATH"]]),
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": given.passphrase,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "GOGC": "off",  # the CLI ends before collecting garbage would be worth its time
        }
        with contextlib.ExitStack() as served:
            if not processes:
                environment |= served.enter_context(attached(vendors, environment))
            yield World(folder, vendors, simulator, given, environment, addresses.requests)


def _lay_out_project(folder: Path, stacks: Path) -> None:
    folder.mkdir()
    for settings in (PROJECT / "Pulumi.yaml", *stacks.glob("Pulumi.*yaml")):
        shutil.copy(settings, folder)
    for name in ("bin", "blueprint", "components", "gate", "workflows", "docs", "__main__.py", "requirements.txt"):
        (folder / name).symlink_to(PROJECT / name)


def seed(vendors: Estate) -> None:
    """Create what MarketEdge has before the gate: the repository with main, and the frontend's Vercel project."""
    create(vendors, FACTS["repository"], sha=secrets.token_hex(20))


def create(vendors: Estate, objects: Mapping[str, list[dict[str, Any]]], **values: str) -> None:
    """Create objects at the vendors.

    Args:
        objects: by vendor, as in marketedge.yaml.
        values: what `$name` stands for in them.
    """
    filled = {f"${name}": value for name, value in values.items()}
    for vendor, listed in objects.items():
        for one in listed:
            vendors.seed(vendor, **{k: filled.get(v, v) if isinstance(v, str) else v for k, v in one.items()})
