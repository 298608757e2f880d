"""One release at a time: a ref at GitHub that only one can make, and that nobody has to clean up after a crash.

Locks are numbered refs, `refs/gate/<environment>/<n>`. GitHub makes a ref once and answers 422 to everybody else
(docs.github.com/en/rest/git/refs), so the next number is won by one. Each points to a tag object that says who holds
it and until when; an expired one no longer counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gate.release.errors import Refused
from gate.release.repository import Repository
from gate.vendors.errors import VendorError

_NEEDS = "Contents: write"


@dataclass(frozen=True)
class Holder:
    """number: of the ref. until: when the lock expires by itself."""

    number: int
    who: str
    until: datetime


class Lock:
    """Args: who: names this run the same way when it is tried again, so that it gets its own lock back."""

    def __init__(
        self,
        repository: Repository,
        environment: str,
        who: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._repository, self._prefix, self._who, self._now = repository, f"gate/{environment}", who, now
        self._number: int | None = None

    def holders(self) -> list[Holder]:
        """Every lock there is, expired ones too (git/refs, matching references)."""
        found = self._repository.get(f"git/matching-refs/{self._prefix}/") or []
        return [self._holder(ref) for ref in found]

    def _holder(self, ref: dict[str, Any]) -> Holder:
        tag = self._repository.get(f"git/tags/{ref['object']['sha']}") or {}
        note = json.loads(tag.get("message") or "{}")
        until = datetime.fromisoformat(note.get("until", "1970-01-01T00:00:00+00:00"))
        return Holder(int(ref["ref"].rpartition("/")[2]), note.get("who", "somebody"), until)

    def take(self, sha: str, seconds: int) -> None:
        """Hold the lock for so long at most. Args: sha: any commit, for the note to point at.

        Raises: Refused where another run holds it.
        """
        held = self.holders()
        for other in held:
            if other.who != self._who and other.until > self._now():
                raise Refused(
                    f"another release is in progress: {other.who}, until {other.until:%H:%M:%S} UTC at the latest. "
                    "Wait for its end, then run this again"
                )
        number = max((other.number for other in held), default=0) + 1
        until = (self._now() + timedelta(seconds=seconds)).isoformat()
        note = {"tag": f"gate-lock-{number}", "object": sha, "type": "commit"}
        note["message"] = json.dumps({"who": self._who, "until": until})
        made = self._repository.send("POST", "git/tags", note, needs=_NEEDS, repeatable=True)
        try:
            ref = {"ref": f"refs/{self._prefix}/{number}", "sha": made["sha"]}
            self._repository.send("POST", "git/refs", ref, needs=_NEEDS)
        except VendorError as error:
            if not any(mine.number == number and mine.who == self._who for mine in self.holders()):
                raise Refused(f"another release began at the same moment ({error}); run this again after it") from None
        self._number = number
        for other in held:
            self._drop(other.number)

    def release(self) -> None:
        """Let others go on; what cannot be said now expires by itself."""
        if self._number is not None:
            self._drop(self._number)
            self._number = None

    def _drop(self, number: int) -> None:
        try:
            self._repository.send("DELETE", f"git/refs/{self._prefix}/{number}", needs=_NEEDS, repeatable=True)
        except VendorError:
            return  # gone already, or it will expire
