"""Runs one workflow on this machine with act, as GitHub would for an event, with stand-ins for what it downloads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class StandIn:
    """A local action in the place of one that would be downloaded.

    Attributes:
        script: bash; each input is in the environment, as INPUT_NAME for `name`.
        outputs: by name, the name under which the script's step sets it.
    """

    script: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def action(self) -> dict[str, Any]:
        """Its `action.yml`, as JSON, which is YAML."""
        environment = {f"INPUT_{name.upper().replace('-', '_')}": f"${{{{ inputs.{name} }}}}" for name in self.inputs}
        step = {"id": "run", "shell": "bash", "env": environment, "run": self.script}
        return {
            "name": "stand-in",
            "description": "for tests",
            "inputs": {name: {"description": name, "default": ""} for name in self.inputs},
            "outputs": {
                name: {"description": name, "value": f"${{{{ steps.run.outputs.{name} }}}}"} for name in self.outputs
            },
            "runs": {"using": "composite", "steps": [step]},
        }


@dataclass(frozen=True)
class Runner:
    """act, and what every run is given.

    Attributes:
        folder: of its own. tools: where act is. repository: what the workflows are of.
        environment: of every step.
    """

    folder: Path
    tools: Path
    repository: Path
    stand_ins: Mapping[str, StandIn]
    environment: Mapping[str, str] = field(default_factory=dict)

    def act(
        self,
        event: str,
        workflow: str,
        payload: Mapping[str, Any],
        *,
        variables: Mapping[str, str],
        secrets: Mapping[str, str],
    ) -> Done:
        """Run one workflow, named without `.yml`."""
        file = self.folder / "event.json"
        file.write_text(json.dumps(payload))
        command = [str(self.tools / "act"), event, "-e", str(file), "-W", f".github/workflows/{workflow}.yml"]
        command += ["-P", "ubuntu-latest=-self-hosted", "--json=false"]
        for action, folder in self._stand_ins().items():
            command += ["--local-repository", f"{action}={folder}"]
        for name, value in self.environment.items():
            command += ["--env", f"{name}={value}"]
        for name, value in variables.items():
            command += ["--var", f"{name}={value}"]
        # In a file: from act's own environment every step would have them, whatever its workflow gives it.
        kept = self.folder / "secrets"
        kept.write_text("".join(f"{name}={json.dumps(value)}\n" for name, value in secrets.items()))
        command += ["--secret-file", str(kept)]
        return subprocess.run(command, cwd=self.repository, capture_output=True, text=True, check=False)

    def _stand_ins(self) -> dict[str, Path]:
        found = {}
        for action, stand_in in self.stand_ins.items():
            folder = self.folder / "actions" / action.partition("@")[0].replace("/", "-")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "action.yml").write_text(json.dumps(stand_in.action()))
            found[action] = folder
        return found


def commit_everything(folder: Path, repository: str) -> Path:
    """Make a folder a clone of a repository at github.com, owner/name, with one commit."""
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "workflows"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    subprocess.run(["git", "remote", "add", "origin", f"https://github.com/{repository}.git"], cwd=folder, check=True)
    return folder
