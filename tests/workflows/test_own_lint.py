"""This repository's own workflows are valid, pinned, least privileged, and safe by actionlint's and zizmor's rules."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.pulumi_cli import pinned_cli

from .conftest import PROJECT
from .own import ACTION, used_actions, workflows
from .running import commit_everything

FILES = [*workflows(), ACTION]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / ".github", tmp_path / "clone" / ".github")
    return commit_everything(tmp_path / "clone", "zebra-devops/staging-gate")


def workflow(name: str) -> Any:
    return yaml.safe_load((PROJECT / ".github" / "workflows" / f"{name}.yml").read_text())


def steps(path: Path) -> list[dict[str, Any]]:
    content = yaml.safe_load(path.read_text())
    jobs = content["jobs"].values() if "jobs" in content else [content["runs"]]
    return [step for job in jobs for step in job["steps"]]


def test_the_five_are_there() -> None:
    assert [path.stem for path in workflows()] == ["drift", "preview", "previews", "test", "up"]


def test_actionlint_finds_nothing(tools: Path, clone: Path) -> None:
    done = subprocess.run([tools / "actionlint"], cwd=clone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing_by_its_own_rules(clone: Path) -> None:
    command = [Path(sys.executable).parent / "zizmor", "--offline", "--no-progress", "."]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    for action, comment in re.findall(r"^ *(?:- )?uses: (\S+)(.*)", path.read_text(), re.MULTILINE):
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_an_action_is_pinned_to_one_commit_everywhere() -> None:
    delivered = "".join(path.read_text() for path in (PROJECT / "workflows").rglob("*.yml"))
    used = [*used_actions(), *re.findall(r"uses: ([\w/-]+@[0-9a-f]{40})", delivered)]
    pinned = {name for name in used if not name.startswith("./")}
    assert len({name.partition("@")[0] for name in pinned}) == len(pinned)


@pytest.mark.parametrize("path", workflows(), ids=lambda path: path.stem)
def test_every_job_is_bounded_and_has_only_the_permissions_it_names(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert content["permissions"] == {}
    for job in content["jobs"].values():
        assert "permissions" in job
        assert job["timeout-minutes"] <= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_script_is_put_together_from_an_expression(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_input_of_an_action_of_ours_is_one_that_it_has(path: Path) -> None:
    """act and GitHub only warn of others."""
    action = yaml.safe_load(ACTION.read_text())
    for step in steps(path):
        if step.get("uses") == "./.github/actions/prepare":
            required = {name for name, given in action["inputs"].items() if given.get("required")}
            assert required <= step["with"].keys() <= action["inputs"].keys()


def test_what_a_stranger_starts_has_no_secrets_and_no_permissions() -> None:
    jobs = workflow("preview")["jobs"]
    assert "secrets." not in str(jobs["not-previewed"])
    assert jobs["not-previewed"]["permissions"] == {}
    assert "pull_request_target" not in str([workflow(path.stem) for path in workflows()])


def test_an_up_is_never_canceled_and_waits_for_its_own_stack_only() -> None:
    up = workflow("up")["jobs"]["up"]
    assert up["concurrency"]["cancel-in-progress"] is False
    stack = up["concurrency"]["group"].removeprefix("up-")
    (command,) = (step["with"] for step in up["steps"] if step.get("with", {}).get("command"))
    assert {up["environment"], command["stack-name"]} == {stack}
    drift = workflow("drift")["jobs"]["drift"]
    assert drift["concurrency"] == {"group": "drift-${{ matrix.stack }}", "cancel-in-progress": False}


def test_the_pulumi_cli_is_the_one_that_the_tests_run_with() -> None:
    pinned = [step["with"]["pulumi-version"] for path in FILES for step in steps(path) if _is_pulumi(step)]
    assert {f"v{version}" for version in pinned} == {pinned_cli(PROJECT)}


def _is_pulumi(step: dict[str, Any]) -> bool:
    return str(step.get("uses", "")).startswith("pulumi/actions@")


def test_each_workflow_gives_its_step_every_credential() -> None:
    """One that is missing would be found by the first run only."""
    wanted = {
        *("GITHUB_TOKEN", "AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "VERCEL_API_TOKEN"),
        *("RENDER_API_KEY", "RENDER_OWNER_ID", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"),
    }
    for name in ("preview", "drift", "up"):
        environments = [step.get("env", {}).keys() for step in steps(PROJECT / ".github" / "workflows" / f"{name}.yml")]
        needed = wanted - _KEYS_THAT_WRITE if name == "preview" else wanted
        found = [given for given in environments if "AUTH0_DOMAIN" in given]
        assert found
        assert [needed - given for given in found] == [set()] * len(found)


_KEYS_THAT_WRITE = {"RENDER_API_KEY", "RENDER_OWNER_ID", "VERCEL_API_TOKEN"}


def test_a_pull_requests_preview_has_no_key_that_can_write() -> None:
    """Whoever can push a branch can change the workflow and read what its environment holds."""
    text = str(workflow("preview"))
    assert not [key for key in ("RENDER_API_KEY", "VERCEL_API_TOKEN") if key in text]
    assert "github-permission" not in text, "the App's token may only read"


@pytest.mark.parametrize(("name", "job"), [("drift", "drift"), ("previews", "prune")])
def test_what_runs_on_a_schedule_has_an_environment_of_the_default_branch(name: str, job: str) -> None:
    assert workflow(name)["jobs"][job]["environment"] == "schedules"


def test_an_up_heals_what_the_one_before_it_left_behind() -> None:
    named = [step.get("name") or step.get("uses", "") for step in workflow("up")["jobs"]["up"]["steps"]]
    healing = next(n for n, name in enumerate(named) if name.startswith("Heal"))
    assert named[healing + 1].startswith("pulumi/actions@")
    script = workflow("up")["jobs"]["up"]["steps"][healing]["run"]
    assert 'gate recover --env "$STACK" --after-failure --yes' in script
