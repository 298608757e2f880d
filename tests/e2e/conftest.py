"""What a test needs to run the real Pulumi engine: its CLI, and a throwaway estate with the stand-in plugins."""

import contextlib
import gc
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pulumi import automation

from rehearsal.engine import Stack, command
from rehearsal.plugins import Estate, attached, install

CREDENTIALS = {
    "GITHUB_TOKEN": "github-token-of-a-test",
    "AUTH0_DOMAIN": "marketedge-test.auth0.com",
    "AUTH0_CLIENT_ID": "management",
    "AUTH0_CLIENT_SECRET": "management-secret-of-a-test",
    "VERCEL_API_TOKEN": "abcdefghijklmnopqrstuvwx",
}


@pytest.fixture(scope="session")
def pulumi_home(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation as the Automation API expects it, `bin/pulumi`, with nobody's plugins or login in it."""
    home = tmp_path_factory.mktemp("pulumi")
    (home / "bin").mkdir()
    (home / "bin" / "pulumi").symlink_to(pulumi_cli)
    return home


@dataclass(frozen=True)
class Engine:
    """One stack's surroundings: the estate its plugins act on, and where the engine keeps its state."""

    estate: Estate
    folder: Path
    environment: dict[str, str]

    def stack(self, program: automation.PulumiFn, name: str = "staging") -> Stack:
        project = self.folder / "project"
        project.mkdir(exist_ok=True)
        # Without one the Automation API writes its own, and commands then run in the caller's directory.
        (project / "Pulumi.yaml").write_text("name: plugins\nruntime: python\n")
        return Stack(
            name,
            program=program,
            work_dir=str(project),
            env_vars=self.environment,
            pulumi_command=command(self.environment["PULUMI_HOME"]),
        )

    def state_file(self, name: str = "staging") -> Path:
        return self.folder / "state" / ".pulumi" / "stacks" / "plugins" / f"{name}.json"


@pytest.fixture
def engine(
    pulumi_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Engine]:
    """A stack's surroundings. The engine attaches to plugins in this process, or with the mark `processes` starts them
    as it does in real life, so that a fault can kill them."""
    # A program whose run failed leaves a coroutine that complains when it is collected: let that be at this test's end,
    # not in the middle of something else. The log record of how it ended would keep it alive.
    monkeypatch.setattr(logging.getLogger("grpc._server"), "disabled", True)
    state = tmp_path / "state"
    state.mkdir()
    plugins = install(tmp_path / "bin")
    estate = Estate(tmp_path / "estate")
    environment = {
        **CREDENTIALS,
        **estate.environment,
        "PATH": f"{plugins}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_HOME": str(pulumi_home),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "passphrase-of-a-test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    with contextlib.ExitStack() as served:
        if not request.node.get_closest_marker("processes"):
            environment |= served.enter_context(attached(estate, environment))
        yield Engine(estate, tmp_path, environment)
    gc.collect()
