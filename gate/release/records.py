"""The record of releases at GitHub: one deployment each, its payload and its statuses. Metrics are computed from it.

docs.github.com/en/rest/deployments. A deployment's state is that of its newest status. A later success in the same
environment changes an earlier one to `inactive`, which means that it was good in its time.
"""

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from gate.vendors.deployments import deployments, is_ours, own_words, payload_of, statuses
from gate.vendors.repository import Repository

_NEEDS = "Deployments: write"
_GOOD = frozenset({"success", "inactive"})
_OPEN = frozenset({"queued", "pending", "in_progress"})
_ENOUGH = 50
"""How many releases and rollbacks are read: more than anybody goes back."""
_AT_ONCE = 8


class Half(NamedTuple):
    """A half of production: the commit that serves there, and the wanted one; empty for none."""

    where: str
    is_: str
    wanted: str


@dataclass(frozen=True)
class Serving:
    """What served: ids at Render and Vercel, with their commits; empty if nothing did.

    Attributes:
        others: deploy and commit of each further service, by name.
    """

    render_deploy: str = ""
    render_commit: str = ""
    vercel_deployment: str = ""
    vercel_commit: str = ""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def beside(self, wanted: Self) -> list[Half]:
        """Return the commit of each half, beside the wanted one."""
        others = [Half(f"Render, {name}", commit, wanted.others.get(name, ("", ""))[1])
                  for name, (_, commit) in self.others.items()]  # fmt: skip
        render = Half("Render", self.render_commit, wanted.render_commit)
        return [render, *others, Half("Vercel", self.vercel_commit, wanted.vercel_commit)]


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
    def good(self) -> bool:
        return self.state in _GOOD

    def serves(self, now: Serving) -> bool:
        """Whether what serves is this release, at both vendors."""
        return (self.sha, self.frontend) == (now.render_commit, now.vercel_commit or self.frontend)

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
        payload = payload_of(found)
        newest = statuses(self._repository, found["id"], needs=_NEEDS, most=1)
        state = newest[0]["state"] if newest else "queued"
        told = own_words(found, newest[0]) if newest else ""
        if state == "inactive" and told.startswith("overtaken"):
            state = "overtaken"  # it never served
        before, frontend = Serving(**payload.get("before", {})), payload.get("frontend") or found["sha"]
        what = (payload.get("tag", ""), found["sha"], found["task"], state, before, frontend, payload.get("asked", ""))
        return Record(found["id"], *what)

    def begin(
        self, tag: str, sha: str, task: str, before: Serving, frontend: str = "", asked: str = "", hotfix: str = ""
    ) -> Record:
        """Record that it begins. It is sent once: a lost answer ends the run before anything was deployed.

        Args:
            hotfix: why it skipped staging. For the others see Record.
        """
        payload = {"gate": 1, "tag": tag, "before": vars(before)}
        payload |= {"frontend": frontend} if frontend not in ("", sha) else {}
        payload |= {"asked": asked} if asked else {}
        payload |= {"hotfix": hotfix} if hotfix else {}
        body = {
            "ref": sha,
            "environment": self._environment,
            "task": task,
            "auto_merge": False,
            "required_contexts": [],
            "production_environment": self._live,
            "description": f"{task} {tag}",
            "payload": payload,
        }
        made = self._repository.send("POST", "deployments", body, needs=_NEEDS)
        self.say(made["id"], "in_progress", f"{task} {tag}")
        return Record(made["id"], tag, sha, task, "in_progress", before, frontend or sha, asked)

    def say(self, record: int, state: str, description: str) -> None:
        """Add a status.

        Args:
            description: cut at 140 characters, which is GitHub's limit.
        """
        body = {"state": state, "description": description[:140], "environment": self._environment, **self._links}
        path = f"deployments/{record}/statuses"
        self._repository.send("POST", path, body, needs=_NEEDS, repeatable=True)
