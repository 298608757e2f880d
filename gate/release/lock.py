"""One release at a time: a ref at GitHub that only one run can create, and that nobody has to clean up after a crash.

Locks are numbered refs, `refs/gate/<environment>/<n>`. GitHub creates a ref once and answers 422 to everybody else
(docs.github.com/en/rest/git/refs), so only one run gets the next number. Each points to a tag object that says who
holds it and until when; an expired one no longer counts. The tag object is of the branch's head, because a workflow's
token may not create a ref of a commit with other workflow files.
"""

import getpass
import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from components.accounts.api import VendorError
from components.accounts.repository import Repository
from gate.common.errors import ReleaseRefused

_NEEDS = "Contents: write"


@dataclass(frozen=True)
class Holder:
    """One lock.

    Attributes:
        number: of the ref.
        until: when the lock expires by itself.
        is_ours: whether a release took it: its tag holds a note then.
    """

    number: int
    who: str
    until: datetime
    is_ours: bool = True


@dataclass
class ReleaseLock:
    """The lock of one environment.

    Attributes:
        branch: one of the repository's.
        who: the name of this run. The same name again is the same run, tried again.
        is_over: returns whether the run of a name has certainly ended.
        number: of the ref that this run holds.
    """

    repository: Repository
    environment: str
    branch: str
    who: str
    is_over: Callable[[str], bool] = lambda _who: False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    number: int | None = field(default=None, init=False)

    @property
    def _prefix(self) -> str:
        return f"gate/{self.environment}"

    def holders(self) -> list[Holder]:
        """Return every lock, also expired ones (git/refs, matching references).

        A lock's ref has a number. Other refs below the same name belong to people, and are left alone.
        """
        found = self.repository.get(f"git/matching-refs/{self._prefix}/") or []
        numbered = re.compile(rf"refs/{re.escape(self._prefix)}/([0-9]+)", re.ASCII)
        locks = ((numbered.fullmatch(ref["ref"]), ref) for ref in found)
        return [self._holder(int(name[1]), ref) for name, ref in locks if name]

    def _holder(self, number: int, ref: dict[str, Any]) -> Holder:
        """Return a lock. A ref without a release's note uses up its number, and keeps nobody waiting."""
        tag = self.repository.get(f"git/tags/{ref['object']['sha']}") or {}
        try:
            note = json.loads(tag.get("message") or "{}")
            return Holder(number, str(note["who"]), datetime.fromisoformat(note["until"]).astimezone(UTC))
        except (ValueError, KeyError, TypeError, AttributeError):
            return Holder(number, "somebody", datetime.fromtimestamp(0, UTC), is_ours=False)

    def take(self, seconds: int) -> None:
        """Hold the lock for at most this many seconds.

        Raises:
            ReleaseRefused: another run holds it.
        """
        held = self.holders()
        self._refuse_others(held)
        number = max((other.number for other in held), default=0) + 1
        until = (self.now() + timedelta(seconds=seconds)).isoformat()
        head = self.repository.head(self.branch)
        if head is None:
            raise ReleaseRefused(f"GitHub has no branch {self.branch}: correct marketedge:github.branch.name")
        note = {"tag": f"gate-lock-{number}", "object": head, "type": "commit"}
        note["message"] = json.dumps({"who": self.who, "until": until})
        made = self.repository.send("POST", "git/tags", note, needs=_NEEDS, repeatable=True)
        try:
            ref = {"ref": f"refs/{self._prefix}/{number}", "sha": made["sha"]}
            self.repository.send("POST", "git/refs", ref, needs=_NEEDS)
        except VendorError as error:
            if not any(mine.number == number and mine.who == self.who for mine in self.holders()):
                raise ReleaseRefused(
                    f"another release began at the same moment ({error}); run this again after it"
                ) from None
        self.number = number
        for other in held:
            if other.is_ours:
                self._drop(other.number)
        try:
            self._refuse_others(self.holders())  # one that was released in between frees its number for a third
        except ReleaseRefused:
            self.release()
            raise

    def _refuse_others(self, held: list[Holder]) -> None:
        for other in held:
            mine = other.who == self.who or self.is_over(other.who)
            if not mine and other.until > self.now():
                raise ReleaseRefused(
                    f"another release is in progress: {other.who}, until {other.until:%H:%M:%S} UTC at the latest. "
                    "Wait for its end, then run this again"
                )

    def release(self) -> None:
        """Release the lock. If that fails, it expires."""
        if self.number is not None:
            self._drop(self.number)
            self.number = None

    def _drop(self, number: int) -> None:
        with suppress(VendorError):  # it is gone already, or will expire
            self.repository.send("DELETE", f"git/refs/{self._prefix}/{number}", needs=_NEEDS, repeatable=True)


def who(environ: Mapping[str, str]) -> str:
    """Return the name of this run: a workflow's run, which its second attempt shares, else a process on a machine."""
    if run := environ.get("GITHUB_RUN_ID"):
        return f"run {run} of {environ.get('GITHUB_REPOSITORY', 'a workflow')}"
    return f"{_machine()}, process {os.getpid()}"


def is_over(name: str, repository: Repository) -> bool:
    """Whether the run of a name has ended: a workflow's run at GitHub, or a process of this machine."""
    if run := re.fullmatch(rf"run (\d+) of {re.escape(repository.full_name)}", name):
        with suppress(VendorError):  # GITHUB_TOKEN lacks Actions: read; then the lock has to expire
            return repository.run_state(run[1]) == "completed"
    elif process := re.fullmatch(rf"{re.escape(_machine())}, process (\d+)", name):
        try:
            with suppress(PermissionError):  # it is there, and somebody else's
                os.kill(int(process[1]), 0)
        except ProcessLookupError:
            return True
    return False


def _machine() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"
