"""A stand-in for Pulumi's Python language host, so that the ordinary `pulumi` command runs the program in a rehearsal.

The SDK's own server for inline programs does the work; this one lets it run the `__main__.py` of a project.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from .hosting import host


class Host(LanguageServer):
    """Runs the program of one project, in the project's folder, as the real host does in a process of its own."""

    def __init__(self, engine: str) -> None:
        super().__init__(lambda: None)
        self._engine = engine

    def Run(self, request: Any, context: Any) -> language_pb2.RunResponse:
        folder = request.info.program_directory or request.pwd

        def program() -> None:
            os.chdir(folder)
            sys.path.insert(0, folder)
            runpy.run_path(os.path.join(folder, "__main__.py"), run_name="__main__")

        self.program = program
        if not request.args:
            request.args.append(self._engine)
        answer: language_pb2.RunResponse = super().Run(request, context)  # type: ignore[no-untyped-call]
        return answer

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """For `pulumi install`: this process has what the program needs, so there is nothing to download."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"nothing to install in a rehearsal\n")

    def GetProgramDependencies(self, request: Any, context: Any) -> language_pb2.GetProgramDependenciesResponse:
        return language_pb2.GetProgramDependenciesResponse()


def serve(engine: str) -> None:
    """Answer for the language until the engine is done. Args: engine: its address."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(engine), server)
    host(server)
