"""The engine's side of a plugin: translates `pulumirpc.ResourceProvider` calls for a `Provider`."""

from collections.abc import Callable
from concurrent import futures
from typing import Any, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from . import shapes
from .compare import Change
from .provider import Provider
from .resource_type import ProviderError, ResourceType
from .values import from_struct, to_struct

_KINDS = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
_ENGINE_OWN_SETTINGS = {"version", "pluginDownloadURL", "pluginChecksums"}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, provider: Provider, version: str) -> None:
        self.provider = provider
        self.version = version

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        self.provider.engine_address = request.engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def Attach(self, request: Any, context: Any) -> Empty:
        return Empty()

    def Cancel(self, request: Any, context: Any) -> Empty:
        return Empty()

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        known = shapes.inputs_of(self.provider.config).fields.keys() | _ENGINE_OWN_SETTINGS
        failures = [(name, "Invalid or unknown key") for name in request.news.fields if name not in known]
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        settings = {name.rpartition(":")[2]: value for name, value in request.variables.items()}
        self._answer(context, lambda: self.provider.configure(settings))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        spec = self._type(request.urn, context)
        olds, news = from_struct(request.olds), from_struct(request.news)
        name = request.urn.rpartition("::")[2]
        if problems := self.provider.problems(spec, news):
            return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(problems))
        inputs = self.provider.check(spec, name, olds, news, request.randomSeed)
        return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        spec = self._type(request.urn, context)
        state, old_inputs, news = map(from_struct, (request.olds, request.old_inputs, request.news))
        found = [
            change
            for change in self.provider.diff(spec, state, old_inputs, news)
            if not any(_covers(ignored, change.path) for ignored in request.ignoreChanges)
        ]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=sorted({_top(change) for change in found if change.replace}),
            diffs=sorted({_top(change) for change in found}),
            detailedDiff={
                change.path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind, change.replace]) for change in found
            },
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        spec = self._type(request.urn, context)
        inputs = from_struct(request.properties)
        id, outputs = self._answer(context, lambda: self.provider.create(spec, request.urn, inputs, request.preview))
        return provider_pb2.CreateResponse(id=id, properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        spec = self._type(request.urn, context)
        state, inputs = from_struct(request.properties), from_struct(request.inputs)
        found = self._answer(context, lambda: self.provider.read(spec, request.id, state, inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        id, outputs, current = found
        return provider_pb2.ReadResponse(id=id, properties=to_struct(outputs), inputs=to_struct(current))

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        spec = self._type(request.urn, context)
        state, news = from_struct(request.olds), from_struct(request.news)
        outputs = self._answer(
            context, lambda: self.provider.update(spec, request.id, request.urn, state, news, request.preview)
        )
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Empty:
        spec = self._type(request.urn, context)
        state = from_struct(request.properties)
        self._answer(context, lambda: self.provider.delete(spec, request.id, request.urn, state))
        return Empty()

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        arguments = from_struct(request.args)
        result = self._answer(context, lambda: self.provider.invoke(request.tok, arguments))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))  # the field's name is a Python keyword
        return response

    def _type(self, urn: str, context: Any) -> ResourceType:
        token = urn.split("::")[2].rpartition("$")[2]
        if token not in self.provider.types:
            _abort(context, f"unrecognized resource type (stand-in for {self.provider.name}): {token}")
        return self.provider.types[token]

    def _answer(self, context: Any, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except ProviderError as error:
            _abort(context, str(error))


def _abort(context: Any, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort does not return")


def _failures(problems: list[tuple[str, str]]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in problems]


def _top(change: Change) -> str:
    return change.path.partition(".")[0].partition("[")[0]


def _covers(ignored: str, path: str) -> bool:
    return path == ignored or path.startswith((f"{ignored}.", f"{ignored}["))


def make_server(provider: Provider, version: str) -> grpc.Server:
    """Return a server that answers for a provider. It is not started yet."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=16), options=[("grpc.max_receive_message_length", 400 * 1024 * 1024)]
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider, version), server)
    return server
