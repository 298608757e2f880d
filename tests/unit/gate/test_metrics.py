"""Figures of releases: from the record at GitHub, by the definitions, beside the plan's targets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gate.cli import main
from gate.release.release import release
from gate.report.figures import Figure, by_week, figures
from gate.report.releases import Deployment, read
from tests.unit.gate.release_world import REPOSITORY, ReleaseWorld, release_world
from tests.unit.settings.stack_file import STACKS

START = datetime(2026, 11, 2, tzinfo=UTC)
END = START + timedelta(weeks=4)


def made(
    day: float, *, good: bool = True, task: str = "deploy", back: bool = False, lead: float = 0, minutes: float = 5
) -> Deployment:
    began = START + timedelta(days=day)
    committed = (began + timedelta(minutes=minutes) - timedelta(hours=lead),) if lead else ()
    return Deployment(
        "production", "a" * 40, "v1", task, began, began + timedelta(minutes=minutes), good, back, committed
    )


def figure(name: str, staging: list[Deployment], production: list[Deployment]) -> Figure:
    return next(one for one in figures(staging, production, START, END) if one.name == name)


def test_frequency_counts_what_served() -> None:
    found = figure("production deployments", [], [made(1), made(8), made(9, good=False), made(15), made(22)])
    assert (found.text, found.verdict) == ("1.0 per week", "met")
    assert figure("staging deployments", [made(1), made(2)], []).verdict == "missed"


def test_failure_rate_is_the_share_of_changes() -> None:
    history = [made(day) for day in range(9)] + [made(9, good=False, back=True)]
    found = figure("change failure rate", [], history)
    assert (found.value, found.verdict, found.samples) == (10.0, "missed", 10)
    assert figure("change failure rate", [], [made(1)]).verdict == "met"


def test_rollbacks_are_those_of_people_and_of_the_gate() -> None:
    history = [made(1), made(2, good=False, back=True), made(3, task="rollback"), made(4)]
    assert figure("rollback rate", [], history).value == pytest.approx(200 / 3)


def test_a_release_that_a_person_went_back_from_has_failed() -> None:
    history = [made(1), made(2), made(3, task="rollback", minutes=4), made(4)]
    assert figure("change failure rate", [], history).value == pytest.approx(100 / 3)
    assert figure("time to restore", [], history).value == pytest.approx(4)
    for to, rate in (("v1.0.0", 100 / 3), ("v1.2.0", 0)):  # the second goes forward again
        tags = ("v1.0.0", "v1.1.0", to, "v1.1.1")
        tagged = [replace(one, tag=tag) for one, tag in zip(history, tags, strict=True)]
        assert figure("change failure rate", [], tagged).value == pytest.approx(rate)


def test_going_back_and_forward_again_counts_as_neither() -> None:
    """v1.1.0 failed; v1.2.0 served, was rolled back to v1.0.0 and put back again (first use, A8)."""
    story = [
        ("v1.0.0", "deploy"),
        ("v1.1.0", "deploy"),
        ("v1.2.0", "deploy"),
        ("v1.0.0", "rollback"),
        ("v1.2.0", "rollback"),
    ]
    history = [
        replace(made(day, task=task, good=tag != "v1.1.0", back=tag == "v1.1.0"), tag=tag)
        for day, (tag, task) in enumerate(story)
    ]
    for name in ("change failure rate", "rollback rate"):
        found = figure(name, [], history)
        assert (found.value, found.samples) == (pytest.approx(100 / 3), 3), name
    assert figure("production deployments", [], history).samples == 2
    assert sum(good for _, good, _ in by_week(history, START, END)) == 2


def test_a_figure_without_a_target_is_neither_met_nor_missed() -> None:
    found = figure("lead time for changes (median)", [], [made(1, lead=2)])
    assert (found.target, found.verdict) == ("none", "no target")
    assert figure("staging deployments", [], []).verdict == "not enough data"


def test_one_hour_is_one_hour() -> None:
    assert figure("from merge to staging", [made(1, lead=1)], []).text == "1.0 hour"
    assert figure("from merge to staging", [], []).target == "under 1 hour"
    assert figure("from staging to production", [], []).target == "under 24 hours"


def test_lead_time_runs_from_each_commit_to_its_being_served() -> None:
    history = [made(1, lead=2), made(2, lead=4), made(3, lead=60)]
    assert figure("lead time for changes (median)", [], history).value == pytest.approx(4)
    assert figure("lead time for changes (90 % within)", [], history).value == pytest.approx(60)


def test_time_to_restore_ends_with_the_rollback_or_the_next_success() -> None:
    taken_back = made(1, good=False, back=True, minutes=8)
    assert figure("time to restore", [], [taken_back]).value == pytest.approx(8)
    broken, mended = made(1, good=False, minutes=3), made(1 + 1 / 24, minutes=6)
    found = figure("time to restore", [], [broken, mended])
    assert (found.value, found.verdict) == (pytest.approx(66), "missed")


def test_from_staging_to_production() -> None:
    assert figure("from staging to production", [made(1)], [made(1.5)]).value == pytest.approx(12)
    assert figure("from staging to production", [], [made(1.5)]).verdict == "not enough data"


def test_time_to_detect_is_that_of_the_incidents() -> None:
    def detection(found: list[float] | str) -> tuple[str, str, str]:
        one = next(f for f in figures([], [], START, END, found) if f.name == "time to detect (median)")
        return one.text, one.target, one.verdict

    assert detection([0.1, 4.0, 4.5]) == ("4.0 minutes", "under 5 minutes", "met")
    assert detection([6.0]) == ("6.0 minutes", "under 5 minutes", "missed")
    assert detection([])[2] == "not enough data"
    assert detection("the token may not read issues")[2] == "not measured here"


def test_the_release_cycle_is_the_time_from_one_release_to_the_next() -> None:
    history = [made(0), made(3, good=False), made(6), made(7, task="rollback"), made(20)]
    found = figure("release cycle (average)", [], history)
    assert (found.text, found.target, found.verdict) == ("10.0 days", "1 to 2 weeks", "met")
    assert figure("release cycle (average)", [], [made(0), made(15)]).verdict == "missed"
    assert figure("release cycle (average)", [], [made(0)]).verdict == "not enough data"


def test_nothing_recorded_is_not_enough_data() -> None:
    verdicts = {one.name: one.verdict for one in figures([], [], START, END)}
    assert verdicts["change failure rate"] == verdicts["time to restore"] == "not enough data"
    assert verdicts["production incidents"] == "not measured here"


def test_weeks_hold_everything_once() -> None:
    weeks = by_week([made(0), made(6.9, good=False), made(7), made(27)], START, END)
    assert [(good, bad) for _, good, bad in weeks] == [(1, 1), (1, 0), (0, 0), (1, 0)]


class Loads(HTMLParser):
    """What a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        self.found += [str(value) for name, value in attrs if name in ("src", "href", "xlink:href")]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made_:
        yield made_


