"""What a recovery found and did: lines for people, JSON for workflows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field

from components.vendors import COMMAND
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import count
from gate.recover.state import Pending, StackLock
from gate.stack.names import vendor_object
from gate.vendors.kinds import VendorObject


@dataclass(frozen=True)
class Orphan:
    """An object that exists and that the state does not have.

    Attributes:
        recognised: by what it was found to be the right one.
    """

    urn: str
    type: str
    import_id: str
    recognised: str
    object: VendorObject


@dataclass(frozen=True)
class NotLookedUp:
    """A new resource whose natural key is not known before another one exists.

    Attributes:
        key: the unknown input.
    """

    urn: str
    key: str


class Recovery(Report):
    """One run, filled in while it goes on.

    Attributes:
        orphans: found, and imported if `imported` has their URN.
        refused: what a person has to decide first. Nothing is changed then.
        surplus: objects with the same name as one that the state has. Nothing here deletes them.
        changed: whether `--yes` was given and nothing was refused.

    As JSON: `{schema, stack, status: clean|found|recovered|refused, found: [{urn, type, object {vendor, type, name},
    importId, recognisedBy, imported}], notLookedUp: [{urn, input}], refused: [text], surplus: [text],
    pendingOperations: [{urn, operation, cleared}], locks: [{holder, since, removed}]}`.
    """

    model_config = ConfigDict(frozen=False)

    stack: str
    orphans: list[Orphan] = Field([])
    imported: set[str] = Field(set())
    waiting: list[NotLookedUp] = Field([])
    refused: list[str] = Field([])
    surplus: list[str] = Field([])
    pending: list[Pending] = Field([])
    locks: list[StackLock] = Field([])
    changed: bool = False
    looked_up: int = 0

    @property
    def exit_code(self) -> int:
        """Return 0 if nothing is left to recover, 1 if it was refused, 2 if objects are still outside the state."""
        if self.refused:
            return ExitCode.ERROR
        left = [orphan for orphan in self.orphans if orphan.urn not in self.imported]
        unchanged = not self.changed and (self.pending or self.locks)
        return ExitCode.FOUND if left or self.surplus or unchanged else ExitCode.DONE

    @property
    def status(self) -> str:
        if self.refused:
            return "refused"
        if self.exit_code:
            return "found"
        return "recovered" if self.orphans or self.pending or self.locks else "clean"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        return {
            "schema": self.schema_version,
            "stack": self.stack,
            "status": self.status,
            "found": [
                {
                    "urn": orphan.urn,
                    "type": orphan.type,
                    "object": orphan.object.model_dump(),
                    "importId": orphan.import_id,
                    "recognisedBy": orphan.recognised,
                    "imported": orphan.urn in self.imported,
                }
                for orphan in self.orphans
            ],
            "notLookedUp": [{"urn": waiting.urn, "input": waiting.key} for waiting in self.waiting],
            "refused": self.refused,
            "surplus": self.surplus,
            "pendingOperations": [
                {"urn": left.urn, "operation": left.operation, "cleared": self.changed} for left in self.pending
            ],
            "locks": [{"holder": lock.holder, "since": lock.since, "removed": self.changed} for lock in self.locks],
        }

    def lines(self) -> Iterator[str]:
        """Return lines for a person, ending with what to do next."""
        for lock in self.locks:
            done = "removed" if self.changed else "found"
            yield f"{done} a stale lock of {lock.holder}, since {lock.since}: that process has ended"
        if self.pending:
            done = "cleared" if self.changed else "found"
            yield f"{done} {count(len(self.pending), 'pending operation')} of a killed update:"
            for left in self.pending:
                yield f"  {left.operation} {vendor_object(left.urn, {}, {})}{_advice(left, self)}"
        if self.orphans:
            done = "imported" if self.imported else "found"
            yield f"{done} {count(len(self.orphans), 'object')} that the state of {self.stack} did not have:"
            for orphan in self.orphans:
                yield f"  {orphan.object}: {orphan.recognised}"
                yield f"    import id {orphan.import_id}"
        for waiting in self.waiting:
            yield f"not looked up: {vendor_object(waiting.urn, {}, {})}: its {waiting.key} is known only later"
        for text in self.surplus:
            yield f"surplus: {text}"
        for text in self.refused:
            yield f"refused: {text}"
        yield _conclusion(self)


def _conclusion(recovery: Recovery) -> str:
    again = f"python -m gate recover --env {recovery.stack} --yes"
    match recovery.status:
        case "clean":
            looked = count(recovery.looked_up, "resource")
            return f"nothing to recover: `pulumi up` would create {looked}, and none of that exists already"
        case "refused":
            return "nothing was changed; run this again when that is done, and `pulumi up` only after it"
        case "recovered":
            return "the state is whole again: run `pulumi up`, which goes on where the killed one ended"
    if recovery.changed:
        return "the state is whole again; delete what is surplus, then run `pulumi up`"
    if recovery.orphans or recovery.pending or recovery.locks:
        return f"nothing was changed; to repair the state run: {again}"
    return "nothing was changed; delete what is surplus"


def _advice(left: Pending, recovery: Recovery) -> str:
    """Return what to do about an operation whose outcome nobody knows."""
    if left.operation != "creating":
        return " (the next `pulumi up --refresh` reads how it ended)"
    if any(orphan.urn == left.urn for orphan in recovery.orphans):
        return " (it exists: see below)"
    if left.type == COMMAND:
        return " (Render: the next `pulumi up` looks it up by name)"
    return " (does not exist, or cannot be looked up: see its vendor's dashboard)"
