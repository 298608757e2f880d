"""Each line of the verification, holding and not: from what the vendors answer."""

from __future__ import annotations

import dataclasses
import http.server
import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from blueprint.workspace import connect
from components.accounts import Accounts, Repository
from components.accounts.api import VendorError
from components.gate_settings import Seed
from components.vendor_settings import Branch, LoginTest, ReleaseManagers, Reviewers
from gate.checks.login import login_wall
from gate.checks.verdict import UP, CheckReport, Line, Verdict, failed, passed, unknown
from gate.smoke import SmokeReport
from gate.upkeep.workflows import undelivered
from gate.verify import certificates, frontend
from gate.verify.look import Check, Look
from gate.verify.run import Others, verify
from rehearsal import vendor_api
from rehearsal.loopback import running
from rehearsal.vendor_api import github_git, github_issues, vercel_deployments
from tests.unit.gate.release_world import CREDENTIALS, REPOSITORY, SERVICE
from tests.unit.gate.smoke_application import LOGIN, Application
from tests.unit.gate.verify_world import FRONTEND, Estates
from tests.unit.settings.stack_file import STACKS

SCRIPTS = Seed().scripts


@pytest.fixture(autouse=True)
def _in_a_folder_with_both_stack_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(STACKS)


@pytest.fixture
def estates(tmp_path: Path) -> Estates:
    return Estates(tmp_path)


def test_an_estate_as_declared_holds(estates: Estates) -> None:
    assert estates.failures() == []
    assert {one.verdict.outcome for one in estates.lines()} == {"pass"}


BY_HAND: list[tuple[str, str, dict[str, Any], str]] = [
    ("github", "branch_protection", {"allowsForcePushes": True}, "force pushes is on, declared off"),
    ("github", "branch_protection", {"enforceAdmins": False}, "bypassing is on, declared off"),
    ("github", "branch_protection", {"requireConversationResolution": False}, "resolved conversations is off"),
    ("github", "deployment_policy", {"tagPattern": "release-*"}, "who may deploy is tag release-*, declared tag v*"),
    ("github", "ruleset", {"enforcement": "disabled"}, "no active ruleset protects tags v*"),
    ("github", "ruleset", {"rules": {"deletion": True}}, "no active ruleset protects tags v*"),
    ("github", "ruleset", {"conditions": {"refName": {"includes": ["refs/tags/x"]}}}, "no active ruleset protects"),
    ("auth0", "client", {"callbacks": ["https://evil.test/callback"]}, "callbacks is https://evil.test/callback"),
    ("vercel", "project", {"autoAssignCustomDomains": False}, "auto-assignment of domains is off, declared on"),
    ("vercel", "project", {"rootDirectory": "web"}, "root directory is web"),
    ("vercel", "domain", {"verified": False}, "is not verified"),
    ("vercel", "domain", {"misconfigured": True}, "does not point at Vercel"),
    ("vercel", "domain", {"gitBranch": "staging"}, "branch is staging, declared absent"),
    ("vercel", "environment_variable", {"targets": ["preview"]}, "missing: NEXT_PUBLIC_API_BASE_URL"),
    ("vercel", "environment_variable", {"targets": ["preview", "production"]}, "Vercel would refuse a second one"),
]


@pytest.mark.parametrize(("vendor", "type_", "change", "said"), BY_HAND, ids=lambda v: v if isinstance(v, str) else "")
def test_a_change_by_hand_is_a_failure(
    estates: Estates, vendor: str, type_: str, change: dict[str, Any], said: str
) -> None:
    estates.change(vendor, type_, **change)
    assert any(said in failure for failure in estates.failures()), estates.failures()


def test_a_policy_that_lived_before_has_to_be_deleted_by_hand(estates: Estates) -> None:
    where = {"repository": REPOSITORY, "environment": "production"}
    estates.estate.seed("github", "deployment_policy", **where, branchPattern="main")
    (line,) = (one for one in estates.lines() if one.title == "environment production: who may deploy")
    assert line.verdict.detail == "who may deploy is branch main, tag v*, declared tag v*"
    assert line.verdict.fix == "delete branch main (Settings, Environments, production), then pulumi up --refresh"


