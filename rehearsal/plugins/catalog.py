"""Lists the providers that have a stand-in, and the resource types that each of them knows."""

from importlib import import_module, metadata
from typing import Any

from .estate import Object, Store
from .provider import Provider
from .resource_type import ResourceType

_DISTRIBUTIONS = {
    "github": "pulumi-github",
    "auth0": "pulumi-auth0",
    "vercel": "pulumiverse-vercel",
    "command": "pulumi-command",
}


def make_provider(name: str, estate_folder: str) -> Provider:
    """Make a provider. Only the SDK that it stands in for is loaded, because that takes most of a plugin's start."""
    match name:
        case "github":
            from .github import GitHub

            return GitHub(Store(estate_folder))
        case "auth0":
            from .auth0 import Auth0

            return Auth0(Store(estate_folder))
        case "vercel":
            from .vercel import Vercel

            return Vercel(Store(estate_folder))
        case "command":
            from .command import CommandProvider

            return CommandProvider()
    raise ValueError(f"no stand-in plugin for {name!r}")


def version(name: str) -> str:
    return metadata.version(_DISTRIBUTIONS[name])


def resource_type(vendor: str, type: str) -> ResourceType:
    """Return the resource type whose objects the vendor calls by this name."""
    types: tuple[ResourceType, ...] = import_module(f".{vendor}", __package__).TYPES
    for spec in types:
        if spec.type == type and not spec.view:
            return spec
    known = ", ".join(sorted({spec.type for spec in types}))
    raise ValueError(f"{vendor} has no {type!r}: {known}")


class Estate(Store):
    """Everything that exists at the vendors, with what existed before the gate."""

    def seed(self, vendor: str, type: str, **properties: Any) -> Object:
        """Add something that existed before. The vendor fills in ids and defaults, as for any new object."""
        with self.edit(vendor) as objects:
            return resource_type(vendor, type).add_to(objects, properties)
