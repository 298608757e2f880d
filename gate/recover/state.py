"""What a kill leaves in the stack's state: pending operations, and a lock if the state is in a folder."""

import json
import os
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pulumi.automation import Stack

from gate.common.errors import GateError
from gate.stack.project import run


class Locked(GateError):
    """Another update of this stack may be running."""


@dataclass(frozen=True)
class Pending:
    """An operation that was started and never reported as done.

    Attributes:
        operation: creating, updating, deleting, …
    """

    urn: str
    type: str
    operation: str


@dataclass(frozen=True)
class StackLock:
    """A lock of the stack.

    Attributes:
        stale: its process was on this machine and has ended.
    """

    holder: str
    since: str
    stale: bool


def pending(stack: Stack) -> list[Pending]:
    """Read the state from an export, whose secrets stay encrypted."""
    return [
        Pending(entry["resource"]["urn"], entry["resource"]["type"], entry["type"])
        for entry in _export(stack)["deployment"].get("pending_operations") or []
    ]


def interrupted(stack: Stack) -> bool:
    """Whether the last update was killed or failed, so that it may have made objects that the state does not know."""
    if locks(stack) or pending(stack):
        return True
    last = stack.history(page_size=1, page=1, show_secrets=False)
    return bool(last) and last[0].result != "succeeded"


def clear_pending(stack: Stack) -> None:
    """Write the state back without pending operations. Everything else stays, secrets encrypted."""
    content = _export(stack)
    content["deployment"].pop("pending_operations", None)
    with tempfile.TemporaryDirectory(prefix="gate-recover-") as name:
        file = Path(name) / "state.json"
        file.write_text(json.dumps(content))
        run(stack.workspace, "stack", "import", "--file", str(file), "--stack", stack.name)


def folder(stack: Stack) -> Path | None:
    """Return the folder of the state, if it is in one (`file://`)."""
    url = urlsplit(stack.workspace.who_am_i().url or "")
    if url.scheme != "file":
        return None
    # A relative one is meant from where the CLI runs.
    return (Path(stack.workspace.work_dir) / Path(url.netloc + url.path).expanduser()).resolve()


def locks(stack: Stack) -> list[StackLock]:
    """Return the locks of a state in a folder. Other backends show theirs to an update only.

    The format is the engine's own (v3.210, backend/diy/lock.go): `{pid, username, hostname, timestamp}`, one file for
    each lock.
    """
    root = folder(stack)
    if root is None:
        return []
    places, project = root / ".pulumi" / "locks", stack.workspace.project_settings().name
    return [
        _lock(json.loads(file.read_text()))
        for place in (places / "organization" / project / stack.name, places / stack.name)
        for file in sorted(place.glob("*.json"))
    ]


def refuse_living(stack: Stack, found: Sequence[StackLock]) -> None:
    """Refuse a lock unless its process has certainly ended, because what a running update makes looks like orphans.

    Raises:
        Locked: names who holds it.
    """
    living = [lock for lock in found if not lock.stale]
    if living:
        holders = "; ".join(f"{lock.holder}, since {lock.since}" for lock in living)
        raise Locked(
            f"an update of {stack.name} may be running ({holders}): wait for its end. Where you know that it is dead, "
            f"run pulumi cancel --yes --stack {stack.name}, then this again"
        )


def _lock(content: dict[str, Any]) -> StackLock:
    pid, host = int(content["pid"]), content["hostname"]
    return StackLock(
        holder=f"{content['username']}@{host}, process {pid}",
        since=str(content["timestamp"]).partition(".")[0],
        stale=host == socket.gethostname() and not _runs(pid),
    )


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _export(stack: Stack) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(run(stack.workspace, "stack", "export", "--stack", stack.name))
    return content