@pytest.mark.parametrize(
    ("named", "said"),
    [([], []), (["sam"], []), (["kim"], ["environment production: reviewers: reviewers is sam, declared kim"])],
)
def test_reviewers_have_to_be_those_that_are_named_if_any_are(
    estates: Estates, named: list[str], said: list[str]
) -> None:
    estates.change(
        "github",
        "environment",
        protectionRules=[{"type": "required_reviewers", "reviewers": [{"reviewer": {"login": "sam"}}]}],
    )
    settings = estates.target.settings
    environment = settings.github.environment.model_copy(update={"reviewers": Reviewers(users=named)})
    declared = settings.github.model_copy(update={"environment": environment})
    estates.target = dataclasses.replace(estates.target, settings=settings.model_copy(update={"github": declared}))
    assert estates.failures() == said


@pytest.mark.parametrize(
    ("vendor", "type_", "said"),
    [
        ("github", "branch_protection", "protection of main: there is none"),
        ("github", "environment", "environment production: does not exist"),
        ("github", "environment_variable", "environment production: variables: missing: AUTH0_AUDIENCE"),
        ("github", "environment_secret", "environment production: secrets: missing: RENDER_API_KEY, VERCEL_API_TOKEN"),
        ("github", "file", "workflows, template and CONTRIBUTING of main: .github/actions/gate/action.yml missing"),
        ("auth0", "client", "application MarketEdge Platform: 0 have this name"),
        ("vercel", "domain", "domain app.zebra.associates: is not at the project"),
    ],
)
def test_what_is_gone_is_a_failure(estates: Estates, vendor: str, type_: str, said: str) -> None:
    estates.remove(vendor, type_)
    assert any(failure.startswith(said) for failure in estates.failures()), estates.failures()


def test_render_changed_by_hand(estates: Estates) -> None:
    estates.service.update(branch="develop", autoDeploy="no", autoDeployTrigger="off", suspended="suspended")
    del estates.render.estate.env_vars[estates.service["id"]]["AUTH0_AUDIENCE"]
    assert estates.failures() == [
        "service marketedge-platform: state is suspended, declared not_suspended",
        "service marketedge-platform: branch: branch is develop, declared main",
        "service marketedge-platform: deploys by itself: autoDeploy is off, declared commit",
        "variables of marketedge-platform: missing: AUTH0_AUDIENCE",
        "AUTH0_AUDIENCE at Render: not set",
    ]


def test_at_cutover_the_gate_has_to_be_closed(tmp_path: Path) -> None:
    failures = Estates(tmp_path, "cutover").failures()
    assert any("deploys by itself: autoDeploy is commit, declared off" in failure for failure in failures)
    assert any("releases on merge: auto-assignment of domains is on, declared off" in failure for failure in failures)
    assert any("up-to-date branches is off, declared on" in failure for failure in failures)


def reported(estates: Estates) -> Verdict:
    (found,) = [one.verdict for one in estates.lines() if one.title == "required checks are reported"]
    return found


def rename_migration_job(estates: Estates) -> None:
    text = "name: Database Migration Test\non: pull_request\njobs: {test-migrations: {runs-on: x}}\n"
    with estates.estate.edit("github") as objects:
        next(one for one in objects if one.get("file") == ".github/workflows/b.yml")["content"] = text


def test_a_required_check_that_nothing_reports_names_the_job(estates: Estates) -> None:
    rename_migration_job(estates)
    assert reported(estates).outcome == "fail"
    assert "require 'test-migrations' instead" in reported(estates).detail


@pytest.mark.parametrize("kind", ["check_run", "status"])
def test_a_check_that_an_app_reports_on_pull_requests_counts(estates: Estates, kind: str) -> None:
    rename_migration_job(estates)
    github_issues.pull(estates.estate, REPOSITORY, 7, head="f" * 40)
    with estates.estate.edit("github") as objects:
        name = "Database Migration Test"
        about = {"type": kind, "id": "1", "repository": REPOSITORY, "sha": "f" * 40}
        objects.append({**about, "name": name, "context": name, "state": "success"})
    assert reported(estates).outcome == "pass"


