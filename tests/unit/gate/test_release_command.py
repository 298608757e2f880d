"""`gate release` and `rollback` as commands: exit codes, what is printed and written, and who is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from blueprint.errors import Unreachable
from components.accounts import Accounts
from gate.cli import main
from gate.common.budget import Budget
from gate.release import environment as opening
from gate.report.releases import detected
from gate.smoke import Outcome, Result, SmokeReport
from gate.smoke.watch import Watched
from rehearsal.render_api import serve
from tests.unit.gate.release_world import REPOSITORY, ReleaseWorld, release_world
from tests.unit.settings.stack_file import STACKS

HOOK = "https://hooks.test/a-secret-path"


class Told:
    """What the team heard. refuses: nobody can be told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.refuses = False
        self.facts: dict[str, str] = {}
        self.advice = ""
        self.heard: dict[str, Callable[[], object]] = {}

    def notify(self, text: str, _environ: object, facts: dict[str, str], advice: str) -> str:
        self.facts, self.advice = facts, advice
        self.texts.append(text)
        for start, happens in self.heard.items():
            if text.startswith(start):
                happens()
        return "NOTIFY_WEBHOOK_URL answered 404" if self.refuses else ""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    found = Told()
    monkeypatch.setattr("gate.common.notifications.notify", found.notify)
    return found


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made, serve(made.render) as host:
        environ = {**made.environ, "RENDER_HOST": host, "RENDER_API_KEY": "rnd_release"}
        environ |= {"BACKEND_URL": "https://api.test", "FRONTEND_URL": "https://app.test"}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("GITHUB_RUN_ID", raising=False)
        monkeypatch.chdir(STACKS)

        def smoke(*_target: object, seconds: float, require_login: bool | None) -> SmokeReport:
            passed = not made.unhealthy & set(made.serving())
            outcome = Outcome.PASSED if passed else Outcome.FAILED
            detail = f"{seconds:.0f} s, {made.environ['GITHUB_TOKEN']}"
            check = Result(name="health", plan="3.4", outcome=outcome, seconds=1, detail=detail)
            about = {"environment": "production", "frontend_url": "https://app.test", "backend_url": "https://api.test"}
            return SmokeReport(**about, started_at=datetime.now(UTC), seconds=1, checks=[check])

        def budget(seconds: float, tell: Callable[[str], None], waiting: Callable[[str], None]) -> Budget:
            return Budget(seconds, tell, waiting, clock=lambda: made.time[0], sleep=made.sleep)

        monkeypatch.setattr("gate.smoke.run.run", smoke)
        monkeypatch.setattr("gate.common.budget.Budget", budget)
        yield made


