"""Tells in a plain preview what `up` leads to besides the writes, as diagnostic lines: what is dangerous as warnings.

The engine does not show its comparison to the program, so what is declared is compared here with what the last `up`
made. `gate preview` tells the same of what the engine compared; both take the words from `consequences`.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pulumi

from blueprint.fields import Difference, DriftKind
from blueprint.spec import KNOWN_VARIABLE
from components import adoption, cost
from components.consequences import NOT_DECLARED, Outputs, Planned, Told, consequences
from components.databases import described
from components.existing import Created, existing
from components.observation import Observation
from components.render_documents import Key, differences, fields
from components.stack import Stack, applied
from components.vendors import EXISTING, FORESEEN, HIDDEN, KINDS, RENDER_KINDS, UNKNOWN, filled, label_of

Values = Mapping[str, Any]


class Foreseen:
    """Collects what the program declares, and tells in a preview what becomes of it.

    Create it before anything is declared that it has to tell of.
    """

    def __init__(self, running: Stack) -> None:
        self._running, self._declared = running, dict[Key, Values]()
        self._state = {
            (one["type"], urn.rpartition("::")[2]): one.get("outputs") or {} for urn, one in running.state.items()
        }
        self._seen = {kind for kind in KINDS if label_of(kind) not in running.unseen}
        if pulumi.runtime.is_dry_run():
            pulumi.runtime.register_stack_transformation(self._collect)

    def _collect(self, args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_ in self._seen:
            self._declared[args.type_, args.name] = {_camel(key): value for key, value in args.props.items()}

    def tell(self, commands: Mapping[Key, Values], found: Observation, outputs: Outputs) -> None:
        """Log it, in a preview, as soon as everything is known that a preview can know.

        Args:
            commands: `stdin` and `environment` of the command of each object at Render.
            found: at Render.
            outputs: of the stack.
        """

        running = self._running
        adopted, before = running.loaded.settings.adopt, {k: one.command for k, one in applied(running.state).items()}

        def log(values: Sequence[Any]) -> None:
            told, given_now, inputs = map(_readable, values)
            declared = dict(zip(self._declared, inputs, strict=True))
            changes = [
                *at_render(dict(zip(commands, given_now, strict=True)), before, found),
                *elsewhere(declared, self._state, self._seen, adopted),
            ]
            for what in existing(self._created(declared), running.loaded.owner, os.environ):
                advice = f"run gate adopt --env {pulumi.get_stack()} before up"
                meets = "which would fail at it, make a second one or change it"
                pulumi.log.warn(f"{EXISTING}{what} was not made by this stack: {advice}, {meets}")
            for text, danger in dict.fromkeys(lines(changes, running.before.own, told)):
                (pulumi.log.warn if danger else pulumi.log.info)(f"{FORESEEN}{text}")

        if pulumi.runtime.is_dry_run():
            everything = [dict(outputs), list(commands.values()), list(self._declared.values())]
            pulumi.Output.from_input(everything).apply(log, run_with_unknowns=True)

    def _created(self, declared: Mapping[Key, Values]) -> Iterator[Created]:
        for key, values in declared.items():
            if key not in self._state and adoption.key(*key) not in self._running.loaded.settings.adopt:
                one = _planned(key, values, "create", {})
                yield key[0], f"{one.vendor} {one}", values


def lines(changes: Sequence[Planned], before: Outputs, after: Outputs) -> Iterator[Told]:
    """Return every consequence, the dangerous ones first, and then what `gate preview` shows in its table."""
    yield from consequences(changes, before or None, after, described(os.environ))
    for change in changes:
        for key, (_, live) in change.fields.items() if change.operation == "update" else ():
            if live == HIDDEN and key.startswith("env."):
                yield f"{change} gets another value of the secret {key.removeprefix('env.')}", False
            elif key == "value" and "secret" in change.kind:
                yield f"{change} gets another value", False
    costs = [cost.told(outputs) for outputs in (before, after)]
    if changes and costs[0] != costs[1]:
        yield f"the objects at Render cost {cost.in_words(*costs)}", False


def elsewhere(
    declared: Mapping[Key, Values], state: Mapping[Key, Values], kinds: Collection[str], adopted: Collection[str] = ()
) -> Iterator[Planned]:
    """Return what becomes of objects at GitHub, Auth0 and Vercel.

    Args:
        declared: inputs, and state: outputs, by resource.
        kinds: resource types of the vendors that are not left out.
        adopted: what objects are called that this run imports.
    """
    for key, values in declared.items():
        kind, old = KINDS[key[0]], state.get(key)
        both = {path: (at(values, path), at(old or {}, path)) for path in (*kind.watched, *kind.weaker)}
        differing = {path: pair for path, pair in both.items() if None not in pair and _differ(*pair)}
        if adoption.key(*key) not in adopted and (old is None or differing):
            yield _planned(key, values, "update" if old else "create", differing if old else {})
    for key in state.keys() - declared.keys():
        if key[0] in kinds:
            yield _planned(key, state[key], "delete", {})


def _planned(key: Key, values: Values, operation: str, differing: Mapping[str, tuple[Any, Any]]) -> Planned:
    type_, name = key
    kind, vendor = KINDS[type_], label_of(type_)
    return Planned(kind.words, filled(kind.name, values) or name, operation, differing, vendor=vendor)


def at(values: Any, path: str) -> Any:
    """Return what stands at a path such as `required_status_checks.contexts`; a block is a list of one."""
    for step in path.split("."):
        values = values[0] if isinstance(values, list | tuple) and values else values
        if isinstance(values, Mapping):
            values = values.get(step, values.get(_camel(step)))
        else:
            values = getattr(values, step, None)
    return values


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _differ(declared: Any, live: Any) -> bool:
    """Whether a value changes, as far as it is known; vendors give sets back in an order of their own."""
    if isinstance(declared, list) and isinstance(live, list):
        return UNKNOWN not in declared and sorted(map(str, declared)) != sorted(map(str, live))
    return bool(declared != UNKNOWN and declared != live)


def _readable(value: Any) -> Any:
    """Return a value with the engine's text in the place of everything that only `up` will know."""
    if isinstance(value, pulumi.output.Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _readable(inner) for key, inner in value.items()}
    return [_readable(inner) for inner in value] if isinstance(value, list) else value