def test_a_check_of_the_branch_itself_does_not(estates: Estates) -> None:
    """A job that starts on pushes to main reports there, and on no pull request."""
    rename_migration_job(estates)
    with estates.estate.edit("github") as objects:
        about = {"type": "check_run", "id": "1", "repository": REPOSITORY, "sha": "a" * 40}
        objects.append({**about, "name": "Database Migration Test"})
    assert reported(estates).outcome == "fail"


def test_the_gates_own_status_counts_where_its_workflow_is_there(tmp_path: Path) -> None:
    estates = Estates(tmp_path, "cutover")
    assert reported(estates).outcome == "pass"
    with estates.estate.edit("github") as objects:
        objects[:] = [one for one in objects if not str(one.get("file")).startswith(".github/workflows/staging-")]
    assert reported(estates).outcome == "fail"
    assert "'staging-smoke-tests'" in reported(estates).detail
    assert "gate workflows sync --env staging" in reported(estates).fix


def who_writes(estates: Estates) -> dict[str, Verdict]:
    start = "who writes staging-smoke-tests: "
    return {one.title.removeprefix(start): one.verdict for one in estates.lines() if one.title.startswith(start)}


def test_the_gates_own_status_is_bound_to_the_app_that_may_write_it(tmp_path: Path) -> None:
    """Otherwise anybody with write access sets it with one request."""
    estates = Estates(tmp_path, "cutover")
    title = "main takes it from"
    assert who_writes(estates)[title].detail.startswith(
        "whoever can write to the repository: no active ruleset of main"
    )
    bound = {"requiredChecks": [{"context": "staging-smoke-tests", "integrationId": 15368}]}
    rules = {"conditions": {"refName": {"includes": ["refs/heads/main"], "excludes": []}}, "name": "Checks of main"}
    rules |= {"repository": REPOSITORY, "target": "branch", "rules": {"requiredStatusChecks": bound}}
    estates.estate.seed("github", "ruleset", **rules, enforcement="active")
    assert who_writes(estates)[title] == passed("the app 15368 alone")
    bound["requiredChecks"][0]["integrationId"] = 7
    estates.change("github", "ruleset", **rules)
    assert who_writes(estates)[title].outcome == "fail"
    assert title not in who_writes(Estates(tmp_path / "before", "infrastructure"))


@pytest.mark.parametrize(("writer", "outcome"), [("github-actions[bot]", "pass"), ("mallory", "fail")])
def test_a_status_that_no_release_counts_is_a_failure(estates: Estates, writer: str, outcome: str) -> None:
    title = "a release counts"
    estates.remove("github", "status")
    assert who_writes(estates)[title].outcome == "unknown"
    github_git.status(estates.estate, REPOSITORY, "a" * 40, "staging-smoke-tests", by=writer)
    found = who_writes(estates)[title]
    assert found.outcome == outcome
    assert writer in found.detail
    assert outcome == "pass" or "release.smokeStatusBy" in found.fix


def test_a_newest_build_of_staging_that_failed_is_a_failure(estates: Estates) -> None:
    assert estates.target.settings.vercel is not None
    declared = estates.target.settings.vercel.model_copy(update={"settings": None, "target": "preview"})
    github = estates.target.settings.github.model_copy(update={"branch": Branch(name="staging")})
    staging = estates.target.settings.model_copy(update={"github": github, "vercel": declared})
    estates.target = dataclasses.replace(estates.target, settings=staging)

    def newest() -> str:
        return next(one.verdict.detail for one in estates.lines() if one.title == "newest build of branch staging")

    assert newest() == "there is none"
    vercel_deployments.build(estates.estate, FRONTEND, "a" * 40, "staging", state="ERROR")
    assert newest() == "state is ERROR, expected READY"
    estates.change("vercel", "deployment", state="READY")
    assert newest() == "READY"


