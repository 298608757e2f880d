"""Reads the record: deployments of an environment and how each ended (docs.github.com/en/rest/deployments)."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gate.vendors.deployments import deployments, is_ours, own_words, payload_of, statuses
from gate.vendors.errors import VendorError
from gate.vendors.incidents import detections
from gate.vendors.repository import Repository

_NEEDS = "Deployments: read"
_ENDED = frozenset({"success", "failure", "error"})


@dataclass(frozen=True)
class Deployment:
    """One deployment or rollback that ended.

    Attributes:
        good: it succeeded, whatever replaced it later.
        rolled_back: it failed, and what served before was put back.
        committed: when each commit that it brought was made, oldest first; empty if that was not asked.
    """

    environment: str
    sha: str
    tag: str
    task: str
    began: datetime
    ended: datetime
    good: bool
    rolled_back: bool
    committed: tuple[datetime, ...] = ()


def detected(repository: Repository, environment: str, since: datetime) -> list[float] | str:
    """Minutes until each incident was noticed, or why that is not known: not every token may read issues."""
    try:
        return [one.minutes for one in detections(repository, environment, since)]
    except VendorError as error:
        return str(error).splitlines()[0]


def read(repository: Repository, environment: str, since: datetime, *, commits: bool = False) -> list[Deployment]:
    """Return the deployments, oldest first. Each costs two requests, and a good one a third for its commits.

    If the gate has recorded something, only that counts: GitHub records each job of an environment, and the vendors'
    apps record their own deployments, as further deployments of it.

    Args:
        commits: whether to ask which commits each brought, for the lead time.

    Raises:
        VendorError: GitHub cannot be read.
    """
    oldest_first = list(_deployments(repository, environment, since))[::-1]
    found = sorted(oldest_first, key=lambda one: one.ended)
    if not commits:
        return found
    served, complete = "", []
    for one in found:
        brought = one.good and one.task == "deploy"
        complete.append(_with_commits(repository, one, served) if brought else one)
        served = one.sha if one.good else served
    return complete


def _deployments(repository: Repository, environment: str, since: datetime) -> Iterator[Deployment]:
    """Return them newest first."""
    newest_first = deployments(repository, environment, needs=_NEEDS)
    listed = list(itertools.takewhile(lambda one: datetime.fromisoformat(one["created_at"]) >= since, newest_first))
    for found in [one for one in listed if is_ours(one)] or listed:
        if ended := _end(statuses(repository, found["id"], needs=_NEEDS)):
            yield _deployment(environment, found, ended)


def _end(listed: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the first status that ended it. `inactive`, which a later success adds, did not."""
    return next((status for status in reversed(listed) if status["state"] in _ENDED), None)


def _deployment(environment: str, found: dict[str, Any], ended: dict[str, Any]) -> Deployment:
    return Deployment(
        environment=environment,
        sha=found["sha"],
        tag=str(payload_of(found).get("tag", "")),
        task=found["task"],
        began=datetime.fromisoformat(found["created_at"]),
        ended=datetime.fromisoformat(ended["created_at"]),
        good=ended["state"] == "success",
        rolled_back=ended["state"] == "failure" and own_words(found, ended).startswith("rolled back"),
    )


def _with_commits(repository: Repository, one: Deployment, served: str) -> Deployment:
    """Return the commits since the last one that served; of the very first, itself alone."""
    span = repository.get(f"compare/{served}...{one.sha}", needs="Contents: read") if served else None
    commits = (span or {}).get("commits") or [repository.get(f"commits/{one.sha}", needs="Contents: read")]
    times = sorted(datetime.fromisoformat(commit["commit"]["committer"]["date"]) for commit in commits if commit)
    return Deployment(**{**vars(one), "committed": tuple(times)})
