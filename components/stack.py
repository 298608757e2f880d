"""Reads the running stack: its configuration as Settings, and which vendors' credentials are set."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
from pulumi.runtime import config as runtime_config

from components.configuration import Loaded, load
from components.configuration_errors import SettingsError
from components.earlier_runs import Resources
from components.stack_file import StackConfig, StackFileError, locate
from components.stack_file import read as read_file
from components.vendors import PREVIEW_WITHOUT, Vendor, misformed_credentials, missing_credentials, to_export


@dataclass(frozen=True)
class Stack:
    """The stack that runs.

    Attributes:
        missing: vendors without credentials, with what is not set. Only a preview can run without them.
    """

    loaded: Loaded
    missing: Mapping[Vendor, list[str]]

    @property
    def unseen(self) -> frozenset[str]:
        """The labels of these vendors."""
        return frozenset(vendor.label for vendor in self.missing)

    def keep_what_is_unseen(self, state: Resources) -> None:
        """Stop a preview that would show the objects at a vendor without credentials as deleted.

        The engine deletes what a run does not declare, and asks the provider about everything that it declares. Only
        `--exclude` keeps an object out of both, and the program is not told of it (docs/DECISIONS.md).

        Raises:
            pulumi.RunError: names the commands that preview everything else.
        """
        made = {str(one["type"]).partition(":")[0] for one in state.values()}
        kept = {one: names for one, names in self.missing.items() if one.can_be_excluded and one.package in made}
        if {vendor.package for vendor in kept} <= set(os.environ.get(PREVIEW_WITHOUT, "").split(",")):
            return
        without = ",".join(vendor.package for vendor in kept)
        options = " ".join(f"--exclude '{vendor.pattern}'" for vendor in kept)
        raise pulumi.RunError(
            f"this stack has objects at {' and '.join(one.label for one in kept)}, whose credentials are missing, "
            f"so this preview would show them as deleted. Nothing was previewed:\n{to_export(kept)}\n"
            f"Or preview everything else:\n  gate preview --env {pulumi.get_stack()}\n"
            f"  {PREVIEW_WITHOUT}={without} pulumi preview {options}"
        )


def read() -> Stack:
    """Read and check everything before the first resource is declared.

    Raises:
        pulumi.RunError: lists every problem of the configuration, or every missing credential outside a preview.
    """
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    secret_keys = frozenset(key for key in values if runtime_config.is_config_secret(key)) | frozenset(
        runtime_config.get_config_secret_keys_env()
    )
    try:
        loaded = load(pulumi.get_stack(), values, secret_keys, os.environ, file=_written())
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    found = {**values, **os.environ}
    if misformed := misformed_credentials(found):
        raise pulumi.RunError("\n".join(misformed))
    missing = missing_credentials(found)
    if missing and not pulumi.runtime.is_dry_run():
        lines = to_export(missing)
        raise pulumi.RunError(f"credentials are missing; nothing was read or changed:\n{lines}\nThen run it again")
    for vendor, names in missing.items():
        pulumi.log.warn(vendor.unseen.format(vendor=vendor.label, names=" and ".join(names)))
    _warn_of_another_tenant(loaded, values.get("auth0:domain") or os.environ.get("AUTH0_DOMAIN"))
    return Stack(loaded, missing)


def _written() -> StackConfig | None:
    """Return the stack's file, if it is there. The engine may have its configuration from elsewhere."""
    try:
        folder = Path(root) if (root := pulumi.get_root_directory()) else None
        return read_file(locate(pulumi.get_stack(), folder), folder) if folder else None
    except (OSError, StackFileError):
        return None


def _warn_of_another_tenant(loaded: Loaded, provider_domain: str | None) -> None:
    domain = loaded.settings.auth0.domain
    if provider_domain and provider_domain != domain:
        pulumi.log.warn(
            f"Auth0: applications are managed at {provider_domain}, logins go to {domain} (marketedge:auth0.domain). "
            "That is right only where the second is a custom domain of the first"
        )