def test_initial_data_is_known_from_the_jobs(estates: Estates) -> None:
    merged = estates.target.settings.release.model_copy(update={"by": "merge"})
    staging = estates.target.settings.model_copy(update={"adopted": False, "release": merged})
    estates.target = dataclasses.replace(estates.target, settings=staging)

    def seeded() -> Verdict:
        return next(one.verdict for one in estates.lines() if one.title == "initial data")

    assert seeded().detail == f"not run: {SCRIPTS[0]}, {SCRIPTS[1]}"
    with connect({"RENDER_API_KEY": "rnd_verify"}, lambda _l: None, estates.render.transport()) as session:
        for script in SCRIPTS:
            session.client.post(f"/services/{estates.service['id']}/jobs", {"startCommand": script})
    estates.clock[0] += 3600
    assert seeded().outcome == "pass"
    estates.service["serviceDetails"]["plan"] = "free"
    assert seeded().outcome == "unknown"


class Refusing(http.server.BaseHTTPRequestHandler):
    """A proxy that lets nobody through, and remembers who asked."""

    asked: ClassVar[list[str]] = []

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_error(502)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_certificates_of_every_domain_are_looked_at_through_the_proxy(
    estates: Estates, monkeypatch: pytest.MonkeyPatch
) -> None:
    Refusing.asked.clear()
    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        found = list(certificates.lines(estates.target))
    assert [one.title for one in found] == [
        "certificate of api.test",
        "certificate of app.zebra.associates",
        "certificate of platform.marketedge.co.uk",
    ]
    assert sorted(Refusing.asked) == ["api.test:443", "app.zebra.associates:443", "platform.marketedge.co.uk:443"]
    assert {one.verdict.detail for one in found} == {"no connection from here: ProxyError"}


def test_a_certificate_that_does_not_hold_is_a_failure() -> None:
    """Behind the client's own error stands the one that says why."""
    error = httpx.ConnectError("certificate verify failed")
    error.__cause__ = OSError("as httpcore has it")
    error.__cause__.__context__ = why = ssl.SSLCertVerificationError(1, "certificate verify failed")
    assert certificates._refusal(error) is why
    assert certificates._refusal(httpx.ConnectError("refused")) is None


def test_an_answer_that_nobody_foresaw_hides_no_other_line(estates: Estates) -> None:
    def broken(_look: Look, _check: Check) -> Iterator[Line]:
        yield Line("1.3", "first", passed("holds"))
        raise KeyError("secret-looking")

    with estates.look({}) as look:
        found = Check("1.3", "application", broken).lines(look)
    assert [(one.title, one.verdict.detail) for one in found] == [
        ("first", "holds"),
        ("application", "an answer that is not understood (KeyError)"),
    ]


OTHERS = Others(lambda *_a: result(), undelivered)


def result() -> SmokeReport:
    """Smoke tests that checked nothing."""
    return SmokeReport(
        environment="production",
        frontend_url="",
        backend_url="",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        seconds=0,
        checks=[],
    )


