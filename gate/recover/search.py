"""What a preview would create, and which of it exists at its vendor already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pulumi.automation import Stack

from components.adoption import key
from gate.stack import planned as plans
from gate.vendors import TYPES, Accounts, Refused, Unknown, look_up


@dataclass(frozen=True)
class Found:
    """key: in marketedge:adopt. import_id: its value. recognised: by what, for a person to judge."""

    key: str
    import_id: str
    recognised: str


@dataclass
class Adoption:
    """new: declared and nowhere to be found. undecided: what a person has to decide first. waiting: known later."""

    stack: str
    found: list[Found] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def search(stack: Stack, accounts: Accounts, show: Callable[[str], None] = lambda _line: None) -> Adoption:
    """Look up everything that the stack, in its phase, would create.

    Raises: PreviewFailed, VendorError.
    """
    adoption = Adoption(stack.name)
    declared = [resource for resource in plans.read(stack, show).new() if resource.type in TYPES]
    show(f"looking up {len(declared)} objects at their vendors")
    for resource in declared:
        name = key(resource.type, resource.name)
        try:
            existing = look_up(accounts, resource.type, resource.inputs)
        except Unknown as unknown:
            adoption.waiting.append(f"{name}: {unknown.key} is known after `pulumi up` only")
        except Refused as refused:
            adoption.undecided.append(f"{name}: {refused}")
        else:
            if existing:
                adoption.found.append(Found(name, existing.import_id, existing.recognised))
            else:
                adoption.new.append(name)
    return adoption
