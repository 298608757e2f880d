"""The kinds of objects that a stack declares: what people call one, and its page in the dashboard.

One row for each resource type; the words are in `components.vendors`. Drift, preview, recover, adopt, doctor and
report all name an object by its row here. How an existing one is found is in `components.accounts.lookup`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from components import vendors as named
from gate.common.report import ReportPart


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
    """

    words: str
    name: str
    page: str = ""
    listed: str = ""


_ENVIRONMENTS, _ACTIONS = "settings/environments", "settings/variables/actions"
_CLIENT_PAGE = "applications/{clientId}/settings"
_PAGES: Mapping[str, tuple[str, str]] = {
    "github:index/branch:Branch": ("tree/{branch}", ""),
    named.BRANCH_PROTECTION: ("", "settings/branches"),
    named.ENVIRONMENT: ("", _ENVIRONMENTS),
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": ("", _ENVIRONMENTS),
    named.ENVIRONMENT_VARIABLE: ("", _ENVIRONMENTS),
    named.ENVIRONMENT_SECRET: ("", _ENVIRONMENTS),
    named.RULESET: ("settings/rules/{rulesetId}", "settings/rules"),
    "github:index/actionsVariable:ActionsVariable": ("", _ACTIONS),
    "github:index/actionsSecret:ActionsSecret": ("", "settings/secrets/actions"),
    named.CLIENT: (_CLIENT_PAGE, "applications"),
    "auth0:index/clientCredentials:ClientCredentials": (_CLIENT_PAGE, "applications"),
    "auth0:index/clientGrant:ClientGrant": ("applications/{clientId}/apis", "applications"),
    named.PROJECT: ("", "settings"),
    named.PROJECT_DOMAIN: ("", "settings/domains"),
    named.PROJECT_VARIABLE: ("", "settings/environment-variables"),
}
KINDS: Mapping[str, Kind] = {
    type_: Kind(words, name, *_PAGES.get(type_, ())) for type_, (words, name) in named.NAMED.items()
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