def test_reports_of_checks_are_read_where_the_stack_has_github(
    estates: Estates, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def evidence(repository: Repository, *_arguments: object) -> None:
        session = repository.github._http
        asked.append((str(session.base_url), session.headers["Authorization"]))
        raise VendorError("not asked")

    monkeypatch.setattr("gate.verify.github.read_evidence", evidence)
    monkeypatch.setattr(certificates, "certificate", lambda host: unknown(f"no connection to {host}"))
    with vendor_api.serve(estates.estate, CREDENTIALS | {"GITHUB_TOKEN": "of-the-stack"}) as addresses:
        base = addresses.environment["GITHUB_BASE_URL"]
        config = estates.target.config | {"github:baseUrl": base, "github:token": "of-the-stack"}
        verify(dataclasses.replace(estates.target, config=config), {}, OTHERS)
    [(address, authorization)] = asked
    assert base.startswith(address)
    assert authorization == "Bearer of-the-stack"


def test_without_tokens_what_cannot_be_asked_is_unknown(estates: Estates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "certificate", lambda host: unknown(f"no connection to {host}"))
    found = verify(estates.target, {}, OTHERS)
    assert {one.verdict.outcome for one in found} == {"unknown"}
    why = {one.title: one.verdict.detail for one in found}
    for title in ("branch main", "protection of main", "required checks are reported", "environment production"):
        assert why[title].startswith("GitHub: export GITHUB_TOKEN; made at")
    assert why["application MarketEdge Platform"].startswith("Auth0: export AUTH0_DOMAIN")
    assert why["project marketedge-frontend"].startswith("Vercel: export VERCEL_API_TOKEN; made at")
    assert "export RENDER_API_KEY; made at Render" in why["service marketedge-platform"]


def test_a_login_is_left_to_the_smoke_tests(estates: Estates) -> None:
    """The client id here is the management application's, with which no login is possible."""
    app = Application("production")
    others = Others(lambda _target, environ: app.smoke(environ), undelivered)
    with estates.look(LOGIN) as look:
        smoke_tests = Check("3.2", "smoke tests", others.smoke_tests)
        found = {one.title: one.verdict for one in smoke_tests.lines(look)}
    assert found["authentication"].outcome == "unknown"
    assert "python -m gate smoke" in found["authentication"].detail
    assert found["health"].outcome == "pass"


def test_the_login_tests_application_is_looked_at(estates: Estates) -> None:
    """With one grant, and for client_credentials with the API that it may use."""
    title = "login test's application Smoke tests"

    def said(grant: str) -> str:
        login = LoginTest(application="Smoke tests", grant=grant)
        declared = estates.target.settings.auth0.model_copy(update={"login_test": login})
        settings = estates.target.settings.model_copy(update={"auth0": declared})
        estates.target = dataclasses.replace(estates.target, settings=settings)
        (found,) = [one.verdict for one in estates.lines() if one.title == title]
        return f"{found.outcome}: {found.detail}"

    assert said("password") == "fail: 0 have this name"
    missing = {one.title: one.verdict.detail for one in estates.lines() if one.verdict.outcome == "fail"}
    assert missing["environment production: secrets"] == "missing: SMOKE_USER_EMAIL, SMOKE_USER_PASSWORD"
    assert missing["environment production: variables"] == "missing: SMOKE_AUTH0_CLIENT_ID"
    tester = estates.estate.seed("auth0", "client", name="Smoke tests", grantTypes=["password"])["clientId"]
    assert said("password").startswith("pass")
    audience = estates.target.settings.auth0.audience
    assert said("client_credentials") == f"fail: it may not get tokens for {audience}"
    estates.estate.seed("auth0", "client_grant", clientId=tester, audience=audience, scopes=[])
    assert said("client_credentials").startswith("fail: grants")


def test_no_secret_is_in_any_line(estates: Estates) -> None:
    secret = estates.estate.find("auth0", "client") or {}
    text = json.dumps([one.verdict.detail for one in estates.lines()])
    assert secret["clientSecret"] not in text
    assert not [value for value in CREDENTIALS.values() if value in text]


def test_variables_beyond_the_first_page_are_there(estates: Estates) -> None:
    """GitHub shows 30 variables of an environment on a page, however many are asked for."""
    with estates.estate.edit("github") as objects:
        like = next(one for one in objects if one["type"] == "environment_variable")
        many = [{**like, "id": f"x{n}", "variableName": f"A{n:02}"} for n in range(35)]
        objects[:0] = many
    assert estates.failures() == []


@pytest.mark.parametrize(
    ("states", "outcome", "said"),
    [
        (["READY"], "pass", "READY"),
        (["READY", "CANCELED", "CANCELED"], "pass", "READY, 2 newer skipped or cancelled"),
        (["READY", "ERROR"], "fail", "state is ERROR, expected READY"),
        (["CANCELED"], "fail", "there is none"),
    ],
)
def test_a_skipped_build_leaves_the_one_before_it_serving(
    estates: Estates, states: list[str], outcome: str, said: str
) -> None:
    project = (estates.estate.find("vercel", "project") or {})["id"]
    for number, state in enumerate(states):
        identity = vercel_deployments.build(estates.estate, FRONTEND, f"{number:040x}", "staging", state)
        with estates.estate.edit("vercel") as objects:
            next(one for one in objects if one["id"] == identity)["created"] = number
    with (
        vendor_api.serve(estates.estate, CREDENTIALS) as addresses,
        Accounts({**CREDENTIALS, **addresses.environment}, estates.target.config) as accounts,
    ):
        verdict = frontend._newest_build(accounts.vercel, project, "staging")
    assert (verdict.outcome, verdict.detail) == (outcome, said)


def test_previews_at_a_service_with_live_data_are_a_failure(estates: Estates) -> None:
    """They run code of pull requests on this environment's data."""
    estates.service["serviceDetails"]["previews"] = {"generation": "automatic"}
    (said,) = estates.failures()
    assert "automatic: code of pull requests runs on this environment's data" in said


def test_a_blueprint_that_sets_render_again_is_a_failure(estates: Estates) -> None:
    text = f"services: [{{type: web, name: {SERVICE}}}]"
    estates.render.blueprints.connect("production", estates.service["ownerId"], "https://github.com/o/r", "main", text)
    (found,) = (one for one in estates.lines() if one.title.startswith("no Blueprint"))
    assert (found.verdict.outcome, found.verdict.fix) == ("fail", "gate disconnect --env production")


def test_release_tags_that_anybody_can_create_are_a_failure_once_the_stack_names_who_may(estates: Estates) -> None:
    settings = estates.target.settings
    managers = ReleaseManagers(teams=["release-managers"])
    github = settings.github.model_copy(update={"release_managers": managers})
    estates.target = dataclasses.replace(estates.target, settings=settings.model_copy(update={"github": github}))
    assert any("from creation, deletion, update" in failure for failure in estates.failures())
    rules = {"deletion": True, "update": True, "creation": True}
    estates.change("github", "ruleset", rules=rules)
    assert any("lets nobody create tags v*" in failure for failure in estates.failures())
    actors = [{"actorId": 7, "actorType": "Team", "bypassMode": "always"}]
    estates.change("github", "ruleset", rules=rules, bypassActors=actors)
    assert estates.failures() == []


@pytest.mark.parametrize(
    ("project", "bypass", "outcome"),
    [
        ({"ssoProtection": None}, False, "pass"),
        ({"ssoProtection": {"deploymentType": "all"}}, True, "fail"),
        ({"ssoProtection": {"deploymentType": "all"}, "protectionBypass": {"s": {}}}, True, "pass"),
        ({"ssoProtection": {"deploymentType": "all"}, "protectionBypass": {"s": {}}}, False, "fail"),
    ],
)
def test_a_login_wall_before_stagings_domain_is_told_with_the_choices(
    project: dict[str, Any], bypass: bool, outcome: str
) -> None:
    found = login_wall(project, bypass=bypass)
    assert found.outcome == outcome
    assert outcome == "pass" or "VERCEL_AUTOMATION_BYPASS_SECRET" in found.fix


def test_a_fix_names_the_stack_and_refreshes(estates: Estates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a refresh the engine does not see what was changed by hand."""
    monkeypatch.setattr(certificates, "lines", lambda _target: [Line("1.5", "force pushes", failed("on", UP))])
    lines = {one.title: one for one in verify(estates.target, {}, OTHERS, stack="acme/gate/staging")}
    assert lines["force pushes"].verdict.fix == "pulumi up --refresh --stack acme/gate/staging"


def test_the_failures_come_last_each_with_its_fix_on_a_line_of_its_own() -> None:
    checks = [Line("1.5", "rule", failed("is on", "switch it off")), Line("10.1", "cost", passed("$14"))]
    shown = [text.plain for text in CheckReport(title="t", checks=checks).lines()]
    assert shown == [
        "pass    10.1  cost: $14",
        "fail    1.5   rule: is on",
        "              fix: switch it off",
        "1 pass, 1 fail, 0 unknown",
    ]
    only = CheckReport(title="t", checks=checks, only_failures=True)
    assert next(text.plain for text in only.lines()) == "fail    1.5  rule: is on"
    assert len(only.as_json()["lines"]) == 2, "the report has them all"


def test_what_is_the_same_for_several_stacks_is_one_line() -> None:
    missing = failed("GITHUB_TOKEN not set", "export GITHUB_TOKEN")
    checks = [Line("staging", "token", missing), Line("production", "token", missing), Line("staging", "DNS", missing)]
    report = CheckReport(title="Doctor", checks=checks)
    assert [text.plain for text in report.lines()][::2] == [
        "fail    staging, production  token: GITHUB_TOKEN not set",
        "fail    staging              DNS: GITHUB_TOKEN not set",
        "0 pass, 2 fail, 0 unknown",
    ]
    assert len(report.as_json()["lines"]) == 3
