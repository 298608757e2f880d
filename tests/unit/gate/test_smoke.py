"""What the smoke tests find in an application that works, and in one that is broken in one place."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import httpx
import pytest

from gate.common.errors import GateError
from gate.smoke import Outcome
from gate.smoke.client import Visit
from gate.smoke.run import TABLE, Check
from gate.stack.target import load_target
from tests.unit.gate.smoke_application import CLIENT_SECRET, LOGIN, PASSWORD, Application, everything, jwt, target
from tests.unit.settings.stack_file import STACKS


def test_a_working_application_passes_every_check_of_staging():
    report = Application().smoke()
    assert [r.detail for r in report.checks if r.outcome is not Outcome.PASSED] == []
    assert report.passed
    assert report.exit_code == 0
    assert {name.name for name in TABLE} - {"version", "health of", "login from", "suite"} <= {
        row.name for row in TABLE for result in report.checks if result.name.startswith(row.name)
    }


def test_production_runs_the_minimal_suite():
    names = [result.name for result in Application("production").smoke().checks]
    assert "health" in names
    assert "connected redis" in names
    assert "authentication" in names
    assert [name for name in names if name.startswith(("page", "frontend", "super-admin"))] == [
        "page /",
        "frontend calls the backend, page /",
    ]


def test_a_wildcard_origin_is_tried_as_a_host_below_it():
    app = Application()
    assert app.check("CORS allows https://smoke-test-preview.vercel.app").outcome is Outcome.PASSED
    assert not [r for r in app.requests if "*" in r.headers.get("origin", "")]


def _health(**changes: object) -> Callable[[Application], None]:
    return lambda app: app.health.update(changes)


def _answer(key: str, answer: httpx.Response | Exception) -> Callable[[Application], None]:
    return lambda app: app.answers.update({key: answer})


def _authorize(key: str, value: str) -> Callable[[Application], None]:
    return lambda app: app.authorize.update({key: value})


_ALLOW_ALL = httpx.Response(200, headers={"access-control-allow-origin": "*"})
_HTML = {"content-type": "text/html"}


@pytest.mark.parametrize(
    ("broken", "name", "said"),
    [
        (_health(status="unhealthy"), "health", "health unhealthy"),
        (_health(environment="production"), "health", "environment production"),
        (_health(environment=None), "health", "environment missing"),
        (_answer("GET /health", httpx.Response(500)), "health", "status 500"),
        (_answer("GET /health", httpx.Response(200, text="not JSON")), "health", "missing"),
        (_health(services={"database": {"status": "error"}}), "connected database", "database: error"),
        (_health(services={"database": {"status": "connected"}}), "connected redis", "neither /health nor /ready"),
        (_health(services={}), "connected database", "neither /health nor /ready"),
        (_health(services={"redis": False}), "connected redis", "redis: False"),
        (
            _answer("OPTIONS /api/v1/auth/login", httpx.Response(400)),
            "CORS allows http://localhost:3000",
            "access-control-allow-origin missing",
        ),
        (_answer("OPTIONS /api/v1/auth/login", _ALLOW_ALL), "CORS allows http://localhost:3000", "allow-origin *"),
        (_answer("OPTIONS /api/v1/auth/login", _ALLOW_ALL), "CORS refuses https://stranger.example", "allow-origin *"),
        (
            _answer("OPTIONS /api/v1/auth/login", httpx.Response(404)),
            "CORS refuses https://stranger.example",
            "status 404",
        ),
        (_authorize("audience", "https://other.test/"), "auth0-url", "audience https://other.test/"),
        (lambda app: app.authorize.pop("audience"), "auth0-url", "audience missing"),
        (_authorize("client_id", "another"), "auth0-url", "client_id another"),
        (_authorize("redirect_uri", "https://other.test/callback"), "auth0-url", "redirect_uri"),
        (lambda app: setattr(app, "tenant", "other.auth0.com"), "auth0-url", "domain other.auth0.com"),
        (
            _answer("GET /api/v1/auth/auth0-url", httpx.Response(200, json={"status": "fallback_mode"})),
            "auth0-url",
            "fallback_mode",
        ),
        (_answer("GET /api/v1/auth/auth0-url", httpx.Response(422)), "auth0-url", "status 422"),
        (_answer("GET /api/v1/auth/me", httpx.Response(404)), "API /api/v1/auth/me", "status 404"),
        (_answer("GET /api/v1/auth/me", httpx.Response(500)), "API /api/v1/auth/me", "status 500"),
        (_answer("GET /dashboard", httpx.Response(404, html="<html>")), "page /dashboard", "status 404"),
        (_answer("GET /login", httpx.Response(200, json={})), "page /login", "application/json"),
        (_answer("GET /", httpx.Response(200, text="", headers=_HTML)), "page /", "text/html"),
        (_answer("GET /", httpx.ConnectError("refused")), "page /", "ConnectError"),
        (
            _answer("GET /admin", httpx.Response(302, headers={"location": "https://vercel.com/sso"})),
            "super-admin page /admin",
            "vercel.com",
        ),
        (_answer("GET /admin", httpx.Response(302, headers={"location": "/admin"})), "super-admin page /admin", "more"),
        (_answer("POST /oauth/token", httpx.Response(403, json={"error": "invalid_grant"})), "authentication", "grant"),
        (lambda app: setattr(app, "token", "opaque-token"), "authentication", "1 part,"),
        (lambda app: setattr(app, "token", "not.a.jwt"), "authentication", "not a JWT"),
        (lambda app: setattr(app, "token", jwt(aud="https://other/")), "authentication", "audience https://other/"),
        (lambda app: setattr(app, "token", jwt(sub="me")), "authentication", "without an audience"),
        (lambda app: setattr(app, "page", "<html id='__next_error__'></html>"), "page /", "an error page"),
        (
            lambda app: setattr(app, "script", '"https://marketedge-platform.onrender.com"'),
            "frontend calls the backend, page /",
            "call https://marketedge-platform.onrender.com",
        ),
        (
            _answer("GET /api/v1/auth/me", httpx.Response(200, json={"email": "x@y.test"})),
            "authentication",
            "another user",
        ),
        (_answer("GET /api/v1/auth/me", httpx.Response(401)), "authentication", "status 401"),
        (_answer("GET /api/v1/admin/feature-flags", httpx.Response(403)), "super-admin API", "status 403"),
    ],
)
def test_what_is_broken_is_a_failure_that_says_what_was_seen_and_what_to_do(broken, name, said):
    app = Application()
    broken(app)
    report = app.smoke()
    (result,) = [result for result in report.checks if result.name == name]
    assert result.outcome is Outcome.FAILED
    assert said in result.detail
    assert result.expected
    assert result.fix
    assert report.exit_code == 2


@pytest.mark.parametrize("status", [200, 401, 403, 422])
def test_an_api_that_refuses_a_stranger_is_available(status):
    app = Application()
    app.answers["GET /api/v1/auth/me"] = httpx.Response(status)
    assert app.check("API /api/v1/auth/me").outcome is Outcome.PASSED


def test_the_detail_may_come_from_the_readiness_check():
    app = Application()
    del app.health["services"]
    app.answers["GET /ready"] = httpx.Response(503, json={"services": {"database": "connected", "redis": "timeout"}})
    assert app.check("connected database").outcome is Outcome.PASSED
    assert "timeout" in app.check("connected redis").detail


@pytest.mark.parametrize(
    ("wanted", "outcome"),
    [
        ("v1.2.3", Outcome.PASSED),
        ("0123456789abcdef0123456789abcdef01234567", Outcome.PASSED),
        ("0123456", Outcome.PASSED),
        ("012345", Outcome.FAILED),
        ("v1.2", Outcome.FAILED),
        ("fedcba9", Outcome.FAILED),
    ],
)
def test_the_expected_version_has_to_serve(wanted, outcome):
    assert Application().check(f"version {wanted}", expect_version=wanted).outcome is outcome


def test_the_management_application_is_not_taken_for_the_applications_own() -> None:
    """Whoever has the vendors' tokens exported runs a release from that shell."""
    environ = {"AUTH0_CLIENT_ID": "management", "AUTH0_CLIENT_SECRET": "management-secret-of-a-test"}
    assert Application().check("auth0-url", environ).outcome == "passed"


