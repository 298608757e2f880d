"""GitHub's API for the repositories of one owner (docs.github.com/en/rest and /en/graphql).

Its address follows the provider's rule for `github:baseUrl`. On github.com REST is at the base and GraphQL at
`/graphql`; anywhere else (GitHub Enterprise Server) they are at `/api/v3` and `/api/graphql`.
"""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from components.accounts.api import Api, VendorError, VendorForbidden

BASE_URL = "https://api.github.com"
_PUBLIC = frozenset({"api.github.com", "github.com"})


def web(base_url: str = BASE_URL) -> str:
    """Return the address that people open for an API's base address. For the forms of github:baseUrl see above."""
    host = urlsplit(base_url or BASE_URL).netloc
    if host == "api.github.com":
        return "https://github.com"
    return f"https://{host.removeprefix('api.') if host.endswith('.ghe.com') else host}"


def rest_api(base_url: str) -> tuple[str, str]:
    """Return the address that `github:baseUrl` means in any of its forms, and the path of the REST API there."""
    host = urlsplit(base_url).hostname or "github.com"
    address = BASE_URL if host == "github.com" else base_url.rstrip("/").removesuffix("/api/v3")
    return address, "" if host in _PUBLIC or host.endswith(".ghe.com") else "/api/v3"


@dataclass(frozen=True)
class RepositoryNode:
    """A repository that the token sees, with its id for GraphQL."""

    name: str
    node_id: str


class GitHub(Api):
    """One owner's repositories.

    Args:
        token: needs read access to Metadata, Contents, Actions, Environments and Administration (fine-grained), or the
            scope repo (classic).
        base_url: as `github:baseUrl`.
        credential: the variable that held the token.
        options: as Api takes them.

    Raises:
        VendorError: any method.
    """

    def __init__(
        self, owner: str, token: str, *, base_url: str = BASE_URL, credential: str = "GITHUB_TOKEN", **options: Any
    ) -> None:
        self.owner = owner
        address, self._rest = rest_api(base_url)
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        super().__init__("GitHub", address, credential=credential, headers=headers, **options)
        self.authorize(token)

    def path(self, repository: str, *steps: str) -> str:
        """Return the path of something in a repository, below the REST API."""
        return "/".join([f"{self._rest}/repos/{self.owner}/{segment(repository)}", *steps])

    def repository(self, name: str) -> RepositoryNode:
        """Return the repository (rest/repos#get-a-repository).

        Raises:
            VendorError: the token does not see it.
        """

        def read() -> RepositoryNode:
            found = self.get(self.path(name), "Metadata: read")
            if found is None:
                raise VendorError(
                    f"GitHub shows GITHUB_TOKEN no repository {self.owner}/{name}: give the token access to it, or "
                    "correct github:owner and marketedge:github.repository"
                )
            return RepositoryNode(found["name"], found["node_id"])

        return self.once(("repository", name), read)

    def pages(
        self, path: str, needs: str, item: str | None = None, size: int = 100, **query: str | int
    ) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list, page after page, while somebody reads on; nothing if there is no such list.

        Args:
            item: the key of the list in the answer, if that is an object.
            size: of a page. GitHub's lists have different maxima.
        """
        for page in itertools.count(1):
            answer = self.get(path, needs, **query, per_page=size, page=page)
            found = (answer or []) if item is None else (answer or {}).get(item, [])
            yield from found
            if len(found) < size:
                return

    def ask(self, query: str, variables: Mapping[str, Any], needs: str) -> dict[str, Any]:
        """Return the data that GraphQL answers with. It answers 200 with `errors` if it refuses."""
        path = "/api/graphql" if self._rest else "/graphql"
        answer = self.post(path, {"query": query, "variables": variables}, needs=needs) or {}
        errors = [error for error in answer.get("errors", []) if error.get("type") != "NOT_FOUND"]
        if not errors:
            return answer.get("data") or {}
        said = str(errors[0].get("message", "no message"))[:200]
        if errors[0].get("type") in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
            raise VendorForbidden(f"GitHub does not allow {self.credential} to read this ({said}): it needs {needs}")
        raise VendorError(f"GitHub's GraphQL API refused a question: {said}")

    def viewer(self) -> str:
        """Return the login that the token writes as. That of an app, such as a workflow's own, ends with `[bot]`.

        It asks graphql/reference/queries#viewer, because rest/users#get-the-authenticated-user refuses an app's token,
        and then the latter. Empty if neither says.
        """
        with contextlib.suppress(VendorError):
            if login := (self.ask("query { viewer { login } }", {}, "Metadata: read").get("viewer") or {}).get("login"):
                return str(login)
        with contextlib.suppress(VendorError):
            return str((self.get(f"{self._rest}/user", "Metadata: read") or {}).get("login") or "")
        return ""


def segment(text: str) -> str:
    """Return a name as one step of a path."""
    return quote(text, safe="")
