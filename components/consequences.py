"""What happens besides the writes when changes are applied: deploys, losses, weaker rules, who else sees it, waiting.

`foreseen` tells it in a plain preview, `gate preview` in its comment and on its screen. Knows neither Pulumi nor a
preview. Facts: docs.render.com (deploys, instance types, environment variables, rate limits in the API's headers),
docs.github.com (branch protection), vercel.com/docs (a variable takes effect with a build; a project's settings are
those of all its environments), auth0.com/docs (applications).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprint.kinds import SERVICES
from components.phases import PHASES
from components.vendors import KINDS, UNKNOWN, Kind, label_of

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


Outputs = Mapping[str, Any]
"""A stack's, by name."""


def consequences(
    changes: Iterable[Planned], before: Outputs | None, after: Outputs, describe: Describe = lambda _name: ""
) -> list[Told]:
    """Return what the changes of one stack lead to, in words, the dangerous consequences first, each once.

    Args:
        before, after: the stack's outputs as of the last `up` (None where there was none), and as they will be.
        describe: tells the size and the last backup of a database, by its name.
    """
    changes = list(changes)
    found = [*_phase(before, after)]
    for change in changes:
        found += _at_render(change, describe) if change.vendor == "Render" else _elsewhere(change)
    found += [*_dns(before or {}, after), *_waiting(changes)]
    return sorted(dict.fromkeys(found), key=lambda one: not one[1])


def _at_render(planned: Planned, describe: Describe) -> Iterator[Told]:
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
    for host in () if planned.adopted else _removed(planned.fields.get("domains")):
        yield f"{host} is not served by {planned} any more", True
    for key, (declared, _) in planned.fields.items():
        if key.startswith("env.") and declared in (None, NOT_DECLARED):
            losers = ", ".join(planned.users) or str(planned)
            by_hand = ", which was added by hand" if declared else ""
            yield f"{losers} loses the variable {key.removeprefix('env.')}{by_hand}", True


def _removed(change: tuple[Any, Any] | None) -> list[str]:
    """Return what a list has no more.

    Args:
        change: the declared and the live list. Anything else has lost nothing.
    """
    declared, live = (side if isinstance(side, list) else [] for side in change or ([], []))
    return [str(one) for one in live if one not in declared]


def _is_taken_up_by_a_deploy(key: str) -> bool:
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
    reasons = sorted(filter(_is_taken_up_by_a_deploy, planned.fields))
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


def _elsewhere(change: Planned) -> Iterator[Told]:
    """Return each consequence of a change of one object at GitHub, Auth0 or Vercel."""
    name, fields = change.name, change.fields
    kind = _ROWS.get((change.vendor, change.kind), Kind(change.kind))
    if change.operation == "import":  # changes nothing
        return
    place, _, key = name.partition("/")
    if change.operation in ("delete", "replace") and kind.lost:
        yield kind.lost.format(name=name, host=_host(name), place=place, key=key), True
    if change.operation == "delete":
        return
    if kind.changed:
        yield kind.changed.format(name=name, place=place), False
    match kind.words:
        case "branch protection":
            yield from _weaker(kind, name, fields)
        case "ruleset" if change.operation == "update":
            off = fields.get("enforcement", ("", ""))[0] == "disabled"
            yield f"the ruleset {name} {'is switched off' if off else 'applies at once to everybody'}", off
        case "application" if lost := _removed(fields.get("callbacks")):
            yield f"logins that return to {', '.join(lost)} stop working", True
        case "project" if change.operation == "update":
            yield f"every environment sees the settings of the Vercel project {name}, staging's previews too", True
        case "DNS record" if "value" in fields and change.operation == "update":
            target, old = fields["value"]
            yield f"{_host(name)} points to {_target(target)} instead of {old}", True


_ROWS = {(label_of(type_), kind.words): kind for type_, kind in KINDS.items()}