def test_without_a_test_user_the_login_is_skipped_and_says_so():
    report = Application().smoke({})
    assert [result.name for result in report.of(Outcome.SKIPPED)] == ["authentication", "super-admin API"]
    assert "SMOKE_USER_EMAIL" in report.of(Outcome.SKIPPED)[0].detail
    assert report.passed


def test_a_login_that_cannot_be_tried_is_a_failure():
    environ = {key: value for key, value in LOGIN.items() if key != "SMOKE_AUTH0_CLIENT_ID"}
    assert "SMOKE_AUTH0_CLIENT_ID" in Application().check("authentication", environ).detail


def test_a_refused_login_is_tried_once():
    app = Application()
    app.answers["POST /oauth/token"] = httpx.Response(403, json={"error": "invalid_grant"})
    app.smoke()
    assert app.count("POST /oauth/token") == 1


def test_a_page_may_redirect_on_its_own_host_and_the_bypass_secret_stays_there():
    app = Application()
    app.answers["GET /dashboard"] = httpx.Response(307, headers={"location": "/login"})
    app.answers["GET /"] = httpx.Response(307, headers={"location": "https://elsewhere.test/"})
    report = app.smoke({"VERCEL_AUTOMATION_BYPASS_SECRET": "fake-bypass-secret"})
    assert {r.name: r.outcome for r in report.checks}["page /dashboard"] is Outcome.PASSED
    assert {r.url.host for r in app.requests if "x-vercel-protection-bypass" in r.headers} == {
        "staging.zebra.associates"
    }


