"""This repository in a rehearsal's world: its workflows executed on its own program, with the ordinary Pulumi CLI."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.estate import World, seed, world
from rehearsal.vendor_api import github_issues

from .conftest import PROJECT
from .running import Done, Runner, StandIn, commit_everything

REPOSITORY = "staging-gate"
_PULUMI = """\
echo "$PLUGINS" | tr ':' '\\n' >> "$GITHUB_PATH"
if [ -n "$INPUT_COMMAND" ]; then
  refresh=(); if [ "$INPUT_REFRESH" = true ]; then refresh=(--refresh); fi
  pulumi "$INPUT_COMMAND" --yes --non-interactive --stack "$INPUT_STACK_NAME" "${refresh[@]}"
fi
"""
_APP = """\
echo "::add-mask::$APP_TOKEN"
echo "token=$APP_TOKEN" >> "$GITHUB_OUTPUT"
echo "GitHub App: $INPUT_OWNER/$INPUT_REPOSITORIES, contents $INPUT_PERMISSION_CONTENTS" >> "$ASKED_FOR"
"""
_STAND_INS = {
    "actions/setup-python": StandIn('echo "$PYTHON_FOLDER" >> "$GITHUB_PATH"'),
    "pulumi/actions": StandIn(_PULUMI, inputs=("command", "stack-name", "refresh")),
    "actions/create-github-app-token": StandIn(
        _APP, inputs=("owner", "repositories", "permission-contents"), outputs=("token",)
    ),
    "pulumi/auth-actions": StandIn(
        'echo "Pulumi Cloud: $INPUT_ORGANIZATION" >> "$ASKED_FOR"', inputs=("organization",)
    ),
    "aws-actions/configure-aws-credentials": StandIn(
        'echo "AWS: $INPUT_ROLE_TO_ASSUME" >> "$ASKED_FOR"', inputs=("role-to-assume",)
    ),
}
"""By action: what is downloaded at GitHub. The checkout is act's own."""


def stand_ins() -> dict[str, StandIn]:
    """By the action and the commit that the workflows use."""
    pinned = [(used, used.partition("@")[0]) for used in used_actions()]
    return {used: _STAND_INS[action] for used, action in pinned if action in _STAND_INS}


def used_actions() -> list[str]:
    """What the workflows and their action use, each once."""
    jobs = [job for path in workflows() for job in yaml.safe_load(path.read_text())["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"]]
    steps += yaml.safe_load(ACTION.read_text())["runs"]["steps"]
    return sorted({step["uses"] for step in steps if "uses" in step})


def workflows() -> list[Path]:
    return sorted((PROJECT / ".github" / "workflows").glob("*.yml"))


ACTION = PROJECT / ".github" / "actions" / "prepare" / "action.yml"


@dataclass(frozen=True)
class OwnWorld:
    """asked_for: the credentials that were, one line each."""

    world: World
    runner: Runner
    asked_for: Path

    def act(self, event: str, workflow: str, payload: Mapping[str, Any], without: str = "", **variables: str) -> Done:
        """Run one of the workflows, with what the repository's settings hold.

        Args: without: a secret that is not set. variables: besides those that are.
        """
        given = self.world.secrets
        secrets = {
            **{name: given.credentials[name] for name in ("AUTH0_CLIENT_SECRET", "VERCEL_API_TOKEN", "RENDER_API_KEY")},
            "GITHUB_TOKEN": given.credentials["REPORT_TOKEN"],  # act's name for github.token
            "GATE_APP_PRIVATE_KEY": "a key of a test",
            "PULUMI_CONFIG_PASSPHRASE": given.passphrase,
        }
        settings = {
            **{"GATE_APP_ID": "1", "APPLICATION_REPOSITORY": "MarketEdge-Platform", "GATE_STACKS": '["staging"]'},
            **{name: given.credentials[name] for name in ("AUTH0_DOMAIN", "AUTH0_CLIENT_ID")},
            "PULUMI_BACKEND_URL": self.world.environment["PULUMI_BACKEND_URL"],
        }
        kept = {name: value for name, value in secrets.items() if name != without}
        return self.runner.act(event, workflow, payload, variables=settings | variables, secrets=kept)

    def pulumi(self, *arguments: str) -> None:
        """What a person types once, in the project's folder."""
        subprocess.run(
            ["pulumi", *arguments],
            cwd=self.world.project,
            env={**os.environ, **self.world.environment},
            capture_output=True,
            check=True,
        )

    def comments(self, number: int) -> list[str]:
        found = self.world.vendors.find_all("github", "comment", repository=REPOSITORY, issue=number)
        return [one["body"] for one in found]

    def issues(self) -> list[tuple[int, str, str]]:
        found = self.world.vendors.find_all("github", "issue", repository=REPOSITORY)
        return [(one["number"], one["state"], one["title"]) for one in found]


@contextlib.contextmanager
def own_world(folder: Path, tools: Path, pulumi: Path) -> Iterator[OwnWorld]:
    """Args: folder: lies outside the source tree. pulumi: the CLI's binary."""
    with world(folder / "world", pulumi, rate_limits=False) as living:
        seed(living.vendors)
        living.vendors.seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}")
        github_issues.pull(living.vendors, REPOSITORY, 7, head="a" * 40)
        asked_for = folder / "asked-for"
        asked_for.touch()
        vendors = ("AUTH0_BASE_URL", "VERCEL_BASE_URL", "GITHUB_BASE_URL", "RENDER_HOST", *living.vendors.environment)
        kept = {name: living.environment[name] for name in (*vendors, "PULUMI_HOME", "NO_PROXY")}
        environment = {
            **kept,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PLUGINS": os.pathsep.join([str(folder / "world" / "plugins"), f"{living.environment['PULUMI_HOME']}/bin"]),
            "PYTHON_FOLDER": str(Path(sys.executable).parent),
            "APP_TOKEN": living.secrets.credentials["GITHUB_TOKEN"],
            "ASKED_FOR": str(asked_for),
        }
        repository = _clone(folder / "repository", living)
        yield OwnWorld(living, Runner(folder, tools, repository, stand_ins(), environment), asked_for)


def _clone(folder: Path, living: World) -> Path:
    """This repository, as the engine of the world sees it, with the virtual environment that `pulumi install` makes."""
    shutil.copytree(PROJECT / ".github", folder / ".github")
    for path in living.project.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "venv").symlink_to(sys.prefix)
    return commit_everything(folder, f"zebra-devops/{REPOSITORY}")
