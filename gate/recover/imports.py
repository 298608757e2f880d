"""Puts objects that exist into the state, with `pulumi import` and a file made from the plan.

An import asks the provider to read an object by its import id, which is the only way that works for all types: a
protection rule, say, is known by repository and pattern to an import, and by a node id to everything else, so that an
entry written into an exported state could not be refreshed by the name we know.

Two things were found on the engine (CLI 3.210) and are gone round here. `pulumi preview --import-file` takes one of
several components of the same name for the parent of all their children, so the file is made from the preview's steps.
And an import, though it runs no program, asks the project's language runtime which packages the program needs, which
fails where the program is an inline one and no language plugin is installed: so it runs in a folder of its own, on a
copy of the project whose runtime is a server in this process that needs none.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import yaml
from pulumi.automation import CommandError, Stack
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from gate.common.errors import GateError
from gate.recover import state
from gate.recover.state import Locked
from gate.stack.cli import run
from gate.stack.planned import Plan

ImportFile = dict[str, Any]


class ImportFailed(GateError):
    """The engine or a provider refused an import; what went before it stays imported."""


def import_objects(stack: Stack, plan: Plan, ids: Mapping[str, str]) -> None:
    """Import objects, with the components above them where the state lacks those. Args: ids: import ids by URN.

    Raises: Locked, ImportFailed.
    """
    with tempfile.TemporaryDirectory(prefix="gate-recover-") as name, _runtime() as address:
        folder = Path(name)
        file = folder / "import.json"
        file.write_text(json.dumps(import_file(plan, ids)))
        arguments = ["--file", str(file), "--protect=false", "--generate-code=false", "--skip-preview", "--yes"]
        try:
            project = _project(stack, folder, address)
            run(stack, "import", *arguments, *project, folder=folder, environment=_backend(stack))
        except CommandError as error:
            _explain(stack, str(error))


def import_file(plan: Plan, ids: Mapping[str, str]) -> ImportFile:
    """`{nameTable: {name: URN}, resources: [{type, name, logicalName, id | component, parent, provider | version}]}`.

    Names in it are ours, because the program's may repeat.
    """
    wanted = {parent.urn: "" for urn in ids for parent in plan.parents_to_make(urn)} | dict(ids)
    aliases = {urn: f"resource-{index}" for index, urn in enumerate(wanted)}
    names: dict[str, str] = {}

    def alias(urn: str, kind: str) -> str:
        if urn not in aliases:
            aliases[urn] = f"{kind}-{len(aliases)}"
            names[aliases[urn]] = urn
        return aliases[urn]

    resources = []
    for urn, id in wanted.items():
        declared = plan.resources[urn]
        entry: dict[str, Any] = {"type": declared.type, "name": aliases[urn], "logicalName": declared.name}
        entry |= {"id": id} if declared.custom else {"component": True}
        if parent := plan.parent_of(urn):
            entry["parent"] = alias(parent, "parent")
        if declared.provider and declared.provider.in_state:
            entry["provider"] = alias(declared.provider.urn, "provider")
        elif declared.provider:
            entry |= {"version": declared.provider.version, "pluginDownloadUrl": declared.provider.download_url}
        resources.append(entry)
    return {"nameTable": names, "resources": resources}


def _project(stack: Stack, folder: Path, address: str) -> list[str]:
    """Lay out the project's copy, whose runtime is at an address. Returns: arguments that name the stack's config."""
    own = Path(stack.workspace.work_dir)
    settings = yaml.safe_load(next(path for path in _settings(own)).read_text())
    settings["runtime"] = {"name": "client", "options": {"address": address}}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    name = stack.name.rpartition("/")[2]
    place = own / settings.get("stackConfigDir", settings.get("config") if _is_text(settings.get("config")) else "")
    found = [path for suffix in ("yaml", "yml", "json") if (path := place / f"Pulumi.{name}.{suffix}").is_file()]
    return ["--config-file", str(found[0].resolve())] if found else []


def _backend(stack: Stack) -> dict[str, str]:
    """The state's folder by its whole path, since it may be named from the project's."""
    folder = state.folder(stack)
    return {"PULUMI_BACKEND_URL": folder.as_uri()} if folder else {}


def _settings(folder: Path) -> Iterator[Path]:
    for suffix in ("yaml", "yml", "json"):
        if (path := folder / f"Pulumi.{suffix}").is_file():
            yield path


def _is_text(value: Any) -> bool:
    """`config` in a project once was the name of the folder of stack settings."""
    return isinstance(value, str)


def _explain(stack: Stack, text: str) -> None:
    if "currently locked" in text:
        raise Locked(
            f"the state of {stack.name} is locked: wait for the end of the update that holds it. Where you know that "
            f"it is dead, run pulumi cancel --yes --stack {stack.name}, then this again"
        ) from None
    said = "\n".join(_errors_in(text)) or text.strip()
    raise ImportFailed(f"an import into {stack.name} failed; what was imported before stays:\n{said}") from None


def _errors_in(text: str) -> list[str]:
    """The lines that tell why, once each, out of everything that the command printed."""
    said = (line.strip().partition("error: ")[2] for line in text.splitlines())
    return list(dict.fromkeys(line for line in said if line and line not in ("update failed", "preview failed")))


class _NoProgram(language_pb2_grpc.LanguageRuntimeServicer):
    """A language runtime as far as an import asks one."""

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return language_pb2.GetRequiredPluginsResponse()


@contextmanager
def _runtime() -> Iterator[str]:
    """Serve that runtime on loopback while the block runs. Yields: its address."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_NoProgram(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None)
