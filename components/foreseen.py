"""Tells in a plain preview what `up` leads to at Render, as diagnostic lines. Dangerous ones are warnings.

`gate preview` tells the same of every vendor; see `gate.changes.consequences`.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from blueprint.drift import Difference, DriftKind
from components.command_environment import HIDDEN, fields
from components.observation import Observation
from components.render_consequences import NOT_DECLARED, Planned, of_render
from components.vocabulary import FORESEEN

KINDS = {
    "databases": "database",
    "keyValues": "key-value instance",
    "envVarGroups": "environment group",
    "services": "service",
}
Key = tuple[str, str]
"""An object's section of a document, and its name."""


def given(commands: Mapping[str, Mapping[str, Any]]) -> dict[Key, Mapping[str, Any]]:
    """Return what the last `up` gave each object's command, by the object that the command reported.

    Args:
        commands: their outputs, by the resource's name.
    """
    found: dict[Key, Mapping[str, Any]] = {}
    for outputs in commands.values():
        with contextlib.suppress(ValueError, AttributeError):  # a command that was cut short reported nothing
            for section, objects in json.loads(outputs.get("stdout") or "{}").items():
                found |= {(section, name): outputs for name in objects}
    return found


def tell(documents: Mapping[Key, pulumi.Input[str]], applied: Mapping[Key, Any], found: Observation) -> None:
    """Tell it once every document is known. Before the first `up` everything is new, so nothing is told.

    Args:
        documents: of the declared objects.
        applied: what the last `up` gave each object's command, for every object in the state.
        found: at Render.
    """
    if applied:
        pulumi.Output.all(*documents.values()).apply(
            lambda texts: _log(dict(zip(documents, texts, strict=True)), applied, found)
        )


def _log(documents: Mapping[Key, str], applied: Mapping[Key, Any], found: Observation) -> None:
    for text, danger in sorted(dict.fromkeys(lines(documents, applied, found)), key=lambda one: not one[1]):
        (pulumi.log.warn if danger else pulumi.log.info)(f"{FORESEEN}{text}")


def lines(documents: Mapping[Key, str], applied: Mapping[Key, Any], found: Observation) -> Iterator[tuple[str, bool]]:
    """Return each consequence, and whether something is lost or stops by it."""
    changed: dict[Key, dict[str, tuple[Any, Any]]] = {}
    for key, text in documents.items():
        changed[key] = _changed(text, (applied.get(key) or {}).get("stdin"), found.drift.get(key))
    for (section, name), differing in changed.items():
        if section == "services":
            groups = [group for kind, group in changed if kind == "envVarGroups" and changed[kind, group]]
            linked = fields(documents[section, name])
            differing |= {f"fromGroup.{one}": ("new", "old") for one in groups if f"fromGroup.{one}" in linked}
    for key in [*changed, *(applied.keys() - documents.keys())]:
        found_here = changed.get(key)
        if found_here != {} and key[0] in KINDS:
            yield from of_render(_planned(key, found_here, applied, documents, found))


def _changed(text: str, before: Any, drift: Any) -> dict[str, tuple[Any, Any]]:
    """Return the declared and the live value of each field that is not as it was applied, or declared."""
    new, old = fields(text), fields(before) if isinstance(before, str) else {}
    changed = {one: (new.get(one), old.get(one)) for one in new.keys() | old.keys() if new.get(one) != old.get(one)}
    differences: list[Difference] = drift.differences if drift else []
    for one in differences:
        declared = NOT_DECLARED if one.kind is DriftKind.UNDECLARED else one.declared or HIDDEN
        changed[one.field or one.kind.value] = (declared, one.live)
    return changed


def _planned(
    key: Key, differing: Any, applied: Mapping[Key, Any], documents: Mapping[Key, str], found: Observation
) -> Planned:
    section, name = key
    drift = {one.kind for one in found.drift[key].differences if one.field is None} if key in found.drift else set()
    users = [other for kind, other in documents if f"fromGroup.{name}" in fields(documents[kind, other])]
    return Planned(
        kind=KINDS[section],
        name=name,
        operation="delete" if differing is None else "update" if key in applied else "create",
        fields=differing or {},
        adopted=differing is not None and fields(documents[key]).get("ownership") == "adopted",
        is_gone=DriftKind.MISSING in drift and key in applied,
        is_suspended=DriftKind.SUSPENDED in drift,
        users=tuple(users) if section == "envVarGroups" else (),
    )
