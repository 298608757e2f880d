"""Runs a recovery: locks, preview, look-ups, and, if it may change something, repairs and imports."""

from collections.abc import Callable

from pulumi.automation import Stack

from components.accounts import Accounts
from components.accounts.lookup import Existing, NeedsDecision, Unknown
from gate.recover import state
from gate.recover.imports import ImportFailed, import_objects
from gate.recover.report import NotLookedUp, Orphan, Recovery
from gate.recover.search import look_up_new
from gate.stack import planned as plans
from gate.stack.names import vendor_object
from gate.stack.planned import Plan

_ATTEMPTS = 3
"""How often an import is tried. It ends at the first error of a vendor."""
_CLIENT = "auth0:index/client:Client"


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
    found = Recovery(stack=stack.name, locks=state.locks(stack))
    state.refuse_living(stack, found.locks)
    found.pending = state.pending(stack)
    plan = plans.read(stack, show)
    orphans = _look(plan, accounts, found, show)
    found.orphans += orphans
    if found.refused or not change:
        return found
    found.changed = True
    if found.locks:
        show("removing the stale lock")
        stack.cancel()
    if found.pending:
        show("clearing pending operations")
        state.clear_pending(stack)
    attempts = _ATTEMPTS
    while orphans:
        show(f"importing {len(orphans)} into the state")
        try:
            import_objects(stack, plan, {orphan.urn: orphan.import_id for orphan in orphans})
        except ImportFailed:  # what was imported before the vendor's error stays, and is no orphan in the next plan
            attempts -= 1
            if not attempts:
                raise
            show("a part of the import failed: trying the rest again")
        else:
            found.imported |= {orphan.urn for orphan in orphans}
            if not found.waiting:
                break
        accounts.forget()
        plan, before = plans.read(stack, show), orphans
        orphans = [orphan for orphan in _look(plan, accounts, found, show) if orphan.urn not in found.imported]
        left, known = {orphan.urn for orphan in orphans}, {orphan.urn for orphan in found.orphans}
        found.imported |= {orphan.urn for orphan in before if orphan.urn not in left}
        found.orphans += [orphan for orphan in orphans if orphan.urn not in known]
        if found.refused:
            break
    return found


def _look(plan: Plan, accounts: Accounts, found: Recovery, show: Callable[[str], None]) -> list[Orphan]:
    """Return the orphans of this plan. What cannot be decided goes into `found`."""
    orphans = []
    found.waiting = []
    looked_up = look_up_new(plan, accounts, show)
    found.looked_up = max(found.looked_up, len(looked_up))
    for resource, answer in looked_up:
        match answer:
            case Unknown():
                found.waiting.append(NotLookedUp(resource.urn, answer.key))
            case NeedsDecision():
                found.refused.append(str(answer))
            case Existing():
                named = vendor_object(resource.urn, resource.inputs, {})
                orphans.append(Orphan(resource.urn, resource.type, answer.import_id, answer.recognised, named))
    found.surplus = list(_surplus(plan, accounts))
    return orphans


def _surplus(plan: Plan, accounts: Accounts) -> list[str]:
    """Return applications with the name of one that the state has: a second one, made by an `up` after a kill."""
    texts = []
    for resource in plan.kept():
        if resource.type != _CLIENT:
            continue
        name = resource.inputs.get("name")
        others = [client.id for client in accounts.auth0.named(str(name)) if client.id != resource.id]
        if others:
            texts.append(
                f"Auth0 has {len(others)} more of the application {name!r}, which is {resource.id} in the state: "
                f"{', '.join(others)}. If nothing uses them, delete them (Applications, the application, Settings, "
                "Danger Zone)"
            )
    return texts
