"""The delivered workflows are valid, pinned, and safe by the rules of actionlint and zizmor."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gate.common import notifications

from .conftest import PROJECT

SCHEDULED = {
    "production-watch": {"GATE_TOKEN", "NOTIFY_WEBHOOK_URL", "WATCH_RENDER_API_KEY"},
    "release-metrics": {"GATE_TOKEN", "NOTIFY_WEBHOOK_URL"},
}
"""Run on a schedule, which is the default branch: no environment takes them, and they have no secret of one."""
TELLS = "gate-did-not-run"
"""Called by all the others."""
PULL_REQUEST = "pull-request"
"""Its job that has an environment is started on the branch staging, by the one that a pull request starts."""
WORKFLOWS = sorted((PROJECT / "workflows").glob("*.yml"))


def test_actionlint_finds_nothing(tools: Path, repository: Path) -> None:
    done = subprocess.run([tools / "actionlint"], cwd=repository, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing(repository: Path) -> None:
    zizmor, config = Path(sys.executable).parent / "zizmor", PROJECT / "tests" / "workflows" / "zizmor.yml"
    command = [zizmor, "--offline", "--no-progress", "--config", config, "."]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_plans_five_workflows_and_the_others_are_there() -> None:
    assert [path.stem for path in WORKFLOWS] == [
        "gate-did-not-run",
        "production-deploy",
        "production-rollback",
        "production-smoke-tests",
        "production-watch",
        "pull-request",
        "release-metrics",
        "staging-deploy",
        "staging-smoke-tests",
    ]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_is_bounded_and_has_only_the_permissions_it_names(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert "uses" in job or (
            "timeout-minutes" in job and ("environment" in job or path.stem in (*SCHEDULED, PULL_REQUEST, TELLS))
        )


@pytest.mark.parametrize("path", [*WORKFLOWS, PROJECT / "workflows/actions/gate/action.yml"], ids=lambda p: p.stem)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    used = re.findall(r"^ *(?:- )?uses: (\S+)(.*)", path.read_text(), re.MULTILINE)
    assert used or path.stem == TELLS
    for action, comment in used:
        if not action.startswith("./"):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_no_run_is_canceled_by_another_and_none_waits_for_the_one_that_calls_it() -> None:
    groups = [yaml.safe_load(path.read_text())["concurrency"] for path in WORKFLOWS]
    assert not any(group["cancel-in-progress"] for group in groups)
    assert len({group["group"] for group in groups}) == len(WORKFLOWS)


def test_what_main_requires_is_reported_by_one_job_that_nothing_can_skip() -> None:
    """A skipped job counts as a success, and `needs` or `if` may skip one."""
    jobs = [(id_, job) for path in WORKFLOWS for id_, job in yaml.safe_load(path.read_text())["jobs"].items()]
    ((_, job),) = [(id_, job) for id_, job in jobs if "staging-smoke-tests" in (id_, job.get("name"))]
    assert not {"if", "needs", "strategy", "name"} & job.keys()
    assert '--status "$GITHUB_SHA"' in next(step["run"] for step in job["steps"] if step.get("name") == "Smoke tests")


def test_environments_are_used_from_where_they_may_be_used() -> None:
    """Staging's takes the branch staging only, production's takes tags: a schedule runs on the default branch."""
    for path in WORKFLOWS:
        events = yaml.safe_load(path.read_text())[True]
        if path.stem in SCHEDULED:
            secrets = set(re.findall(r"secrets\.(\w+)", path.read_text()))
            assert secrets == SCHEDULED[path.stem]
            continue
        if path.stem == PULL_REQUEST:
            jobs = yaml.safe_load(path.read_text())["jobs"]
            assert jobs["previews"]["if"] == "github.event_name == 'workflow_dispatch'"
            assert "secrets." not in str(jobs["pull-request"])
            assert "environment" not in jobs["pull-request"]
            continue
        if path.stem == TELLS:
            assert set(events) == {"workflow_call"}
            continue
        assert set(events) <= {"push", "workflow_dispatch", "workflow_call"}
        if push := events.get("push"):
            assert push == ({"branches": ["staging"]} if path.stem.startswith("staging") else {"tags": ["v*"]})


@pytest.mark.parametrize("path", [p for p in WORKFLOWS if p.stem != TELLS], ids=lambda path: path.stem)
def test_a_job_that_ends_without_the_gate_is_told(path: Path) -> None:
    """Not where the gate ran: it tells itself. The outcome is empty where the job never began: nobody approved it."""
    jobs = yaml.safe_load(path.read_text())["jobs"]
    tell = jobs["tell"]
    job = jobs[tell["needs"]]
    output = f"needs.{tell['needs']}.outputs.gate"
    assert tell["if"] == f"failure() && {output} != 'failure' && {output} != 'success'"
    assert job["outputs"] == {"gate": "${{ steps.gate.outcome }}"}
    (step,) = [step for step in job["steps"] if step.get("id") == "gate"]
    assert "python -m gate" in step["run"]
    assert not [one for one in job["steps"][: job["steps"].index(step)] if "if" in one]


HOOKS = {
    "https://hooks.slack.com/services/T/B/x": lambda sent: sent["text"],
    "https://discord.com/api/webhooks/1/x": lambda sent: sent["content"],
    "https://chat.example.com:8443/hooks/x": lambda sent: sent["text"],
    **{
        f"https://team{host}/x": lambda sent: sent["attachments"][0]["content"]["body"][0]["text"]
        for host in notifications._TEAMS
    },
}


@pytest.mark.parametrize("hook", HOOKS)
def test_the_chat_gets_it_in_the_form_that_it_takes(tmp_path: Path, hook: str) -> None:
    """The script, run with a `curl` that writes down what it is given; the address is in no argument."""
    (step,) = yaml.safe_load((PROJECT / "workflows" / f"{TELLS}.yml").read_text())["jobs"]["tell"]["steps"]
    curl, sent, config, arguments = (tmp_path / name for name in ("curl", "sent", "config", "arguments"))
    curl.write_text(f'#!/bin/bash\necho "$@" > {arguments}\ncat "${{@: -1}}" > {config}\ncat > {sent}\n')
    curl.chmod(0o755)
    about = {"WORKFLOW": "Production deploy", "GITHUB_REF_NAME": "v1.2.3", "GITHUB_RUN_ID": "7"}
    about |= {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/platform", "ONCE": "false"}
    environ = {**about, "NOTIFY_WEBHOOK_URL": hook, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["bash", "-e", "-o", "pipefail", "-c", step["run"]], env=environ, check=True)
    content = json.loads(sent.read_text())
    assert content.keys() == notifications._message(hook, "", {}, "").keys() - {"blocks"}
    told = HOOKS[hook](content)
    assert told.startswith("Production deploy v1.2.3: failed, and the gate did not run.")
    assert told.endswith("https://github.com/acme/platform/actions/runs/7")
    assert config.read_text() == f'url = "{hook}"\n'
    assert hook not in arguments.read_text()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"REPOSITORY": ""}, "GATE_REPOSITORY is ''"),
        ({"REPOSITORY": "gate"}, "GATE_REPOSITORY is 'gate'"),
        ({"REF": ""}, "GATE_REF is ''"),
        ({"REF": "main"}, "GATE_REF is 'main'"),
        ({"REF": "v1"}, "GATE_REF is 'v1'"),
        ({"REF": "v1.2.3"}, ""),
        ({"REF": "a" * 40}, ""),
    ],
)
def test_a_gate_that_is_not_named_or_not_pinned_is_refused(variables: dict[str, str], said: str) -> None:
    """GitHub does not enforce a composite action's required inputs."""
    action = yaml.safe_load((PROJECT / "workflows" / "actions" / "gate" / "action.yml").read_text())
    script = action["runs"]["steps"][0]["run"]
    environ = {"REPOSITORY": "acme/gate", "REF": "v1.0.0", **variables}
    done = subprocess.run(["bash", "-e", "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode == 1, said in done.stdout) == (bool(said), True)


@pytest.mark.parametrize(("before", "told"), [("failure", False), ("success", True), ("", True)])
def test_what_fails_every_few_minutes_is_told_once(tmp_path: Path, before: str, told: bool) -> None:
    (step,) = yaml.safe_load((PROJECT / "workflows" / f"{TELLS}.yml").read_text())["jobs"]["tell"]["steps"]
    asked, sent = tmp_path / "asked", tmp_path / "sent"
    for name, script in (("gh", f'echo "$@" > {asked}; echo {before}'), ("curl", f"cat > {sent}")):
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)
    environ = {"WORKFLOW": "Production watch", "ONCE": "true", "NOTIFY_WEBHOOK_URL": "https://chat.test/x"}
    environ |= {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["bash", "-e", "-c", step["run"]], env=environ, check=True)
    assert "--workflow Production watch --status completed" in asked.read_text()
    assert sent.exists() is told


@pytest.mark.parametrize(
    ("base", "head", "own", "passes", "started"),
    [
        ("main", "staging", "true", True, ""),
        ("main", "hotfix/login", "true", True, ""),
        ("main", "feature/a", "true", False, ""),
        ("main", "staging", "false", False, ""),
        ("staging", "feature/a", "true", True, "workflow run pull-request.yml --ref staging -f number=12"),
        ("feature/a", "feature/b", "true", True, ""),
    ],
)
def test_a_pull_request_to_main_from_elsewhere_is_named_and_one_to_staging_is_tested(
    tmp_path: Path, base: str, head: str, own: str, passes: bool, started: str
) -> None:
    """The steps' scripts, run with a `gh` that writes down what it is asked."""
    job = yaml.safe_load((PROJECT / "workflows" / "pull-request.yml").read_text())["jobs"]["pull-request"]
    gh, asked, summary = tmp_path / "gh", tmp_path / "asked", tmp_path / "summary"
    gh.write_text('#!/bin/sh\necho "$@" > "$ASKED"\n')
    gh.chmod(0o755)
    environ = {**job["env"], "BASE": base, "HEAD": head, "IS_OWN": own, "NUMBER": "12", "ASKED": str(asked)}
    environ |= {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_STEP_SUMMARY": str(summary)}
    for step in job["steps"]:
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], env=environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            break
    assert (done.returncode == 0) is passes
    assert (asked.read_text().strip() if asked.exists() else "") == started
    assert summary.exists() is not passes
    assert passes or f"this one comes from {head}" in summary.read_text()
