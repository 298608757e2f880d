"""`gate watch`: what is an alarm (plan 8.1) and what is not, and what it asks."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import httpx
import pytest

from blueprint.workspace import connect
from components.accounts import Accounts
from components.gate_settings import Watch
from gate import cli
from gate.checks.verdict import failed, passed
from gate.report.releases import detected
from gate.smoke.incident import report
from gate.smoke.watch import Rate, Watched, error_rate, expiring, problem, watch, watch_for
from gate.stack.target import load_target
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.render_api import RenderSimulator
from rehearsal.vendor_api import github_actions
from tests.unit.gate.release_world import CREDENTIALS, REPOSITORY
from tests.unit.settings.stack_file import STACKS

KEY = {"RENDER_API_KEY": "rnd_key_of_a_watch"}

FIRST = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When the first look of an incident failed."""


class Time:
    """Passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def watched(
    problem: Callable[[float], str], rate: Callable[[float], Rate | None] = lambda _now: None, **rules: int
) -> Watched:
    time = Time()
    return watch(
        Watch(**rules), lambda: problem(time.now), lambda: rate(time.now), sleep=time.sleep, clock=time
    )  # fmt: skip


def between(start: float, end: float) -> Callable[[float], str]:
    return lambda now: "status 503" if start <= now < end else ""


def test_a_healthy_environment_is_quiet_for_the_whole_time() -> None:
    seen = watched(lambda _now: "", lambda _now: Rate(1000, 3))
    assert (seen.alarm, seen.failures, seen.rate) == ("", 0, Rate(1000, 3))
    assert seen.seconds == 15 * 60
    assert seen.headline == "quiet for 15 min: 0 of 61 looks failed, 0.3 % server errors"


def test_errors_are_an_alarm_before_they_have_lasted_five_minutes() -> None:
    """Plan 8.1 goes back after more than five minutes of them; plan 9.2 wants to know within five."""
    seen = watched(between(121, 1000))
    assert seen.alarm == "down for 4 min: status 503"
    assert seen.seconds - 121 < 300, "from the failure, which was between two looks"
    assert watched(between(120, 1000), error_minutes=5).seconds == 120 + 300 + 15, "as the stack file says"


def test_a_watch_remembers_the_first_of_the_looks_that_failed() -> None:
    time, began = Time(), datetime(2026, 1, 1, tzinfo=UTC)

    def seen(problem: Callable[[float], str], minutes: int) -> datetime | None:
        time.now = 0.0
        wall = lambda: began + timedelta(seconds=time.now)  # noqa: E731
        rules = Watch(minutes=minutes)
        return watch(
            rules, lambda: problem(time.now), lambda: None, sleep=time.sleep, clock=time, wall=wall
        ).first_failure

    assert seen(between(120, 1000), 15) == began + timedelta(seconds=120)
    assert seen(lambda now: "" if now == 150 else between(120, 1000)(now), 15) == began + timedelta(seconds=165)
    assert seen(between(0, 9), 0) == began
    assert seen(between(0, 1), 0) is None
    assert seen(between(0, 60), 15) is None


def test_errors_of_four_minutes_with_a_good_answer_between_are_none() -> None:
    assert not watched(between(0, 240)).alarm
    assert not watched(lambda now: "" if now == 240 else between(60, 480)(now)).alarm


def test_errors_at_the_end_are_watched_until_they_are_over_or_an_alarm() -> None:
    assert watched(between(890, 5000)).alarm
    seen = watched(between(890, 1000))
    assert not seen.alarm
    assert seen.seconds > 15 * 60


def test_more_than_a_tenth_of_server_errors_is_an_alarm() -> None:
    seen = watched(lambda _now: "", lambda now: Rate(200, 21) if now >= 180 else Rate(200, 20))
    assert seen.alarm == "10 % of 200 requests were server errors"
    assert seen.seconds == 180


def test_few_requests_say_nothing() -> None:
    assert not watched(lambda _now: "", lambda _now: Rate(19, 19)).alarm


def test_no_time_at_all_is_one_look_at_each() -> None:
    asked: list[float] = []

    def rate(now: float) -> Rate:
        asked.append(now)
        return Rate(100, 50)

    seen = watched(lambda _now: "", rate, minutes=0)
    assert (seen.looks, len(asked)) == (1, 1)
    assert seen.alarm


def test_the_error_rate_is_asked_for_once_a_minute_whenever_the_clock_began() -> None:
    time, asked = Time(), []
    time.now = 5_000.0

    def rate() -> Rate:
        asked.append(time.now - 5_000)
        return Rate(100, 0)

    watch(Watch(minutes=3), lambda: "", rate, sleep=time.sleep, clock=time)
    assert asked == [60, 120, 180]


@pytest.fixture
def render() -> tuple[RenderSimulator, str]:
    simulator = RenderSimulator(
        api_keys={KEY["RENDER_API_KEY"]: ["tea-1"]},
        owners=[{"id": "tea-1", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}],
    )
    details = {"runtime": "python", "envSpecificDetails": {"buildCommand": "b", "startCommand": "s"}}
    body = {"type": "web_service", "name": "api", "ownerId": "tea-1", "repo": "https://github.com/o/r"}
    with connect(KEY, lambda _line: None, simulator.transport()) as session:
        made = session.client.post("/services", body | {"serviceDetails": details})
    return simulator, made["service"]["id"]


def test_render_counts_the_answers_since_the_beginning(render: tuple[RenderSimulator, str]) -> None:
    simulator, service = render
    since, until = [datetime(2026, 1, 1, 12, minute, tzinfo=UTC) for minute in (0, 5)]
    simulator.estate.http_requests[service] = {200: 80, 404: 5, 500: 10, 503: 5}
    assert error_rate(KEY, "api", since, until, simulator.transport()) == Rate(100, 15)
    path = simulator.requests[-1].path
    assert "startTime=2026-01-01T12%3A00%3A00Z" in path
    assert "endTime=2026-01-01T12%3A05%3A00Z" in path
    assert "aggregateBy=statusCode" in path


@pytest.mark.parametrize(("last", "minutes"), [(True, 10), (False, 0)])
def test_a_single_look_counts_the_last_minutes_and_a_watch_those_since_its_begin(
    last: bool, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    periods: list[timedelta] = []

    def counted(_environ: object, service: str, since: datetime, until: datetime) -> Rate:
        assert service == "marketedge-platform"
        periods.append(until - since)
        return Rate(40, 30)

    monkeypatch.setattr("gate.smoke.watch.problem", lambda _http, _url: "")
    monkeypatch.setattr("gate.smoke.watch.error_rate", counted)
    target = load_target("production", None, {"BACKEND_URL": "https://api.example.com"}, STACKS)
    seen = watch_for(target, KEY, Watch(minutes=0), lambda _text: None, last=last)
    assert (seen.rate, seen.alarm) == (Rate(40, 30), "75 % of 40 requests were server errors")
    assert [round(period.total_seconds() / 60) for period in periods] == [minutes]


def test_a_free_database_is_a_warning_in_its_last_week(render: tuple[RenderSimulator, str]) -> None:
    simulator = render[0]
    target = load_target("staging", "staging", {"BACKEND_URL": "https://api.example.com"}, STACKS)
    database = target.settings.render.database
    assert database is not None
    body = {"name": database.name, "plan": "free", "ownerId": "tea-1", "version": "16"}
    with connect(KEY, lambda _line: None, simulator.transport()) as session:
        made = session.client.post("/postgres", body)
    expires = datetime.fromisoformat(made["expiresAt"].replace("Z", "+00:00"))

    def warned(days: int) -> list[str]:
        return expiring(target, KEY, expires - timedelta(days=days), simulator.transport())

    assert warned(8) == []
    assert warned(6) == [
        f"database {database.name} expires on {made['expiresAt'][:10]}: give it a paid plan and run pulumi up"
    ]
    assert expiring(target, {}, expires, simulator.transport()) == []


def test_a_plan_without_metrics_has_no_rate(render: tuple[RenderSimulator, str]) -> None:
    assert error_rate(KEY, "api", FIRST, FIRST, render[0].transport()) is None


def test_a_service_that_is_not_there_or_a_missing_key_has_no_rate(render: tuple[RenderSimulator, str]) -> None:
    assert error_rate(KEY, "web", FIRST, FIRST, render[0].transport()) is None
    assert error_rate({}, "api", FIRST, FIRST, render[0].transport()) is None


@pytest.mark.parametrize(("status", "found"), [(200, ""), (503, "status 503"), (302, "status 302")])
def test_a_look_at_an_address(status: int, found: str) -> None:
    http = httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(status)))
    assert problem(http, "https://api.example.com/health") == found


def test_no_answer_is_an_error_of_the_health_endpoint() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    http = httpx.Client(transport=httpx.MockTransport(refuse))
    assert problem(http, "https://api.example.com/health") == "no answer (ConnectError)"


@pytest.mark.parametrize(("alarm", "code"), [("", 0), ("everything is down", 2)])
def test_the_command(
    alarm: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BACKEND_URL", "https://api.example.com")
    monkeypatch.chdir(STACKS)
    asked: list[int] = []

    def seen(_target: object, _environ: object, rules: Watch, _tell: object, *, last: bool) -> Watched:
        assert not last, "only a single look counts what was before it"
        asked.append(rules.minutes)
        return Watched(alarm=alarm, looks=3)

    monkeypatch.setattr("gate.smoke.watch.watch_for", seen)
    assert cli.main(["watch", "--env", "production", "--minutes", "30", "--json"]) == code
    assert asked == [30]
    told = json.loads(capsys.readouterr().out)
    assert (told["environment"], told["alarm"], told["looks"]) == ("production", alarm, 3)


@pytest.mark.parametrize(("answers", "alarm"), [([""], ""), (["down", ""], ""), (["down", "down"], "down")])
def test_one_look_is_confirmed_at_once_where_it_fails(answers: list[str], alarm: str) -> None:
    time = Time()
    looks = iter(answers)
    seen = watch(Watch(minutes=0), looks.__next__, lambda: None, sleep=time.sleep, clock=time)
    assert (seen.alarm, seen.looks, seen.failures) == (alarm, len(answers), answers.count("down"))
    assert time.now - 5_000 <= 1


def test_a_dead_production_is_noticed_within_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Backend and frontend take a connection, and never answer."""
    monkeypatch.chdir(STACKS)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for name in ("BACKEND_URL", "FRONTEND_URL"):
            monkeypatch.setenv(name, address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        began = monotonic()
        assert cli.main(["watch", "--env", "production", "--minutes", "0"]) == 2
        assert monotonic() - began < 10
    assert "alarm: health: no answer (ReadTimeout)" in capsys.readouterr().out


def incidents(estate: Estate) -> list[tuple[str, str]]:
    return [(one["title"], one["state"]) for one in estate.find_all("github", "issue")]


def test_an_alarm_opens_one_issue_that_the_next_quiet_watch_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}")
    credentials = {**CREDENTIALS, "REPORT_TOKEN": "ghs_report"}
    told: list[str] = []

    def notify(text: str, _environ: object) -> str:
        told.append(text)
        return ""

    monkeypatch.setattr("gate.smoke.incident.notify", notify)
    alarm = ["health: status 503"]
    monkeypatch.setattr(
        "gate.smoke.watch.watch_for",
        lambda *_arguments, last: Watched(alarm=alarm[0], looks=2, first_failure=FIRST if last else None),
    )
    left = [passed("valid for 60 days")]
    monkeypatch.setattr("gate.verify.certificates.certificate", lambda _host: left[0])
    monkeypatch.chdir(STACKS)
    with vendor_api.serve(estate, credentials) as addresses:
        environ = {**credentials, **addresses.environment, "BACKEND_URL": "https://api.example.com"}
        environ |= {"GITHUB_REPOSITORY": f"zebra-devops/{REPOSITORY}", "GITHUB_SERVER_URL": "https://github.test"}
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        look = ["watch", "--env", "production", "--minutes", "0", "--incident"]
        assert [cli.main(look), cli.main(look)] == [2, 2]
        assert incidents(estate) == [("production is down: health: status 503", "open")]
        body = estate.find_all("github", "issue")[0]["body"]
        assert "`gate rollback --env production`" in body
        assert f"https://github.test/zebra-devops/{REPOSITORY}/actions/workflows/production-rollback.yml" in body
        with Accounts(environ, {"github:owner": "zebra-devops"}) as accounts:
            repository, since = accounts.repository(REPOSITORY), FIRST
            minutes = (datetime.now(UTC) - FIRST).total_seconds() / 60
            assert detected(repository, "production", since) == [pytest.approx(minutes, abs=1)]
            assert detected(repository, "staging", since) == []
            assert detected(repository, "production", datetime.now(UTC) + timedelta(days=1)) == []
            with estate.edit("github") as objects:
                next(o for o in objects if o["type"] == "issue")["user"] = "stranger"
            assert detected(repository, "production", since) == [], "anybody can copy a marker"
            with estate.edit("github") as objects:
                next(o for o in objects if o["type"] == "issue")["user"] = "github-actions[bot]"
        alarm[0] = ""
        assert [cli.main(look), cli.main(look)] == [0, 0]
        assert incidents(estate) == [("production is down: health: status 503", "closed")]
        assert [text.partition("; ")[2] for text in told] == ["opened issue #1", "closed issue #1"]
        alarm[0] = "frontend: status 500"
        assert cli.main(look) == 2
        assert incidents(estate)[-1] == ("production is down: frontend: status 500", "open")
        alarm[0], left[0] = "", failed("valid for 9 days", "renew it")
        assert [cli.main(look), cli.main(look)] == [0, 0], "a warning is no alarm"
        (_, state), (title, warned) = incidents(estate)[-2:]
        assert (state, warned) == ("closed", "open")
        assert title.startswith("production needs attention: certificate of ")
        assert title.endswith(": valid for 9 days")
        left[0] = passed("valid for 60 days")
        assert cli.main(look) == 0
        assert incidents(estate)[-1] == (title, "closed")


