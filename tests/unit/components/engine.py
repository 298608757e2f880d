"""Runs the whole program with mocks in the place of Pulumi's engine and of every vendor. No CLI, no network.

A run has settings, an event loop and a context of its own, so that nothing of it is left for the next one.
"""

from __future__ import annotations

import asyncio
import os
import runpy
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, run_in_stack
from pulumi.runtime import settings as runtime_settings
from pulumi.runtime.proto import engine_pb2, resource_pb2, source_pb2
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_TEXT
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key

from blueprint.reconcile import Report
from blueprint.spec import Document
from components import vendors as named
from components.required_checks import Evidence
from tests.unit.components.vendors import answer, in_sync, outputs_of, reporting
from tests.unit.settings.stack_file import PROJECT, StackFile

CREDENTIALS = {
    "GITHUB_TOKEN": "fake-github-token",
    "AUTH0_DOMAIN": "dev-g8trhgbfdq2sk2m8.us.auth0.com",
    "AUTH0_CLIENT_ID": "fake-management-id",
    "AUTH0_CLIENT_SECRET": "fake-management-secret",
    "VERCEL_API_TOKEN": "abcdefghijklmnopqrstuvwx",
    "RENDER_API_KEY": "fake-render-key",
}


NO_STACKS: Mapping[str, Mapping[str, Any]] = {"staging": {}}
"""Nothing was ever up: a stack that runs exists, its peer does not."""


@dataclass(frozen=True)
class Secret:
    """A value that the program marked as a secret."""

    value: Any


class Unknown:
    """The value that only `pulumi up` will know."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Declared:
    """A registered resource as the engine got it."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    parent: str
    protect: bool
    retain: bool
    depends_on: frozenset[str]
    ignore_changes: tuple[str, ...]
    import_id: str
    custom: bool
    aliases: tuple[str, ...]

    @property
    def plain(self) -> dict[str, Any]:
        """The inputs, secrets in clear."""
        return {key: v.value if isinstance(v, Secret) else v for key, v in self.inputs.items()}

    @property
    def label(self) -> str:
        return f"{self.type} {self.name}"


@dataclass
class Run:
    """What a run of the program did. outputs: of the stack, None when it did not get that far."""

    declared: list[Declared] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    outputs: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    error: Exception | None = None

    @property
    def unexpected(self) -> list[str]:
        """The warnings, without the one that the shipped staging stack gets for its free database."""
        return [warning for warning in self.warnings if not warning.startswith("marketedge:render.database: the free")]

    def of(self, type_: str) -> list[Declared]:
        return [resource for resource in self.declared if resource.type == type_]

    def only(self, type_: str, name: str | None = None) -> Declared:
        """The one resource of a type, or the one that has this name."""
        (found,) = (resource for resource in self.of(type_) if name in (None, resource.name))
        return found


