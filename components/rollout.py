"""Compares this run with the last `up` of this stack and of the other environment's: where the rollout came from, and
whether both share a secret. Reads the outputs that those runs left, before anything is declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

import grpc
import pulumi
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from components.phases import Phase, gives_up_infrastructure, skipped
from components.settings import Settings


@dataclass(frozen=True)
class Before:
    """What the last runs left. peer: outputs of the other environment's stack, empty where it is not to be seen."""

    phase: Phase | None
    own: Mapping[str, Any]
    peer: Mapping[str, Any]


def before(settings: Settings) -> Before:
    """Read the outputs of this stack and of its peer, as of their last `up`."""
    own = _outputs(pulumi.get_stack())
    phase = own.get("phase")
    return Before(cast(Phase, phase) if phase in get_args(Phase) else None, own, _outputs(settings.peer))


def _outputs(stack: str) -> Mapping[str, Any]:
    """Nothing where there is no such stack, or no access to it.

    What a StackReference asks of the engine, asked directly: the answer is here before the first resource is
    declared, and a stack that is not there does not fail the run.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
    arguments = struct_pb2.Struct()
    arguments.update({"name": name})
    request = resource_pb2.ResourceInvokeRequest(tok="pulumi:pulumi:readStackOutputs", args=arguments)
    monitor = get_monitor()
    assert monitor is not None  # the program runs
    try:
        answer = monitor.Invoke(request)
    except grpc.RpcError:
        return {}
    found = json_format.MessageToDict(getattr(answer, "return")).get("outputs") or {}
    return cast(Mapping[str, Any], found)


def warnings(phase: Phase | None, settings: Settings) -> list[str]:
    """One line for each phase that is passed over."""
    return [
        f"marketedge:phase goes from {phase or 'nothing'} to {settings.phase}: {passed} is skipped, and so is the time "
        "to see it work"
        for passed in skipped(phase, settings.phase)
    ]


def refusals(phase: Phase | None, settings: Settings) -> list[str]:
    """Why the phase may not be left: what runs at Render would be deleted, or given up, without being named."""
    if not gives_up_infrastructure(phase, settings.phase):
        return []
    render = settings.render
    lost = [one.name for one in (render.database, render.key_value, *render.services) if one]
    missing = [name for name in lost if name not in settings.give_up]
    if not missing:
        return []
    return [
        f"marketedge:phase: leaving {phase} for foundation takes {', '.join(missing)} out of this stack, and deletes "
        f"what the stack made; expected marketedge:phase {phase} or infrastructure, or every one of these names in "
        "marketedge:giveUp (databases stay protected until `pulumi state unprotect`)"
    ]
