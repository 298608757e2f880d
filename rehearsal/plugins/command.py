"""The stand-in for the command plugin. It runs a resource's shell commands as the real one does, and stores nothing."""

import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from typing import Any

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from pulumi_command import ProviderArgs
from pulumi_command.local import Command, CommandArgs

from .provider import Provider
from .resource_type import Change, ProviderError, ResourceType
from .values import UNKNOWN, Properties, plain

_RESULTS = ("stdout", "stderr")


class Plugin(Provider):
    """The command plugin."""

    name = "command"
    config = ProviderArgs
    types = (ResourceType(resource=Command, args=CommandArgs, type="command", key=["create"], replaces=["triggers"]),)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Take no settings, because the plugin has none."""

    def diff(self, spec: ResourceType, state: Properties, old_inputs: Properties, news: Properties) -> list[Change]:
        """Compare inputs with inputs, because a command has no live state."""
        return spec.changes(plain(old_inputs), plain(news))

    def create(self, spec: ResourceType, urn: str, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        id = f"{urn.rpartition('::')[2]}{secrets.token_hex(4)}"
        if preview:
            return "", inputs | dict.fromkeys(_RESULTS, UNKNOWN)
        return id, inputs | self._run(urn, plain(inputs).get("create"), plain(inputs), {})

    def read(
        self, spec: ResourceType, id: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """Return the state as it is. Nothing can be read, so a refresh keeps what the state holds."""
        return id, state, inputs

    def update(
        self, spec: ResourceType, id: str, urn: str, state: Properties, news: Properties, preview: bool
    ) -> Properties:
        if preview:
            return news | dict.fromkeys(_RESULTS, UNKNOWN)
        inputs = plain(news)
        return news | self._run(urn, inputs.get("update") or inputs.get("create"), inputs, plain(state))

    def delete(self, spec: ResourceType, id: str, urn: str, state: Properties) -> None:
        inputs = plain(state)
        self._run(urn, inputs.get("delete"), inputs, inputs)

    def _run(self, urn: str, command: str | None, inputs: Properties, previous: Properties) -> dict[str, str]:
        """Run the command and return its trimmed output. When there is no command, return the previous output."""
        if command is None:
            return {name: previous.get(name, "") for name in _RESULTS}
        given = {name: str(value) for name, value in (inputs.get("environment") or {}).items()}
        environment = {**os.environ, **self.environment, **given}
        if inputs.get("addPreviousOutputInEnv", True):
            environment |= {f"PULUMI_COMMAND_{n.upper()}": previous[n] for n in _RESULTS if previous.get(n)}
        done = subprocess.run(
            [*(inputs.get("interpreter") or ["/bin/sh", "-c"]), command],
            check=False,
            input=inputs.get("stdin") or "",
            cwd=inputs.get("dir"),
            env=environment,
            capture_output=True,
            text=True,
        )
        self._log(urn, inputs.get("logging", "stdoutAndStderr"), done)
        if done.returncode:
            shown = json.dumps(command, ensure_ascii=False)
            raise ProviderError(f"exit status {done.returncode}: running {shown}:\n{done.stdout}{done.stderr}")
        return {"stdout": done.stdout.removesuffix("\n"), "stderr": done.stderr.removesuffix("\n")}

    def _log(self, urn: str, logging: Any, done: subprocess.CompletedProcess[str]) -> None:
        wanted = {"stdout": done.stdout, "stderr": done.stderr, "stdoutAndStderr": done.stdout + done.stderr}
        lines = wanted.get(logging, "").splitlines()
        if not lines or not self.engine_address:
            return
        with grpc.insecure_channel(self.engine_address) as channel:
            engine = engine_pb2_grpc.EngineStub(channel)
            for line in lines:
                engine.Log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=line, urn=urn, ephemeral=True))
