"""Finds objects of a GitHub repository by name. Facts: docs.github.com/en/rest and /en/graphql.

The address of the API follows the provider's rule for `github:baseUrl`. On github.com REST is at the base and GraphQL
at `/graphql`; anywhere else (GitHub Enterprise Server) they are at `/api/v3` and `/api/graphql`.
"""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import httpx

from components.repository import BASE_URL, rest_api
from gate.vendors.api import Api
from gate.vendors.errors import VendorError, VendorForbidden

_MOST_PAGES = 100

_RULES = """
query($id: ID!, $after: String) { node(id: $id) { ... on Repository {
  name branchProtectionRules(first: 100, after: $after) {
    nodes { id pattern } pageInfo { hasNextPage endCursor } } } } }
"""


def web(base_url: str = BASE_URL) -> str:
    """Return the address that people open for an API's base address. For the forms of github:baseUrl see above."""
    host = urlsplit(base_url or BASE_URL).netloc
    if host == "api.github.com":
        return "https://github.com"
    return f"https://{host.removeprefix('api.') if host.endswith('.ghe.com') else host}"


def pages(ask: Callable[[dict[str, int]], Any], item: str | None = None, size: int = 100) -> Iterator[dict[str, Any]]:
    """Yield every entry of a list, page after page, while somebody reads on.

    Args:
        ask: gets the query of one page. It returns None if the list's own object does not exist.
        item: the key of the list in the answer, if that is an object.
        size: of a page. GitHub's lists have different maxima.
    """
    for page in itertools.count(1):
        answer = ask({"per_page": size, "page": page})
        found = (answer or []) if item is None else (answer or {}).get(item, [])
        yield from found
        if len(found) < size:
            return


@dataclass(frozen=True)
class RepositoryNode:
    name: str
    node_id: str


@dataclass(frozen=True)
class DatedObject:
    """An object and when it was made, as GitHub writes it; empty if GitHub does not say."""

    id: str
    created: str = ""


