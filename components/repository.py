"""Reads what the rules need of the repository at GitHub: its workflows, what they reported, and the protection."""

from collections.abc import Collection
from dataclasses import replace
from urllib.parse import quote

from components.accounts.api import NotThere, VendorError
from components.accounts.repository import Repository
from components.required_checks import Evidence, unreported
from components.workflow_jobs import FOLDER

_RECENT = 5
"""How many recent pull requests are looked at."""


def read_evidence(
    repository: Repository, branch: str, reference: str, required: Collection[str], smoke_context: str
) -> Evidence:
    """Return what tells which of the required checks are reported on pull requests to the branch.

    Args:
        reference: the branch whose workflows count. If they explain every check, nothing else is asked.

    Raises:
        VendorError: the repository cannot be read.
    """
    try:
        found = Evidence.of(_workflows(repository, reference))
        if not unreported(required, found, branch, smoke_context):
            return found
        return replace(found, heads=_heads(repository, branch), required=_required(repository, branch))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise VendorError(f"GitHub: an answer that is not understood ({type(error).__name__})") from None


def _workflows(repository: Repository, reference: str) -> dict[str, str]:
    """Return texts by path (rest/repos/contents)."""
    listed = repository.get(f"contents/{FOLDER}", ref=reference)
    if listed is None:
        raise NotThere(f"GitHub answered 404 to contents/{FOLDER} of {repository.full_name} at {reference}")
    files = [one["name"] for one in listed if one.get("type", "file") == "file"]  # no folder, and no link
    paths = [f"contents/{FOLDER}/{quote(name)}" for name in files if name.endswith((".yml", ".yaml"))]
    return {path.removeprefix("contents/"): repository.text(path, ref=reference) for path in paths}


def _heads(repository: Repository, branch: str) -> tuple[frozenset[str], ...]:
    """Return what recent pull requests got (rest/pulls, rest/checks/runs, rest/commits/statuses).

    The branch itself does not tell, because its pushes start other workflows.
    """
    query: dict[str, str | int] = {"base": branch, "sort": "updated", "direction": "desc", "per_page": _RECENT}
    pulls = repository.get("pulls", "Pull requests: read", state="all", **query)
    found = []
    for sha in dict.fromkeys(pull["head"]["sha"] for pull in pulls):
        runs = repository.pages(f"commits/{sha}/check-runs", "Checks: read", item="check_runs")
        statuses = repository.pages(f"commits/{sha}/status", "Commit statuses: read", item="statuses")
        found.append(frozenset([*(run["name"] for run in runs), *(one["context"] for one in statuses)]))
    return tuple(one for one in found if one)


def _required(repository: Repository, branch: str) -> frozenset[str] | None:
    """Return the protection (rest/branches/branch-protection), or None if the token may not see it."""
    try:
        rule = repository.get(f"branches/{quote(branch, safe='')}/protection", "Administration: read") or {}
    except VendorError:
        return None
    return frozenset((rule.get("required_status_checks") or {}).get("contexts", []))
