"""The smoke tests' files, lines and commit status."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from rich.console import Console

from components.accounts import Repository
from gate.commands.running import Run
from gate.commands.smoke import smoke
from gate.common.errors import GateError
from gate.smoke.github import set_status
from rehearsal.render_api import serve
from tests.unit.gate.release_world import release_world
from tests.unit.gate.smoke_application import CLIENT_SECRET, PASSWORD, Application


def write(report, folder):
    run = Run("smoke", folder=folder)
    run.write(report.files())


@pytest.fixture
def broken() -> Application:
    app = Application()
    app.health["status"] = "bad | <b>\x00 `x`"
    return app


def test_junit_counts_and_tells_failures_and_skips(broken, tmp_path):
    report = broken.smoke({})
    write(report, tmp_path / "out")
    suite = ElementTree.parse(tmp_path / "out" / "smoke.xml").getroot().find("testsuite")
    cases = suite.findall("testcase")
    assert suite.get("tests") == str(len(cases)) == str(len(report.checks))
    assert (suite.get("failures"), suite.get("skipped"), suite.get("errors")) == ("1", "2", "0")
    (failed,) = [case for case in cases if case.find("failure") is not None]
    assert failed.get("name") == "health"
    assert "what to do: read the service's logs at Render" in str(failed.find("failure").text)
    assert len([case for case in cases if case.find("skipped") is not None]) == 2


def test_json_and_markdown_tell_the_same(broken, tmp_path):
    report = broken.smoke({})
    write(report, tmp_path)
    content = json.loads((tmp_path / "smoke.json").read_text(encoding="utf-8"))
    assert (content["schema"], content["passed"], content["environment"]) == (1, False, "staging")
    assert len(content["checks"]) == len(report.checks)
    text = (tmp_path / "smoke.md").read_text(encoding="utf-8")
    assert text.startswith("## ❌ Smoke tests, staging: ")
    assert "bad \\| \\<b\\>" in text
    assert "### What to do" in text


def test_no_file_holds_a_secret(tmp_path):
    app = Application()
    app.health["status"] = f"{PASSWORD} {CLIENT_SECRET} {app.token}"
    write(app.smoke(), tmp_path)
    for file in tmp_path.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not [secret for secret in (PASSWORD, CLIENT_SECRET, app.token) if secret in text]


@pytest.mark.parametrize("terminal", [True, False])
def test_the_console_shows_every_check_and_what_to_do(broken, terminal):
    out = io.StringIO()
    broken.smoke({}).show(Console(file=out, force_terminal=terminal, width=200))
    assert "connected database" in out.getvalue()
    assert "SMOKE_USER_EMAIL" in out.getvalue()
    assert "read the service's logs at Render" in out.getvalue()


class GitHub:
    """Keeps what is sent. refuses: with an error."""

    def __init__(self, refuses: bool = False) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.refuses = refuses

    def send(self, method: str, path: str, body: dict[str, str], *, needs: str, repeatable: bool) -> None:
        if self.refuses:
            raise GateError(f"it needs {needs}")
        self.sent.append((method, path, body))


class Accounts:
    def __init__(self, github: GitHub) -> None:
        base = "/repos/zebra-devops"
        self.github: Any = SimpleNamespace(
            send=github.send, path=lambda repository, *steps: "/".join([base, repository, *steps])
        )

    def repository(self, name: str) -> Repository:
        return Repository(self.github, name)

    def __enter__(self) -> Accounts:
        return self

    def __exit__(self, *_error: object) -> None:
        return None


@pytest.fixture
def github(monkeypatch) -> GitHub:
    found = GitHub()
    monkeypatch.setattr("gate.smoke.github.Accounts", lambda _environ, _config: Accounts(found))
    return found


def test_the_commit_status_says_what_came_of_it_and_where(github, broken):
    environ = {"GITHUB_SERVER_URL": "https://github.test", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "7"}
    set_status(broken.smoke({}), broken.target, "abc123", environ)
    ((method, path, body),) = github.sent
    assert (method, path) == ("POST", "/repos/zebra-devops/MarketEdge-Platform/statuses/abc123")
    assert body["state"] == "failure"
    assert body["context"] == "staging-smoke-tests"
    assert body["target_url"] == "https://github.test/o/r/actions/runs/7"
    assert len(body["description"]) <= 140


@pytest.fixture
def served(monkeypatch) -> Application:
    """The command looks at an application of this test's."""
    app = Application()
    monkeypatch.setattr("gate.stack.target.load_target", lambda _env, _stack, _environ: app.target)
    monkeypatch.setattr("gate.smoke.run.run", lambda _target, _environ, **options: app.smoke({}, **options))
    return app


def test_the_command_passes_with_0_and_prints_only_json_when_asked(served, github, capsys):
    assert smoke(env="staging", as_json=True, sha="abc123") == 0
    assert json.loads(capsys.readouterr().out)["passed"] is True
    assert github.sent[0][2]["state"] == "success"


def test_the_command_fails_with_2_and_writes_its_report(served, tmp_path):
    served.answers["GET /admin"] = httpx.Response(404)
    assert smoke(env="staging", report=tmp_path) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["smoke.json", "smoke.md", "smoke.xml"]


def test_a_status_that_could_not_be_set_is_not_a_success(served, github, capsys):
    github.refuses = True
    assert smoke(env="staging", sha="abc123") == 1
    assert "Commit statuses: write" in capsys.readouterr().err


def test_a_failure_is_told_to_the_team(served, monkeypatch):
    told: list[str] = []

    def notify(text: str, _environ: object, *_more: object) -> str:
        told.append(text)
        return ""

    monkeypatch.setattr("gate.common.notifications.notify", notify)
    assert smoke(env="staging") == 0
    assert told == []
    served.answers["GET /admin"] = httpx.Response(404)
    assert smoke(env="staging") == 2
    (text,) = told
    assert text.startswith("smoke tests of staging: ")
    assert "1 failed" in text


@pytest.mark.parametrize(("asked", "set_"), [("serves", True), ("waits", False)])
def test_only_the_commit_that_render_serves_gets_the_status(asked, set_, served, github, monkeypatch, capsys, tmp_path):
    """A run between a push and the end of its deploy tests the version before."""
    with release_world(tmp_path) as world, serve(world.render) as host:
        monkeypatch.setenv("RENDER_HOST", host)
        monkeypatch.setenv("RENDER_API_KEY", "rnd_release")
        commits = {"serves": world.serving()[0], "waits": "f" * 40}
        (service,) = world.render.estate.services.values()
        service["name"] = served.target.settings.render.service.name
        assert smoke(env="staging", sha=commits[asked]) == (0 if set_ else 1)
    assert bool(github.sent) is set_
    assert ("wait for its deploy" in capsys.readouterr().err) is not set_


def test_the_command_says_why_it_could_not_run(monkeypatch, capsys):
    def unknown(*_arguments: object) -> None:
        raise GateError("there is no Pulumi.nowhere.yaml")

    monkeypatch.setattr("gate.stack.target.load_target", unknown)
    assert smoke(env="nowhere") == 1
    assert "there is no Pulumi.nowhere.yaml" in capsys.readouterr().err
