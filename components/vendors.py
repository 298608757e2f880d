"""The vendors: what they are called, which credentials they need, and where people make those.

Another vendor is one more row here, its component, and its own modules in `components/accounts`, `gate/doctor` and
`gate/verify`. Its kinds of objects are rows of `gate.vendors.kinds`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from blueprint.sending import problem_with
from components.configuration import without_vercel

PREVIEW_WITHOUT = "PREVIEW_WITHOUT"
"""Environment variable with the packages, separated by commas, that `pulumi preview --exclude` leaves out."""
_LEFT_OUT = "{vendor} is left out of this preview: {names} not set. Its objects are neither read nor compared"


@dataclass(frozen=True)
class Vendor:
    """One vendor.

    Attributes:
        package: how the types of its resources begin. The command provider's types are objects at Render.
        label: its name for people.
        credentials: ways to give them, of which one is enough; the first is the usual one. An entry is an environment
            variable, or a key of the provider's configuration.
        open: entries of `credentials` that are no secret.
        made_at: where people make them, in the vendor's dashboard.
        unseen: what a preview says without them.
    """

    package: str
    label: str
    credentials: tuple[tuple[str, ...], ...]
    made_at: str
    open: frozenset[str] = frozenset()
    unseen: str = _LEFT_OUT

    @property
    def pattern(self) -> str:
        """The URNs of everything at this vendor, as `pulumi preview --exclude` takes it."""
        return f"**{self.package}:**"

    @property
    def can_be_excluded(self) -> bool:
        """Whether a preview can run without it. Render's objects are declared in any case."""
        return self.unseen == _LEFT_OUT

    def is_needed(self, found: Mapping[str, str]) -> bool:
        """Return whether a stack with this configuration uses it."""
        return self is not VERCEL or not without_vercel(found)


GITHUB = Vendor(
    "github",
    "GitHub",
    (("GITHUB_TOKEN",), ("github:token",), ("github:appAuth",)),
    "Settings, Developer settings, Fine-grained tokens",
    open=frozenset({"github:appAuth"}),
)
AUTH0 = Vendor(
    "auth0",
    "Auth0",
    (
        ("AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"),
        ("auth0:domain", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET"),
        ("AUTH0_DOMAIN", "AUTH0_API_TOKEN"),
        ("auth0:domain", "auth0:clientId", "auth0:clientSecret"),
    ),
    "Applications, a machine-to-machine application for the Management API",
    open=frozenset({"AUTH0_DOMAIN", "auth0:domain"}),
)
VERCEL = Vendor("vercel", "Vercel", (("VERCEL_API_TOKEN",), ("vercel:apiToken",)), "Account Settings, Tokens")
RENDER = Vendor(
    "command",
    "Render",
    (("RENDER_API_KEY",),),
    "Account Settings, API Keys",
    unseen="{vendor} was not read: {names} not set. Changes made outside Pulumi are not seen in this preview",
)
VENDORS = (GITHUB, AUTH0, VERCEL, RENDER)
"""The vendors in the order in which people see them."""
LABELS = tuple(vendor.label for vendor in VENDORS)


def missing_credentials(found: Mapping[str, str]) -> dict[Vendor, list[str]]:
    """Return, for each vendor that cannot be used, what is missing of the usual way to give its credentials.

    Args:
        found: environment variables and the stack's configuration, by name.
    """
    return {
        vendor: [name for name in vendor.credentials[0] if not found.get(name)]
        for vendor in VENDORS
        if not any(all(found.get(name) for name in way) for way in vendor.credentials) and vendor.is_needed(found)
    }


def to_export(missing: Mapping[Vendor, list[str]]) -> str:
    """Return one line for each vendor, for an error."""
    return "\n".join(f"  {vendor.label}: export {' and '.join(names)}" for vendor, names in missing.items())


def misformed_credentials(found: Mapping[str, str]) -> list[str]:
    """Return what is wrong with each credential that cannot be one.

    Args:
        found: as for `missing_credentials`.
    """
    names = dict.fromkeys(
        name
        for vendor in VENDORS
        if vendor.is_needed(found)
        for way in vendor.credentials
        for name in way
        if (name not in vendor.open or name.lower().endswith("domain")) and found.get(name)
    )
    return [problem for name in names if (problem := problem_with(name, found[name]))]
