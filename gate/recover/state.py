"""The stack's state after a kill: pending operations, and a lock if the state is in a folder."""

import json
import os
import socket
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pulumi.automation import Stack
from pydantic import ConfigDict

from gate.common.errors import GateError
from gate.common.report import ReportPart
from gate.stack.project import run


class Locked(GateError):
    """Another update of this stack may be running."""


class Pending(ReportPart):
    """An operation that was started and never reported as done.

    Attributes:
        operation: creating, updating, deleting, …
    """

    model_config = ConfigDict(frozen=False)

    urn: str
    operation: str
    cleared: bool = False


class StackLock(ReportPart):
    """A lock of the stack whose process was on this machine and has ended."""

    model_config = ConfigDict(frozen=False)

    holder: str
    since: str
    removed: bool = False


def pending(stack: Stack) -> list[Pending]:
    """Read the state from an export, whose secrets stay encrypted."""
    return [
        Pending(urn=entry["resource"]["urn"], operation=entry["type"])
        for entry in _export(stack)["deployment"].get("pending_operations") or []
    ]


def interrupted(stack: Stack) -> bool:
    """Whether the last update was killed or failed, so that it may have made objects that the state does not know."""
    if _locks(stack) or pending(stack):
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


def dead_locks(stack: Stack) -> list[StackLock]:
    """Return the locks that ended processes have left.

    A lock is refused unless its process has certainly ended, because what a running update makes looks like orphans.

    Raises:
        Locked: names who holds it.
    """
    found = _locks(stack)
    if living := [f"{lock.holder}, since {lock.since}" for lock, ended in found if not ended]:
        raise Locked(
            f"an update of {stack.name} may be running ({'; '.join(living)}): wait for its end. Where you know that it "
            f"is dead, run pulumi cancel --yes --stack {stack.name}, then this again"
        )
    return [lock for lock, _ in found]


def _locks(stack: Stack) -> list[tuple[StackLock, bool]]:
    """Return each lock of a state in a folder, and whether its process ran here and has ended.

    Other backends show theirs to an update only.

    The format is the engine's own (v3.210, backend/diy/lock.go): `{pid, username, hostname, timestamp}`, one file for
    each lock.
    """
    root = folder(stack)
    if root is None:
        return []
    places, project = root / ".pulumi" / "locks", stack.workspace.project_settings().name
    found = []
    for place in (places / "organization" / project / stack.name, places / stack.name):
        for content in (json.loads(file.read_text()) for file in sorted(place.glob("*.json"))):
            pid, host = int(content["pid"]), content["hostname"]
            holder = f"{content['username']}@{host}, process {pid}"
            since = str(content["timestamp"]).partition(".")[0]
            found.append((StackLock(holder=holder, since=since), host == socket.gethostname() and not _runs(pid)))
    return found


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
