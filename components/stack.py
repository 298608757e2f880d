"""The running stack before anything is declared: its configuration, its credentials, and what the last `up` left."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import pulumi
from pulumi.runtime import config as runtime_config

from blueprint.reconcile import parse_report
from components.configuration import Loaded, load
from components.configuration_errors import SettingsError
from components.phases import Phase
from components.render_documents import Key
from components.settings import Settings
from components.stack_file import StackConfig, StackFileError, locate
from components.stack_file import read as read_file
from components.variables import Auth0Credential
from components.vendors import COMMAND, PREVIEW_WITHOUT, Vendor, misformed_credentials, missing_credentials, to_export

Resources = Mapping[str, Mapping[str, Any]]
"""Type and outputs of every resource in the state, by URN."""


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


@dataclass(frozen=True)
class Stack:
    """The stack that runs.

    Attributes:
        unseen: labels of the vendors without credentials. Only a preview can run without them.
        state: as of the last `up`.
    """

    loaded: Loaded
    unseen: frozenset[str]
    state: Resources = field(repr=False)
    before: Before


def read() -> Stack:
    """Read and check everything before the first resource is declared.

    Raises:
        pulumi.RunError: lists every problem of the configuration, or every missing credential outside a preview.
    """
    values = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    secret_keys = frozenset(key for key in values if runtime_config.is_config_secret(key)) | frozenset(
        runtime_config.get_config_secret_keys_env()
    )
    try:
        loaded = load(pulumi.get_stack(), values, secret_keys, os.environ, file=_written())
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    found = {**values, **os.environ}
    if misformed := misformed_credentials(found):
        raise pulumi.RunError("\n".join(misformed))
    missing = missing_credentials(found)
    if missing and not pulumi.runtime.is_dry_run():
        lines = to_export(missing)
        raise pulumi.RunError(f"credentials are missing; nothing was read or changed:\n{lines}\nThen run it again")
    for vendor, names in missing.items():
        pulumi.log.warn(vendor.unseen.format(vendor=vendor.label, names=" and ".join(names)))
    _warn_of_another_tenant(loaded, values.get("auth0:domain") or os.environ.get("AUTH0_DOMAIN"))
    state = resources()
    _keep_what_is_unseen(missing, state)
    return Stack(loaded, frozenset(vendor.label for vendor in missing), state, before(loaded.settings, state))


def _written() -> StackConfig | None:
    """Return the stack's file, if it is there. The engine may have its configuration from elsewhere."""
    try:
        folder = Path(root) if (root := pulumi.get_root_directory()) else None
        return read_file(locate(pulumi.get_stack(), folder), folder) if folder else None
    except (OSError, StackFileError):
        return None


def _warn_of_another_tenant(loaded: Loaded, provider_domain: str | None) -> None:
    domain = loaded.settings.auth0.domain
    if provider_domain and provider_domain != domain:
        pulumi.log.warn(
            f"Auth0: applications are managed at {provider_domain}, logins go to {domain} (marketedge:auth0.domain). "
            "That is right only where the second is a custom domain of the first"
        )


def _keep_what_is_unseen(missing: Mapping[Vendor, list[str]], state: Resources) -> None:
    """Stop a preview that would show the objects at a vendor without credentials as deleted.

    The engine deletes what a run does not declare, and asks the provider about everything that it declares. Only
    `--exclude` keeps an object out of both, and the program is not told of it (docs/DECISIONS.md).

    Raises:
        pulumi.RunError: names the commands that preview everything else.
    """
    made = {str(one["type"]).partition(":")[0] for one in state.values()}
    kept = {one: names for one, names in missing.items() if one.can_be_excluded and one.package in made}
    if {vendor.package for vendor in kept} <= set(os.environ.get(PREVIEW_WITHOUT, "").split(",")):
        return
    without = ",".join(vendor.package for vendor in kept)
    options = " ".join(f"--exclude '{vendor.pattern}'" for vendor in kept)
    raise pulumi.RunError(
        f"this stack has objects at {' and '.join(one.label for one in kept)}, whose credentials are missing, "
        f"so this preview would show them as deleted. Nothing was previewed:\n{to_export(kept)}\n"
        f"Or preview everything else:\n  gate preview --env {pulumi.get_stack()}\n"
        f"  {PREVIEW_WITHOUT}={without} pulumi preview {options}"
    )


def resources() -> Resources:
    """Read what the state of this stack has: once, since each reading decrypts it again."""
    return _ask("readStackResourceOutputs", "stackName", pulumi.get_stack())


def before(settings: Settings, state: Resources) -> Before:
    """Read the outputs of this stack and of its peers, as of their last `up`."""
    own, *others = (_ask("readStackOutputs", "name", stack) for stack in (pulumi.get_stack(), *settings.peers))
    phase = own.get("phase")
    known = cast(Phase, phase) if phase in get_args(Phase) else None
    made = frozenset(_commands(state)) if settings.phase == "foundation" else frozenset[str]()
    return Before(known, own, dict(zip(settings.peers, others, strict=True)), made)


def _ask(what: str, key: str, stack: str) -> Mapping[str, Any]:
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


class Applied(NamedTuple):
    """What the last apply of an object at Render left.

    Attributes:
        resource: the name of its command.
        command: the command's outputs, among them the `stdin` and `environment` that it was given.
        made: what it reported of the object.
    """

    resource: str
    command: Mapping[str, Any]
    made: Mapping[str, Any]


def applied(state: Resources) -> dict[Key, Applied]:
    """Return each object at Render that an apply of this stack has reported."""
    return {
        (section, name): Applied(resource, outputs, made)
        for resource, outputs in _commands(state).items()
        for section, objects in parse_report(outputs.get("stdout")).items()
        for name, made in objects.items()
    }


def _commands(state: Resources) -> dict[str, Mapping[str, Any]]:
    """Return the outputs of each command, by the resource's name. One that was cut short reported nothing."""
    return {
        urn.rpartition("::")[2]: found.get("outputs") or {} for urn, found in state.items() if found["type"] == COMMAND
    }


def credentials_of_auth0(state: Resources) -> dict[str, pulumi.Input[str]]:
    """Return the applications' ids and secrets as of the last `up`, for a preview that cannot ask Auth0.

    What the state does not have is a value that a preview cannot know.
    """
    found: dict[str, pulumi.Input[str]] = {}
    for urn, resource in state.items():
        outputs = resource.get("outputs") or {}
        own = "auth0.testClient" if urn.endswith("-login-test") else "auth0.client"
        if resource["type"] == "auth0:index/client:Client" and outputs.get("clientId"):
            found[f"{own}Id"] = str(outputs["clientId"])
        if resource["type"] == "auth0:index/clientCredentials:ClientCredentials" and outputs.get("clientSecret"):
            found[f"{own}Secret"] = pulumi.Output.secret(str(outputs["clientSecret"]))
    for name in get_args(Auth0Credential):
        if name not in found:
            found[name] = pulumi.Output.from_input("").apply(lambda _: pulumi.UNKNOWN)  # type: ignore[arg-type, return-value]
    return found
