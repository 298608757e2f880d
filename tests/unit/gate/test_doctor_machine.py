"""`gate doctor` on this machine and at the backend: each check holding and failing, and nothing written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from components.stack_file import required_version
from gate.checks.verdict import Line, Verdict
from gate.common.errors import StackUnavailable
from gate.doctor import machine
from gate.doctor.stack import Opened, settings_lines, stack_lines
from gate.stack.project import open_project
from gate.stack.target import chosen_stacks
from tests.unit.settings.stack_file import PROJECT, STACKS
from tools import environment, pulumi_cli

PLUGINS = [
    {"kind": "resource", "name": "github", "version": "6.15.0"},
    {"kind": "resource", "name": "auth0", "version": "v3.55.1"},
    {"kind": "resource", "name": "command", "version": "1.0.0"},
    {"kind": "language", "name": "python", "version": "3.210.0"},
]


def fake_cli(folder: Path, answers: Mapping[str, object], version: str = "v3.210.0") -> Path:
    """A CLI that answers some commands, with JSON or with an exception's text, and fails at all others."""
    cases = [f'*version) echo "{version}";;']
    for number, (command, answer) in enumerate(answers.items()):
        if isinstance(answer, Exception):
            cases.append(f"*'{command}'*) echo 'error: {answer}' >&2; exit 255;;")
        else:
            (folder / f"answer{number}").write_text(json.dumps(answer))
            cases.append(f"*'{command}'*) cat {folder / f'answer{number}'};;")
    cli = folder / "pulumi"
    cli.write_text(
        f'#!/bin/sh\ncase "$*" in\n{chr(10).join(cases)}\n*) echo "error: unknown: $*" >&2; exit 1;;\nesac\n'
    )
    cli.chmod(0o755)
    return cli


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's own files beside a PATH with the system's tools and what a test adds."""
    for file in (*STACKS.iterdir(), PROJECT / "requirements.txt"):
        (tmp_path / file.name).write_text(file.read_text())
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    monkeypatch.delenv("MARKETEDGE_PULUMI", raising=False)
    monkeypatch.delenv("PULUMI_IGNORE_AMBIENT_PLUGINS", raising=False)
    return tmp_path


def by_title(lines: list[Line]) -> dict[str, Verdict]:
    return {one.title: one.verdict for one in lines}


def test_this_python_and_its_packages_hold(project: Path) -> None:
    found = by_title(list(machine.python_lines(project)))
    assert {one.outcome for one in found.values()} == {"pass"}
    assert found["Python packages"].detail == f"{len(machine.pins(project / 'requirements.txt'))} as pinned"


def test_an_old_python_and_other_packages_fail(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "requirements.txt").write_text("# pins\nhttpx==0.1.0\nno-such-package==1.0\npydantic==2.14.3\n")
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    found = by_title(list(machine.python_lines(project)))
    assert found["Python"].detail == "3.10.2 is too old"
    said = f"httpx is {httpx.__version__}, pinned 0.1.0; no-such-package is missing, pinned 1.0"
    assert found["Python packages"].detail == said
    assert "requirements.txt" in found["Python packages"].fix


@pytest.mark.parametrize(
    ("version", "outcome"),
    [("v3.210.0", "pass"), ("v3.200.0", "pass"), ("v3.199.9", "fail"), ("v4.0.0", "fail"), ("what?", "fail")],
)
def test_the_cli_has_to_be_in_the_projects_range(project: Path, version: str, outcome: str) -> None:
    fake_cli(project, {}, version)
    assert machine.cli_verdict(project).outcome == outcome


def test_no_cli_is_said_with_where_to_get_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    verdict = machine.cli_verdict(project)
    assert (verdict.outcome, verdict.detail) == ("fail", "is not on PATH")
    assert "pulumi.com/docs/install" in verdict.fix


@pytest.mark.parametrize(
    ("version", "wanted", "inside"),
    [
        ("3.10.0", ">= 3.9.0", True),
        ("3.9.0", ">3.9.0", False),
        ("3.9.0", "<=v3.9.0", True),
        ("3.9.1", "=3.9.0", False),
        ("1.0.0", "", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, wanted: str, inside: bool) -> None:
    assert machine.within(version, wanted) is inside


def test_the_set_up_and_the_project_ask_for_the_same() -> None:
    bounds = f">={pulumi_cli.OLDEST_CLI} <{pulumi_cli.FIRST_UNSUITABLE_CLI}"
    assert required_version(PROJECT) == bounds
    assert machine.OLDEST_PYTHON == environment.OLDEST_PYTHON


def test_each_plugin_has_to_be_there_in_its_packages_version(project: Path) -> None:
    fake_cli(project, {"plugin ls --json": PLUGINS})
    found = by_title(list(machine.plugin_lines(open_project(str(project)), project)))
    assert found["provider plugin github"].detail == "6.15.0"
    assert found["provider plugin auth0"].outcome == "pass"
    assert found["provider plugin command"].detail == "1.0.0 is installed, the package wants 1.2.1"
    missing = found["provider plugin vercel"]
    assert missing.detail == "none is installed, the package wants 5.21.1"
    assert missing.fix.endswith(
        "pulumi plugin install resource vercel 5.21.1 --server github://api.github.com/pulumiverse"
    )
    assert found["language plugin python"].outcome == "pass"


def test_a_plugin_on_path_is_what_the_engine_takes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_cli(project, {"plugin ls --json": []})
    plugin = project / "pulumi-resource-vercel"
    plugin.write_text("#!/bin/sh\n")
    plugin.chmod(0o755)
    found = by_title(list(machine.plugin_lines(open_project(str(project)), project)))
    assert found["provider plugin vercel"].detail == "the one on PATH is used instead of 5.21.1"
    assert found["language plugin python"].outcome == "fail"
    monkeypatch.setenv("PULUMI_IGNORE_AMBIENT_PLUGINS", "true")
    found = by_title(list(machine.plugin_lines(open_project(str(project)), project)))
    assert found["provider plugin vercel"].outcome == "fail"


def test_the_backend_is_named_without_its_password(project: Path) -> None:
    fake_cli(project, {"whoami --json": {"user": "ana", "url": "postgres://gate:hunter2@db.test/state?sslkey=hunter3"}})
    verdict = machine.backend_verdict(open_project(str(project)))
    assert verdict.detail == "ana at postgres://db.test/state"


def test_nobody_logged_in_says_how_to(project: Path) -> None:
    fake_cli(project, {"whoami --json": RuntimeError("PULUMI_ACCESS_TOKEN must be set for login")})
    verdict = machine.backend_verdict(open_project(str(project)))
    assert verdict.detail == "nobody is logged in (PULUMI_ACCESS_TOKEN must be set for login)"
    assert "pulumi login --local" in verdict.fix


def opened(project: Path, answers: Mapping[str, object]) -> tuple[Opened, dict[str, Verdict]]:
    fake_cli(project, answers)
    found: list[Line] = []
    return stack_lines(open_project(str(project)), "staging", found), by_title(found)


LISTED = {"stack ls --json": [{"name": "staging", "resourceCount": 9}, {"name": "other/pt/staging-2"}]}
CONFIG = {"config --show-secrets --json": {"github:token": {"value": "ghp_of-the-stack", "secret": True}}}


def test_a_stack_that_opens(project: Path) -> None:
    records = [{"name": "api.test", "type": "CNAME", "target": "x.onrender.com", "ttlSeconds": 300}]
    resources = [{"type": "pulumi:pulumi:Stack", "urn": "urn:x", "outputs": {"dnsRecords": records}}]
    state = {"version": 3, "deployment": {"resources": resources}}
    found, lines = opened(project, {**LISTED, **CONFIG, "stack export": state})
    assert (found.config, found.secret_keys) == ({"github:token": "ghp_of-the-stack"}, {"github:token"})
    assert found.records == {"api.test": "x.onrender.com"}
    assert {title: one.detail for title, one in lines.items()} == {
        "stack": "9 resources",
        "secrets of the stack": "open",
    }


def test_a_stack_that_is_not_there_names_the_command(project: Path) -> None:
    found, lines = opened(project, {"stack ls --json": [{"name": "blue"}]})
    assert found == Opened()
    assert lines["stack"].fix.startswith("run pulumi stack init staging")


@pytest.mark.parametrize(
    ("complaint", "fix"),
    [
        ("incorrect passphrase", "PULUMI_CONFIG_PASSPHRASE"),
        ("AccessDenied: kms", "change-secrets-provider"),
        ("invalid YAML file: line 3", "correct Pulumi.staging.yaml"),
        ("expected project to be an object, was a list", "correct Pulumi.staging.yaml"),
    ],
)
def test_secrets_that_do_not_open_say_why(project: Path, complaint: str, fix: str) -> None:
    found, lines = opened(project, {**LISTED, "config --show-secrets --json": RuntimeError(complaint)})
    assert found == Opened()
    assert complaint in lines["secrets of the stack"].detail
    assert fix in lines["secrets of the stack"].fix


def test_every_problem_of_the_file_is_a_line_and_missing_secrets_do_not_hide_the_rest(project: Path) -> None:
    lines, loaded = settings_lines("staging", Opened(), {}, project)
    titles = [one.title for one in lines]
    assert titles == ["marketedge:secrets.AUTH0_ACTION_SECRET", "marketedge:secrets.REDIS_URL"]
    assert "pulumi config set --stack staging --secret" in lines[0].verdict.fix
    assert loaded is not None, "the vendors can be asked all the same"


def test_secrets_that_are_set_are_seen_in_the_file_without_opening_them(project: Path) -> None:
    path = project / "Pulumi.staging.yaml"
    secrets = "  marketedge:secrets:\n    REDIS_URL: { secure: v1:a }\n    AUTH0_ACTION_SECRET: { secure: v1:b }\n"
    path.write_text(path.read_text() + secrets)
    lines, _ = settings_lines("staging", Opened(), {"VERCEL_API_TOKEN": "short"}, project)
    assert [(one.title, one.verdict.outcome) for one in lines] == [("configuration", "pass")]
    path.write_text(path.read_text().replace("{ secure: v1:a }", "in-clear"))
    lines, _ = settings_lines("staging", Opened(), {}, project)
    assert [(one.title, one.verdict.detail) for one in lines] == [("marketedge:secrets.REDIS_URL", "not encrypted")]


def test_a_file_that_is_wrong_has_a_line_for_each_mistake_and_no_settings(project: Path) -> None:
    path = project / "Pulumi.production.yaml"
    path.write_text(path.read_text().replace("requiredApprovals: 1", "requiredApprovals: 9").replace("foundation", "x"))
    lines, loaded = settings_lines("production", Opened(), {}, project)
    assert [one.title for one in lines] == ["marketedge:phase", "marketedge:github.protection.requiredApprovals"]
    assert loaded is None


def test_the_stacks_are_those_with_a_file_production_last(project: Path) -> None:
    (project / "Pulumi.qa.yaml").write_text("config: {}\n")
    assert chosen_stacks(None, project) == ["qa", "staging", "production"]
    assert chosen_stacks(["production"], project) == ["production"]
    with pytest.raises(StackUnavailable, match=r"no Pulumi\.blue\.yaml here: name one of production, qa, staging"):
        chosen_stacks(["staging", "blue"], project)
    with pytest.raises(StackUnavailable, match=r"no Pulumi\.yaml"):
        chosen_stacks(None, project / "nowhere")


def test_the_command_is_one_line_for_a_vendor_without_credentials_and_writes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"plugin ls --json": PLUGINS, "whoami --json": {"user": "ana"}, "stack ls --json": []}
    cli = fake_cli(project, answers)
    before = {path: path.stat().st_mtime_ns for path in sorted(project.rglob("*"))}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "gate", "doctor", "--json"],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "MARKETEDGE_PULUMI": str(cli)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    found = json.loads(done.stdout)
    assert found["passed"] is False
    of_github = [one for one in found["lines"] if one["title"].startswith("GitHub") and one["topic"] == "staging"]
    assert [(one["title"], one["verdict"]["detail"]) for one in of_github] == [
        ("GitHub: credentials", "GITHUB_TOKEN not set")
    ]
    assert of_github[0]["verdict"]["fix"].startswith("export GITHUB_TOKEN")
    assert {one["topic"] for one in found["lines"]} == {"this machine", "staging", "production"}
    assert {path: path.stat().st_mtime_ns for path in sorted(project.rglob("*"))} == before


def test_outside_a_project_it_could_not_be_run(tmp_path: Path) -> None:
    environ = {"PATH": os.defpath, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "gate", "doctor"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("gate doctor: there is no Pulumi.yaml here")


@pytest.mark.parametrize("content", ["", "name: gate\n", "requiredPulumiVersion:\n", "~\n"])
def test_a_project_that_requires_no_version_takes_any(tmp_path: Path, content: str) -> None:
    (tmp_path / "Pulumi.yml").write_text(content)
    assert required_version(tmp_path) == ""
    assert machine.within("3.210.0", "")
