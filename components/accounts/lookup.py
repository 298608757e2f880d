"""Finds the object at a vendor that a declared resource means, by its natural key, and the id that imports it.

One method for each resource type. Inputs have the engine's names (`variableName`). The formats of import ids were
tried with the real plugins. `gate adopt` and `gate recover` import what is found; a preview of the program tells of it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from components import vendors as named
from components.accounts import Accounts
from components.accounts.api import VendorError
from components.accounts.github import GitHub, segment
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


def look_up(accounts: Accounts, type: str, inputs: Mapping[str, Any]) -> Existing | None:
    """Return the existing object that a resource would create a second time.

    Args:
        type: one of LOOK_UPS.

    Raises:
        Unknown, NeedsDecision, VendorError: nobody can say.
    """
    return LOOK_UPS[type](LookUp(accounts, inputs))


@dataclass(frozen=True)
class LookUp:
    """Looks for one declared resource at its vendor, by its natural key."""

    accounts: Accounts
    inputs: Mapping[str, Any] = field(repr=False)  # the values of secrets are among them

    def text(self, key: str, default: str | None = None) -> str:
        """Return an input.

        Raises:
            Unknown: it is unknown or secret, or missing without a default.
        """
        value = self.inputs.get(key)
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
        value = self.inputs.get(key)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or any(not isinstance(v, str) or v in (UNKNOWN, HIDDEN) for v in value):
            raise Unknown(key)
        return frozenset(value)

    def branch(self) -> Existing | None:
        """Look for a branch (rest/git/refs#get-a-reference). The branches endpoint would follow renames."""
        repository, branch = self.text("repository"), self.text("branch")
        # Without it an import takes `main` for granted, and another source would replace the branch.
        source = self.text("sourceBranch", "main")
        if not self._at_github(f"git/ref/heads/{quote(branch)}", "Contents: read"):
            return None
        return Existing(f"{repository}:{branch}:{source}", f"branch {branch} of {repository}")

    def protection(self) -> Existing | None:
        """Look for the rule of a pattern (graphql/reference/objects#branchprotectionrule). REST knows no patterns."""
        repository, pattern, github = self.text("repositoryId"), self.text("pattern"), self.accounts.github
        if not repository.startswith(("R_", "MDEwOlJlcG9zaXRvcnk")):
            repository = github.repository(repository).node_id
        for name, found in github.once(("rules", repository), lambda: list(_rules(github, repository))):
            if found == pattern:
                return Existing(f"{name}:{pattern}", f"protection rule for {pattern} of {name}")
        return None

    def environment(self) -> Existing | None:
        """Look for an environment (rest/deployments/environments#get-an-environment)."""
        repository, name = self.text("repository"), self.text("environment")
        found = self._at_github(f"environments/{segment(name)}", "Actions: read")
        return Existing(f"{repository}:{name}", f"environment {name} of {repository}{_since(found)}") if found else None

    def deployment_policy(self) -> Existing | None:
        """Look for a policy of an environment (rest/deployments/branch-policies)."""
        environment = self.text("environment")
        kind = "tag" if self.inputs.get("tagPattern") is not None else "branch"
        pattern = self.text(f"{kind}Pattern")
        path = f"environments/{segment(environment)}/deployment-branch-policies"
        for found in self._listed(path, "Actions: read", "branch_policies"):
            if found["name"] == pattern and found.get("type", "branch") == kind:
                recognised = f"policy for {kind} {pattern} of environment {environment}"
                return Existing(f"{self.text('repository')}:{environment}:{found['id']}", recognised)
        return None

    def variable(self) -> Existing | None:
        """Look for a variable of an environment (rest/actions/variables), of which a page has 30."""
        return self._of_environment("variable", 30)

    def secret(self) -> Existing | None:
        """Look for a secret of an environment (rest/actions/secrets). Its value is not shown."""
        return self._of_environment("secret", 100)

    def _of_environment(self, what: str, size: int) -> Existing | None:
        """Look in a list of an environment. GitHub keeps the names in upper case."""
        environment, name = self.text("environment"), self.text(f"{what}Name")
        for found in self._listed(
            f"environments/{segment(environment)}/{what}s", "Environments: read", f"{what}s", size
        ):
            if found["name"] == name.upper():
                recognised = f"{what} {name} of environment {environment}{_since(found)}"
                return Existing(f"{self.text('repository')}:{environment}:{name}", recognised)
        return None

    def ruleset(self) -> Existing | None:
        """Look among the rulesets (rest/repos/rules), without those of the organization."""
        repository, name, target = self.text("repository"), self.text("name"), self.text("target", "branch")
        listed = self._listed("rulesets", "Metadata: read", None, includes_parents="false")
        found = [one for one in listed if one["name"] == name and one.get("target", "branch") == target]
        if len(found) > 1:
            raise NeedsDecision(
                f"{repository} has {len(found)} rulesets named {name!r}: {', '.join(str(one['id']) for one in found)}. "
                "Delete all but one (Settings, Rules, Rulesets), then run it again"
            )
        recognised = f"ruleset {name!r} of {repository}"
        return Existing(f"{repository}:{found[0]['id']}", f"{recognised}{_since(found[0])}") if found else None

    def _at_github(self, path: str, needs: str) -> Entry | None:
        """Return an object of a repository that the token sees."""
        github, repository = self.accounts.github, self.accounts.github.repository(self.text("repository"))
        found: Entry | None = github.get(github.path(repository.name, path), needs)
        return found

    def _listed(self, path: str, needs: str, item: str | None, size: int = 100, **query: str) -> list[Entry]:
        """Return a list of a repository that the token sees. It is read once."""
        github, repository = self.accounts.github, self.accounts.github.repository(self.text("repository"))
        where = github.path(repository.name, path)
        return github.once(where, lambda: list(github.pages(where, needs, item, size, **query)))

    def client(self) -> Existing | None:
        """Look for the only application of a name. Auth0 allows several."""
        name = self.text("name")
        found = self.accounts.auth0.named(name)
        if len(found) > 1:
            raise NeedsDecision(
                f"Auth0 has {len(found)} applications named {name!r}: {', '.join(client.id for client in found)}. Keep "
                "the one whose id is in use (AUTH0_CLIENT_ID of the backend, NEXT_PUBLIC_AUTH0_CLIENT_ID of the "
                "frontend), or any where none is; delete the others (Applications, the application, Settings, Danger "
                "Zone), then run it again"
            )
        if not found:
            return None
        kind = f" ({found[0].app_type})" if found[0].app_type else ""
        return Existing(found[0].id, f"the only application named {name!r}{kind}")

    def client_grant(self) -> Existing | None:
        """Look for what lets an application get tokens for an API."""
        client, audience = self.text("clientId"), self.text("audience")
        found = self.accounts.auth0.grants(client, audience)
        return Existing(found[0], f"grant of the application {client} for {audience}") if found else None

    def client_credentials(self) -> Existing | None:
        """Look for an application's credentials, which every application has."""
        found = self.accounts.auth0.with_id(self.text("clientId"))
        return Existing(found.id, f"credentials of the application {found.name!r}, as old as itself") if found else None

    def project(self) -> Existing | None:
        """Look for a project at Vercel."""
        name = self.text("name")
        found = self.accounts.vercel.project(name)
        return self._in_team(f"project {name}", str(found["id"])) if found else None

    def domain(self) -> Existing | None:
        """Look for a domain of a project."""
        project, domain = self.text("projectId"), self.text("domain")
        there = self.accounts.vercel.domain(project, domain)
        return self._in_team(f"domain {domain} of project {project}", project, domain) if there else None

    def project_variable(self) -> Existing | None:
        """Look for a record of the same key, targets and branch."""
        project, key, branch = self.text("projectId"), self.text("key"), self.text("gitBranch", "")
        targets, custom = self.texts("targets"), self.texts("customEnvironmentIds")
        rivals = [v for v in self.accounts.vercel.variables(project) if v.key == key and v.git_branch == branch]
        where = f"branch {branch}" if branch else "all branches"
        for found in rivals:
            if found.targets == targets and found.custom_environments == custom:
                recognised = f"variable {key} for {_names(targets | custom)}, {where}{_made(found.created)}"
                return self._in_team(recognised, project, found.id)
        for found in rivals:
            if found.targets & targets or found.custom_environments & custom:
                raise NeedsDecision(
                    f"project {project} has {key} for {_names(found.targets | found.custom_environments)} ({where}, "
                    f"{found.id}), and {_names(targets | custom)} is declared: Vercel would refuse the new one, and "
                    "taking that one over would change it where it is not declared. Divide or delete it (Settings, "
                    "Environment Variables), then run it again"
                )
        return None

    def dns_record(self) -> Existing | None:
        """Look for the record of this name and type, whatever it points to.

        Vercel allows no other record beside a CNAME.
        """
        zone, name, type_ = self.text("domain"), self.text("name"), self.text("type")
        there = [one for one in self.accounts.vercel.records(zone) if one.get("name", "") == name]
        for found in there:
            if found.get("type") == type_:
                recognised = f"record {name or '@'} {type_} of {zone}, which points to {found.get('value')}"
                return self._in_team(recognised, str(found["id"]))
        if rivals := [one for one in there if type_ == "CNAME" or one.get("type") == "CNAME"]:
            raise NeedsDecision(
                f"zone {zone} has {', '.join(str(one.get('type')) for one in rivals)} at {name or '@'}, beside which "
                f"there can be no {type_}: delete it at Vercel (Domains, {zone}), then run it again"
            )
        return None

    def _in_team(self, recognised: str, *parts: str) -> Existing:
        """Return an object at Vercel, whose import id begins with the team, if there is one."""
        team = self.accounts.vercel.team_id
        return Existing("/".join([team, *parts] if team else parts), recognised)


def _rules(github: GitHub, repository_id: str) -> Iterator[tuple[str, str]]:
    """Yield the repository's name and a pattern for each of its protection rules."""
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        question = {"id": repository_id, "after": page["endCursor"]}
        node = github.ask(_RULES, question, "Administration: read, or the scope repo").get("node")
        if not node:
            raise VendorError(
                f"GitHub shows GITHUB_TOKEN no repository with the node id {repository_id}: give it access"
            )
        rules = node["branchProtectionRules"]
        yield from ((node["name"], rule["pattern"]) for rule in rules["nodes"])
        page = rules["pageInfo"]


def _names(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "no target"


def _since(found: Entry) -> str:
    return _made(found.get("created_at", ""))


def _made(moment: str) -> str:
    return f", made {moment}" if moment else ""


LOOK_UPS: Mapping[str, Callable[[LookUp], Existing | None]] = {
    "github:index/branch:Branch": LookUp.branch,
    named.BRANCH_PROTECTION: LookUp.protection,
    named.ENVIRONMENT: LookUp.environment,
    "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy": (
        LookUp.deployment_policy
    ),
    named.ENVIRONMENT_VARIABLE: LookUp.variable,
    named.ENVIRONMENT_SECRET: LookUp.secret,
    named.RULESET: LookUp.ruleset,
    named.CLIENT: LookUp.client,
    "auth0:index/clientCredentials:ClientCredentials": LookUp.client_credentials,
    "auth0:index/clientGrant:ClientGrant": LookUp.client_grant,
    named.PROJECT: LookUp.project,
    named.PROJECT_DOMAIN: LookUp.domain,
    named.PROJECT_VARIABLE: LookUp.project_variable,
    named.DNS_RECORD: LookUp.dns_record,
}
"""By the engine's resource type. Nothing has to be found of any other."""
