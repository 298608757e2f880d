"""Finds the object at a vendor that a declared resource means, by its natural key, and the id that imports it.

One function for each resource type. Inputs have the engine's names (`variableName`). The formats of import ids were
tried with the real plugins. It is used for resources that a program declares and a state does not have.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components.vocabulary import UNKNOWN
from gate.common.redaction import SECRET
from gate.vendors.accounts import Accounts
from gate.vendors.github import DatedObject


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
        if not isinstance(value, str) or value in (UNKNOWN, SECRET):
            raise Unknown(key)
        return value

    def texts(self, key: str) -> frozenset[str]:
        value = self._values.get(key)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or any(not isinstance(v, str) or v in (UNKNOWN, SECRET) for v in value):
            raise Unknown(key)
        return frozenset(value)

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None


def branch(accounts: Accounts, inputs: Inputs) -> Existing | None:
    repository, branch = inputs.text("repository"), inputs.text("branch")
    # Without it an import takes `main` for granted, and another source would replace the branch.
    source = inputs.text("sourceBranch", "main")
    found = accounts.github.branch(repository, branch)
    return Existing(f"{repository}:{branch}:{source}", f"branch {branch} of {repository}") if found else None


def protection(accounts: Accounts, inputs: Inputs) -> Existing | None:
    repository, pattern = inputs.text("repositoryId"), inputs.text("pattern")
    if not repository.startswith("R_") and not repository.startswith("MDEwOlJlcG9zaXRvcnk"):
        repository = accounts.github.repository(repository).node_id
    found = accounts.github.protection(repository, pattern)
    if found is None:
        return None
    return Existing(f"{found[0].name}:{pattern}", f"protection rule for {pattern} of {found[0].name}")


def environment(accounts: Accounts, inputs: Inputs) -> Existing | None:
    repository, name = inputs.text("repository"), inputs.text("environment")
    found = accounts.github.environment(repository, name)
    return Existing(f"{repository}:{name}", f"environment {name} of {repository}{_since(found)}") if found else None


def deployment_policy(accounts: Accounts, inputs: Inputs) -> Existing | None:
    repository, environment = inputs.text("repository"), inputs.text("environment")
    kind = "tag" if inputs.has("tagPattern") else "branch"
    pattern = inputs.text(f"{kind}Pattern")
    found = accounts.github.deployment_policy(repository, environment, "tag" if kind == "tag" else "branch", pattern)
    recognised = f"policy for {kind} {pattern} of environment {environment}"
    return Existing(f"{repository}:{environment}:{found.id}", recognised) if found else None


def variable(accounts: Accounts, inputs: Inputs) -> Existing | None:
    return _of_environment(inputs, "variable", accounts.github.environment_variable)


def secret(accounts: Accounts, inputs: Inputs) -> Existing | None:
    return _of_environment(inputs, "secret", accounts.github.environment_secret)


def _of_environment(inputs: Inputs, what: str, look: Callable[[str, str, str], DatedObject | None]) -> Existing | None:
    repository, environment, name = (inputs.text(key) for key in ("repository", "environment", f"{what}Name"))
    if (found := look(repository, environment, name)) is None:
        return None
    return Existing(f"{repository}:{environment}:{name}", f"{what} {name} of environment {environment}{_since(found)}")


def ruleset(accounts: Accounts, inputs: Inputs) -> Existing | None:
    repository, name = inputs.text("repository"), inputs.text("name")
    found = accounts.github.rulesets(repository, name, inputs.text("target", "branch"))
    if len(found) > 1:
        raise NeedsDecision(
            f"{repository} has {len(found)} rulesets named {name!r}: {', '.join(ruleset.id for ruleset in found)}. "
            "Delete all but one (Settings, Rules, Rulesets), then run it again"
        )
    if not found:
        return None
    return Existing(f"{repository}:{found[0].id}", f"ruleset {name!r} of {repository}{_since(found[0])}")


def client(accounts: Accounts, inputs: Inputs) -> Existing | None:
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


def client_grant(accounts: Accounts, inputs: Inputs) -> Existing | None:
    client_id, audience = inputs.text("clientId"), inputs.text("audience")
    found = accounts.auth0.grants(client_id, audience)
    return Existing(found[0], f"grant of the application {client_id} for {audience}") if found else None


def client_credentials(accounts: Accounts, inputs: Inputs) -> Existing | None:
    client = accounts.auth0.with_id(inputs.text("clientId"))
    return Existing(client.id, f"credentials of the application {client.name!r}, as old as itself") if client else None


def project(accounts: Accounts, inputs: Inputs) -> Existing | None:
    name = inputs.text("name")
    found = accounts.vercel.project(name)
    return Existing(_in_team(accounts, str(found["id"])), f"project {name}") if found else None


def domain(accounts: Accounts, inputs: Inputs) -> Existing | None:
    project, domain = inputs.text("projectId"), inputs.text("domain")
    if not accounts.vercel.domain(project, domain):
        return None
    return Existing(_in_team(accounts, project, domain), f"domain {domain} of project {project}")


def project_variable(accounts: Accounts, inputs: Inputs) -> Existing | None:
    project, key = inputs.text("projectId"), inputs.text("key")
    branch, targets = inputs.text("gitBranch", ""), inputs.texts("targets")
    custom = inputs.texts("customEnvironmentIds")
    rivals = [v for v in accounts.vercel.variables(project) if v.key == key and v.git_branch == branch]
    where = f"branch {branch}" if branch else "all branches"
    for found in rivals:
        if found.targets == targets and found.custom_environments == custom:
            recognised = (
                f"variable {key} for {_listed(targets | custom)}, {where}{_since(DatedObject('', found.created))}"
            )
            return Existing(_in_team(accounts, project, found.id), recognised)
    for found in rivals:
        if found.targets & targets or found.custom_environments & custom:
            raise NeedsDecision(
                f"project {project} has {key} for {_listed(found.targets | found.custom_environments)} ({where}, "
                f"{found.id}), and {_listed(targets | custom)} is declared: Vercel would refuse the new one, and "
                "taking that one over would change it where it is not declared. Divide or delete it (Settings, "
                "Environment Variables), then run it again"
            )
    return None


def dns_record(accounts: Accounts, inputs: Inputs) -> Existing | None:
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


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "no target"


def _since(found: DatedObject) -> str:
    return f", made {found.created}" if found.created else ""
