"""The vendors: their names, the credentials that they need, and the kinds of objects that a stack declares there.

Another vendor is one more row here, its component, and its own modules in `components/accounts`, `gate/doctor` and
`gate/verify`. It also has the words that the program and `gate` share. Nothing here needs Pulumi.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EXISTING = "exists already: "
"""How a line of a preview begins that names an object which `up` would meet; `gate preview` takes the line over."""
FORESEEN = "up: "
"""How a line of a plain preview begins that says what `up` leads to. `gate preview` words it in its own way."""

PUBLIC_VARIABLES = "publicVariables"
"""An input of components: the values, by key, of those variables that are no secret."""

OVERRIDDEN = "overriddenAtVercel"
"""Output of a stack: the variables that another record at Vercel wins over, with its id."""

NAMESPACE = "marketedge"
"""The prefix of the program's own keys in a stack file."""
SECRETS = f"{NAMESPACE}:secrets"

COMMAND = "command:local:Command"
"""The engine's type of a command, which stands for an object at Render.

Its delete command decides what is deleted: `render destroy` keeps an adopted service.
"""

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that only `up` will know (pulumi.runtime.rpc.UNKNOWN)."""
HIDDEN = "[secret]"
"""Shown in place of a secret."""


BRANCH_PROTECTION = "github:index/branchProtection:BranchProtection"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
ENVIRONMENT_VARIABLE = "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable"
ENVIRONMENT_SECRET = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"
RULESET = "github:index/repositoryRuleset:RepositoryRuleset"
CLIENT = "auth0:index/client:Client"
DNS_RECORD = "vercel:index/dnsRecord:DnsRecord"
PROJECT = "vercel:index/project:Project"
PROJECT_DOMAIN = "vercel:index/projectDomain:ProjectDomain"
PROJECT_VARIABLE = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable"


@dataclass(frozen=True)
class Kind:
    """A kind of object, a row of vendor_objects.json.

    Attributes:
        words: the vendor's own words for it.
        name: how one differs from another, in properties of the resource.
        page: of one object, in properties of the resource, below the place where its vendor shows the stack: the
            repository, the tenant, the project.
        listed: the page that lists it, if it has none of its own or its id is not known.
        changed: what its creation or its change means, in words.
        lost: what its deletion means.
        watched: properties whose change a plain preview tells.
        weaker: properties of a rule that protects something: the value that protects less, and what that means.
    """

    words: str
    name: str = ""
    page: str = ""
    listed: str = ""
    changed: str = ""
    lost: str = ""
    watched: Sequence[str] = ()
    weaker: Mapping[str, tuple[bool, str]] = field(default_factory=dict)


_KINDS = {
    key: Kind(**row) for key, row in json.loads(Path(__file__).with_name("vendor_objects.json").read_text()).items()
}
KINDS: Mapping[str, Kind] = {key: kind for key, kind in _KINDS.items() if ":" in key}
"""The kinds at GitHub, Auth0 and Vercel by the engine's resource type."""
RENDER_KINDS: Mapping[str, Kind] = {key: kind for key, kind in _KINDS.items() if ":" not in key}
"""The kinds at Render, by the section in which a command reports its object. To the engine they are all commands."""


def filled(template: str, properties: Mapping[str, Any]) -> str:
    """Return a template with the properties that it names; empty if one of them is not known, or secret."""
    parts = {key: properties.get(key) for key in re.findall(r"{(\w+)}", template)}
    known = all(isinstance(part, str | int) and part not in (HIDDEN, UNKNOWN) for part in parts.values())
    return template.format_map(parts) if parts and known else ""


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

    def to_export(self, names: Iterable[str]) -> str:
        """Say what to export, and where it is made."""
        return f"export {' and '.join(names)}; made at {self.label}: {self.made_at}"

    def is_needed(self, found: Mapping[str, str]) -> bool:
        """Return whether a stack with this configuration uses it. One without the section needs no token of Vercel."""
        return self is not VERCEL or f"{NAMESPACE}:environment" not in found or f"{NAMESPACE}:vercel" in found


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


def label_of(type_: str) -> str:
    """Return the name of the vendor of a resource type; of a type that is no vendor's, what it begins with."""
    package = type_.partition(":")[0]
    return next((vendor.label for vendor in VENDORS if vendor.package == package), package)


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
    from blueprint.sending import problem_with  # here, because those who need the words alone need no HTTP client

    names = dict.fromkeys(
        name
        for vendor in VENDORS
        if vendor.is_needed(found)
        for way in vendor.credentials
        for name in way
        if (name not in vendor.open or name.lower().endswith("domain")) and found.get(name)
    )
    return [problem for name in names if (problem := problem_with(name, found[name]))]