def released(world: ReleaseWorld, tag: str) -> None:
    with world.environment() as environment:
        release(tag, environment, world.budget())


def test_the_record_of_real_releases_is_understood(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    released(world, "v1.0.0")
    world.unhealthy.add(world.tagged("v1.1.0"))
    released(world, "v1.1.0")
    world.push()
    world.tagged("v1.2.0")
    released(world, "v1.2.0")
    with world.environment() as environment:
        found = read(environment.repository, "production", datetime(2020, 1, 1, tzinfo=UTC))
    assert [(one.tag, one.good, one.rolled_back) for one in found] == [
        ("v1.0.0", True, False),
        ("v1.1.0", False, True),
        ("v1.2.0", True, False),
    ]
    assert [len(one.committed) for one in found] == [1, 0, 3]


def test_what_github_and_apps_record_of_the_same_environment_is_not_counted_twice(world: ReleaseWorld) -> None:
    """A job that names an environment is a deployment of it at GitHub, with a payload of its own or none."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with world.environment() as environment:
        for payload in ({}, "text"):
            body = {"ref": "f" * 40, "environment": "production", "task": "deploy", "payload": payload}
            identity = environment.repository.send("POST", "deployments", body, needs="x")["id"]
            environment.repository.send("POST", f"deployments/{identity}/statuses", {"state": "success"}, needs="x")
        assert len(read(environment.repository, "production", long_ago)) == 2  # before the gate there is nothing else
    world.tagged("v1.0.0")
    released(world, "v1.0.0")
    with world.environment() as environment:
        assert [one.tag for one in read(environment.repository, "production", long_ago)] == ["v1.0.0"]


def test_the_command_writes_json_and_markdown(
    world: ReleaseWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.tagged("v1.0.0")
    released(world, "v1.0.0")
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(STACKS)
    assert main(["metrics", "--json", "--report", str(tmp_path)]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["figures"]}
    assert found["production deployments"]["samples"] == 1
    assert "| production deployments | " in (tmp_path / "metrics.md").read_text()


def test_each_month_has_one_issue(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"GITHUB_REPOSITORY": f"zebra-devops/{REPOSITORY}", "REPORT_TOKEN": world.environ["GITHUB_TOKEN"]}
    for name, value in {**world.environ, **environ}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(STACKS)

    def issues() -> list[tuple[str, str]]:
        return [(one["title"], one["state"]) for one in world.estate.find_all("github", "issue")]

    post = ["metrics", "--env", "production", "--since", "31d", "--issue"]
    assert [main(post), main(post)] == [0, 0]
    ((title, state),) = issues()
    assert title.startswith(f"Releases of {REPOSITORY}, ")
    assert state == "open"
    with world.estate.edit("github") as objects:
        issue = next(one for one in objects if one["type"] == "issue")
        assert "| release cycle \\(average\\) |" in issue["body"] or "| release cycle (average) |" in issue["body"]
        issue["body"] = issue["body"].replace(f"{datetime.now(UTC):%Y-%m} -->", "2020-01 -->", 1)
    assert main(post) == 0
    assert [state for _, state in issues()] == ["closed", "open"]


@pytest.mark.parametrize("since", ["30", "0d", "yesterday", "3m"])
def test_a_period_that_is_none_says_what_was_expected(since: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--since", since]) == 1
    assert f"--since {since}: expected days or weeks such as 30d and 12w" in capsys.readouterr().err
