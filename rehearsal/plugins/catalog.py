"""Finds the stand-in of a provider, and the resource types that it knows."""

from importlib import import_module
from typing import Any

from .estate import Object, Store
from .provider import Provider
from .resource_type import ResourceType

PROVIDERS = ("github", "auth0", "vercel", "command")


def make_provider(name: str, estate_folder: str) -> Provider:
    """Make a provider. Only the SDK that it stands in for is loaded, because that takes most of a plugin's start."""
    plugin = import_module(f".{name}", __package__).Plugin
    made: Provider = plugin() if name == "command" else plugin(Store(estate_folder))
    return made


def resource_type(vendor: str, type: str) -> ResourceType:
    """Return the resource type whose objects the vendor calls by this name."""
    types: tuple[ResourceType, ...] = import_module(f".{vendor}", __package__).Plugin.types
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
