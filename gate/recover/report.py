"""What a recovery found and did: for people as lines, for workflows as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gate.recover.state import Lock, Pending


@dataclass(frozen=True)
class Orphan:
    """An object that is there and that the state does not have. recognised: by what it was told to be the one."""

    urn: str
    type: str
    import_id: str
    recognised: str

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]

    @property
    def kind(self) -> str:
        """GitHub BranchProtection, from `github:index/branchProtection:BranchProtection`."""
        vendor, _, rest = self.type.partition(":")
        return f"{_VENDORS.get(vendor, vendor)} {rest.rpartition(':')[2]}"


@dataclass(frozen=True)
class NotLookedUp:
    """A resource to be created whose natural key is not known before another one exists. key: the unknown input."""

    urn: str
    key: str


@dataclass
class Recovery:
    """One run.

    orphans: found, and imported where `imported` says so. refused: what a person has to decide first; then nothing is
    changed. surplus: objects beside one that the state has, of the same name; nothing here deletes them.
    changed: whether `--yes` was given and nothing refused.
    """

    stack: str
    orphans: list[Orphan] = field(default_factory=list)
    imported: set[str] = field(default_factory=set)
    waiting: list[NotLookedUp] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    changed: bool = False
    looked_up: int = 0

    @property
    def exit_code(self) -> int:
        """0 nothing to recover, or all of it done; 1 refused; 2 something found that is still outside the state."""
        if self.refused:
            return 1
        left = [orphan for orphan in self.orphans if orphan.urn not in self.imported]
        unchanged = not self.changed and (self.pending or self.locks)
        return 2 if left or self.surplus or unchanged else 0

    @property
    def status(self) -> str:
        if self.refused:
            return "refused"
        if self.exit_code:
            return "found"
        return "recovered" if self.orphans or self.pending or self.locks else "clean"


def as_json(recovery: Recovery) -> dict[str, Any]:
    """`{stack, status: clean|found|recovered|refused, found: [{urn, type, name, importId, recognisedBy, imported}],
    notLookedUp: [{urn, input}], refused: [text], surplus: [text], pendingOperations: [{urn, operation, cleared}],
    locks: [{holder, since, removed}]}`."""
    return {
        "stack": recovery.stack,
        "status": recovery.status,
        "found": [
            {
                "urn": orphan.urn,
                "type": orphan.type,
                "name": orphan.name,
                "importId": orphan.import_id,
                "recognisedBy": orphan.recognised,
                "imported": orphan.urn in recovery.imported,
            }
            for orphan in recovery.orphans
        ],
        "notLookedUp": [{"urn": waiting.urn, "input": waiting.key} for waiting in recovery.waiting],
        "refused": recovery.refused,
        "surplus": recovery.surplus,
        "pendingOperations": [
            {"urn": left.urn, "operation": left.operation, "cleared": recovery.changed} for left in recovery.pending
        ],
        "locks": [{"holder": lock.holder, "since": lock.since, "removed": recovery.changed} for lock in recovery.locks],
    }


def as_lines(recovery: Recovery) -> Iterator[str]:
    """The same for a person, ending with what to do next."""
    for lock in recovery.locks:
        done = "removed" if recovery.changed else "found"
        yield f"{done} a stale lock of {lock.holder}, since {lock.since}: that process is no more"
    if recovery.pending:
        done = "cleared" if recovery.changed else "found"
        yield f"{done} {_count(len(recovery.pending), 'pending operation')} of a killed update:"
        for left in recovery.pending:
            yield f"  {left.operation} {_short(left.urn)}{_advice(left, recovery)}"
    if recovery.orphans:
        done = "imported" if recovery.imported else "found"
        yield f"{done} {_count(len(recovery.orphans), 'object')} that the state of {recovery.stack} did not have:"
        for orphan in recovery.orphans:
            yield f"  {orphan.kind} {orphan.name}: {orphan.recognised}"
            yield f"    import id {orphan.import_id}"
    for waiting in recovery.waiting:
        yield f"not looked up: {_short(waiting.urn)}, because its {waiting.key} is known only after another is there"
    for text in recovery.surplus:
        yield f"surplus: {text}"
    for text in recovery.refused:
        yield f"refused: {text}"
    yield _conclusion(recovery)


def _conclusion(recovery: Recovery) -> str:
    again = f"python -m gate recover --env {recovery.stack} --yes"
    match recovery.status:
        case "clean":
            looked = _count(recovery.looked_up, "resource")
            return f"nothing to recover: of {looked} still to be created, none exists already"
        case "refused":
            return "nothing was changed; run this again when that is done, and `pulumi up` only after it"
        case "recovered":
            return "the state is whole again: run `pulumi up`, which goes on where the killed one ended"
    if recovery.changed:
        return "the state is whole again; delete what is surplus, then run `pulumi up`"
    if recovery.orphans or recovery.pending or recovery.locks:
        return f"nothing was changed; put it right with: {again}"
    return "nothing was changed; delete what is surplus"


def _advice(left: Pending, recovery: Recovery) -> str:
    """What to make of an operation whose outcome nobody knows."""
    if left.operation != "creating":
        return " (the next `pulumi up --refresh` reads how it ended)"
    if any(orphan.urn == left.urn for orphan in recovery.orphans):
        return " (it exists: see below)"
    if left.type == "command:local:Command":
        return " (Render: the next `pulumi up` looks it up by name)"
    return " (does not exist, or cannot be looked up: see its vendor's dashboard)"


def _short(urn: str) -> str:
    """`github:index/branch:Branch staging` from a URN."""
    return f"{urn.split('::')[2].rpartition('$')[2]} {urn.rpartition('::')[2]}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


_VENDORS = {"github": "GitHub", "auth0": "Auth0", "vercel": "Vercel"}
