"""What happens at Render besides the writes: deploys, restarts, losses. It knows neither Pulumi nor a preview.

Facts: docs.render.com (deploys, instance types, environment variables).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprint.kinds import SERVICES

NOT_DECLARED = "not declared"
"""The declared side of a variable that somebody added by hand."""
Describe = Callable[[str], str]
"""Returns what there is to say of a database that goes, by its name."""
Told = tuple[str, bool]
"""A consequence in words, and whether something is lost or stops by it."""

_TAKEN_UP_BY_A_DEPLOY = frozenset(one.label for kind in SERVICES for one in kind.fields if one.deploys)
_OPEN_TO_ALL = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True)
class Planned:
    """What `up` would do to one object.

    Attributes:
        kind: the vendor's word for such an object, such as `service`, `database` or `branch protection`.
        operation: create, update, delete, replace or import.
        fields: declared and live value of each field that changes, by the key that people write.
        adopted: whether it belongs to others too, and is never deployed.
        is_gone: whether it existed and is made again.
        users: of a group, the services that link to it.
    """

    kind: str
    name: str
    operation: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    adopted: bool = False
    is_gone: bool = False
    is_suspended: bool = False
    users: tuple[str, ...] = ()
    vendor: str = "Render"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def of_render(planned: Planned, describe: Describe = lambda _name: "") -> Iterator[Told]:
    """Return each consequence of a change of one object at Render."""
    is_data = planned.kind in ("database", "key-value instance")
    if planned.operation == "delete" and planned.adopted:
        yield f"{planned} stays as it is, and is not managed from here any more", False
    elif planned.operation == "delete":
        more = f" ({told})" if planned.kind == "database" and (told := describe(planned.name)) else ""
        yield f"{planned} is deleted permanently{', with everything in it' if is_data else ''}{more}", True
    elif planned.is_gone:
        yield f"{planned} no longer exists and is created again, {'empty' if is_data else 'with another id'}", True
    elif planned.operation == "create" and planned.kind == "service":
        yield f"{planned} is created and deployed", False
    if planned.kind == "service":
        yield from _service(planned)
    elif is_data and "plan" in planned.fields:
        yield f"{planned} is restarted on its new plan, and cannot be reached meanwhile", False
    allowed = str(planned.fields.get("ipAllowList", ("",))[0])
    if any(address in allowed for address in _OPEN_TO_ALL):
        yield f"{planned} can be reached from everywhere", True
    for host in () if planned.adopted else removed(planned.fields.get("domains")):
        yield f"{host} is not served by {planned} any more", True
    for key, (declared, _) in planned.fields.items():
        if key.startswith("env.") and declared in (None, NOT_DECLARED):
            losers = ", ".join(planned.users) or str(planned)
            by_hand = ", which was added by hand" if declared else ""
            yield f"{losers} loses the variable {key.removeprefix('env.')}{by_hand}", True


def removed(change: tuple[Any, Any] | None) -> list[str]:
    """Return what a list has no more.

    Args:
        change: the declared and the live list. Anything else has lost nothing.
    """
    declared, live = (side if isinstance(side, list) else [] for side in change or ([], []))
    return [str(one) for one in live if one not in declared]


def is_taken_up_by_a_deploy(key: str) -> bool:
    """Whether a change of this field takes effect with the next deploy only."""
    return key in _TAKEN_UP_BY_A_DEPLOY or key.startswith(("env.", "fromGroup."))


def _service(planned: Planned) -> Iterator[Told]:
    if planned.is_suspended:
        yield f"{planned} is suspended and is resumed", False
    if planned.operation != "update":
        return
    if trigger := planned.fields.get("autoDeployTrigger"):
        if trigger[0] == "off":
            yield f"merges no longer deploy {planned}", False
        else:
            yield f"every merge to its branch deploys {planned} from now on", True
    reasons = sorted(filter(is_taken_up_by_a_deploy, planned.fields))
    if reasons and planned.adopted:
        yield f"{planned} takes up {_listed(reasons)} with its next deploy; nothing is deployed now", False
    elif reasons:
        yield f"{planned} is deployed, because of {_listed(reasons)}", False
    if "plan" in planned.fields and not planned.adopted:
        yield f"{planned} is restarted on its new plan", False


def _listed(names: list[str], most: int = 4) -> str:
    readable = [name.removeprefix("env.").replace("fromGroup.", "the group ") for name in names]
    shown = ", ".join(readable[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
