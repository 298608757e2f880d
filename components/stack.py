"""Reads the running stack: its configuration as Settings, and which vendors' credentials are at hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi.runtime import config as runtime_config

from components.configuration import Loaded, SettingsError, load, without_vercel

_CREDENTIALS: dict[str, tuple[tuple[str, ...], ...]] = {
    # Any one of the rows will do; an entry is an environment variable or a key of the provider's configuration.
    "GitHub": (("GITHUB_TOKEN",), ("github:token",), ("github:appAuth",)),
    "Auth0": (
        ("AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"),
        ("auth0:domain", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"),
        ("AUTH0_DOMAIN", "AUTH0_API_TOKEN"),
        ("auth0:domain", "auth0:clientId", "auth0:clientSecret"),
    ),
    "Vercel": (("VERCEL_API_TOKEN",), ("vercel:apiToken",)),
    "Render": (("RENDER_API_KEY",),),
}


@dataclass(frozen=True)
class Stack:
    """The stack that runs. unseen: vendors whose credentials are missing, which only preview can do without."""

    loaded: Loaded
    unseen: frozenset[str]


def read() -> Stack:
    """Read and check everything before the first resource is declared.

    Raises: pulumi.RunError with every problem of the configuration, or every missing credential outside preview.
    """
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    secret_keys = frozenset(key for key in values if runtime_config.is_config_secret(key)) | frozenset(
        runtime_config.get_config_secret_keys_env()
    )
    try:
        loaded = load(pulumi.get_stack(), values, secret_keys, os.environ)
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    missing = missing_credentials({**values, **os.environ})
    if missing and not pulumi.runtime.is_dry_run():
        lines = "\n".join(f"  {vendor}: export {' and '.join(names)}" for vendor, names in missing.items())
        raise pulumi.RunError(f"credentials are missing; nothing was read or changed:\n{lines}\nThen run it again")
    for vendor, names in missing.items():
        pulumi.log.warn(_UNSEEN[vendor].format(vendor=vendor, names=" and ".join(names)))
    _warn_of_another_tenant(loaded, values.get("auth0:domain") or os.environ.get("AUTH0_DOMAIN"))
    return Stack(loaded, frozenset(missing))


def missing_credentials(found: Mapping[str, str]) -> dict[str, list[str]]:
    """For each vendor that cannot be used, what is missing of the usual way to name its credentials.

    Args: found: environment variables and the stack's configuration, by name; one without Vercel needs no token of it.
    """
    return {
        vendor: [name for name in ways[0] if not found.get(name)]
        for vendor, ways in _CREDENTIALS.items()
        if not any(all(found.get(name) for name in way) for way in ways)
        and not (vendor == "Vercel" and without_vercel(found))
    }


_LEFT_OUT = (
    "{vendor} is left out of this preview: {names} not set. Its objects are not looked at; where the stack has some "
    "already, this preview shows them as deleted, which `pulumi up` refuses to do without the credentials"
)
_UNSEEN = {
    "GitHub": _LEFT_OUT,
    "Auth0": _LEFT_OUT,
    "Vercel": _LEFT_OUT,
    "Render": "{vendor} was not observed: {names} not set. Changes made outside Pulumi are not seen in this preview",
}


def _warn_of_another_tenant(loaded: Loaded, provider_domain: str | None) -> None:
    domain = loaded.settings.auth0.domain
    if provider_domain and provider_domain != domain:
        pulumi.log.warn(
            f"Auth0: applications are managed at {provider_domain}, logins go to {domain} (marketedge:auth0.domain). "
            "That is right only where the second is a custom domain of the first"
        )
