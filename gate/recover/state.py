"""The stack's state after a kill: pending operations, a lock if the state is in a folder, and the import of objects.

An import asks the provider to read an object by its import id. Only that works for all types: a protection rule, for
example, is known to an import by repository and pattern, and to everything else by a node id. An entry written into an
exported state could not be refreshed by the name that we know.

The list of an import is made from the preview's steps, because `pulumi preview --import-file` takes one of several
components of the same name as the parent of all their children (found with CLI 3.210).
"""

import json
import os
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from pulumi.automation import CommandError, Stack
from pydantic import ConfigDict

from gate.common.errors import GateError
from gate.common.report import ReportPart
from gate.stack.planned import Plan
from gate.stack.project import run

Resource = dict[str, Any]
"""The ImportResource of pulumi.automation, which its package does not export."""


class Locked(GateError):
    """Another update of this stack may be running."""


class ImportFailed(GateError):
    """The engine or a provider refused an import. What was imported before stays imported."""


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


def import_objects(stack: Stack, plan: Plan, ids: Mapping[str, str]) -> None:
    """Import objects, with the components above them that the state lacks.

    Args:
        ids: import ids by URN.

    Raises:
        Locked, ImportFailed: see there.
    """
    resources, names = import_list(plan, ids)
    try:
        stack.import_resources(
            resources=cast(Any, resources), name_table=names, protect=False, generate_code=False, show_secrets=False
        )
    except CommandError as error:
        _explain(stack, str(error))


def import_list(plan: Plan, ids: Mapping[str, str]) -> tuple[list[Resource], dict[str, str]]:
    """Return the resources to import, and the URNs of their parents and providers by name.

    The names are ours, because the program's may repeat.
    """
    wanted = {parent.urn: "" for urn in ids for parent in plan.parents_to_make(urn)} | dict(ids)
    aliases = {urn: f"resource-{index}" for index, urn in enumerate(wanted)}
    names: dict[str, str] = {}

    def alias(urn: str, kind: str) -> str:
        if urn not in aliases:
            aliases[urn] = f"{kind}-{len(aliases)}"
            names[aliases[urn]] = urn
        return aliases[urn]

    resources: list[Resource] = []
    for urn, id in wanted.items():
        declared = plan.resources[urn]
        entry: Resource = {"type": declared.type, "name": aliases[urn], "logicalName": declared.name}
        entry |= {"id": id} if declared.custom else {"component": True}
        if parent := plan.parent_of(urn):
            entry["parent"] = alias(parent, "parent")
        if declared.provider and declared.provider.in_state:
            entry["provider"] = alias(declared.provider.urn, "provider")
        elif declared.provider:
            entry |= {"version": declared.provider.version, "pluginDownloadUrl": declared.provider.download_url}
        resources.append(entry)
    return resources, names


def _explain(stack: Stack, text: str) -> None:
    if "currently locked" in text:
        raise Locked(
            f"the state of {stack.name} is locked: wait for the end of the update that holds it. Where you know that "
            f"it is dead, run pulumi cancel --yes --stack {stack.name}, then this again"
        ) from None
    said = "\n".join(_errors_in(text)) or text.strip()
    raise ImportFailed(f"an import into {stack.name} failed; what was imported before stays:\n{said}") from None


def _errors_in(text: str) -> list[str]:
    """Return the lines of the command's output that tell why it failed, once each."""
    said = (line.strip().partition("error: ")[2] for line in text.splitlines())
    return list(dict.fromkeys(line for line in said if line and line not in ("update failed", "preview failed")))
