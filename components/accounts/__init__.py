"""Opens the vendors' accounts with the credentials that the providers use: their own variables, or the stack's config.

If both are set the config wins, as with the providers. The owner of the repositories must not differ, because versions
of the GitHub provider disagree about which of the two counts.
"""

from collections.abc import Mapping
from functools import cached_property
from types import TracebackType
from typing import Self

from blueprint.client import BASE_URL as RENDER_BASE_URL
from blueprint.sending import problem_with
from components.accounts.api import (
    COMMAND,
    PREVIEW,
    Api,
    CredentialsMissing,
    Patience,
    VendorError,
    VendorUnauthorized,
)
from components.accounts.auth0 import Auth0
from components.accounts.github import BASE_URL as GITHUB_BASE_URL
from components.accounts.github import GitHub
from components.accounts.repository import Repository
from components.accounts.vercel import BASE_URL as VERCEL_BASE_URL
from components.accounts.vercel import Vercel
from components.vendors import AUTH0, GITHUB, RENDER, VERCEL, Vendor

__all__ = ["Accounts", "CredentialsMissing", "Repository", "VendorError", "accounts_of_the_program"]

_OPENED = (GITHUB, AUTH0, VERCEL)
"""Each is a property by the name of its package. Render is opened by `blueprint.workspace.connect`."""


class Accounts:
    """The three vendors, each opened at its first use.

    Args:
        environ: GITHUB_TOKEN, GITHUB_OWNER, GITHUB_BASE_URL; AUTH0_DOMAIN with AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET,
            or with AUTH0_API_TOKEN; VERCEL_API_TOKEN. AUTH0_BASE_URL and VERCEL_BASE_URL point at a simulator. They are
            for this project's tests and rehearsal only, because the providers do not know them.
        config: the stack's configuration, secrets in clear: `github:owner`, `vercel:team`, and so on.
        patience: how long each waits.

    Raises:
        CredentialsMissing: any property, with the names to export.
    """

    def __init__(
        self, environ: Mapping[str, str], config: Mapping[str, str] | None = None, patience: Patience = COMMAND
    ) -> None:
        self._environ, self._config, self._patience = environ, config or {}, patience

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for account in self._open():
            account.close()

    def require_all(self) -> None:
        """Open every account that the stack needs.

        A vendor without credentials is left out of a preview and of a search.

        Raises:
            CredentialsMissing: lists everything that is missing.
        """
        problems = []
        for vendor in (vendor for vendor in _OPENED if vendor.is_needed(self._config)):
            try:
                getattr(self, vendor.package)
            except CredentialsMissing as error:
                problems.append(str(error))
        if problems:
            raise CredentialsMissing("\n".join(problems))

    def forget(self) -> None:
        """Forget what was read, because the estate may have changed."""
        for account in self._open():
            account.forget()

    def _open(self) -> list[Api]:
        return [self.__dict__[vendor.package] for vendor in _OPENED if vendor.package in self.__dict__]

    @property
    def hosts(self) -> dict[str, str]:
        """The base address of each vendor. Auth0's is empty if no domain is set."""
        domain = self._auth0_domain
        return {
            GITHUB.label: self._value("github:baseUrl", "GITHUB_BASE_URL") or GITHUB_BASE_URL,
            AUTH0.label: self._value("", "AUTH0_BASE_URL") or (f"https://{domain}" if domain else ""),
            VERCEL.label: self._value("", "VERCEL_BASE_URL") or VERCEL_BASE_URL,
            RENDER.label: self._value("", "RENDER_HOST") or RENDER_BASE_URL,
        }

    def repository(self, name: str) -> Repository:
        """Return a repository at GitHub. Nothing is asked yet."""
        return Repository(self.github, name)

    @cached_property
    def github(self) -> GitHub:
        """Return GitHub, for the repositories of the owner that the stack or the environment names."""
        if self._value("github:appAuth"):
            raise VendorError("objects at GitHub are looked up with GITHUB_TOKEN only: github:appAuth is not supported")
        token = self._value("github:token", "GITHUB_TOKEN")
        owners = {self._value("github:owner"), self._value("", "GITHUB_OWNER", "GITHUB_ORGANIZATION")} - {""}
        missing = [] if token else ["GITHUB_TOKEN"]
        missing += [] if owners else ["GITHUB_OWNER (or: pulumi config set github:owner …)"]
        _require(GITHUB, missing)
        if len(owners) > 1:
            raise VendorError(
                f"github:owner and GITHUB_OWNER name different owners ({', '.join(sorted(owners))}): unset GITHUB_OWNER"
            )
        return GitHub(owners.pop(), token, base_url=self.hosts[GITHUB.label], patience=self._patience)

    @property
    def _auth0_domain(self) -> str:
        """Return the tenant's host.

        It may be written with a scheme, as for the provider (auth0/go-auth0, management.New).
        """
        return self._value("auth0:domain", "AUTH0_DOMAIN").rpartition("://")[2].strip("/")

    @cached_property
    def auth0(self) -> Auth0:
        """Return the tenant at Auth0."""
        domain = self._auth0_domain
        token = self._value("auth0:apiToken", "AUTH0_API_TOKEN")
        client_id = self._value("auth0:clientId", "AUTH0_CLIENT_ID")
        secret = self._value("auth0:clientSecret", "AUTH0_CLIENT_SECRET")
        wanted = {"AUTH0_DOMAIN": domain}
        if not token:
            wanted |= {"AUTH0_CLIENT_ID": client_id, "AUTH0_CLIENT_SECRET": secret}
        _require(AUTH0, [name for name, value in wanted.items() if not value])
        if problem := problem_with("AUTH0_DOMAIN", self._value("auth0:domain", "AUTH0_DOMAIN")):
            raise VendorUnauthorized(problem)
        base_url = self._value("", "AUTH0_BASE_URL")
        return Auth0(domain, client_id, secret, token=token, base_url=base_url, patience=self._patience)

    @cached_property
    def vercel(self) -> Vercel:
        """Return the account or the team at Vercel."""
        token = self._value("vercel:apiToken", "VERCEL_API_TOKEN")
        _require(VERCEL, [] if token else ["VERCEL_API_TOKEN"])
        team = self._value("vercel:team", "VERCEL_TEAM")
        return Vercel(token, team, base_url=self.hosts[VERCEL.label], patience=self._patience)

    def _value(self, key: str, *variables: str) -> str:
        found = [self._config.get(key, ""), *(self._environ.get(variable, "") for variable in variables)]
        return next((value for value in found if value), "")


def _require(vendor: Vendor, missing: list[str]) -> None:
    if missing:
        raise CredentialsMissing(f"{vendor.label}: {vendor.to_export(missing)}")


def accounts_of_the_program(owner: str, environ: Mapping[str, str]) -> Accounts:
    """Open the accounts for a run of the program, with the providers' configuration.

    Args:
        owner: of the repositories.
    """
    from pulumi.runtime import config  # here, because `gate` uses this module where Pulumi is not installed

    return Accounts(environ, {**config.get_config_env(), **config.CONFIG.get(), "github:owner": owner}, PREVIEW)
