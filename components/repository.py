"""Reads what the rules need of the repository at GitHub: its workflows, what they reported, and the protection."""

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from blueprint.sending import Again, Retries, trusted
from components.required_checks import Evidence, unreported
from components.workflow_jobs import FOLDER

BASE_URL = "https://api.github.com"
_PUBLIC = frozenset({"api.github.com", "github.com"})
_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_TRIES, _LONGEST_WAIT = 3, 10.0
"""How often a request is sent, and how many seconds GitHub may ask to wait, while a preview waits for it."""
_RECENT = 5
"""How many recent pull requests are looked at."""
_PAGE = 100
_RULES = """
query($id: ID!) {
  node(id: $id) { ... on Repository { branchProtectionRules(first: 100) { nodes { pattern } } } }
}
"""


class Unavailable(Exception):
    """The repository cannot be read. The text says why."""


class NotThere(Unavailable):
    """GitHub answered 404: nothing is there, or the token may not see it."""


def rest_api(base_url: str) -> tuple[str, str]:
    """Return the address that `github:baseUrl` means in any of its forms, and the path of the REST API there.

    GitHub Enterprise Server has it at /api/v3, as the provider assumes of every other address than github.com.
    """
    host = urlsplit(base_url).hostname or "github.com"
    address = BASE_URL if host == "github.com" else base_url.rstrip("/").removesuffix("/api/v3")
    return address, "" if host in _PUBLIC or host.endswith(".ghe.com") else "/api/v3"


def open_repository(owner: str, name: str, environ: Mapping[str, str]) -> "RepositoryReader | None":
    """Open a repository with the provider's own settings; None without a token."""
    import pulumi  # here, because `gate` uses this module where Pulumi is not installed

    provider = pulumi.Config("github")
    if not (token := provider.get("token") or environ.get("GITHUB_TOKEN")):
        return None
    return RepositoryReader(provider.get("baseUrl") or environ.get("GITHUB_BASE_URL", ""), token, owner, name)


class RepositoryReader:
    """Reads one repository. A request that may go better later is sent up to three times.

    Args:
        base_url: as `github:baseUrl`; empty for github.com.

    Raises:
        Unavailable: any method.
    """

    def __init__(self, base_url: str, token: str, owner: str, name: str) -> None:
        address, prefix = rest_api(base_url)
        self._path = f"{prefix}/repos/{quote(owner)}/{quote(name)}"
        headers = {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
        self._retries = Retries(lambda tries, failed, _pause: tries >= _TRIES or (failed.wait or 0.0) > _LONGEST_WAIT)
        try:
            self._client = httpx.Client(
                base_url=address, headers=headers, timeout=_TIMEOUT, verify=trusted(), follow_redirects=True
            )
        except httpx.InvalidURL as error:
            raise Unavailable(f"github:baseUrl cannot be an address: {error}") from None

    def evidence(self, branch: str, reference: str, required: Collection[str], smoke_context: str) -> Evidence:
        """Return what tells which of the required checks are reported on pull requests to the branch.

        Args:
            reference: the branch whose workflows count. If they explain every check, nothing else is asked.
        """
        try:
            with self._client:
                found = Evidence.of(self._workflows(reference))
                if not unreported(required, found, branch, smoke_context):
                    return found
                return replace(found, heads=self._heads(branch), required=self._required(branch))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unavailable(f"GitHub: an answer that is not understood ({type(error).__name__})") from None

    def _workflows(self, reference: str) -> dict[str, str]:
        """Return texts by path (rest/repos/contents)."""
        listed = self._get(f"contents/{FOLDER}", ref=reference)
        files = [one["name"] for one in listed if one.get("type", "file") == "file"]  # no folder, and no link
        names = [name for name in files if name.endswith((".yml", ".yaml"))]
        return {f"{FOLDER}/{name}": self._raw(f"contents/{FOLDER}/{quote(name)}", reference) for name in names}

    def _heads(self, branch: str) -> tuple[frozenset[str], ...]:
        """Return what recent pull requests got (rest/pulls, rest/checks/runs, rest/commits/statuses).

        The branch itself does not tell, because its pushes start other workflows.
        """
        query = {"state": "all", "base": branch, "sort": "updated", "direction": "desc", "per_page": str(_RECENT)}
        heads = dict.fromkeys(pull["head"]["sha"] for pull in self._get("pulls", **query))
        found = []
        for sha in heads:
            runs = self._pages(f"commits/{sha}/check-runs", "check_runs")
            statuses = self._pages(f"commits/{sha}/status", "statuses")
            found.append(frozenset([*(run["name"] for run in runs), *(one["context"] for one in statuses)]))
        return tuple(one for one in found if one)

    def has(self, path: str) -> bool:
        """Return whether the repository has what is at a path of the API."""
        try:
            return bool(self._get(path))
        except NotThere:
            return False

    def rulesets(self) -> Iterator[tuple[str, str]]:
        """Return name and target of the repository's own rulesets (rest/repos/rules, Get all repository rulesets)."""
        for one in self._get("rulesets", includes_parents="false", per_page=str(_PAGE)):
            yield one["name"], one["target"]

    def protected(self, repository_id: str) -> list[str]:
        """Return the patterns of the protection rules (graphql/reference/objects#branchprotectionrule).

        REST tells only of existing branches, and not which rule protects one.

        Raises:
            httpx.HTTPError: GitHub does not answer.
        """
        path = "/api/graphql" if self._path.startswith("/api/") else "/graphql"
        answer = self._client.post(path, json={"query": _RULES, "variables": {"id": repository_id}})
        rules = answer.raise_for_status().json()["data"]["node"]["branchProtectionRules"]["nodes"]
        return [rule["pattern"] for rule in rules]

    def close(self) -> None:
        self._client.close()

    def _required(self, branch: str) -> frozenset[str] | None:
        """Return the protection (rest/branches/branch-protection), or None if the token may not see it."""
        try:
            rule = self._get(f"branches/{quote(branch, safe='')}/protection")
        except NotThere:
            return frozenset()
        except Unavailable:
            return None
        return frozenset((rule.get("required_status_checks") or {}).get("contexts", []))

    def _pages(self, path: str, key: str) -> Iterator[Any]:
        for page in itertools.count(1):
            listed = self._get(path, per_page=str(_PAGE), page=str(page)).get(key, [])
            yield from listed
            if len(listed) < _PAGE:
                return

    def _get(self, path: str, **query: str) -> Any:
        return self._ask(path, query, "application/vnd.github+json").json()

    def _raw(self, path: str, reference: str) -> str:
        return self._ask(path, {"ref": reference}, "application/vnd.github.raw+json").text

    def _ask(self, path: str, query: dict[str, str], accept: str) -> httpx.Response:
        place, headers = f"{self._path}/{path}", {"Accept": accept}
        try:
            answer = self._retries.send(
                lambda: self._client.get(place, params=query, headers=headers), repeatable=True, wants_json=False
            )
        except Again as last:
            raise Unavailable(f"GitHub: {last}") from None
        if not answer.is_success:
            refusal = NotThere if answer.status_code == 404 else Unavailable
            raise refusal(f"GitHub answered {answer.status_code} to {place}")
        return answer