def run(
    stack_file: StackFile | None = None,
    environ: Mapping[str, str] = CREDENTIALS,
    *,
    preview: bool = False,
    outputs: Callable[[str, str, dict[str, Any], bool], dict[str, Any]] = outputs_of,
    observed: Callable[[Document, Mapping[str, str]], Report] = in_sync,
    stacks: Mapping[str, Mapping[str, Any]] = NO_STACKS,
    workflows: Callable[..., Mapping[str, str]] = reporting,
    made: Collection[str] = (),
    root: Path | None = None,
    there: Collection[str] = (),
) -> Run:
    """Run `__main__.py`.

    Args:
        outputs: answers what a vendor adds to a resource's inputs, from its type, name, inputs and preview.
        observed: answers what a look at Render finds.
        stacks: outputs of the last `up` by stack.
        workflows: answers the repository's workflow files.
        made: names of the commands in the state, and of other resources as `type::name`, perhaps with their outputs.
        there: resource types of the objects that exist at their vendors already.
        root: the project's folder, whose stack file is compared with the configuration.
    """
    stack_file = stack_file or StackFile()
    result = Run()
    # One thread for the monitor: a deterministic order, and one event loop to close.
    with (
        mock.patch.dict(os.environ, environ, clear=True),
        mock.patch(
            "components.observation.look", lambda document, environ, _digests, _applied: observed(document, environ)
        ),
        mock.patch("components.guardrails.managing", return_value=[]),
        # It costs a tenth of the time, and is nothing but where in a file a resource stands.
        mock.patch("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace),
        mock.patch("components.guardrails.read_evidence", side_effect=lambda *_a: Evidence.of(workflows())),
        mock.patch("components.existing.look_up", side_effect=lambda _accounts, kind, _values: kind in there),
        mock.patch("components.existing._application", side_effect=lambda _values: named.CLIENT in there),
        # The program expects its process to end. Here the garbage of a run would stay, and be looked through again.
        mock.patch("gc.disable"),
        mock.patch("gc.freeze"),
        # Nobody reads it, and it looks up the file and line of each frame below each resource.
        mock.patch("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace),
        ThreadPoolExecutor(1) as monitor,
        asyncio.Runner() as runner,
    ):
        runner.get_loop().set_default_executor(monitor)
        context = copy_context()
        context.run(
            _configure, stack_file, _Monitor(result, outputs, preview, stacks, made), _Engine(result), preview, root
        )
        try:
            runner.run(run_in_stack(_program), context=context)
        except Exception as error:
            result.error = error
    return result


def _program() -> None:
    runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")


def _configure(stack_file: StackFile, monitor: _Monitor, engine: _Engine, preview: bool, root: Path | None) -> None:
    runtime_config.set_all_config(stack_file.values, sorted(stack_file.secret_keys))
    runtime_settings.ROOT.set(None)
    runtime_settings.configure(
        runtime_settings.Settings(
            "marketedge-staging-gate",
            stack_file.stack,
            monitor=monitor,
            engine=engine,
            dry_run=preview,
            organization="organization",
            root_directory=str(root) if root else None,
        )
    )


class _Engine:
    def __init__(self, result: Run) -> None:
        self._result = result

    def Log(self, request: Any) -> None:
        if request.severity == engine_pb2.WARNING:
            self._result.warnings.append(request.message)


class _Monitor(mocks.MockMonitor):
    """Pulumi's own mock, which loses parents, protection and what is secret; here everything is kept."""

    def __init__(
        self,
        result: Run,
        outputs: Callable[..., dict[str, Any]],
        preview: bool,
        stacks: Mapping[str, Any],
        made: Collection[str],
    ) -> None:
        super().__init__(mocks=None)  # type: ignore[arg-type]
        self._result, self._outputs, self._preview, self._stacks = result, outputs, preview, stacks
        urns = {name: name if "::" in name else f"command:local:Command::{name}" for name in made}
        outputs_of = made if isinstance(made, Mapping) else {}
        self._state = {
            f"urn:pulumi:s::p::{urn}": {"type": urn.partition("::")[0], "outputs": outputs_of.get(name, {})}
            for name, urn in urns.items()
        }

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = _plain(json_format.MessageToDict(request.object))
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        self._result.declared.append(
            Declared(
                request.type,
                request.name,
                inputs,
                parent=_label(request.parent),
                protect=request.protect,
                retain=request.retainOnDelete,
                depends_on=frozenset(_label(other) for other in request.dependencies),
                ignore_changes=tuple(request.ignoreChanges),
                import_id=request.importId,
                custom=request.custom,
                aliases=tuple(alias.spec.name for alias in request.aliases),
            )
        )
        known = {key: v.value if isinstance(v, Secret) else v for key, v in inputs.items() if not _has_unknown(v)}
        state = json_format.MessageToDict(request.object)
        made = self._outputs(request.type, request.name, known, self._preview) if request.custom else {}
        for key, value in made.items():
            secret = key in request.additionalSecretOutputs
            state[key] = {_special_sig_key: _special_secret_sig, "value": value} if secret else value
        message = struct_pb2.Struct()
        message.update(state)
        id_ = "" if self._preview or not request.custom else f"{request.name}-id"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=message)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        if "::pulumi:pulumi:Stack::" in request.urn:
            self._result.outputs = _plain(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:
        arguments = json_format.MessageToDict(request.args)
        if request.tok == "pulumi:pulumi:readStackOutputs":
            return self._read(arguments["name"], self._stacks)
        if request.tok == "pulumi:pulumi:readStackResourceOutputs":
            return self._read(arguments["stackName"], dict.fromkeys(self._stacks, self._state))
        self._result.asked.append((request.tok, arguments))
        message = struct_pb2.Struct()
        message.update(answer(request.tok, arguments))
        return resource_pb2.ResourceInvokeResponse(**{"return": message})

    def _read(self, name: str, stacks: Mapping[str, Mapping[str, Any]]) -> Any:
        """Outputs of a stack, or of its resources; the engine refuses one that does not exist."""
        organization, project, stack = name.split("/")
        assert (organization, project) == ("organization", "marketedge-staging-gate")
        if stack not in stacks:
            raise Refusal(f"unknown stack {name}")
        message = struct_pb2.Struct()
        message.update({"name": name, "outputs": dict(stacks[stack])})
        return resource_pb2.ResourceInvokeResponse(**{"return": message})


class Refusal(grpc.RpcError):
    """As the SDK gets it from the engine."""

    def __init__(self, text: str) -> None:
        self._text = text
        super().__init__(text)

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._text


def _label(urn: str) -> str:
    """`type name` of a URN, without the types of its parents."""
    if not urn:
        return ""
    *_, types, name = urn.split("::", 3)
    return f"{types.split('$')[-1]} {name}"


def _plain(value: Any) -> Any:
    """What protobuf carries as Python values: whole numbers as int, secrets and unknown values as such."""
    if isinstance(value, dict):
        if value.get(_special_sig_key) == _special_secret_sig:
            return Secret(_plain(value["value"]))
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return UNKNOWN if value == UNKNOWN_TEXT else value


def _has_unknown(value: Any) -> bool:
    value = value.value if isinstance(value, Secret) else value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is UNKNOWN or any(_has_unknown(one) for one in inner)
