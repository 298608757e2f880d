"""The record of releases at GitHub: one deployment each, its payload and its statuses. Metrics are computed from it.

docs.github.com/en/rest/deployments. A deployment's state is that of its newest status. A later success in the same
environment changes an earlier one to `inactive`, which means that it was good in its time.
"""

import itertools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.accounts.repository import Repository
from gate.vendors.deployments import deployments, is_ours, own_words, payload_of, statuses

_NEEDS = "Deployments: write"
_GOOD = frozenset({"success", "inactive"})
_OPEN = frozenset({"queued", "pending", "in_progress"})
_ENOUGH = 50
"""How many releases and rollbacks are read: more than anybody goes back."""
_AT_ONCE = 8


class Place(NamedTuple):
    """Where a part of an environment serves.

    Attributes:
        service: name of a further service of the backend's repository; empty for the backend and the frontend.
    """

    vendor: str
    service: str = ""

    def __str__(self) -> str:
        return f"{self.vendor} ({self.service})" if self.service else self.vendor


BACKEND, FRONTEND = Place("Render"), Place("Vercel")


class Deployed(NamedTuple):
    """What serves, or has to serve, at one place: its id at the vendor, and its commit. An empty one is not known."""

    id: str = ""
    commit: str = ""


class Serving(dict[Place, Deployed]):
    """What serves, or has to serve, everywhere. At a place that it does not hold, nothing is known."""

    def __missing__(self, place: Place) -> Deployed:
        return Deployed()


def _as_payload(serving: Serving) -> dict[str, Any]:
    backend, frontend = serving[BACKEND], serving[FRONTEND]
    return {
        "render_deploy": backend.id,
        "render_commit": backend.commit,
        "vercel_deployment": frontend.id,
        "vercel_commit": frontend.commit,
        "others": {place.service: deployed for place, deployed in serving.items() if place.service},
    }


def _from_payload(before: Mapping[str, Any]) -> Serving:
    found = Serving({Place("Render", name): Deployed(*one) for name, one in before.get("others", {}).items()})
    found[BACKEND] = Deployed(before.get("render_deploy", ""), before.get("render_commit", ""))
    found[FRONTEND] = Deployed(before.get("vercel_deployment", ""), before.get("vercel_commit", ""))
    return found


@dataclass(frozen=True)
class Record:
    """One release or rollback.

    Attributes:
        task: deploy or rollback.
        before: what served when it began.
        frontend: commit of the frontend's build that belongs to the release. It is an older one if this release did not
            change the frontend.
        asked: the tag that asked for a rollback, such as v1.2.2-rollback.
    """

    id: int
    tag: str
    sha: str
    task: str
    state: str
    before: Serving
    frontend: str = ""
    asked: str = ""

    @property
    def replaced(self) -> str:
        """The commit that the backend served before."""
        return self.before[BACKEND].commit

    @property
    def good(self) -> bool:
        return self.state in _GOOD

    def serves(self, now: Serving) -> bool:
        """Whether what serves is this release, at both vendors."""
        return now[BACKEND].commit == self.sha and now[FRONTEND].commit in ("", self.frontend)

    @property
    def open(self) -> bool:
        return self.state in _OPEN

    @property
    def ended(self) -> bool:
        """Whether it ended. A run that was killed, or could not go back, did not."""
        return not self.open and self.state != "error"


class Records:
    """The deployments of one of GitHub's environments.

    Args:
        live: whether it is production, which GitHub shows as such.
        links: `environment_url`, where people open it, and `log_url`, the workflow's run; an empty one is left out.

    Raises:
        VendorError: any method.
    """

    def __init__(
        self, repository: Repository, environment: str, *, live: bool, links: Mapping[str, str] | None = None
    ) -> None:
        self._repository, self._environment, self._live = repository, environment, live
        self._links = {name: address for name, address in (links or {}).items() if address}

    def newest(self) -> list[Record]:
        """Return the gate's newest deployments, newest first, without those that others recorded."""
        listed = deployments(self._repository, self._environment, needs=_NEEDS)
        own = list(itertools.islice(filter(is_ours, listed), _ENOUGH))
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # one after the other, thirty would take seconds of a rollback
            return list(pool.map(self._record, own))

    def _record(self, found: dict[str, Any]) -> Record:
        payload, sha = payload_of(found), found["sha"]
        newest = statuses(self._repository, found["id"], needs=_NEEDS, most=1)
        state = newest[0]["state"] if newest else "queued"
        if state == "inactive" and own_words(found, newest[0]).startswith("overtaken"):
            state = "overtaken"  # it never served
        before, frontend = _from_payload(payload.get("before", {})), payload.get("frontend") or sha
        return Record(
            found["id"], payload["tag"], sha, found["task"], state, before, frontend, payload.get("asked", "")
        )

    def begin(
        self, tag: str, sha: str, task: str, before: Serving, frontend: str = "", asked: str = "", hotfix: str = ""
    ) -> Record:
        """Record that a release or a rollback begins.

        The request is sent once. If its answer is lost, the run ends before anything is deployed.

        Args:
            hotfix: why it skipped staging. For the others see Record.
        """
        frontend = frontend or sha
        optional = {"frontend": frontend if frontend != sha else "", "asked": asked, "hotfix": hotfix}
        body = {
            "ref": sha,
            "environment": self._environment,
            "task": task,
            "auto_merge": False,
            "required_contexts": [],
            "production_environment": self._live,
            "description": f"{task} {tag}",
            "payload": {"gate": 1, "tag": tag, "before": _as_payload(before)}
            | {name: text for name, text in optional.items() if text},
        }
        made = self._repository.send("POST", "deployments", body, needs=_NEEDS)
        self.say(made["id"], "in_progress", f"{task} {tag}")
        return Record(made["id"], tag, sha, task, "in_progress", before, frontend, asked)

    def say(self, record: int, state: str, description: str) -> None:
        """Add a status.

        Args:
            description: cut at 140 characters, which is GitHub's limit.
        """
        body = {"state": state, "description": description[:140], "environment": self._environment, **self._links}
        path = f"deployments/{record}/statuses"
        self._repository.send("POST", path, body, needs=_NEEDS, repeatable=True)