class GitHub:
    """Read access to one owner's repositories.

    Args:
        token: needs read access to Metadata, Contents, Actions, Environments and Administration (fine-grained), or the
            scope repo (classic).
        base_url: as `github:baseUrl`.
        credential: the variable that held the token.

    Raises:
        VendorError: any method. Also if a repository is not visible: GitHub answers 404 to everything that a token may
            not see, so "does not exist" would be wrong.
    """

    def __init__(
        self,
        owner: str,
        token: str,
        *,
        base_url: str = BASE_URL,
        credential: str = "GITHUB_TOKEN",
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.owner = owner
        address, self._rest = rest_api(base_url)
        self._graphql = "/api/graphql" if self._rest else "/graphql"
        self._api = Api(
            "GitHub",
            address,
            credential=credential,
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
            transport=transport,
            sleep=sleep,
        )
        self._api.authorize(token)
        self._repositories: dict[str, RepositoryNode] = {}
        self._lists: dict[tuple[str, str], dict[str, DatedObject]] = {}

    def close(self) -> None:
        self._api.close()

    @property
    def api(self) -> Api:
        """Return the session, for requests without a method here. Their paths start with `path`."""
        return self._api

    def path(self, repository: str, *steps: str) -> str:
        """Return the path of something in a repository, below the REST API."""
        return "/".join([f"{self._rest}/repos/{self.owner}/{_segment(repository)}", *steps])

    def repository(self, name: str) -> RepositoryNode:
        """Return the repository (rest/repos#get-a-repository). It is asked once for each name."""
        if name not in self._repositories:
            found = self._api.get(f"{self._rest}/repos/{self.owner}/{_segment(name)}", needs="Metadata: read")
            if found is None:
                raise VendorError(
                    f"GitHub shows GITHUB_TOKEN no repository {self.owner}/{name}: give the token access to it, or "
                    "correct github:owner and marketedge:github.repository"
                )
            self._repositories[name] = RepositoryNode(found["name"], found["node_id"])
        return self._repositories[name]

    def branch(self, repository: str, branch: str) -> DatedObject | None:
        """Return a branch, if it exists (rest/git/refs#get-a-reference). The branches endpoint would follow renames."""
        found = self._get(repository, f"git/ref/heads/{quote(branch)}", needs="Contents: read")
        return DatedObject(branch) if found else None

    def protection(self, repository_id: str, pattern: str) -> tuple[RepositoryNode, DatedObject] | None:
        """Return the rule of a pattern (graphql/reference/objects#branchprotectionrule). REST knows no patterns.

        Args:
            repository_id: the repository's node id.
        """
        after: str | None = None
        for _ in range(_MOST_PAGES):
            node = self._ask(_RULES, {"id": repository_id, "after": after}).get("node")
            if not node:
                raise VendorError(
                    f"GitHub shows GITHUB_TOKEN no repository with the node id {repository_id}: give it access"
                )
            rules = node["branchProtectionRules"]
            for rule in rules["nodes"]:
                if rule["pattern"] == pattern:
                    return RepositoryNode(node["name"], repository_id), DatedObject(rule["id"])
            after = rules["pageInfo"]["endCursor"]
            if not rules["pageInfo"]["hasNextPage"]:
                break
        return None

    def environment(self, repository: str, environment: str) -> DatedObject | None:
        """Return an environment (rest/deployments/environments#get-an-environment)."""
        found = self._get(repository, f"environments/{_segment(environment)}", needs="Actions: read")
        return DatedObject(str(found["id"]), found.get("created_at", "")) if found else None

    def deployment_policy(
        self, repository: str, environment: str, kind: Literal["branch", "tag"], pattern: str
    ) -> DatedObject | None:
        """Return a policy of an environment (rest/deployments/branch-policies)."""
        path = f"environments/{_segment(environment)}/deployment-branch-policies"
        for found in self._pages(repository, path, "branch_policies", needs="Actions: read"):
            if found["name"] == pattern and found.get("type", "branch") == kind:
                return DatedObject(str(found["id"]))
        return None

    def environment_variable(self, repository: str, environment: str, name: str) -> DatedObject | None:
        """Return a variable of an environment (rest/actions/variables). All are read once, 30 a page."""
        return self._listed(repository, environment, "variables", 30).get(name.upper())

    def environment_secret(self, repository: str, environment: str, name: str) -> DatedObject | None:
        """Return a secret of an environment, without its value (rest/actions/secrets). All are read once."""
        return self._listed(repository, environment, "secrets", 100).get(name.upper())

    def rulesets(self, repository: str, name: str, target: str) -> list[DatedObject]:
        """Return the rulesets of a name (rest/repos/rules), without those of the organization."""
        query = {"includes_parents": "false"}
        return [
            DatedObject(str(found["id"]), found.get("created_at", ""))
            for found in self._pages(repository, "rulesets", None, needs="Metadata: read", query=query)
            if found["name"] == name and found.get("target", "branch") == target
        ]

    def viewer(self) -> str:
        """Return the login that the token writes as. That of an app, such as a workflow's own, ends with `[bot]`.

        It asks graphql/reference/queries#viewer, because rest/users#get-the-authenticated-user refuses an app's token,
        and then the latter. Empty if neither says.
        """
        query = {"query": "query { viewer { login } }"}
        with contextlib.suppress(VendorError):
            answer = self._api.post(self._graphql, query, needs="Metadata: read") or {}
            if login := ((answer.get("data") or {}).get("viewer") or {}).get("login"):
                return str(login)
        with contextlib.suppress(VendorError):
            return str((self._api.get(f"{self._rest}/user", needs="Metadata: read") or {}).get("login") or "")
        return ""

    def forget(self) -> None:
        """Forget what was read."""
        self._lists.clear()

    def _listed(self, repository: str, environment: str, what: str, size: int) -> dict[str, DatedObject]:
        """Return variables or secrets of an environment by name. GitHub keeps names in upper case."""
        path = f"environments/{_segment(environment)}/{what}"
        if (repository, path) not in self._lists:
            self._lists[repository, path] = {
                found["name"]: DatedObject(found["name"], found.get("created_at", ""))
                for found in self._pages(repository, path, what, needs="Environments: read", size=size)
            }
        return self._lists[repository, path]

    def _get(self, repository: str, path: str, *, needs: str, query: dict[str, str | int] | None = None) -> Any:
        visible = self.repository(repository)
        return self._api.get(f"{self._rest}/repos/{self.owner}/{_segment(visible.name)}/{path}", query, needs=needs)

    def _pages(
        self,
        repository: str,
        path: str,
        item: str | None,
        *,
        needs: str,
        size: int = 100,
        query: dict[str, str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield every item of a list; nothing if the list's own object does not exist."""

        def ask(page: dict[str, int]) -> Any:
            return self._get(repository, path, needs=needs, query={**(query or {}), **page})

        yield from pages(ask, item, size)

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the answer's data. GraphQL answers 200 with `errors` if it refuses."""
        answer = self._api.post(
            self._graphql, {"query": query, "variables": variables}, needs="Administration: read, or the scope repo"
        )
        errors = [e for e in (answer or {}).get("errors", []) if e.get("type") != "NOT_FOUND"]
        if errors:
            said = str(errors[0].get("message", "no message"))[:200]
            if errors[0].get("type") in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
                raise VendorForbidden(
                    f"GitHub does not allow GITHUB_TOKEN to read branch protection rules ({said}): it needs "
                    "Administration: read, or the scope repo"
                )
            raise VendorError(f"GitHub's GraphQL API refused a question about branch protection rules: {said}")
        return (answer or {}).get("data") or {}


def _segment(text: str) -> str:
    return quote(text, safe="")
