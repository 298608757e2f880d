"""The kinds of objects that a stack declares: what people call one, how it is found, and its page in the dashboard.

One row for each resource type; the words are in `components.vendor_objects`. Drift, preview, recover, adopt, doctor and
report all name an object by its row here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components import vendor_objects as named
from gate.common.report import ReportPart
from gate.vendors import lookup
from gate.vendors.accounts import Accounts
from gate.vendors.lookup import Existing, Inputs


class VendorObject(ReportPart):
    """An object at a vendor, named as people know it: `GitHub`, `branch protection`, `staging`."""

    vendor: str
    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.type} {self.name}"


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        words: the vendor's own words for it.
        name: how one differs from another, in properties of the resource.
        page: of one object, in properties of the resource, below the place where its vendor shows the stack: the
            repository, the tenant, the project.
        listed: the page that lists it, if it has none of its own or its id is not known.
        look_up: finds an existing one by its natural key; None if nothing has to be found.
    """

    words: str
    name: str
    page: str = ""
    listed: str = ""
    look_up: Callable[[Accounts, Inputs], Existing | None] | None = None


_ENVIRONMENTS, _ACTIONS = "settings/environments", "settings/variables/actions"
_CLIENT_PAGE = "applications/{clientId}/settings"
_FOUND: Mapping[str, tuple[str, str, Callable[[Accounts, Inputs], Existing | None] | None]] = {
    "github:index/branch:Branch": ("tree/{branch}", "", lookup.branch),
    named.BRANCH_PROTECTION: ("", "settings/branches", lookup.protection),
    named.ENVIRONMENT: ("", _ENVIRONMENTS, lookup.environment),
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": (
        "",
        _ENVIRONMENTS,
        lookup.deployment_policy,
    ),
    named.ENVIRONMENT_VARIABLE: ("", _ENVIRONMENTS, lookup.variable),
    named.ENVIRONMENT_SECRET: ("", _ENVIRONMENTS, lookup.secret),
    named.RULESET: ("settings/rules/{rulesetId}", "settings/rules", lookup.ruleset),
    "github:index/actionsVariable:ActionsVariable": ("", _ACTIONS, None),
    "github:index/actionsSecret:ActionsSecret": ("", "settings/secrets/actions", None),
    named.CLIENT: (_CLIENT_PAGE, "applications", lookup.client),
    "auth0:index/clientCredentials:ClientCredentials": (_CLIENT_PAGE, "applications", lookup.client_credentials),
    "auth0:index/clientGrant:ClientGrant": ("applications/{clientId}/apis", "applications", lookup.client_grant),
    named.PROJECT: ("", "settings", lookup.project),
    named.PROJECT_DOMAIN: ("", "settings/domains", lookup.domain),
    named.PROJECT_VARIABLE: ("", "settings/environment-variables", lookup.project_variable),
    named.DNS_RECORD: ("", "", lookup.dns_record),
}
KINDS: Mapping[str, Kind] = {
    type_: Kind(words, name, *_FOUND.get(type_, ())) for type_, (words, name) in named.NAMED.items()
}
"""The kinds by the engine's resource type."""

RENDER_KINDS: Mapping[str, Kind] = {
    "databases": Kind("database", "", "d/{id}"),
    "keyValues": Kind("key-value instance", "", "r/{id}"),
    "envVarGroups": Kind("environment group", "", "env-group/{id}"),
    "services": Kind("service", "", "web/{id}"),
    "projects": Kind("project", "", "project/{id}"),
}
"""The kinds at Render, by the section in which a command reports its object. To the engine they are all commands."""


def can_be_looked_up(type: str) -> bool:
    return type in KINDS and KINDS[type].look_up is not None


def look_up(accounts: Accounts, type: str, inputs: Mapping[str, Any]) -> Existing | None:
    """Return the existing object that a resource would create a second time.

    Raises:
        Unknown, Refused, VendorError: nobody can say.
    """
    find = KINDS[type].look_up
    assert find is not None
    return find(accounts, Inputs(inputs))
