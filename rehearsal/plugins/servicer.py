"""The engine's side of a plugin: translates `pulumirpc.ResourceProvider` calls for a `Provider`."""

from collections.abc import Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from . import shapes
from .provider import Provider
from .resource_type import Change, ProviderError, ResourceType
from .values import from_struct, to_struct

_ENGINE_OWN_SETTINGS = {"version", "pluginDownloadURL", "pluginChecksums"}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Answers the engine for one provider."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        self.provider.engine_address = request.engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        """Tell the version of the SDK that the plugin stands in for."""
        sdk = self.provider.config.__module__.partition(".")[0]
        return plugin_pb2.PluginInfo(version=metadata.version(sdk))

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def Attach(self, request: Any, context: Any) -> Empty:
        return Empty()

    def Cancel(self, request: Any, context: Any) -> Empty:
        return Empty()

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        known = shapes.inputs_of(self.provider.config).fields.keys() | _ENGINE_OWN_SETTINGS
        problems = [(name, "Invalid or unknown key") for name in request.news.fields if name not in known]
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(problems))

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        settings = {name.rpartition(":")[2]: value for name, value in request.variables.items()}
        with _refusals(context):
            self.provider.configure(settings)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        spec = self._type(request, context)
        olds, news = from_struct(request.olds), from_struct(request.news)
        if problems := list(spec.problems(news)):
            return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(problems))
        inputs = self.provider.check(spec, request.urn.rpartition("::")[2], olds, news, request.randomSeed)
        return provider_pb2.CheckResponse(inputs=to_struct(inputs))

    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        spec = self._type(request, context)
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
            detailedDiff={change.path: provider_pb2.PropertyDiff(kind=_kind(change)) for change in found},
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        spec = self._type(request, context)
        with _refusals(context):
            id, outputs = self.provider.create(spec, request.urn, from_struct(request.properties), request.preview)
        return provider_pb2.CreateResponse(id=id, properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        spec = self._type(request, context)
        state, inputs = from_struct(request.properties), from_struct(request.inputs)
        with _refusals(context):
            found = self.provider.read(spec, request.id, state, inputs)
        if found is None:
            return provider_pb2.ReadResponse()
        id, outputs, current = found
        return provider_pb2.ReadResponse(id=id, properties=to_struct(outputs), inputs=to_struct(current))

    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        spec = self._type(request, context)
        state, news = from_struct(request.olds), from_struct(request.news)
        with _refusals(context):
            outputs = self.provider.update(spec, request.id, request.urn, state, news, request.preview)
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Empty:
        spec = self._type(request, context)
        with _refusals(context):
            self.provider.delete(spec, request.id, request.urn, from_struct(request.properties))
        return Empty()

    def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        with _refusals(context):
            result = self.provider.invoke(request.tok, from_struct(request.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))  # the field's name is a Python keyword
        return response

    def _type(self, request: Any, context: Any) -> ResourceType:
        with _refusals(context):
            return self.provider.resource_type(request.urn.split("::")[2].rpartition("$")[2])


@contextmanager
def _refusals(context: Any) -> Iterator[None]:
    """Answer a refusal of the block as the error of the call."""
    try:
        yield
    except ProviderError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _failures(problems: Iterable[tuple[str, str]]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in problems]


def _kind(change: Change) -> Any:
    return provider_pb2.PropertyDiff.Kind.Value(f"{change.kind}_REPLACE" if change.replace else change.kind)


def _top(change: Change) -> str:
    return change.path.partition(".")[0].partition("[")[0]


def _covers(ignored: str, path: str) -> bool:
    return path == ignored or path.startswith((f"{ignored}.", f"{ignored}["))


def make_server(provider: Provider) -> grpc.Server:
    """Return a server that answers for a provider. It is not started yet."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=16), options=[("grpc.max_receive_message_length", 400 * 1024 * 1024)]
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider), server)
    return server
