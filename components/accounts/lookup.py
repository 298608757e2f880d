"""Finds the object at a vendor that a declared resource means, by its natural key, and the id that imports it.

One function for each resource type. Inputs have the engine's names (`variableName`). The formats of import ids were
tried with the real plugins. `gate adopt` and `gate recover` import what is found; a preview of the program tells of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from components import vendors as named
from components.accounts import Accounts
from components.accounts.api import VendorError
from components.accounts.github import segment
from components.vendors import HIDDEN, UNKNOWN

Entry = Mapping[str, Any]
"""One object as a vendor's API shows it."""

_RULES = """
query($id: ID!, $after: String) { node(id: $id) { ... on Repository {
  name branchProtectionRules(first: 100, after: $after) {
    nodes { pattern } pageInfo { hasNextPage endCursor } } } } }
"""


@dataclass(frozen=True)
class Existing:
    """An object that exists.

    Attributes:
        import_id: as `pulumi import` needs it.
        recognised: by what, so that a person can judge it.
    """

    import_id: str
    recognised: str


class Unknown(Exception):
    """A part of the natural key is not known yet.

    Attributes:
        key: the input's name.
    """

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


class NeedsDecision(Exception):
    """Something exists, but a person has to say which object is meant, or whether it is the one."""


class Inputs:
    """A declared resource's inputs, from which the natural key is taken."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def text(self, key: str, default: str | None = None) -> str:
        """Return an input.

        Raises:
            Unknown: it is unknown or secret, or missing without a default.
        """
        value = self._values.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or value in (UNKNOWN, HIDDEN):
            raise Unknown(key)
        return value

    def texts(self, key: str) -> frozenset[str]:
        """Return a list of texts, empty if there is none.

        Raises:
            Unknown: one of them is unknown or secret.
        """
        value = self._values.get(key)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or any(not isinstance(v, str) or v in (UNKNOWN, HIDDEN) for v in value):
            raise Unknown(key)
        return frozenset(value)

    def has(self, key: str) -> bool:
        """Whether it is given."""
        return self._values.get(key) is not None


def look_up(accounts: Accounts, type: str, inputs: Mapping[str, Any]) -> Existing | None:
    """Return the existing object that a resource would create a second time.

    Args:
        type: one of LOOK_UPS.

    Raises:
        Unknown, NeedsDecision, VendorError: nobody can say.
    """
    return LOOK_UPS[type](accounts, Inputs(inputs))


def _branch(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look for a branch (rest/git/refs#get-a-reference). The branches endpoint would follow renames."""
    repository, branch = inputs.text("repository"), inputs.text("branch")
    # Without it an import takes `main` for granted, and another source would replace the branch.
    source = inputs.text("sourceBranch", "main")
    if not _at_github(accounts, repository, f"git/ref/heads/{quote(branch)}", "Contents: read"):
        return None
    return Existing(f"{repository}:{branch}:{source}", f"branch {branch} of {repository}")


