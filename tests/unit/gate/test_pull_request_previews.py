"""`gate smoke --pull-request`: the previews at both vendors are found and tested, and one comment says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from blueprint.workspace import connect
from components.accounts.vercel import Vercel
from gate.cli import main
from gate.smoke import github as previews
from gate.smoke.github import Half
from gate.smoke.report import Outcome, Result, SmokeReport
from rehearsal.render_api import serve
from rehearsal.vendor_api import vercel_deployments
from tests.unit.gate.release_world import FRONTEND, REPOSITORY, SERVICE, URL, ReleaseWorld, release_world
from tests.unit.gate.smoke_application import LOGIN, Application
from tests.unit.settings.stack_file import STACKS

SHA = "a" * 40
PREVIEW = "https://marketedge-abc.vercel.app"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        made.render.estate.find_service(SERVICE)["serviceDetails"]["previews"] = {"generation": "automatic"}
        yield made


def at_vercel(world: ReleaseWorld, sha: str = SHA) -> Half:
    environ = world.environ
    vercel = Vercel(environ["VERCEL_API_TOKEN"], base_url=environ["VERCEL_BASE_URL"])
    return previews.at_vercel(vercel, FRONTEND, sha, world.budget(900))


def at_render(world: ReleaseWorld, number: int = 7, sha: str = SHA) -> Half:
    with connect({"RENDER_API_KEY": "rnd_release"}, world.said.append, world.render.transport()) as session:
        return previews.at_render(session, SERVICE, number, sha, world.budget(900))


def test_the_frontends_preview_is_the_deployment_of_the_newest_commit(world: ReleaseWorld) -> None:
    vercel_deployments.build(world.estate, FRONTEND, "b" * 40, "feature/a")
    identity = vercel_deployments.build(world.estate, FRONTEND, SHA, "feature/a")
    url = world.estate.find("vercel", "deployment", id=identity)["url"]  # type: ignore[index]
    assert at_vercel(world) == Half("Vercel", f"https://{url}", f"https://{url}, commit aaaaaaa")


@pytest.mark.parametrize(
    ("state", "outcome", "said"),
    [
        ("ERROR", Outcome.FAILED, "the build of aaaaaaa ended as ERROR"),
        ("CANCELED", Outcome.SKIPPED, "the build of aaaaaaa was skipped or canceled"),
        ("BUILDING", Outcome.FAILED, "Vercel: the preview: not done within the budget of 900 s"),
    ],
)
def test_a_build_that_gives_no_preview_says_why(world: ReleaseWorld, state: str, outcome: Outcome, said: str) -> None:
    vercel_deployments.build(world.estate, FRONTEND, SHA, "feature/a", state)
    assert at_vercel(world) == Half("Vercel", "", said, outcome)


def test_a_build_of_production_is_no_preview(world: ReleaseWorld) -> None:
    vercel_deployments.build(world.estate, FRONTEND, SHA, "main")
    assert at_vercel(world) == Half("Vercel", "", "Vercel built nothing of aaaaaaa", Outcome.SKIPPED)


def test_the_backends_preview_is_waited_for_until_the_newest_commit_serves(world: ReleaseWorld) -> None:
    world.render.open_pull_request(URL, "main", 7, SHA)
    world.render.open_pull_request(URL, "main", 17, "b" * 40)
    began = world.time[0]
    half = at_render(world)
    assert half.url.endswith("-pr-7.onrender.com")
    assert half.said == f"{half.url}, commit aaaaaaa"
    assert world.time[0] - began >= 59  # the deploy took a minute


def test_a_commit_that_the_backend_is_not_built_of_leaves_the_preview_as_it_is(world: ReleaseWorld) -> None:
    world.render.open_pull_request(URL, "main", 7, "b" * 40)
    assert at_render(world).said.endswith(", commit bbbbbbb")


def test_a_service_without_a_preview_is_said_and_is_no_failure(world: ReleaseWorld) -> None:
    assert at_render(world) == Half("Render", "", f"{SERVICE} has no preview of the pull request", Outcome.SKIPPED)


def test_each_half_is_tested_by_itself_and_the_frontend_against_the_branchs_backend() -> None:
    app, asked = Application(), set()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.add((request.url.host, request.url.path))
        return app.handle(request)

    offline = {"transport": httpx.MockTransport(answer), "clock": app.clock, "sleep": app.clock.sleep}
    halves = [Half("Vercel", PREVIEW, PREVIEW), Half("Render", "https://api-pr-7.onrender.com", "there")]
    found = previews.smoked(app.target, LOGIN, halves, "pull request 7", **offline)
    names = [check.name for check in found.checks]
    assert names[:2] == ["preview at Vercel", "preview at Render"]
    assert len(set(names)) == len(names)
    assert {"health", "page /", f"login from {PREVIEW}", "frontend calls the backend, page /"} <= set(names)
    assert ("marketedge-abc.vercel.app", "/") in asked
    assert ("api-pr-7.onrender.com", "/health") in asked
    assert ("api.test", "/health") not in asked
    called = next(check for check in found.checks if check.name.startswith("frontend calls"))
    assert called.detail == "calls https://api.test"


def test_nothing_to_test_is_no_success() -> None:
    halves = [Half("Render", "", "no preview", Outcome.SKIPPED)]
    assert previews.smoked(Application().target, {}, halves, "pull request 7").exit_code == 2


def result(outcome: Outcome) -> SmokeReport:
    check = Result(name="health", plan="3.2", outcome=outcome, seconds=1, detail="seen")
    return SmokeReport(
        **{"environment": "production", "frontend_url": "", "backend_url": ""},
        **{"started_at": datetime.now(UTC), "seconds": 1, "checks": [check]},
    )


def test_the_command_writes_one_comment_and_renews_it(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.estate.seed("github", "branch", repository=REPOSITORY, branch="feature/a", sha=SHA)
    about = {"type": "pull_request", "repository": REPOSITORY, "state": "open", "title": "t", "head": "feature/a"}
    with world.estate.edit("github") as objects:
        objects += [{**about, "id": base, "number": n, "base": base} for n, base in ((7, "main"), (8, "staging"))]
    vercel_deployments.build(world.estate, FRONTEND, SHA, "feature/a")
    world.render.open_pull_request(URL, "main", 7, SHA)
    world.time[0] += 120
    outcome = [Outcome.FAILED]
    monkeypatch.setattr("gate.smoke.run.run", lambda *_a, **_o: result(outcome[0]))
    monkeypatch.chdir(STACKS)
    with serve(world.render) as host:
        environ = {**world.environ, "RENDER_HOST": host, "RENDER_API_KEY": "rnd_release"}
        environ |= {"GITHUB_REPOSITORY": f"zebra-devops/{REPOSITORY}", "BACKEND_URL": "https://api.test"}
        environ |= {"REPORT_TOKEN": environ["GITHUB_TOKEN"]}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        command = ["smoke", "--env", "production", "--pull-request"]
        assert main([*command, "7"]) == 2
        outcome[0] = Outcome.PASSED
        assert main([*command, "7"]) == 0
        assert main([*command, "8"]) == 1
        assert main([*command, "9"]) == 1
    said = capsys.readouterr().err
    assert [word in said for word in ("comment written:", "comment renewed:")] == [True, True]
    assert "#8 targets staging, not main" in said
    assert "has no pull request #9: correct --pull-request" in said
    (comment,) = world.estate.find_all("github", "comment")
    assert comment["issue"] == 7
    assert "## ✅ Smoke tests, pull request 7: 4 passed" in comment["body"]
    assert "-pr-7.onrender.com" in comment["body"]
    assert ".vercel.app" in comment["body"]
