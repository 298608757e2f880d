"""Runs a recovery: locks, preview, look-ups, and, if it may change something, repairs and imports."""

from collections.abc import Callable, Iterator
from typing import Any

from pulumi.automation import Stack
from pydantic import ConfigDict, Field

from components.accounts import Accounts
from components.accounts.lookup import Existing, NeedsDecision, Unknown
from components.vendors import CLIENT
from gate.common.exit_codes import ExitCode
from gate.common.report import Report, ReportPart
from gate.common.text import count
from gate.recover import plan as plans
from gate.recover import state
from gate.recover.plan import ImportFailed, Plan
from gate.recover.search import look_up_new
from gate.recover.state import Pending, StackLock
from gate.stack.names import VendorObject, is_command, vendor_object

_ATTEMPTS = 3
"""How often an import is tried. It ends at the first error of a vendor."""


class Orphan(ReportPart):
    """An object that exists and that the state did not have.

    Attributes:
        recognised_by: what it was found to be the right one by.
    """

    model_config = ConfigDict(frozen=False)

    urn: str
    type: str
    object: VendorObject
    import_id: str
    recognised_by: str
    imported: bool = False


class NotLookedUp(ReportPart):
    """A new resource whose natural key is not known before another one exists.

    Attributes:
        input: the unknown part of the key.
    """

    urn: str
    input: str


class Recovery(Report):
    """One run, filled in while it goes on.

    Attributes:
        refused: what a person has to decide first. Nothing is changed then.
        surplus: objects with the same name as one that the state has. Nothing here deletes them.
        changed: whether `--yes` was given and nothing was refused.
        looked_up: how many resources `up` would create.

    As JSON: `{schema, stack, status: clean|found|recovered|refused, found: [{urn, type, object {vendor, type, name},
    importId, recognisedBy, imported}], notLookedUp: [{urn, input}], refused: [text], surplus: [text],
    pendingOperations: [{urn, operation, cleared}], locks: [{holder, since, removed}]}`.
    """

    model_config = ConfigDict(frozen=False)

    stack: str
    found: list[Orphan] = Field([])
    not_looked_up: list[NotLookedUp] = Field([])
    refused: list[str] = Field([])
    surplus: list[str] = Field([])
    pending_operations: list[Pending] = Field([])
    locks: list[StackLock] = Field([])
    changed: bool = False
    looked_up: int = 0

    @property
    def missing(self) -> list[Orphan]:
        """Return what the state does not have yet."""
        return [orphan for orphan in self.found if not orphan.imported]

    @property
    def exit_code(self) -> int:
        """Return 0 if nothing is left to recover, 1 if it was refused, 2 if objects are still outside the state."""
        if self.refused:
            return ExitCode.ERROR
        unchanged = not self.changed and (self.pending_operations or self.locks)
        return ExitCode.FOUND if self.missing or self.surplus or unchanged else ExitCode.DONE

    @property
    def status(self) -> str:
        """Return refused, found, recovered or clean."""
        if self.refused:
            return "refused"
        if self.exit_code:
            return "found"
        return "recovered" if self.found or self.pending_operations or self.locks else "clean"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        content = super().as_json()
        for ours in ("changed", "lookedUp"):
            del content[ours]
        return {"schema": content["schema"], "stack": self.stack, "status": self.status} | content

    def lines(self) -> Iterator[str]:
        """Return lines for a person, ending with what to do next."""
        for lock in self.locks:
            done = "removed" if lock.removed else "found"
            yield f"{done} a stale lock of {lock.holder}, since {lock.since}: that process has ended"
        if self.pending_operations:
            done = "cleared" if self.changed else "found"
            yield f"{done} {count(len(self.pending_operations), 'pending operation')} of a killed update:"
            for left in self.pending_operations:
                yield f"  {left.operation} {vendor_object(left.urn, {}, {})}{self._advice(left)}"
        if self.found:
            done = "imported" if any(orphan.imported for orphan in self.found) else "found"
            yield f"{done} {count(len(self.found), 'object')} that the state of {self.stack} did not have:"
            for orphan in self.found:
                yield f"  {orphan.object}: {orphan.recognised_by}"
                yield f"    import id {orphan.import_id}"
        for waiting in self.not_looked_up:
            yield f"not looked up: {vendor_object(waiting.urn, {}, {})}: its {waiting.input} is known only later"
        yield from (f"surplus: {text}" for text in self.surplus)
        yield from (f"refused: {text}" for text in self.refused)
        yield self._conclusion()

    def _conclusion(self) -> str:
        match self.status:
            case "clean":
                looked = count(self.looked_up, "resource")
                return f"nothing to recover: `pulumi up` would create {looked}, and none of that exists already"
            case "refused":
                what = "nothing more" if self.changed else "nothing"
                return f"{what} was changed; run this again when that is done, and `pulumi up` only after it"
            case "recovered":
                return "the state is whole again: run `pulumi up`, which goes on where the killed one ended"
        if self.changed:
            return "the state is whole again; delete what is surplus, then run `pulumi up`"
        if self.found or self.pending_operations or self.locks:
            return f"nothing was changed; to repair the state run: python -m gate recover --env {self.stack} --yes"
        return "nothing was changed; delete what is surplus"

    def _advice(self, left: Pending) -> str:
        """Return what to do about an operation whose outcome nobody knows."""
        if left.operation != "creating":
            return " (the next `pulumi up --refresh` reads how it ended)"
        if any(orphan.urn == left.urn for orphan in self.found):
            return " (it exists: see below)"
        if is_command(left.urn):
            return " (Render: the next `pulumi up` looks it up by name)"
        return " (does not exist, or cannot be looked up: see its vendor's dashboard)"


