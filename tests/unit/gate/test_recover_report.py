"""What a recovery says and the code it ends with; and what is read of a state's locks."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pulumi.automation import Stack

from gate.recover.run import NotLookedUp, Orphan, Recovery
from gate.recover.state import Locked, Pending, StackLock, dead_locks
from gate.stack.names import VendorObject

URN = "urn:pulumi:staging::gate::marketedge:x:Part$github:index/branchProtection:BranchProtection::staging"
ORPHAN = Orphan(
    urn=URN,
    type="github:index/branchProtection:BranchProtection",
    import_id="platform:staging",
    recognised_by="protection rule for staging",
    object=VendorObject(vendor="GitHub", type="branch protection", name="staging"),
)
IMPORTED = ORPHAN.model_copy(update={"imported": True})
PENDING = Pending(urn=URN, operation="creating")
COMMAND = Pending(urn="urn:pulumi:staging::gate::x$command:local:Command::db", operation="creating")
STALE = StackLock(holder="ann@laptop, process 7", since="2026-11-02T10:00:00")


def recovery(**parts: Any) -> Recovery:
    return Recovery(stack="staging", **parts)


@pytest.mark.parametrize(
    ("found", "code", "status"),
    [
        (recovery(), 0, "clean"),
        (recovery(changed=True), 0, "clean"),
        (recovery(not_looked_up=[NotLookedUp(urn=URN, input="clientId")]), 0, "clean"),
        (recovery(found=[ORPHAN]), 2, "found"),
        (recovery(pending_operations=[PENDING]), 2, "found"),
        (recovery(locks=[STALE]), 2, "found"),
        (recovery(surplus=["two"], changed=True), 2, "found"),
        (recovery(found=[IMPORTED], changed=True), 0, "recovered"),
        (recovery(pending_operations=[PENDING], changed=True), 0, "recovered"),
        (recovery(found=[ORPHAN], refused=["which one?"]), 1, "refused"),
    ],
)
def test_the_exit_code_says_whether_something_is_left(found: Recovery, code: int, status: str) -> None:
    assert (found.exit_code, found.status) == (code, status)


def test_a_look_shows_the_object_its_id_and_the_command_that_puts_it_right() -> None:
    assert list(recovery(found=[ORPHAN], pending_operations=[PENDING, COMMAND], locks=[STALE]).lines()) == [
        "found a stale lock of ann@laptop, process 7, since 2026-11-02T10:00:00: that process has ended",
        "found 2 pending operations of a killed update:",
        "  creating GitHub branch protection staging (it exists: see below)",
        "  creating Render object db (Render: the next `pulumi up` looks it up by name)",
        "found 1 object that the state of staging did not have:",
        "  GitHub branch protection staging: protection rule for staging",
        "    import id platform:staging",
        "nothing was changed; to repair the state run: python -m gate recover --env staging --yes",
    ]


@pytest.mark.parametrize(
    ("found", "last"),
    [
        (
            recovery(looked_up=3),
            "nothing to recover: `pulumi up` would create 3 resources, and none of that exists already",
        ),
        (recovery(found=[IMPORTED], changed=True), "run `pulumi up`, which goes on where the killed"),
        (recovery(refused=["which?"]), "nothing was changed; run this again when that is done"),
        (recovery(surplus=["two"]), "nothing was changed; delete what is surplus"),
        (recovery(surplus=["two"], changed=True), "the state is whole again; delete what is surplus"),
    ],
)
def test_the_last_line_says_what_to_do_next(found: Recovery, last: str) -> None:
    assert last in list(found.lines())[-1]


def test_an_operation_of_unknown_outcome_comes_with_advice() -> None:
    updating = Pending(urn=URN, operation="updating")
    lines = list(recovery(pending_operations=[updating, PENDING], changed=True).lines())
    assert lines[0] == "cleared 2 pending operations of a killed update:"
    assert lines[1].endswith("(the next `pulumi up --refresh` reads how it ended)")
    assert lines[2].endswith("(does not exist, or cannot be looked up: see its vendor's dashboard)")


def test_the_report_for_programs() -> None:
    found = recovery(
        found=[IMPORTED],
        pending_operations=[PENDING.model_copy(update={"cleared": True})],
        locks=[STALE.model_copy(update={"removed": True})],
        not_looked_up=[NotLookedUp(urn="u", input="k")],
        changed=True,
    )
    assert found.as_json() == {
        "schema": 1,
        "stack": "staging",
        "status": "recovered",
        "found": [
            {
                "urn": URN,
                "type": "github:index/branchProtection:BranchProtection",
                "object": {"vendor": "GitHub", "type": "branch protection", "name": "staging"},
                "importId": "platform:staging",
                "recognisedBy": "protection rule for staging",
                "imported": True,
            }
        ],
        "notLookedUp": [{"urn": "u", "input": "k"}],
        "refused": [],
        "surplus": [],
        "pendingOperations": [{"urn": URN, "operation": "creating", "cleared": True}],
        "locks": [{"holder": "ann@laptop, process 7", "since": "2026-11-02T10:00:00", "removed": True}],
    }


def stack(url: str, work_dir: Path) -> Stack:
    workspace = SimpleNamespace(
        who_am_i=lambda: SimpleNamespace(url=url),
        work_dir=str(work_dir),
        project_settings=lambda: SimpleNamespace(name="gate"),
    )
    return cast(Stack, SimpleNamespace(name="staging", workspace=workspace))


def lock(folder: Path, pid: int, host: str = "") -> None:
    place = folder / ".pulumi" / "locks" / "organization" / "gate" / "staging"
    place.mkdir(parents=True, exist_ok=True)
    content = {"pid": pid, "username": "ann", "hostname": host or socket.gethostname(), "timestamp": "2026-11-02T10:00"}
    (place / f"{pid}.json").write_text(json.dumps(content))


@pytest.fixture
def dead() -> int:
    """The id of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_lock_is_stale_when_its_process_on_this_machine_is_gone(tmp_path: Path, dead: int) -> None:
    lock(tmp_path, dead)
    (found,) = dead_locks(stack(tmp_path.as_uri(), tmp_path))
    assert (found.holder.partition("@")[0], found.since) == ("ann", "2026-11-02T10:00")


@pytest.mark.parametrize("host", ["", "elsewhere"])
def test_a_lock_that_may_be_alive_stops_everything(tmp_path: Path, dead: int, host: str) -> None:
    lock(tmp_path, dead if host else os.getpid(), host)
    with pytest.raises(Locked, match=r"may be running .*pulumi cancel --yes --stack staging"):
        dead_locks(stack(tmp_path.as_uri(), tmp_path))


def test_locks_are_found_where_the_backend_is_named_from_the_project_folder(tmp_path: Path, dead: int) -> None:
    lock(tmp_path / "state", dead)
    assert len(dead_locks(stack("file://./state", tmp_path))) == 1
    assert dead_locks(stack("file://./elsewhere", tmp_path)) == []
    assert dead_locks(stack("s3://bucket", tmp_path)) == []
