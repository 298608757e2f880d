"""Finds objects that a preview would create and that exist at their vendor already. `up` would fail there half-way."""

from collections.abc import Iterable, Iterator

from pulumi.automation.events import OpType

from components.consequences import exists_already
from gate.changes.findings import object_of
from gate.changes.report import Consequence
from gate.stack import names
from gate.stack.steps import Steps
from gate.vendors import Accounts, NeedsDecision, Unknown, can_be_looked_up, look_up
from gate.vendors.errors import VendorError


def existing(changing: Iterable[Steps], accounts: Accounts, stack: str) -> Iterator[Consequence]:
    """Return a consequence for each such object, which says how the stack can adopt it.

    Args:
        changing: what would change.
        accounts: where to look. A vendor that cannot be asked is skipped.
        stack: its name.
    """
    for steps in changing:
        kind = names.type_of(steps.urn)
        created = steps.planned is not None and steps.planned.op == OpType.CREATE and not steps.is_gone
        if not created or not can_be_looked_up(kind):
            continue
        try:
            found = look_up(accounts, kind, steps.declared)
        except (Unknown, VendorError):
            continue
        except NeedsDecision as refused:
            yield Consequence(text=f"{object_of(steps)}: {refused}", danger=True)
            continue
        if found:
            text = exists_already(str(object_of(steps)), stack, found.recognised)
            yield Consequence(text=text, danger=True)