def recover(
    stack: Stack, accounts: Accounts, *, change: bool = False, show: Callable[[str], None] = lambda _line: None
) -> Recovery:
    """Find what a killed update left, and repair it if `change` is true.

    Every look-up is made before the first change. One that a person has to decide stops all changes. Objects whose
    natural key is known only after an import (credentials of an application) are looked up in a further round.

    Args:
        show: is called with progress, a line at a time.

    Raises:
        PreviewFailed, VendorError: nothing was changed, unless it happens in a further round. Run it again to continue.
        Locked, ImportFailed: see there.
    """
    found = Recovery(stack=stack.name, locks=state.dead_locks(stack))
    found.pending_operations = state.pending(stack)
    plan = _look(stack, accounts, found, show)
    if found.refused or not change:
        return found
    found.changed = True
    if found.locks:
        show("removing the stale lock")
        stack.cancel()
    if found.pending_operations:
        show("clearing pending operations")
        state.clear_pending(stack)
    for done in found.locks:
        done.removed = True
    for left in found.pending_operations:
        left.cleared = True
    attempts = _ATTEMPTS
    while missing := found.missing:
        show(f"importing {len(missing)} into the state")
        try:
            plans.import_objects(stack, plan, {orphan.urn: orphan.import_id for orphan in missing})
        except ImportFailed:  # what was imported before the vendor's error stays, and is no orphan in the next plan
            attempts -= 1
            if not attempts:
                raise
            show("a part of the import failed: trying the rest again")
        else:
            for orphan in missing:
                orphan.imported = True
            if not found.not_looked_up:
                break
        accounts.forget()
        plan = _look(stack, accounts, found, show)
        if found.refused:
            break
    return found


def _look(stack: Stack, accounts: Accounts, found: Recovery, show: Callable[[str], None]) -> Plan:
    """Preview the stack, look up what it would create, and write down what is found. An earlier orphan is none now."""
    plan = plans.read(stack, show)
    looked_up = look_up_new(plan, accounts, show)
    found.looked_up = max(found.looked_up, len(looked_up))
    found.not_looked_up = [
        NotLookedUp(urn=resource.urn, input=answer.key) for resource, answer in looked_up if isinstance(answer, Unknown)
    ]
    found.refused += [str(answer) for _, answer in looked_up if isinstance(answer, NeedsDecision)]
    existing = {resource.urn: (resource, answer) for resource, answer in looked_up if isinstance(answer, Existing)}
    for orphan in found.found:
        orphan.imported = orphan.imported or orphan.urn not in existing
        existing.pop(orphan.urn, None)
    for urn, (resource, answer) in existing.items():
        named, by = vendor_object(urn, resource.inputs, {}), answer.recognised
        found.found.append(
            Orphan(urn=urn, type=resource.type, object=named, import_id=answer.import_id, recognised_by=by)
        )
    found.surplus = list(_surplus(plan, accounts))
    return plan


def _surplus(plan: Plan, accounts: Accounts) -> Iterator[str]:
    """Return applications with the name of one that the state has: a second one, made by an `up` after a kill."""
    for resource in plan.kept():
        if resource.type != CLIENT:
            continue
        name = resource.inputs.get("name")
        others = [client.id for client in accounts.auth0.named(str(name)) if client.id != resource.id]
        if others:
            yield (
                f"Auth0 has {len(others)} more of the application {name!r}, which is {resource.id} in the state: "
                f"{', '.join(others)}. If nothing uses them, delete them (Applications, the application, Settings, "
                "Danger Zone)"
            )