def _protection(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look for the rule of a pattern (graphql/reference/objects#branchprotectionrule). REST knows no patterns."""
    repository, pattern = inputs.text("repositoryId"), inputs.text("pattern")
    if not repository.startswith(("R_", "MDEwOlJlcG9zaXRvcnk")):
        repository = accounts.github.repository(repository).node_id
    rules = accounts.github.once(("rules", repository), lambda: list(_rules(accounts, repository)))
    name = next((name for name, found in rules if found == pattern), None)
    return Existing(f"{name}:{pattern}", f"protection rule for {pattern} of {name}") if name else None


def _rules(accounts: Accounts, repository_id: str) -> Iterator[tuple[str, str]]:
    """Yield the repository's name and a pattern for each of its protection rules."""
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        question = {"id": repository_id, "after": page["endCursor"]}
        node = accounts.github.ask(_RULES, question, "Administration: read, or the scope repo").get("node")
        if not node:
            raise VendorError(
                f"GitHub shows GITHUB_TOKEN no repository with the node id {repository_id}: give it access"
            )
        rules = node["branchProtectionRules"]
        yield from ((node["name"], rule["pattern"]) for rule in rules["nodes"])
        page = rules["pageInfo"]


def _environment(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look for an environment (rest/deployments/environments#get-an-environment)."""
    repository, name = inputs.text("repository"), inputs.text("environment")
    found = _at_github(accounts, repository, f"environments/{segment(name)}", "Actions: read")
    return Existing(f"{repository}:{name}", f"environment {name} of {repository}{_since(found)}") if found else None


def _deployment_policy(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look for a policy of an environment (rest/deployments/branch-policies)."""
    repository, environment = inputs.text("repository"), inputs.text("environment")
    kind = "tag" if inputs.has("tagPattern") else "branch"
    pattern = inputs.text(f"{kind}Pattern")
    path = f"environments/{segment(environment)}/deployment-branch-policies"
    for found in _listed(accounts, repository, path, "Actions: read", "branch_policies"):
        if found["name"] == pattern and found.get("type", "branch") == kind:
            recognised = f"policy for {kind} {pattern} of environment {environment}"
            return Existing(f"{repository}:{environment}:{found['id']}", recognised)
    return None


def _variable(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look for a variable of an environment (rest/actions/variables), of which a page has 30."""
    return _of_environment(accounts, inputs, "variable", 30)


def _secret(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look for a secret of an environment (rest/actions/secrets). Its value is not shown."""
    return _of_environment(accounts, inputs, "secret", 100)


def _of_environment(accounts: Accounts, inputs: Inputs, what: str, size: int) -> Existing | None:
    """Look in a list of an environment. GitHub keeps the names in upper case."""
    repository, environment, name = (inputs.text(key) for key in ("repository", "environment", f"{what}Name"))
    path = f"environments/{segment(environment)}/{what}s"
    for found in _listed(accounts, repository, path, "Environments: read", f"{what}s", size):
        if found["name"] == name.upper():
            recognised = f"{what} {name} of environment {environment}{_since(found)}"
            return Existing(f"{repository}:{environment}:{name}", recognised)
    return None


def _ruleset(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look among the rulesets (rest/repos/rules), without those of the organization."""
    repository, name = inputs.text("repository"), inputs.text("name")
    target = inputs.text("target", "branch")
    listed = _listed(accounts, repository, "rulesets", "Metadata: read", None, includes_parents="false")
    found = [one for one in listed if one["name"] == name and one.get("target", "branch") == target]
    if len(found) > 1:
        raise NeedsDecision(
            f"{repository} has {len(found)} rulesets named {name!r}: {', '.join(str(one['id']) for one in found)}. "
            "Delete all but one (Settings, Rules, Rulesets), then run it again"
        )
    if not found:
        return None
    return Existing(f"{repository}:{found[0]['id']}", f"ruleset {name!r} of {repository}{_since(found[0])}")


def _at_github(accounts: Accounts, repository: str, path: str, needs: str) -> Entry | None:
    """Return an object of a repository that the token sees."""
    accounts.github.repository(repository)
    found: Entry | None = accounts.github.get(accounts.github.path(repository, path), needs)
    return found


def _listed(
    accounts: Accounts, repository: str, path: str, needs: str, item: str | None, size: int = 100, **query: str
) -> list[Entry]:
    """Return a list of a repository that the token sees. It is read once."""
    github = accounts.github
    github.repository(repository)
    where = github.path(repository, path)
    return github.once(where, lambda: list(github.pages(where, needs, item, size, **query)))


def _client(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Look for the only application of a name. Auth0 allows several."""
    name = inputs.text("name")
    found = accounts.auth0.named(name)
    if len(found) > 1:
        raise NeedsDecision(
            f"Auth0 has {len(found)} applications named {name!r}: {', '.join(client.id for client in found)}. Keep the "
            "one whose id is in use (AUTH0_CLIENT_ID of the backend, NEXT_PUBLIC_AUTH0_CLIENT_ID of the frontend), or "
            "any where none is; delete the others (Applications, the application, Settings, Danger Zone), then run it "
            "again"
        )
    if not found:
        return None
    kind = f" ({found[0].app_type})" if found[0].app_type else ""
    return Existing(found[0].id, f"the only application named {name!r}{kind}")


def _client_grant(accounts: Accounts, inputs: Inputs) -> Existing | None:
    client_id, audience = inputs.text("clientId"), inputs.text("audience")
    found = accounts.auth0.grants(client_id, audience)
    return Existing(found[0], f"grant of the application {client_id} for {audience}") if found else None


def _client_credentials(accounts: Accounts, inputs: Inputs) -> Existing | None:
    client = accounts.auth0.with_id(inputs.text("clientId"))
    return Existing(client.id, f"credentials of the application {client.name!r}, as old as itself") if client else None


def _project(accounts: Accounts, inputs: Inputs) -> Existing | None:
    name = inputs.text("name")
    found = accounts.vercel.project(name)
    return Existing(_in_team(accounts, str(found["id"])), f"project {name}") if found else None


def _domain(accounts: Accounts, inputs: Inputs) -> Existing | None:
    project, domain = inputs.text("projectId"), inputs.text("domain")
    if not accounts.vercel.domain(project, domain):
        return None
    return Existing(_in_team(accounts, project, domain), f"domain {domain} of project {project}")


def _project_variable(accounts: Accounts, inputs: Inputs) -> Existing | None:
    project, key = inputs.text("projectId"), inputs.text("key")
    branch, targets = inputs.text("gitBranch", ""), inputs.texts("targets")
    custom = inputs.texts("customEnvironmentIds")
    rivals = [v for v in accounts.vercel.variables(project) if v.key == key and v.git_branch == branch]
    where = f"branch {branch}" if branch else "all branches"
    for found in rivals:
        if found.targets == targets and found.custom_environments == custom:
            recognised = f"variable {key} for {_names(targets | custom)}, {where}{_made(found.created)}"
            return Existing(_in_team(accounts, project, found.id), recognised)
    for found in rivals:
        if found.targets & targets or found.custom_environments & custom:
            raise NeedsDecision(
                f"project {project} has {key} for {_names(found.targets | found.custom_environments)} ({where}, "
                f"{found.id}), and {_names(targets | custom)} is declared: Vercel would refuse the new one, and "
                "taking that one over would change it where it is not declared. Divide or delete it (Settings, "
                "Environment Variables), then run it again"
            )
    return None


def _dns_record(accounts: Accounts, inputs: Inputs) -> Existing | None:
    """Return the record of this name and type, whatever it points to. Vercel allows no other record beside a CNAME."""
    zone, name, type_ = inputs.text("domain"), inputs.text("name"), inputs.text("type")
    there = [one for one in accounts.vercel.records(zone) if one.get("name", "") == name]
    for found in there:
        if found.get("type") == type_:
            recognised = f"record {name or '@'} {type_} of {zone}, which points to {found.get('value')}"
            return Existing(_in_team(accounts, str(found["id"])), recognised)
    if rivals := [one for one in there if type_ == "CNAME" or one.get("type") == "CNAME"]:
        raise NeedsDecision(
            f"zone {zone} has {', '.join(str(one.get('type')) for one in rivals)} at {name or '@'}, beside which there "
            f"can be no {type_}: delete it at Vercel (Domains, {zone}), then run it again"
        )
    return None


def _in_team(accounts: Accounts, *parts: str) -> str:
    return "/".join([accounts.vercel.team_id, *parts] if accounts.vercel.team_id else parts)


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "no target"


def _since(found: Entry) -> str:
    return _made(found.get("created_at", ""))


def _made(moment: str) -> str:
    return f", made {moment}" if moment else ""


LOOK_UPS: Mapping[str, Callable[[Accounts, Inputs], Existing | None]] = {
    "github:index/branch:Branch": _branch,
    named.BRANCH_PROTECTION: _protection,
    named.ENVIRONMENT: _environment,
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": _deployment_policy,
    named.ENVIRONMENT_VARIABLE: _variable,
    named.ENVIRONMENT_SECRET: _secret,
    named.RULESET: _ruleset,
    named.CLIENT: _client,
    "auth0:index/clientCredentials:ClientCredentials": _client_credentials,
    "auth0:index/clientGrant:ClientGrant": _client_grant,
    named.PROJECT: _project,
    named.PROJECT_DOMAIN: _domain,
    named.PROJECT_VARIABLE: _project_variable,
    named.DNS_RECORD: _dns_record,
}
"""By the engine's resource type. Nothing has to be found of any other."""