def _host(record: str) -> str:
    """Return the host of a DNS record that is called `api CNAME in example.com`; an apex has no `api`."""
    name, _, zone = record.partition(" in ")
    label = name.rpartition(" ")[0]
    return f"{label}.{zone}" if label else zone


def _weaker(rule: Kind, branch: str, fields: Mapping[str, tuple[Any, Any]]) -> Iterator[Told]:
    """Tell what a rule no longer prevents."""
    if lost := _removed(fields.get("required_status_checks.contexts")):
        yield f"pull requests to {branch} can be merged without {', '.join(lost)}", True
    now, before = fields.get("required_pull_request_reviews.required_approving_review_count", (None, None))
    if isinstance(now, int | float) and isinstance(before, int | float) and now < before:
        yield f"pull requests to {branch} need {now:g} approvals instead of {before:g}", True
    for key, (unsafe, text) in rule.weaker.items():
        if key in fields and fields[key][0] is unsafe:
            yield text.format(name=branch), True


def _phase(before: Outputs | None, after: Outputs) -> Iterator[Told]:
    old, new = (before or {}).get("phase"), after.get("phase")
    if old in PHASES and new in PHASES and old != new:
        back = PHASES.index(new) < PHASES.index(old)
        yield f"the phase goes from {old} {'back ' if back else ''}to {new}", back


def _dns(before: Outputs, after: Outputs) -> Iterator[Told]:
    """Tell the records that somebody has to create at the registrar."""
    known, declared = _records(before), _records(after)
    targets = [(one.get("name"), one.get("target")) for one in known if "zone" not in one]
    for record in declared if before else ():
        if "zone" not in record and (record.get("name"), record.get("target")) not in targets:
            what = f"{record.get('type')} {record.get('name')} → {_target(record.get('target'))}"
            yield f"a DNS record has to be created at the registrar: {what}", False


def _target(target: Any) -> Any:
    return "the address that its vendor gives it" if target == UNKNOWN else target


def _records(outputs: Outputs) -> list[Mapping[str, Any]]:
    records = outputs.get("dnsRecords")
    return [one for one in records if isinstance(one, Mapping)] if isinstance(records, list) else []


_MINUTE, _HOUR = 1, 60
_QUOTAS = {"create": (20, _HOUR), "domain": (50, _HOUR), "service": (10, _MINUTE), "other": (100, _MINUTE)}
"""How many writes of a class Render takes in how many minutes."""


def _waiting(changes: Iterable[Planned]) -> Iterator[Told]:
    """Tell how many writes Render gets, and how long its rate limits make them wait."""
    writes: Counter[str] = Counter()
    for change in changes:
        if change.vendor == "Render":
            writes.update(_writes(change))
    if writes:
        minutes = max((number - 1) // _QUOTAS[sort][0] * _QUOTAS[sort][1] for sort, number in writes.items())
        wait = f"may make them wait for up to {minutes} minute{'s' if minutes > 1 else ''}"
        total = f"{writes.total()} write request{'' if writes.total() == 1 else 's'}"
        yield f"Render gets about {total}; its rate limits {wait if minutes else 'cause no wait'}", False


def _writes(change: Planned) -> Counter[str]:
    """Count the writes to one object at Render, by their class."""
    kind, fields = change.kind, change.fields
    if change.operation == "delete":
        return Counter() if change.adopted else Counter(other=1)
    if change.operation == "create":
        return Counter(create=1, service=1, other=1) if kind == "service" else Counter(create=1)
    variables = sum(field.startswith("env.") for field in fields)
    domains = sum(field.startswith("domains") for field in fields)
    own = len(fields) - variables - domains - sum(field.startswith("fromGroup.") for field in fields)
    if kind != "service":
        return Counter(other=variables + bool(variables) + bool(own))
    deploys = any(map(_is_taken_up_by_a_deploy, fields)) and not change.adopted
    return Counter(other=variables + 1 if change.adopted else 1, domain=domains, service=bool(own) + deploys)
