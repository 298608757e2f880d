"""The three vendors' simulators behind real sockets on loopback, for clients that are processes of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..loopback import Server, running
from ..plugins import Estate
from .auth0 import SCOPES, Auth0
from .github import GitHub
from .vercel import Vercel
from .wire import Simulator

WORKFLOW = "github-actions[bot]"
"""Who the token that a workflow is given writes as."""


@dataclass(frozen=True)
class Addresses:
    """Where the vendors are.

    Attributes:
        requests: vendor, method and path of each request, oldest first.
    """

    github: str
    auth0: str
    vercel: str
    requests: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables by which the commands find them."""
        return {"GITHUB_BASE_URL": self.github, "AUTH0_BASE_URL": self.auth0, "VERCEL_BASE_URL": self.vercel}


@contextlib.contextmanager
def serve(
    estate: Estate,
    credentials: Mapping[str, str],
    *,
    owner: str = "zebra-devops",
    teams: dict[str, str] | None = None,
    scopes: tuple[str, ...] = SCOPES,
) -> Iterator[Addresses]:
    """Serve the estate while the block runs.

    Args:
        credentials: GITHUB_TOKEN, AUTH0_DOMAIN, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET, VERCEL_API_TOKEN: the only ones
            that are accepted. REPORT_TOKEN, if there is one, is a workflow's own.
        owner: of every repository.
        teams: ids of the teams at Vercel, by slug.
        scopes: of the management application at Auth0.
    """
    logins = {credentials["GITHUB_TOKEN"]: "the-gate"}
    logins |= {credentials["REPORT_TOKEN"]: WORKFLOW} if "REPORT_TOKEN" in credentials else {}
    tenant, identity, secret = (credentials[f"AUTH0_{part}"] for part in ("DOMAIN", "CLIENT_ID", "CLIENT_SECRET"))
    simulators: tuple[Simulator, ...] = (
        GitHub(estate, owner, logins),
        Auth0(estate, tenant, identity, secret, scopes),
        Vercel(estate, credentials["VERCEL_API_TOKEN"], teams),
    )
    requests: list[tuple[str, str, str]] = []
    with contextlib.ExitStack() as stack:
        urls = {}
        for one in simulators:
            one.requests = requests
            urls[one.vendor] = stack.enter_context(running(Server(one)))
        yield Addresses(**urls, requests=requests)