def at_render(now: Mapping[Key, Values], before: Mapping[Key, Values], found: Observation) -> Iterator[Planned]:
    """Return what becomes of objects at Render.

    Args:
        now, before: what each object's command is given by this run, and was by the last `up`.
    """
    named = {(section, old): (section, name) for (section, name), old in found.renamed.items()}
    before = {named.get(key, key): one for key, one in before.items()}
    documents = {key: fields(one["stdin"]) if one["stdin"] != UNKNOWN else {} for key, one in now.items()}
    changed = {key: _changed(one, before.get(key) or {}, found.drift.get(key, [])) for key, one in now.items()}
    for key in [*changed, *(before.keys() - now.keys())]:
        differing = changed.get(key)
        if differing != {} and key[0] != "projects":
            yield _planned_at_render(key, differing, before, documents, found)


def _changed(now: Values, before: Values, drift: Iterable[Difference]) -> dict[str, tuple[Any, Any]]:
    """Return the declared and the live value of each field that is not as it was applied, or declared."""
    applied, last = before.get("stdin") or "", before.get("environment") or {}
    changed: dict[str, tuple[Any, Any]] = {}
    if now["stdin"] != UNKNOWN and (KNOWN_VARIABLE in last or not applied):  # else an older program applied it
        known = {name: value for name, value in now["environment"].items() if name in last and value != UNKNOWN}
        changed = differences(now["stdin"], applied, {name for name in known if known[name] != last[name]})
    for one in drift:
        declared = NOT_DECLARED if one.kind is DriftKind.UNDECLARED else one.declared or HIDDEN
        changed[one.field or one.kind.value] = (declared, one.live)
    return changed


def _planned_at_render(
    key: Key, differing: Any, before: Mapping[Key, Any], documents: Mapping[Key, Values], found: Observation
) -> Planned:
    section, name = key
    drift = {one.kind for one in found.drift.get(key, []) if one.field is None}
    users = [other for kind, other in documents if f"fromGroup.{name}" in documents[kind, other]]
    return Planned(
        kind=RENDER_KINDS[section].words,
        name=name,
        operation="delete" if differing is None else "update" if key in before else "create",
        fields=differing or {},
        adopted=(documents.get(key) or fields(before.get(key, {}).get("stdin") or "")).get("ownership") == "adopted",
        is_gone=DriftKind.MISSING in drift and key in before,
        is_suspended=DriftKind.SUSPENDED in drift,
        users=tuple(users) if section == "envVarGroups" else (),
    )
