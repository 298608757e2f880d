"""The engine's events as it sent them for the staging stack (v3.210), cut down to what matters, and built to order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pulumi.automation.events import EngineEvent

from blueprint.fields import Difference, DriftKind
from components.render_documents import DRIFT, FoundDifference, dump
from gate.stack.steps import Preview

Properties = Mapping[str, Any]

MASKED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

PROTECTION = "marketedge:github:ProtectedBranch$github:index/branchProtection:BranchProtection::staging"
VARIABLE = "marketedge:github:Environment$github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable::staging-A"
SECRET_VARIABLE = (
    "marketedge:github:Environment$github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret::staging-S"
)
CLIENT = "marketedge:auth0:Application$auth0:index/client:Client::staging"
PREVIEW_VARIABLE = (
    "marketedge:vercel:Frontend"
    "$vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable::staging-NEXT_PUBLIC_X"
)
FRONTEND = "marketedge:vercel:Frontend::staging"
GROUP = "marketedge:render:Backend$command:local:Command::staging-env"
SERVICE = "marketedge:render:Backend$command:local:Command::marketedge-platform-staging"
COMPONENT = "marketedge:github:ProtectedBranch::staging"


def urn(name: str) -> str:
    return f"urn:pulumi:staging::marketedge-staging-gate::{name}"


def state(name: str, inputs: Properties | None, outputs: Properties | None = None) -> dict[str, Any] | None:
    if inputs is None:
        return None
    return {
        "type": urn(name).split("::")[2].rpartition("$")[2],
        "urn": urn(name),
        "custom": "$" in name,
        "parent": urn(FRONTEND) if name == PREVIEW_VARIABLE else "",
        "inputs": dict(inputs),
        "outputs": dict(inputs if outputs is None else outputs),
    }


def step(
    op: str,
    name: str,
    old: dict[str, Any] | None,
    new: dict[str, Any] | None,
    changed: tuple[str, ...] = (),
    *,
    input_diff: bool = False,
) -> list[EngineEvent]:
    """Both events of one step."""
    metadata = {
        "op": op,
        "urn": urn(name),
        "type": urn(name).split("::")[2].rpartition("$")[2],
        "provider": "",
        "old": old,
        "new": new,
        "detailedDiff": {path: {"diffKind": "update", "inputDiff": input_diff} for path in changed},
        "diffs": sorted({path.partition(".")[0].partition("[")[0] for path in changed}),
    }
    return [
        EngineEvent.from_json({"resourcePreEvent": {"metadata": {**metadata, "new": old or new}, "planning": True}}),
        EngineEvent.from_json({"resOutputsEvent": {"metadata": metadata, "planning": True}}),
    ]


def drifted(name: str, declared: Properties, live: Properties, *changed: str) -> list[EngineEvent]:
    """Somebody changed the object: refresh meets it, and the program wants it back."""
    before, met = state(name, declared), state(name, live)
    return [*step("refresh", name, before, met, changed), *step("update", name, met, before, changed)]


def redeclared(name: str, old: Properties, new: Properties, *changed: str) -> list[EngineEvent]:
    """The declaration changed; the object is as it was."""
    as_it_was = state(name, old)
    wanted = state(name, new)
    return [*step("refresh", name, as_it_was, as_it_was), *step("update", name, as_it_was, wanted, changed)]


def deleted(name: str, declared: Properties) -> list[EngineEvent]:
    """Somebody deleted the object."""
    before = state(name, declared)
    return [*step("refresh", name, before, None), *step("create", name, None, before)]


def same(name: str, inputs: Properties) -> list[EngineEvent]:
    there = state(name, inputs)
    return [*step("refresh", name, there, there), *step("same", name, there, there)]


def error(message: str, severity: str = "error") -> EngineEvent:
    return EngineEvent.from_json({"diagnosticEvent": {"message": f"{message}\n", "severity": severity, "color": ""}})


def command(stdin: Any, environment: Properties | None = None) -> dict[str, Any]:
    """The inputs of a Render object's command."""
    inputs = {"create": "bin/render apply", "stdin": stdin}
    return inputs if environment is None else {**inputs, "environment": dict(environment)}


SEEN = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def because(*found: Difference, since: str | None = None, seen: datetime = SEEN) -> dict[str, str]:
    """The variable of a command whose object is not as it was applied."""
    times = {"since": since, "seen": seen}
    return {DRIFT: dump([FoundDifference.model_validate({**one.model_dump(), **times}) for one in found])}


def changed(field: str, declared: Any = None, live: Any = None, kind: DriftKind = DriftKind.CHANGED) -> Difference:
    return Difference(field=field, kind=kind, declared=declared, live=live)


def read(events: Iterable[EngineEvent]) -> Preview:
    """A preview that said this."""
    preview = Preview()
    for event in events:
        preview.read(event)
    return preview
