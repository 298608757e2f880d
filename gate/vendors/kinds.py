"""The kinds of objects that a stack declares: what people call one, how it is found, and its page in the dashboard.

One row for each resource type. Drift, preview, recover, adopt, doctor and report all name an object by its row here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gate.common.report import Model
from gate.vendors import lookup
from gate.vendors.accounts import Accounts
from gate.vendors.lookup import Existing, Inputs


class VendorObject(Model):
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
KINDS: Mapping[str, Kind] = {
    "github:index/branch:Branch": Kind("branch", "{branch}", "tree/{branch}", look_up=lookup.branch),
    "github:index/branchProtection:BranchProtection": Kind(
        "branch protection", "{pattern}", listed="settings/branches", look_up=lookup.protection
    ),
    "github:index/repositoryEnvironment:RepositoryEnvironment": Kind(
        "environment", "{environment}", listed=_ENVIRONMENTS, look_up=lookup.environment
    ),
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": Kind(
        "deployment policy", "{environment}", listed=_ENVIRONMENTS, look_up=lookup.deployment_policy
    ),
    "github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable": Kind(
        "environment variable", "{environment}/{variableName}", listed=_ENVIRONMENTS, look_up=lookup.variable
    ),
    "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret": Kind(
        "environment secret", "{environment}/{secretName}", listed=_ENVIRONMENTS, look_up=lookup.secret
    ),
    "github:index/repositoryRuleset:RepositoryRuleset": Kind(
        "ruleset", "{name}", "settings/rules/{rulesetId}", "settings/rules", lookup.ruleset
    ),
    "github:index/actionsVariable:ActionsVariable": Kind("variable", "{variableName}", listed=_ACTIONS),
    "github:index/actionsSecret:ActionsSecret": Kind("secret", "{secretName}", listed="settings/secrets/actions"),
    "github:index/repository:Repository": Kind("repository", "{name}"),
    "auth0:index/client:Client": Kind(
        "application", "{name}", "applications/{clientId}/settings", "applications", lookup.client
    ),
    "auth0:index/clientCredentials:ClientCredentials": Kind(
        "application credentials",
        "{clientId}",
        "applications/{clientId}/settings",
        "applications",
        lookup.client_credentials,
    ),
    "vercel:index/project:Project": Kind("project", "{name}", listed="settings", look_up=lookup.project),
    "vercel:index/projectDomain:ProjectDomain": Kind(
        "domain", "{domain}", listed="settings/domains", look_up=lookup.domain
    ),
    "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable": Kind(
        "variable", "{key}", listed="settings/environment-variables", look_up=lookup.project_variable
    ),
    "vercel:index/dnsRecord:DnsRecord": Kind("DNS record", "{name} {type} in {domain}", look_up=lookup.dns_record),
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
