"""What is recorded of releases: how each ended, what serves now, a release that is being made, an open incident.

Facts: docs.github.com/en/rest/deployments; Render API reference, List deploys.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from blueprint.workspace import connect
from components.accounts.api import VendorError
from components.accounts.repository import Repository
from gate.common.errors import GateError
from gate.vendors.deployments import deployments, is_ours, own_words, payload_of, statuses
from gate.vendors.issues import detections, incidents
from gate.vendors.render import commit_of, live_deploy

_NEEDS = "Deployments: read"
_ENDED = frozenset({"success", "failure", "error"})
_UNFINISHED = frozenset({"queued", "pending", "in_progress"})
_ANSWER = 10.0
"""Seconds that Render gets to answer."""


@dataclass(frozen=True)
class Deployment:
    """One deployment or rollback that ended.

    Attributes:
        good: it succeeded, whatever replaced it later.
        rolled_back: it failed, and what served before was put back.
        committed: when each commit that it brought was made, oldest first; empty if it failed, or for a rollback.
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
    """Return the minutes until each incident was noticed, or why that is not known: not every token may read issues."""
    try:
        return [one.minutes for one in detections(repository, environment, since)]
    except VendorError as error:
        return str(error).splitlines()[0]


def read(repository: Repository, environment: str, since: datetime) -> list[Deployment]:
    """Return the deployments, oldest first. Each costs two requests, and a good one a third for its commits.

    If the gate has recorded something, only that counts: GitHub records each job of an environment, and the vendors'
    apps record their own deployments, as further deployments of it.

    Raises:
        VendorError: GitHub cannot be read.
    """
    oldest_first = list(_deployments(repository, environment, since))[::-1]
    served, complete = "", []
    for one in sorted(oldest_first, key=lambda one: one.ended):
        brought = one.good and one.task == "deploy"
        complete.append(_with_commits(repository, one, served) if brought else one)
        served = one.sha if one.good else served
    return complete


def _deployments(repository: Repository, environment: str, since: datetime) -> Iterator[Deployment]:
    """Yield those that ended, the newest first."""
    newest_first = deployments(repository, environment, needs=_NEEDS)
    listed = list(itertools.takewhile(lambda one: datetime.fromisoformat(one["created_at"]) >= since, newest_first))
    for found in [one for one in listed if is_ours(one)] or listed:
        oldest_first = reversed(statuses(repository, found["id"], needs=_NEEDS))
        # `inactive`, which a later success adds, did not end it.
        if ended := next((status for status in oldest_first if status["state"] in _ENDED), None):
            yield _deployment(environment, found, ended)


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
    """Return it with the times of the commits since the last that served; of the very first, with its own time."""
    span = repository.get(f"compare/{served}...{one.sha}", needs="Contents: read") if served else None
    commits = (span or {}).get("commits") or [repository.get(f"commits/{one.sha}", needs="Contents: read")]
    times = sorted(datetime.fromisoformat(commit["commit"]["committer"]["date"]) for commit in commits if commit)
    return replace(one, committed=tuple(times))


class Live(NamedTuple):
    """The commit that Render serves, and since when."""

    sha: str
    since: datetime


class News(NamedTuple):
    """Something that somebody has to know. tone: as that of a badge. address: where more is told, or empty."""

    tone: str
    text: str
    address: str = ""


def live(service: str, environ: Mapping[str, str]) -> Live | None:
    """Ask Render what a service serves.

    Returns:
        None if Render cannot be asked, or nothing serves.
    """
    if not environ.get("RENDER_API_KEY"):
        return None
    try:
        with connect(environ, lambda _line: None, deadline=_ANSWER) as session:
            one = live_deploy(session, service)
    except GateError:
        return None
    if one is None or not commit_of(one):
        return None
    return Live(commit_of(one), datetime.fromisoformat(one.get("finishedAt") or one["createdAt"]))


def news(repository: Repository, environment: str, github_environment: str) -> Iterator[News]:
    """Yield a release that is being made, and an open incident.

    Args:
        environment: the gate's name for it.
        github_environment: GitHub's.

    Raises:
        VendorError: GitHub cannot be read.
    """
    newest = next(filter(is_ours, deployments(repository, github_environment, needs=_NEEDS)), None)
    states = [one["state"] for one in statuses(repository, newest["id"], needs=_NEEDS, most=1)] if newest else []
    if newest and _UNFINISHED.intersection(states):
        tag = payload_of(newest)["tag"]
        yield News("warn", f"{newest['task']} of {tag} began at {newest['created_at']} and has not ended")
    for issue in incidents(repository, environment, state="open"):
        yield News("bad", f"incident #{issue['number']}: {issue['title']}", issue.get("html_url", ""))
