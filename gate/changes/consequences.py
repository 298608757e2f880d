"""What else happens when a preview's changes are applied: deploys, losses, waits, and who else sees it.

Facts: docs.render.com (deploys, rate limits in the API's headers), docs.github.com (branch protection), vercel.com/docs
(a variable takes effect with a build; project settings apply to all its environments), auth0.com/docs (applications).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from components.phases import PHASES
from components.render_consequences import Describe, Planned, is_taken_up_by_a_deploy, of_render
from gate.changes import render_findings as render
from gate.changes.report import Consequence, Finding, FindingKind, Operation, PlannedChange
from gate.common.text import count
from gate.stack.steps import Preview, Properties

_MINUTE, _HOUR = 1, 60
_QUOTAS = {"create": (20, _HOUR), "domain": (50, _HOUR), "service": (10, _MINUTE), "other": (100, _MINUTE)}
"""How many writes of a class Render takes in how many minutes."""

Lines = Iterator[Consequence]


def consequences(
    changes: Iterable[PlannedChange], preview: Preview, describe: Describe = lambda _name: ""
) -> list[Consequence]:
    """Return what the changes lead to, the dangerous ones first, each once.

    Args:
        changes: of one stack.
        preview: which they were read from.
        describe: tells the size and the last backup of a database, by its name.
    """
    changes = list(changes)
    linked = _linked(preview)
    found = [*_phase(preview.outputs_before, preview.outputs)]
    for change in changes:
        found += _render(change, linked, describe) if change.object.vendor == "Render" else _elsewhere(change)
    found += [*_dns(preview.outputs_before or {}, preview.outputs), *_waiting(changes)]
    return sorted(dict.fromkeys(found), key=lambda one: not one.danger)


def _then(text: str) -> Consequence:
    return Consequence(text=text)


def _careful(text: str) -> Consequence:
    return Consequence(text=text, danger=True)


def _fields(change: PlannedChange) -> dict[str, Finding]:
    return {finding.field: finding for finding in change.findings if finding.field}


def _render(change: PlannedChange, linked: Mapping[str, list[str]], describe: Describe) -> Lines:
    name, fields = change.object.name, _fields(change)
    planned = Planned(
        kind=change.object.type,
        name=name,
        operation=change.operation.value,
        fields={field: (finding.declared, finding.live) for field, finding in fields.items()},
        adopted=change.adopted,
        is_gone=any(one.kind == FindingKind.DRIFT and one.live == "does not exist" for one in change.findings),
        is_suspended=any(one.live == "suspended" for one in change.findings),
        users=tuple(linked.get(name, [])),
    )
    for text, danger in of_render(planned, describe):
        yield Consequence(text=text, danger=danger)


def _linked(preview: Preview) -> dict[str, list[str]]:
    """Return the names of the services that link to a group, by the group's name."""
    found: dict[str, list[str]] = {}
    for steps in preview.resources.values():
        for field in render.fields_of(steps):
            part, _, group = field.partition(".")
            if part == "fromGroup":
                found.setdefault(group, []).append(steps.urn.rpartition("::")[2])
    return found


def _elsewhere(change: PlannedChange) -> Lines:
    kind, name, operation = change.object.type, change.object.name, change.operation
    fields = _fields(change)
    if operation in (Operation.DELETE, Operation.REPLACE) and kind in _LOSSES:
        yield _careful(_LOSSES[kind].format(name=name))
    match kind:
        case "branch protection":
            yield _then(f"the rule for {name} applies at once to everybody's pull requests")
            yield from _weaker(name, fields)
        case "application" if callbacks := fields.get("callbacks"):
            if removed := _removed(callbacks):
                yield _careful(f"logins that return to {', '.join(removed)} stop working")
        case "project":
            yield _careful(f"every environment sees the settings of the Vercel project {name}, staging's previews too")
        case "variable" if change.object.vendor == "Vercel":
            yield _then("a changed Vercel variable takes effect with the next build")
        case "environment variable" | "environment secret":
            yield _then(f"jobs of the GitHub environment {name.partition('/')[0]} see the change in their next run")