def test_a_sleeping_service_is_waited_for():
    app = Application()
    app.answers["GET /health"] = [httpx.Response(502), httpx.ReadTimeout("slow"), httpx.Response(503)]
    # Nothing else awakes it in the meantime.
    report = app.smoke({}, table=[row for row in TABLE if row.name == "health"])
    assert report.passed
    assert app.count("GET /health") == 4


def test_a_service_that_does_not_wake_up_is_given_up_after_90_seconds():
    app = Application()
    app.answers["GET /health"] = httpx.Response(502)
    began = app.clock.now
    report = app.smoke({}, table=[row for row in TABLE if row.name == "health"])
    assert not report.passed
    assert 80 < app.clock.now - began <= 90


def test_a_host_that_takes_no_connection_is_not_waited_for():
    app = Application()
    app.answers["GET /health"] = httpx.ConnectError("refused")
    began = app.clock.now
    assert not app.smoke({}, table=[row for row in TABLE if row.name == "health"]).passed
    assert (app.count("GET /health"), app.clock.now) == (1, began)


@pytest.mark.parametrize("status", [404, 500, 429])
def test_nothing_but_a_cold_start_is_asked_again(status):
    app = Application()
    app.answers["GET /health"] = httpx.Response(status)
    app.smoke({})
    assert app.count("GET /health") == 1


def test_a_service_that_does_not_sleep_is_asked_once():
    app = Application()
    app.target = target(plan="starter")
    app.answers["GET /health"] = httpx.Response(502)
    app.smoke({})
    assert app.count("GET /health") == 1


def test_once_awake_an_outage_is_not_waited_for():
    app = Application()
    app.answers["GET /ready"] = httpx.Response(502)
    del app.health["services"]
    app.smoke({}, table=[row for row in TABLE if row.name == "connected"])
    assert app.count("GET /ready") == 1


