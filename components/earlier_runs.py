"""Compares this run with the last `up` of this stack and of the other environments.

It reads the outputs that those runs left, before anything is declared: which phase the stack comes from, and whether
two environments share a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

import pulumi

from blueprint.reconcile import Report, parse_report
from components.observation import Key
from components.phases import Phase, gives_up_infrastructure, skipped
from components.settings import Settings
from components.vocabulary import COMMAND


@dataclass(frozen=True)
class Before:
    """What the last runs left.

    Attributes:
        own: outputs of this stack.
        peers: outputs of the other environments' stacks, by stack. A stack that cannot be read has none.
        made: names of what the state has at Render. An interrupted run leaves objects there and no outputs.
    """

    phase: Phase | None
    own: Mapping[str, Any] = field(repr=False)
    peers: Mapping[str, Mapping[str, Any]] = field(repr=False)
    made: frozenset[str] = frozenset()


Resources = Mapping[str, Mapping[str, Any]]
"""Type and outputs of every resource in the state, by URN."""


def resources() -> Resources:
    """Read what the state of this stack has: once, since each reading decrypts it again."""
    return _read("readStackResourceOutputs", "stackName", pulumi.get_stack())


def before(settings: Settings, state: Resources) -> Before:
    """Read the outputs of this stack and of its peers, as of their last `up`."""
    own = _outputs(pulumi.get_stack())
    phase = own.get("phase")
    known = cast(Phase, phase) if phase in get_args(Phase) else None
    peers = {stack: _outputs(stack) for stack in settings.peers}
    return Before(known, own, peers, frozenset(commands(state)) if settings.phase == "foundation" else frozenset())


def _outputs(stack: str) -> Mapping[str, Any]:
    return _read("readStackOutputs", "name", stack)


def commands(state: Resources) -> dict[str, Mapping[str, Any]]:
    """Return what the last `up` gave each Render object's command, by the resource's name."""
    return {
        urn.rpartition("::")[2]: found.get("outputs") or {} for urn, found in state.items() if found["type"] == COMMAND
    }


def applied(state: Resources) -> Report:
    """Return what the last applies of this stack's Render objects reported, if the state has it.

    It tells a changed declaration from a change that somebody else made.
    """
    found: Report = {}
    for report in _reports(state).values():
        for section, objects in report.items():
            found.setdefault(section, {}).update(objects)
    return found


def resource_names(state: Resources) -> dict[Key, str]:
    """Return the name of the resource of each Render object that an apply has reported."""
    return {
        (section, name): resource
        for resource, report in _reports(state).items()
        for section, objects in report.items()
        for name in objects
    }


def _reports(state: Resources) -> dict[str, Report]:
    """Return what each command printed, by the resource's name."""
    printed = {resource: outputs.get("stdout") for resource, outputs in commands(state).items()}
    return {resource: parse_report(text if isinstance(text, str) else None) for resource, text in printed.items()}


def credentials_of_auth0(state: Resources) -> dict[str, pulumi.Input[str]]:
    """Return the applications' ids and secrets as of the last `up`, for a preview that cannot ask Auth0."""
    found: dict[str, pulumi.Input[str]] = {}
    for urn, resource in state.items():
        outputs = resource.get("outputs") or {}
        own = "auth0.testClient" if urn.endswith("-login-test") else "auth0.client"
        if resource["type"] == "auth0:index/client:Client" and outputs.get("clientId"):
            found[f"{own}Id"] = str(outputs["clientId"])
        if resource["type"] == "auth0:index/clientCredentials:ClientCredentials" and outputs.get("clientSecret"):
            found[f"{own}Secret"] = pulumi.Output.secret(str(outputs["clientSecret"]))
    return found


def _read(what: str, key: str, stack: str) -> Mapping[str, Any]:
    """Return a stack's outputs; none if there is no such stack, or no access to it.

    It asks the engine what a StackReference asks. The answer is here before the first resource is declared, and a stack
    that does not exist does not fail the run.
    """
    full = [pulumi.get_organization(), pulumi.get_project()]
    given = stack.split("/")
    try:
        answer = pulumi.runtime.invoke(f"pulumi:pulumi:{what}", {key: "/".join([*full[: 3 - len(given)], *given])})
    except Exception:  # the SDK has no narrower one for what the engine refuses
        return {}
    return answer.value.get("outputs") or {}


def warnings(phase: Phase | None, settings: Settings) -> list[str]:
    """Return one line for each phase that is skipped."""
    return [
        f"marketedge:phase goes from {phase or 'nothing'} to {settings.phase}: {passed} is skipped, so nobody "
        "has seen it work"
        for passed in skipped(phase, settings.phase)
    ]


def refusals(before: Before, settings: Settings) -> list[str]:
    """Return why the phase may not be left: what runs at Render would be deleted or given up without being named."""
    if settings.phase != "foundation":
        return []
    missing = [name for name in _lost(before, settings) if name not in settings.give_up]
    if not missing:
        return []
    phase = before.phase if gives_up_infrastructure(before.phase, settings.phase) else "infrastructure"
    back = phase if phase == "infrastructure" else f"{phase} or infrastructure"
    return [
        f"marketedge:phase: leaving {phase} for foundation removes {', '.join(missing)} from this stack, and deletes "
        f"what the stack has made; expected marketedge:phase {back}, or all these names in marketedge:giveUp "
        "(databases and everything of production stay protected until `pulumi state unprotect`)"
    ]


def _lost(before: Before, settings: Settings) -> list[str]:
    """Return the databases and services that only an earlier phase has, or that an interrupted run has made."""
    render = settings.render
    declared = [one.name for one in (*render.databases, *render.key_values, *render.services)]
    lost = declared if gives_up_infrastructure(before.phase, settings.phase) else []
    kept = {service.name for service in render.services if service.is_adopted}
    kept |= {group.name for group in render.env_groups}
    return [*lost, *sorted(before.made - kept - set(lost))]
