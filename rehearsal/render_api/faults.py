"""Planned faults: which of the coming requests fails, and how."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

# An integer is a status that is answered instead of running the request. The words:
#   refused    no connection is made
#   drop       the connection closes before the request ran
#   lost       the request ran, and the connection closes without an answer
#   reset      the request ran, and the connection breaks in the middle of the answer
#   truncated  the request ran, and its answer is well-formed HTTP around half of the JSON
#   hang       the request ran, and its answer comes after `seconds`
FaultKind = int | Literal["refused", "drop", "lost", "reset", "truncated", "hang"]
BEFORE_THE_REQUEST_RUNS = frozenset({"refused", "drop"})


@dataclass
class Fault:
    """One planned fault, for the request with this number, or for those with this method and path pattern.

    Attributes:
        number: counts from 1 over the whole request log.
        path: a shell pattern, compared without the query.
        times: how many requests it meets.
        headers, body: of the answer, when the fault is a status.
        seconds: how late the answer comes, when it hangs.
        applied: whether the request runs before that status is answered.
    """

    kind: FaultKind
    number: int | None = None
    method: str | None = None
    path: str | None = None
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    applied: bool = False

    def meets(self, number: int, method: str, path: str) -> bool:
        """Whether this fault applies to a request."""
        return (
            self.times > 0
            and self.number in (None, number)
            and self.method in (None, method)
            and (self.path is None or fnmatchcase(path, self.path))
        )


class Faults(list[Fault]):
    """The planned faults. A fault is over after as many requests as its `times`."""

    def add(self, *, kind: FaultKind, **which: Any) -> Fault:
        """Plan a fault, with the fields of Fault."""
        self.append(fault := Fault(kind, **which))
        return fault

    def take(self, number: int, method: str, path: str) -> Fault | None:
        """Return the first fault that applies to a request, and count it."""
        fault = next((fault for fault in self if fault.meets(number, method, path)), None)
        if fault:
            fault.times -= 1
        return fault