_LOSSES = {
    "branch": "the branch {name} is deleted, with commits that are nowhere else",
    "branch protection": "the branch {name} is not protected any more",
    "environment": "the GitHub environment {name} is deleted, with its variables, its secrets and its rules",
    "ruleset": "the tags of the ruleset {name} can be moved and deleted",
    "application": "the Auth0 application {name} is deleted, and nobody can log in by it",
    "domain": "the domain {name} is not served any more",
}


def _weaker(branch: str, fields: Mapping[str, Finding]) -> Lines:
    """Tell what a rule no longer prevents."""
    if (checks := fields.get("required_status_checks.contexts")) and (removed := _removed(checks)):
        yield _careful(f"pull requests to {branch} can be merged without {', '.join(removed)}")
    for field, unsafe, text in _UNSAFE:
        if (finding := fields.get(field)) and finding.declared is unsafe:
            yield _careful(text.format(branch=branch))


_UNSAFE = (
    ("allows_force_pushes", True, "{branch} can be overwritten by a force push"),
    ("allows_deletions", True, "{branch} can be deleted"),
    ("enforce_admins", False, "administrators can bypass the rule for {branch}"),
)


def _removed(finding: Finding) -> list[str]:
    live, declared = (side if isinstance(side, list) else [] for side in (finding.live, finding.declared))
    return [str(one) for one in live if one not in declared]


def _phase(before: Properties | None, after: Properties) -> Lines:
    old, new = (before or {}).get("phase"), after.get("phase")
    if old in PHASES and new in PHASES and old != new:
        back = PHASES.index(new) < PHASES.index(old)
        yield Consequence(text=f"the phase goes from {old} {'back ' if back else ''}to {new}", danger=back)


def _dns(before: Properties, after: Properties) -> Lines:
    """Tell the records that somebody has to create at the registrar."""
    known = [(one.get("name"), one.get("target")) for one in _records(before)]
    for record in _records(after) if before else ():
        if "zone" in record:  # of which the stack or Vercel makes it
            continue
        sort, name, target = (record.get(key) for key in ("type", "name", "target"))
        if (name, target) not in known:
            yield _then(f"a DNS record has to be created at the registrar: {sort} {name} → {target}")


def _records(outputs: Properties) -> list[Mapping[str, Any]]:
    records = outputs.get("dnsRecords")
    return [one for one in records if isinstance(one, Mapping)] if isinstance(records, list) else []


def _waiting(changes: Iterable[PlannedChange]) -> Lines:
    """Tell how many writes Render gets, and how long its rate limits make them wait."""
    writes: Counter[str] = Counter()
    for change in changes:
        if change.object.vendor == "Render":
            writes.update(_writes(change))
    if writes:
        minutes = max((number - 1) // _QUOTAS[sort][0] * _QUOTAS[sort][1] for sort, number in writes.items())
        wait = f"its rate limits make it wait for up to {count(minutes, 'minute')}" if minutes else "without waiting"
        yield _then(f"Render gets about {count(writes.total(), 'write')}, {wait}")


def _writes(change: PlannedChange) -> Counter[str]:
    """Count the writes to one object at Render, by their class."""
    kind, fields = change.object.type, _fields(change)
    if change.operation == Operation.DELETE:
        return Counter(other=1)
    if change.operation == Operation.CREATE:
        return Counter(create=1, service=1, other=1) if kind == "service" else Counter(create=1)
    variables = sum(field.startswith("env.") for field in fields)
    domains = sum(field.startswith("domains") for field in fields)
    own = len(fields) - variables - domains - sum(field.startswith("fromGroup.") for field in fields)
    if kind != "service":
        return Counter(other=variables + bool(variables) + bool(own))
    deploys = any(map(is_taken_up_by_a_deploy, fields)) and not change.adopted
    return Counter(other=variables + 1 if change.adopted else 1, domain=domains, service=bool(own) + deploys)
