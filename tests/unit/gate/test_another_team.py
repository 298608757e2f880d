"""The gate around a stack of several services without Vercel: smoke tests in its own words, releases of all of them."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from blueprint.workspace import connect
from components.accounts import Accounts
from gate.common.errors import GateError
from gate.release.backend import RenderService
from gate.release.environment import Environment
from gate.release.lock import ReleaseLock
from gate.release.records import Deployed, Records
from gate.release.release import release
from gate.release.rollback import rollback
from gate.smoke import Outcome, SmokeReport
from gate.smoke.run import run
from gate.stack.project import CLI_VARIABLE
from gate.stack.target import load_peers, load_target
from rehearsal.vendor_api import github_git
from tests.unit.components.test_another_team import Harbor
from tests.unit.gate.release_world import REPOSITORY, SERVICE, URL, ReleaseWorld, release_world
from tests.unit.settings.stack_file import PROJECT

EXAMPLE = PROJECT / "examples" / "two-services"
WEB = "harbor-develop-web"
OWN = {
    "BACKEND_URL": "https://api.test",
    "SERVICE_URLS": json.dumps({WEB: "https://web.test/"}),
    "FRONTEND_URL": "https://web.test",
}


def answer(request: httpx.Request) -> httpx.Response:
    """Staging of the example, as it should be."""
    if request.method == "OPTIONS":
        allowed = request.headers["origin"] in Harbor().load().settings.cors.origins
        headers = {"access-control-allow-origin": request.headers["origin"]} if allowed else {}
        return httpx.Response(200 if allowed else 400, headers=headers)
    match request.url.host, request.url.path:
        case "api.test", "/healthz":
            return httpx.Response(200, json={"status": "ok", "env": "staging", "checks": {"database": True}})
        case "api.test", "/ready":
            return httpx.Response(200, json={"cache": "up"})
        case "api.test", "/v1/me" | "/v1/boats":
            return httpx.Response(401)
        case "web.test", "/" | "/sign-in" | "/status":
            return httpx.Response(200, html="<html></html>")
    return httpx.Response(404)


def smoke(environ: dict[str, str] = OWN, handle: Any = answer, **settings: Any) -> SmokeReport:
    target = load_target("staging", None, {"BACKEND_URL": "https://api.test", **environ}, EXAMPLE)
    if settings:
        changed = target.settings.smoke.model_copy(update=settings)
        update = target.settings.model_copy(update={"smoke": changed})
        target = dataclasses.replace(target, settings=update, frontend_url=update.frontend_url or "")
    return run(target, environ, transport=httpx.MockTransport(handle))


def outcomes(report: SmokeReport) -> dict[str, str]:
    return {check.name: check.outcome.value for check in report.checks}


def test_the_checks_are_made_in_the_applications_own_words() -> None:
    report = smoke()
    assert [check.detail for check in report.of(Outcome.FAILED)] == []
    assert outcomes(report).keys() >= {"health", f"health of {WEB}", "connected cache", "page /sign-in", "API /v1/me"}
    assert not [name for name in outcomes(report) if name.startswith(("auth0-url", "super-admin"))]


def test_another_service_that_does_not_answer_well_is_a_failure() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if request.url.path == "/status" else answer(request)

    (failed,) = smoke(handle=broken).of(Outcome.FAILED)
    assert (failed.name, failed.detail) == (f"health of {WEB}", "/status: status 500")
    assert WEB in failed.fix


def test_a_health_answer_in_other_words_is_a_failure() -> None:
    (failed,) = [r for r in smoke(health_status=["healthy"]).of(Outcome.FAILED) if r.name == "health"]
    assert (failed.detail, failed.expected) == ("status 200, health ok", "status 200, health healthy")


def test_an_environment_without_a_frontend_is_asked_for_no_page() -> None:
    report = smoke(frontend_url=None, auth0_url_path="/v1/login", environment_field=None, dependencies=[])
    assert not [name for name in outcomes(report) if name.startswith(("page", "connected"))]
    login = next(check for check in report.checks if check.name == "auth0-url")
    assert login.detail == "status 404, auth_url missing"
    asked: list[httpx.URL] = []

    def seen(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return answer(request)

    smoke(handle=seen, frontend_url=None, auth0_url_path="/v1/login")
    (redirect,) = [url.params["redirect_uri"] for url in asked if url.path == "/v1/login"]
    assert redirect == "https://develop.harborlight.example/auth/callback"


@pytest.mark.parametrize("given", ["", "not JSON", '{"another": "https://web.test"}'])
def test_a_service_whose_address_nobody_names_is_said_before_anything_is_asked(given: str) -> None:
    environ = {"BACKEND_URL": "https://api.test", "SERVICE_URLS": given}
    with pytest.raises(GateError, match=f"the addresses of {WEB} are not known: export SERVICE_URLS"):
        load_target("staging", None, environ, EXAMPLE, outputs=lambda _stack: {})


@pytest.mark.parametrize("variable", ["BACKEND_URL", "FRONTEND_URL"])
@pytest.mark.parametrize("value", ["api.test", "ftp://api.test", "https://"])
def test_an_address_that_is_none_is_said_before_anything_is_asked(variable: str, value: str) -> None:
    with pytest.raises(GateError, match=f"{variable} is no address: expected https://"):
        load_target("staging", None, {"BACKEND_URL": "https://api.test", variable: value}, EXAMPLE)


def test_a_stack_that_cannot_be_read_is_no_riddle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(CLI_VARIABLE, raising=False)
    with pytest.raises(GateError, match="because the stack staging cannot be read: the Pulumi CLI is not on PATH"):
        load_target("staging", None, {}, EXAMPLE)


@pytest.mark.parametrize("domain", ["acme.eu.auth0.com", "https://acme.eu.auth0.com", "https://acme.eu.auth0.com/"])
def test_auth0s_host_is_taken_with_a_scheme_as_the_provider_does(domain: str) -> None:
    assert Accounts({"AUTH0_DOMAIN": domain}).hosts["Auth0"] == "https://acme.eu.auth0.com"


def test_the_stacks_outputs_name_the_addresses_that_nothing_else_does() -> None:
    outputs = {"backendUrl": "https://api.test/", "serviceUrls": {WEB: "https://web.test"}}
    target = load_target("staging", None, {}, EXAMPLE, outputs=lambda _stack: outputs)
    assert (target.backend_url, target.others[WEB].url, target.others[WEB].health_path) == (
        "https://api.test",
        "https://web.test",
        "/status",
    )


def test_the_other_environment_is_read_from_its_own_file(tmp_path: Path) -> None:
    settings = Harbor().load().settings
    (peer,) = load_peers(settings, {}, EXAMPLE)
    assert peer.github.environment.name == "live"
    assert load_peers(settings, {}, tmp_path) == []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    """With a second service of the same repository."""
    with release_world(tmp_path) as made:
        details: dict[str, Any] = {"runtime": "node", "plan": "starter", "region": "oregon"}
        details |= {"envSpecificDetails": {"buildCommand": "b", "startCommand": "s"}}
        body = {"type": "web_service", "name": WEB, "ownerId": "tea-1", "repo": URL, "branch": "main"}
        with connect({"RENDER_API_KEY": "rnd_release"}, lambda _l: None, made.render.transport()) as session:
            session.client.post("/services", {**body, "autoDeploy": "no", "serviceDetails": details})
        made.sleep(120)
        yield made


@contextlib.contextmanager
def environment(world: ReleaseWorld) -> Iterator[Environment]:
    """As the command opens it, for two services and no frontend."""
    target = load_target("staging", None, OWN, EXAMPLE)
    with (
        Accounts(world.environ, {"github:owner": "zebra-devops"}) as accounts,
        connect({"RENDER_API_KEY": "rnd_release"}, world.said.append, world.render.transport()) as session,
    ):
        repository = accounts.repository(REPOSITORY)
        backend, web = RenderService(session, SERVICE), RenderService(session, WEB)
        records = Records(repository, "live", live=True)
        settings = target.settings.model_copy(update={"github": _main(target.settings.github)})
        here = dataclasses.replace(target, settings=settings)
        lock = ReleaseLock(repository, "production", "main", "run 1")
        yield Environment(here, repository, records, lock, world._smoke, backend, others=[web])


def _main(github: Any) -> Any:
    return github.model_copy(update={"branch": github.branch.model_copy(update={"name": "main"})})


def serving(world: ReleaseWorld) -> list[str]:
    live = map(world.render.running, (SERVICE, WEB))
    return [now[0] if now else "" for now in live]


def go(world: ReleaseWorld, tag: str) -> Any:
    with environment(world) as opened:
        return release(tag, opened, world.budget())


def tagged(world: ReleaseWorld, tag: str) -> str:
    sha = world.tagged(tag)
    github_git.status(world.estate, REPOSITORY, sha, "develop-smoke-tests")
    return sha


def test_a_release_serves_with_every_service_and_is_recorded_in_the_environment(world: ReleaseWorld) -> None:
    sha = tagged(world, "v1.0.0")
    assert go(world, "v1.0.0").outcome == "done"
    assert serving(world) == [sha, sha]
    (record,) = world.estate.find_all("github", "deployment")
    assert (record["environment"], list(record["payload"]["before"]["others"])) == ("live", [WEB])


def test_a_second_service_that_does_not_build_takes_the_first_one_back(world: ReleaseWorld) -> None:
    good = tagged(world, "v1.0.0")
    go(world, "v1.0.0")
    bad = tagged(world, "v1.1.0")
    deploy = RenderService.release

    def fails(self: RenderService, wanted: Deployed, budget: Any) -> None:
        if self.name == WEB:
            world.render.estate.bad_commits.add(wanted.commit)
        deploy(self, wanted, budget)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RenderService, "release", fails)
        report = go(world, "v1.1.0")
    assert (report.outcome, serving(world)) == ("rolled back", [good, good])
    assert f"of {WEB} ended as build_failed" in report.reason
    assert any(f"deploying {bad[:7]} to {SERVICE}" in text for _, text in report.timeline)


def test_a_rollback_takes_every_service_back_and_by_hand_nothing_of_vercel_is_said(world: ReleaseWorld) -> None:
    good = tagged(world, "v1.0.0")
    go(world, "v1.0.0")
    tagged(world, "v1.1.0")
    go(world, "v1.1.0")
    with environment(world) as opened:
        assert rollback(None, opened, world.budget(600)).outcome == "done"
    assert serving(world) == [good, good]
    bad = tagged(world, "v1.2.0")
    world.unhealthy |= {bad, good}
    report = go(world, "v1.2.0")
    assert report.outcome == "failed"
    steps = [line for line in report.advice if "Rollback" in line]
    assert [line.partition(",")[0] for line in steps] == [f"Render: {SERVICE}", f"Render: {WEB}"]
