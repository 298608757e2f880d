"""A stand-in for Pulumi's Python language host, so that the ordinary `pulumi` command runs the program in a rehearsal.

The SDK's own server for inline programs does the work; this one lets it run the `__main__.py` of a project.
"""

from __future__ import annotations

import contextlib
import gc
import os
import runpy
import sys
from collections.abc import Iterator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any
from unittest import mock

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc
from pulumi.runtime.settings import SETTINGS


class Host(LanguageServer):
    """Runs the program of one project in the project's folder, as the real host does.

    Args:
        environment: variables that are added to this process's own while a program runs.
    """

    def __init__(self, engine: str = "", environment: Mapping[str, str] | None = None) -> None:
        super().__init__(lambda: None)
        self._engine, self._environment = engine, environment or {}

    def Handshake(self, request: Any, context: Any) -> language_pb2.LanguageHandshakeResponse:
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def Run(self, request: Any, context: Any) -> language_pb2.RunResponse:
        folder = request.info.program_directory or request.pwd

        def program() -> None:
            # As pulumi-language-python-exec --root_directory does; the SDK's server for inline programs does not.
            SETTINGS.root_directory = request.info.root_directory
            run_program(Path(folder))

        self.program = program
        if not request.args:
            request.args.append(self._engine)
        with mock.patch.dict(os.environ, self._environment), contextlib.chdir(folder):
            answer: language_pb2.RunResponse = super().Run(request, context)  # type: ignore[no-untyped-call]
        return answer

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing for `pulumi install`: this process has everything that the program needs."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"nothing to install in a rehearsal\n")

    def GetProgramDependencies(self, request: Any, context: Any) -> language_pb2.GetProgramDependenciesResponse:
        return language_pb2.GetProgramDependenciesResponse()


def run_program(folder: Path) -> None:
    """Run a project's program in this process."""
    sys.path.insert(0, str(folder))
    try:
        runpy.run_path(str(folder / "__main__.py"), run_name="__main__")
    finally:
        sys.path.remove(str(folder))
        gc.unfreeze()  # the program expects its process to end
        gc.enable()


def make_server(host: Host) -> grpc.Server:
    """Return a server that answers for the language. It is not started yet."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    return server