def test_the_time_to_detect_of_a_scheduled_look_begins_at_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}")
    good, look = datetime.now(UTC) - timedelta(minutes=4), datetime.now(UTC)
    for number, minutes, conclusion in ((1, 9, "success"), (2, 4, "success"), (3, 2, "failure")):
        moment = (datetime.now(UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {"workflow": "production-watch.yml", "status": "completed", "conclusion": conclusion}
        github_actions.run(estate, REPOSITORY, number, created=moment, **about)
    target = load_target("production", None, {"BACKEND_URL": "https://api.example.com"}, STACKS)
    with vendor_api.serve(estate, {**CREDENTIALS, "REPORT_TOKEN": "ghs_report"}) as addresses:
        environ = {**CREDENTIALS, **addresses.environment, "REPORT_TOKEN": "ghs_report"}
        environ |= {"GITHUB_REPOSITORY": f"zebra-devops/{REPOSITORY}"}
        ref = f"zebra-devops/{REPOSITORY}/.github/workflows/production-watch.yml@refs/heads/main"
        seen = Watched(environment="production", alarm="health: status 503", looks=2, failures=2, first_failure=look)
        assert report(seen, target, {**environ, "GITHUB_WORKFLOW_REF": ref}) == "opened issue #1"
        with Accounts(environ, {"github:owner": "zebra-devops"}) as accounts:
            found = detected(accounts.repository(REPOSITORY), "production", good - timedelta(hours=1))
        assert found == [pytest.approx(4, abs=0.2)]