def test_a_release_prints_what_held_and_writes_its_files(
    world: ReleaseWorld, told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.tagged("v1.0.0")
    assert main(["release", "v1.0.0", "--report", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert "yes  staging passed its smoke tests (staging-smoke-tests)" in shown.out
    assert "release v1.0.0: done" in shown.out
    assert "release v1.0.0, production …" in shown.err
    assert " s of 1800  Render: deploying " in shown.err
    assert told.texts == ["release v1.0.0: done"]
    files = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert files == ["release.json", "release.md", "smoke.json", "smoke.md", "smoke.xml"]
    assert ElementTree.parse(tmp_path / "out" / "smoke.xml").getroot().find("testsuite/testcase") is not None


@pytest.mark.parametrize("refuses", [False, True])
def test_a_bad_release_ends_with_3_also_where_nobody_can_be_told(
    world: ReleaseWorld, told: Told, capsys: pytest.CaptureFixture[str], refuses: bool
) -> None:
    told.refuses = refuses
    world.tagged("v1.0.0")
    main(["release", "v1.0.0"])
    world.unhealthy.add(world.tagged("v1.1.0"))
    capsys.readouterr()
    assert main(["release", "v1.1.0", "--json"]) == 3
    shown = capsys.readouterr()
    content = json.loads(shown.out)
    assert (content["outcome"], content["exitCode"]) == ("rolled back", 3)
    assert ("the team was not notified" in shown.err) is refuses


def test_the_deployment_at_github_and_the_report_name_the_addresses(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"SERVER_URL": "https://github.test", "REPOSITORY": "acme/shop", "RUN_ID": "7"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    world.tagged("v1.0.0")
    assert main(["release", "v1.0.0"]) == 0
    said = world.estate.find_all("github", "deployment_status")
    assert {one["environment_url"] for one in said} == {"https://app.test"}
    assert {one["log_url"] for one in said} == {"https://github.test/acme/shop/actions/runs/7"}
    assert "Serves at: https://app.test, https://api.test" in capsys.readouterr().out


def test_a_tag_may_ask_to_go_back(world: ReleaseWorld, capsys: pytest.CaptureFixture[str]) -> None:
    first = world.tagged("v1.0.0")
    for tag in ("v1.0.0", "v1.1.0"):
        if tag != "v1.0.0":
            world.tagged(tag)
        assert main(["release", tag]) == 0
    assert main(["release", "v1.0.0-rollback"]) == 0
    assert world.serving() == (first, first)
    assert "rollback v1.0.0: done" in capsys.readouterr().out


def test_a_release_whose_required_login_test_cannot_be_made_changes_nothing(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It would be rolled back for want of a secret. A rollback goes on without the test."""
    first = world.tagged("v1.0.0")
    assert main(["release", "v1.0.0"]) == 0
    world.tagged("v1.1.0")
    for file in STACKS.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    production = tmp_path / "Pulumi.production.yaml"
    declared = "marketedge:auth0:\n    loginTest: {application: Smoke tests}\n"
    production.write_text(production.read_text().replace("marketedge:auth0:\n", declared))
    monkeypatch.chdir(tmp_path)
    before = world.writes()
    assert main(["release", "v1.1.0"]) == 1
    said = capsys.readouterr().out
    assert "the login test is required and SMOKE_USER_EMAIL and SMOKE_USER_PASSWORD and SMOKE_AUTH0_CLIENT_ID" in said
    assert "or do without a login test: smoke.requireLogin: false" in said
    assert world.writes() == before
    assert main(["rollback", "--to", "v1.0.0"]) == 0
    assert world.serving() == (first, first)


@pytest.mark.parametrize("missing", ["GITHUB_TOKEN", "VERCEL_API_TOKEN", "RENDER_API_KEY"])
def test_a_missing_token_changes_nothing(
    world: ReleaseWorld,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    missing: str,
) -> None:
    world.tagged("v1.0.0")
    before = world.writes()
    monkeypatch.delenv(missing)
    assert main(["release", "v1.0.0", "--report", str(tmp_path)]) == 1
    assert missing in capsys.readouterr().out
    assert missing in (tmp_path / "release.md").read_text()
    assert (world.writes(), world.states(), world.locks()) == (before, [], [])
    assert told.texts[0].startswith("release v1.0.0: refused (")


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [(["release", "v1.0.0"], 1800 + 600), (["rollback"], 600), (["deploy", "a" * 40, "--env", "production"], 1800)],
)
def test_render_is_waited_for_no_longer_than_the_budget(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, arguments: list[str], seconds: int
) -> None:
    """A vendor that is away must not make ten minutes of going back three quarters of an hour."""
    given: list[float] = []

    def connect(_environ: object, _tell: object, deadline: float) -> None:
        given.append(deadline)
        raise Unreachable("no answer from Render")

    monkeypatch.setattr(opening, "connect", connect)
    assert main(arguments) == 1
    assert given == [seconds + 120]


@pytest.mark.parametrize("arguments", [["release", "v1.two"], ["release", "1.2.3"], ["deploy", "main"]])
def test_what_is_no_tag_or_commit_is_refused_and_told(
    told: Told, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main([*arguments, "--json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["outcome"] == "refused"
    assert "is not a " in shown.err
    assert len(told.texts) == 1


def test_no_secret_is_printed_or_written(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NOTIFY_WEBHOOK_URL", HOOK)
    world.tagged("v1.0.0")
    assert main(["release", "v1.0.0", "--report", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    texts = [shown.out, shown.err, *(file.read_text() for file in tmp_path.glob("release.*"))]
    secrets = [HOOK, world.environ["GITHUB_TOKEN"], world.environ["VERCEL_API_TOKEN"], "rnd_release"]
    assert not [secret for secret in secrets for text in texts if secret in text]


@pytest.mark.parametrize(
    ("alarm", "broken", "reason"),
    [
        ("20 % of 100 requests were server errors", False, "20 % of 100 requests were server errors"),
        ("", True, "smoke tests failed: health"),
        ("", False, ""),
    ],
)
def test_a_release_is_watched_and_an_alarm_rolls_it_back(
    world: ReleaseWorld,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    alarm: str,
    broken: bool,
    reason: str,
) -> None:
    first = world.tagged("v1.0.0")
    assert main(["release", "v1.0.0"]) == 0
    second = world.tagged("v1.1.0")

    def watch(*_arguments: object) -> Watched:
        world.unhealthy |= {second} if broken else set()
        return Watched(alarm=alarm)

    monkeypatch.setattr("gate.smoke.watch.watch_for", watch)
    capsys.readouterr()
    assert main(["release", "v1.1.0", "--watch", "--json"]) == (3 if reason else 0)
    content = json.loads(capsys.readouterr().out)
    assert (content["outcome"], content["reason"]) == ("rolled back" if reason else "done", reason)
    assert told.texts[1] == "release v1.1.0: done"
    assert told.texts[2:] == ([f"release v1.1.0: rolled back ({reason})"] if reason else [])
    assert told.facts == {"environment": "production", "tag": "v1.1.0", "commit": (first if reason else second)[:7]}
    assert told.advice.startswith("v1.0.0 serves again" if reason else "")
    assert world.serving()[0] == (first if reason else second)


@pytest.mark.parametrize("works", [True, False])
def test_an_alarm_after_a_release_leaves_an_incident_with_the_time_to_detect(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], works: bool
) -> None:
    world.tagged("v1.0.0")
    assert main(["release", "v1.0.0"]) == 0
    world.tagged("v1.1.0")
    down = datetime.now(UTC) - timedelta(minutes=4)

    def watch(*_arguments: object) -> Watched:
        world.unhealthy |= set() if works else set(world.serving()) | {r["sha"] for r in records(world)}
        return Watched(alarm="down for 4 min: status 503", looks=30, failures=17, first_failure=down)

    monkeypatch.setattr("gate.smoke.watch.watch_for", watch)
    monkeypatch.setenv("REPORT_TOKEN", world.environ["GITHUB_TOKEN"])
    monkeypatch.setenv("GITHUB_REPOSITORY", f"zebra-devops/{REPOSITORY}")
    assert main(["release", "v1.1.0", "--watch"]) == (3 if works else 4)
    (issue,) = world.estate.find_all("github", "issue")
    assert issue["state"] == ("closed" if works else "open")
    assert issue["title"] == "production is down: down for 4 min: status 503"
    assert ("v1.1.0 was rolled back" if works else "The rollback of v1.1.0 failed") in issue["body"]
    with Accounts(world.environ, {"github:owner": "zebra-devops"}) as accounts:
        found = detected(accounts.repository(REPOSITORY), "production", down)
        assert found == [pytest.approx(4, abs=0.5)]
    assert "opened issue #" in capsys.readouterr().err


def records(world: ReleaseWorld) -> list[dict[str, str]]:
    return world.estate.find_all("github", "deployment")


def test_a_release_is_watched_no_longer_than_the_stack_allows(
    world: ReleaseWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.tagged("v1.0.0")
    assert main(["release", "v1.0.0", "--watch", "--minutes", "30"]) == 1
    assert "for 15 minutes at most: raise marketedge:watch.minutes of production" in capsys.readouterr().out
    assert world.states() == []


def test_without_watch_nothing_is_watched(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.smoke.watch.watch_for", lambda *_arguments: pytest.fail("it was watched"))
    world.tagged("v1.0.0")
    assert main(["release", "v1.0.0"]) == 0