def test_what_the_budget_leaves_no_time_for_is_a_failure():
    app = Application()
    app.target = target(budgetSeconds=10)
    app.answers["GET /health"] = httpx.Response(502)
    began = app.clock.now
    report = app.smoke({}, table=[row for row in TABLE if row.name == "health"])
    assert report.checks[0].detail == "no time was left for it"
    assert app.clock.now - began < 15


def test_a_check_that_never_ends_is_a_failure_and_holds_nothing_up():
    app, never = Application(), threading.Event()

    def all_time_passes(_visit: Visit) -> list[str]:
        app.clock.now += 9999
        return [""]

    stuck = Check("stuck", "3.2", lambda _visit, _subject: str(never.wait(30)), all_time_passes)
    report = app.smoke({}, table=[stuck])
    never.set()
    assert "not finished within" in report.checks[0].detail
    assert report.exit_code == 2


def test_a_check_that_breaks_is_a_failure_without_the_text_of_its_error():
    def breaks(_visit: Visit, _subject: str) -> str:
        raise KeyError("fake-secret-in-an-error")

    report = Application().smoke({}, table=[Check("broken", "3.2", breaks)])
    assert report.checks[0].outcome is Outcome.FAILED
    assert "KeyError" in report.checks[0].detail
    assert "fake-secret" not in everything(report)


def test_a_check_without_anything_to_look_at_is_a_failure():
    app = Application()
    app.target = target(apiPaths=[])
    (result,) = [result for result in app.smoke({}).checks if result.name == "API"]
    assert result.outcome is Outcome.FAILED


def test_no_check_at_all_is_not_a_pass():
    assert Application().smoke({}, table=[]).exit_code == 2


def test_no_report_holds_a_secret():
    app = Application()
    app.answers["GET /health"] = httpx.Response(200, json={"status": f"{app.token} {PASSWORD} {CLIENT_SECRET}"})
    text = everything(app.smoke())
    assert "[secret]" in text
    assert not [secret for secret in (app.token, PASSWORD, CLIENT_SECRET) if secret in text]


def test_nothing_is_tested_whose_address_is_not_known():
    with pytest.raises(GateError, match="export BACKEND_URL, or run pulumi up on stack staging"):
        load_target("staging", None, {}, STACKS, outputs=lambda _stack: {})
    known = load_target("staging", None, {"BACKEND_URL": "https://api.test"}, STACKS)
    assert known.frontend_url == known.settings.frontend_url != ""


def test_progress_counts_the_checks():
    told: list[str] = []
    report = Application().smoke({}, tell=told.append)
    assert told[-1].endswith(f"of {len(report.checks)} checks")


def test_a_page_without_an_address_of_an_api_is_not_checked_and_says_so():
    app = Application()
    app.script = "none"
    found = app.check("frontend calls the backend, page /")
    assert (found.outcome, found.detail) == (Outcome.SKIPPED, "its scripts name no address of an API")


@pytest.mark.parametrize("by", ["option", "stack"])
def test_a_login_that_is_required_and_not_made_is_no_success(by):
    app = Application()
    app.target = target(**({"requireLogin": True} if by == "stack" else {}))
    options = {"require_login": True} if by == "option" else {}
    found = app.check("authentication", {}, **options)
    assert (found.outcome, found.detail[:9]) == (Outcome.FAILED, "no login:")
    assert app.smoke({}, **options).exit_code == 2
    assert "2 skipped" in Application().smoke({}).headline


@pytest.mark.parametrize(("declared", "outcome"), [({}, "failed"), ({"requireLogin": False}, "skipped")])
def test_a_login_that_the_stack_declares_is_required_unless_the_stack_says_otherwise(declared, outcome):
    app = Application()
    app.target = target(loginTest={"application": "Smoke tests"}, **declared)
    assert app.check("authentication", {}).outcome == outcome
    assert app.check("authentication", {}, require_login=False).outcome == "skipped"


