"""Objects that a preview would create and that are at GitHub, Auth0 or Vercel already.

`up` would fail at one, make a second one or change it without a word. Only what the state does not have is looked up,
so a preview of a living stack sends no request more. `gate adopt` prints the lines that take such objects over.

Facts: docs.github.com/en/rest (deployments/environments, actions/variables, actions/secrets, repos/rules),
vercel.com/docs/rest-api (Get a project domain, List existing DNS records), and the Auth0 provider's getClient.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pulumi
import pulumi_auth0 as auth0

from components import vendor_objects as named
from components.repository import RepositoryReader, Unavailable, open_repository
from components.vercel_project import ExistingProject
from components.vocabulary import UNKNOWN

Created = tuple[str, str, Mapping[str, Any]]
"""Resource type, name of the object for people, and inputs."""


_AT_GITHUB = {
    named.ENVIRONMENT: "environments/{environment}",
    named.ENVIRONMENT_VARIABLE: "environments/{environment}/variables/{variableName}",
    named.ENVIRONMENT_SECRET: "environments/{environment}/secrets/{secretName}",
}


@dataclass(frozen=True)
class Vendors:
    """Looks objects up by their natural keys, with the credentials of the providers.

    Attributes:
        owner, repository: at GitHub.
        project: at Vercel; None if it was not looked at.
        environ: has the credentials that the stack's configuration does not have.
    """

    owner: str
    repository: str
    project: ExistingProject | None
    environ: Mapping[str, str] = field(repr=False)

    def existing(self, created: Iterable[Created]) -> Iterator[str]:
        """Return the names of those that exist. What is in a new environment is found with the environment."""
        created = list(created)
        github = open_repository(self.owner, self.repository, self.environ)
        new = {values.get("environment") for kind, _, values in created if kind == named.ENVIRONMENT}
        for kind, what, values in created:
            inside = kind in (named.ENVIRONMENT_VARIABLE, named.ENVIRONMENT_SECRET)
            if inside and values.get("environment") in new:
                continue
            try:
                if self._has(kind, {key: value for key, value in values.items() if value != UNKNOWN}, github):
                    yield what
            except KeyError:  # a part of its name is known at `up` only
                continue
            except (Unavailable, httpx.HTTPError, httpx.InvalidURL, AttributeError, TypeError, ValueError) as error:
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                pulumi.log.info(f"whether {what} exists already was not looked up: {reason}")
        if github:
            github.close()

    def _has(self, kind: str, values: Mapping[str, Any], github: RepositoryReader | None) -> bool:
        at = {key: quote(value, safe="") for key, value in values.items() if isinstance(value, str)}
        if github and kind in _AT_GITHUB:
            return github.has(_AT_GITHUB[kind].format_map(at))
        match kind:
            case named.BRANCH_PROTECTION if github:
                return values["pattern"] in github.protected(values["repositoryId"])
            case named.RULESET if github:
                return (values["name"], values["target"]) in github.rulesets()
            case named.CLIENT:
                return _application(values["name"])
            case named.PROJECT:
                return self.project is not None
            case named.PROJECT_VARIABLE:
                place = values["key"], frozenset(values["targets"]), values.get("gitBranch") or ""
                known = self.project.variables if self.project else ()
                return any((one.key, one.targets, one.git_branch) == place for one in known)
            case named.PROJECT_DOMAIN:
                return bool(self._at_vercel(f"v9/projects/{at['projectId']}/domains/{at['domain']}"))
            case named.DNS_RECORD:
                records = self._at_vercel(f"v5/domains/{at['domain']}/records", limit="100").get("records", [])
                return any((one["name"], one["type"]) == (values["name"], values["type"]) for one in records)
        return False

    def _at_vercel(self, path: str, **query: str) -> dict[str, Any]:
        """Return what Vercel has at a path; nothing where it has nothing."""
        config = pulumi.Config("vercel")
        team = config.get("team") or self.environ.get("VERCEL_TEAM", "")
        answer = httpx.get(
            f"{self.environ.get('VERCEL_BASE_URL') or 'https://api.vercel.com'}/{path}",
            params=query | ({"teamId" if team.startswith("team_") else "slug": team} if team else {}),
            headers={"Authorization": f"Bearer {config.get('apiToken') or self.environ.get('VERCEL_API_TOKEN')}"},
            timeout=10.0,
        )
        return {} if answer.status_code == 404 else dict(answer.raise_for_status().json())


def _application(name: str) -> bool:
    """Return whether Auth0 has an application of this name. The provider's function fails where there is none."""
    try:
        return bool(auth0.get_client(name=name).client_id)
    except Exception:  # the SDK has no narrower one for what a provider refuses
        return False
