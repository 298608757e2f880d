"""What is wrong is said before anything is done: no request at any vendor, nothing in the state."""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from pulumi.automation import CommandError, OpType

from rehearsal.estate import World
from rehearsal.rollout import configure
from tests.e2e.stage import changes, staging

pytestmark = pytest.mark.e2e


def spoil(stage: World) -> None:
    """Five mistakes in one file and its environment."""
    path = stage.project / "Pulumi.staging.yaml"
    content = yaml.safe_load(path.read_text())
    config = content["config"]
    del config["marketedge:vercel"]["domain"]
    config["marketedge:github"]["protection"]["requireConversationResolutoin"] = True
    config["marketedge:auth0"]["callbacks"].append("https://app.vercel.app/*")
    config["marketedge:render"]["database"]["region"] = "paris"
    path.write_text(yaml.safe_dump(content))
    stage.environment["VERCEL_API_TOKEN"] = "a1" * 10


def test_five_mistakes_are_one_error_and_no_request(pulumi_cli: Path, tmp_path: Path) -> None:
    with staging(tmp_path / "world", pulumi_cli) as (stage, engine):
        spoil(stage)
        with pytest.raises(CommandError) as error:
            engine.up()
        text = str(error.value)
        assert "5 problems" in text
        for path in (
            "marketedge:vercel.domain",
            "marketedge:github.protection.requireConversationResolutoin",
            "marketedge:auth0.callbacks[4]",
            "marketedge:render.database.region",
            "VERCEL_API_TOKEN",
        ):
            assert path in text
        assert "Traceback" not in text
        assert stage.environment["VERCEL_API_TOKEN"] not in text
        assert stage.render.requests == []
        assert changes(stage) == []


def test_a_number_that_pulumi_reads_otherwise_than_it_is_written_is_refused(pulumi_cli: Path, tmp_path: Path) -> None:
    """By the CLI's own host, which tells the program where its stack file is."""
    with staging(tmp_path / "world", pulumi_cli) as (stage, _engine):
        path = stage.project / "Pulumi.staging.yaml"
        path.write_text(path.read_text().replace("value: DEBUG", "value: 02134"))
        command = [str(pulumi_cli), "preview", "--stack", "staging", "--non-interactive"]
        environ = {**os.environ, **stage.environment}
        done = subprocess.run(command, cwd=stage.project, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert '02134 — needs quotes: Pulumi reads it as 1116; write "02134", or 1116' in done.stdout + done.stderr


def test_a_missing_secret_prints_the_command_that_sets_it(pulumi_cli: Path, tmp_path: Path) -> None:
    with staging(tmp_path / "world", pulumi_cli) as (_stage, engine):
        engine.stack.remove_config("marketedge:secrets.REDIS_URL", path=True)
        with pytest.raises(
            CommandError, match=r"pulumi config set --stack staging --secret --path 'marketedge:secrets\.REDIS_URL'"
        ):
            engine.preview()


def test_up_without_credentials_names_every_one_that_is_missing(pulumi_cli: Path, tmp_path: Path) -> None:
    with staging(tmp_path / "world", pulumi_cli) as (stage, engine):
        for name in ("RENDER_API_KEY", "AUTH0_CLIENT_SECRET", "VERCEL_API_TOKEN"):
            stage.environment[name] = ""
        with pytest.raises(CommandError) as error:
            engine.up(continue_on_error=False)
        text = str(error.value)
        assert "export RENDER_API_KEY" in text
        assert "export AUTH0_CLIENT_SECRET" in text
        assert "export VERCEL_API_TOKEN" in text
        assert stage.render.requests == []


def test_preview_without_credentials_shows_the_rest_and_says_what_it_left_out(pulumi_cli: Path, tmp_path: Path) -> None:
    with staging(tmp_path / "world", pulumi_cli) as (stage, engine):
        for name in ("RENDER_API_KEY", "AUTH0_CLIENT_SECRET"):
            stage.environment[name] = ""
        summary = engine.preview().change_summary
        shown = "\n".join(engine.output)
        assert "Auth0 is left out of this preview: AUTH0_CLIENT_SECRET not set" in shown
        assert "Render was not read: RENDER_API_KEY not set" in shown
        assert summary[OpType.CREATE] == 31 - 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_killed_first_run_has_made_is_not_deleted_by_moving_back(
    pulumi_cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a run leaves no outputs, and so no phase, to compare with."""
    monkeypatch.setattr(logging.getLogger("grpc._server"), "disabled", True)  # its records keep the program's coroutine
    with staging(tmp_path / "world", pulumi_cli, processes=True) as (stage, engine):
        # The first five do not wait for the service; the sixth tells its address.
        stage.vendors.fail_create("github", "environment_variable", nth=6, kill="engine")
        with pytest.raises(CommandError):
            engine.up()
        made = dict(stage.render.estate.services)
        assert len(made) == 1
        engine.stack.cancel()

        configure(stage.project / "Pulumi.staging.yaml", "phase", "foundation")
        with pytest.raises(CommandError, match="removes marketedge-platform-staging, marketedge-staging-db from this"):
            engine.up()
        assert stage.render.estate.services.keys() == made.keys()