def test_the_login_tests_own_client_is_not_the_one_that_the_backend_uses():
    """SMOKE_AUTH0_CLIENT_ID is then the test's, and people log in by another one."""
    app = Application()
    app.target = target(loginTest={"application": "Smoke tests"})
    app.authorize["client_id"] = "the-application-of-people"
    assert app.check("auth0-url").outcome == "passed"


PREVIEW = "https://marketedge-git-feature-acme.vercel.app"


def test_the_login_from_a_preview_is_tested():
    app = Application()
    found = app.check(f"login from {PREVIEW}", preview=f"{PREVIEW}/")
    assert (found.outcome, found.detail) == (Outcome.PASSED, f"people come back to {PREVIEW}/callback")
    asked = [r.url.params.get("redirect_uri") for r in app.requests if r.url.path == "/api/v1/auth/auth0-url"]
    assert f"{PREVIEW}/callback" in asked


@pytest.mark.parametrize(
    ("preview", "said"),
    [("https://preview.example.com", "allow-origin missing"), ("https://vercel.com", "allow-origin missing")],
)
def test_a_preview_that_the_backend_does_not_know_fails(preview, said):
    app = Application()
    app.answers["GET /"] = httpx.Response(200, html=app.page)
    found = app.check(f"login from {preview}", preview=preview)
    assert (found.outcome, said in found.detail) == (Outcome.FAILED, True)


def test_a_backend_that_does_not_answer_is_one_failure_to_read_and_no_wait():
    """A service without a declared plan is no sleeping free one."""
    app = Application("production")
    for path in ("GET /health", "GET /api/v1/auth/auth0-url", "GET /api/v1/auth/me", "OPTIONS /api/v1/auth/login"):
        app.answers[path] = httpx.ConnectError("refused")
    report = app.smoke()
    assert app.clock.now == 1000
    assert report.problems == [f"no answer from the backend: ConnectError ({len(report.of(Outcome.FAILED))} checks)"]


JUNIT = "<testsuites><testsuite><testcase name='a'/><testcase name='b'>{}</testcase></testsuite></testsuites>"


@pytest.mark.parametrize(
    ("script", "junit", "outcome", "detail"),
    [
        ("printf '%s' \"$FRONTEND_URL\" | grep -q staging.zebra", "", Outcome.PASSED, "ended with 0"),
        ("echo a secret $SMOKE_USER_PASSWORD; exit 3", "", Outcome.FAILED, "ended with 3: a secret [secret]"),
        ("exit 0", JUNIT.format(""), Outcome.PASSED, "2 tests"),
        ("exit 0", JUNIT.format("<failure/>"), Outcome.FAILED, "1 of 2 failed: b"),
        ("exit 0", "<testsuites/>", Outcome.FAILED, "0 of 0 failed"),
        ("exit 0", "not XML", Outcome.FAILED, "out.xml: ParseError"),
    ],
)
def test_the_teams_own_suite_runs_with_the_smoke_tests(tmp_path, script, junit, outcome, detail):
    (tmp_path / "run.sh").write_text(f"{script.replace('exit 0', 'cp made.xml out.xml')}\n")
    (tmp_path / "made.xml").write_text(junit)
    app = Application()
    suite = {"command": "sh run.sh", "folder": str(tmp_path), **({"junit": "out.xml"} if junit else {})}
    app.target = target(suite=suite)
    found = app.check("suite", {**LOGIN, "PATH": os.environ["PATH"]})
    assert (found.outcome, found.detail.replace(f"{tmp_path}/", "")) == (outcome, detail)


def test_a_suite_that_does_not_end_is_stopped_with_all_that_it_started(tmp_path):
    app = Application()
    app.target = target(suite={"command": "sh -c 'sleep 60 & sleep 60'", "timeoutSeconds": 1})
    found = app.check("suite", {**LOGIN, "PATH": os.environ["PATH"]})
    assert (found.outcome, found.detail) == (Outcome.FAILED, "not finished within 1 s")
    app.target = target(suite={"command": "no-such-command"})
    assert app.check("suite").detail == "no-such-command: No such file or directory"
