"""Which providers there are a stand-in for, and the resource types each of them knows."""

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
    """Loads only the SDK that this provider stands in for: it is most of a plugin's starting time."""
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
    """The resource type whose objects the vendor calls so."""
    types: tuple[ResourceType, ...] = import_module(f".{vendor}", __package__).TYPES
    for spec in types:
        if spec.type == type and not spec.view:
            return spec
    known = ", ".join(sorted({spec.type for spec in types}))
    raise ValueError(f"{vendor} has no {type!r}: {known}")


class Estate(Store):
    """What exists at the vendors, and what existed before the gate came."""

    def seed(self, vendor: str, type: str, **properties: Any) -> Object:
        """Something that existed before: the vendor fills in ids and defaults as for any new object."""
        with self.edit(vendor) as objects:
            return resource_type(vendor, type).add_to(objects, properties)
