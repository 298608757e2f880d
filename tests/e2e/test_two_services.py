"""examples/two-services on the real engine: another team's names, no Vercel, by configuration alone."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.marker import KEY as MARKER
from rehearsal.rollout import configure

from .harbor import API, REPOSITORY, STAGING_API, STAGING_WEB, WEB, Team, team
from .stage import changes

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]


@pytest.fixture
def harbor(pulumi_cli: Path, tmp_path: Path) -> Iterator[Team]:
    with team(tmp_path / "world", pulumi_cli) as made:
        yield made
    gc.collect()


def names_of_marketedge(texts: dict[str, str]) -> list[str]:
    return [where for where, text in texts.items() if "zebra" in text.lower() or "marketedge" in text.lower()]


def test_another_teams_stacks_live_from_the_first_up_to_the_last_destroy(harbor: Team) -> None:
    staging_comes_up_drifts_is_healed_and_released_to(harbor)
    production_is_adopted_led_through_the_phases_and_released_to(harbor)
    the_report_shows_both_stacks_without_vercel(harbor)
    nothing_of_marketedge_is_written_at_a_vendor(harbor)
    staging_is_destroyed_and_production_is_not(harbor)


def staging_comes_up_drifts_is_healed_and_released_to(harbor: Team) -> None:
    stage, engine = harbor.stage, harbor.stack("staging")
    up = engine.up()
    harbor.stage.wait_for_deploys()
    assert {one["name"] for one in stage.render.estate.services.values()} == {API, WEB, STAGING_API, STAGING_WEB}
    assert set(up.outputs["serviceUrls"].value) == {STAGING_API, STAGING_WEB}
    assert up.outputs["monthlyCostUsd"].value["total"] == 24.5  # $7 a service, $6 the database, and its 15 GB
    assert [e for e in changes(stage) if e[0] == "vercel"] == []
    running = harbor.app["staging"].running()
    assert running is not None
    assert running[1]["ALLOWED_ORIGINS"] == "https://develop.harborlight.example,http://localhost:8080"
    assert running[1]["AUTH0_AUDIENCE"] == "https://api.harborlight.example"
    web = stage.render.estate.find_service(STAGING_WEB)
    address = stage.render.estate.env_vars[web["id"]]["API_ADDRESS"]
    assert address.startswith(stage.render.estate.find_service(STAGING_API)["slug"])

    with stage.render.lock:
        stage.render.estate.env_vars[web["id"]]["AUTH0_CLIENT_ID"] = "another"
    with stage.vendors.edit("github") as objects:
        next(o for o in objects if o["type"] == "branch_protection")["allowsForcePushes"] = True
    found = harbor.gate("staging", "drift", "--env", "staging", "--json")
    assert found.returncode == 2, found.stderr
    drifted = {(one["object"]["vendor"], one["object"]["name"]) for one in json.loads(found.stdout)["findings"]}
    assert drifted == {("GitHub", "develop"), ("Render", STAGING_WEB)}
    assert "AUTH0_CLIENT_ID" in found.stdout
    engine.up(refresh=True)
    harbor.stage.wait_for_deploys()
    engine.preview(refresh=True, expect_no_changes=True)

    smoked = harbor.gate("staging", "smoke", "--env", "staging", "--json")
    checks = {check["name"]: check for check in json.loads(smoked.stdout)["checks"]}
    assert smoked.returncode == 0, smoked.stdout
    assert checks["health"]["detail"] == "ok, environment staging"
    assert checks[f"health of {STAGING_WEB}"]["detail"] == "/status: status 200"
    assert {"connected database", "connected cache", "page /", "page /sign-in", "API /v1/boats"} <= set(checks)
    assert not [name for name in checks if name.startswith(("auth0-url", "super-admin"))]

    sha = harbor.commit("develop")
    deployed = harbor.gate("staging", "deploy", sha)
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert harbor.serving(STAGING_API, STAGING_WEB) == [sha, sha]
    (status,) = stage.vendors.find_all("github", "status", sha=sha)
    assert (status["context"], status["state"]) == ("develop-smoke-tests", "success")


def configure_production(harbor: Team, key: str, value: Any) -> None:
    configure(harbor.stage.project / "Pulumi.production.yaml", key, value)


def production_is_adopted_led_through_the_phases_and_released_to(harbor: Team) -> None:
    stage, engine = harbor.stage, harbor.stack("production")
    before = {name: dict(variables) for name, variables in _variables(harbor).items()}
    asked = len(stage.render.requests)
    adopted = harbor.gate("production", "adopt", "--env", "production", "--json")
    assert adopted.returncode == 0, adopted.stderr
    found = {one["key"]: one["importId"] for one in json.loads(adopted.stdout)["found"]}
    assert set(found) == {"auth0:Client/production"}
    configure_production(harbor, "adopt", found)
    engine.up()
    written = {name: set(now) - set(before[name]) for name, now in _variables(harbor).items()}
    assert written == {API: {"AUTH0_AUDIENCE", "ALLOWED_ORIGINS", MARKER}, WEB: set()}

    synced = harbor.gate("production", "workflows", "sync", "--env", "production")
    assert synced.returncode == 0, synced.stderr
    harbor.merge_workflows()
    configure_production(harbor, "adopt", None)
    for phase in ("infrastructure", "cutover"):
        configure_production(harbor, "phase", phase)
        engine.up()
    engine.preview(refresh=True, expect_no_changes=True)
    assert {stage.render.estate.find_service(name)["autoDeploy"] for name in (API, WEB)} == {"no"}
    assert stage.vendors.find("github", "environment", environment="live") is not None
    urls = stage.vendors.find("github", "environment_variable", environment="live", variableName="SERVICE_URLS")
    assert set(json.loads((urls or {})["value"])) == {API, WEB}
    sent = [(r.method, r.path) for r in stage.render.requests[asked:] if r.method in ("POST", "DELETE")]
    assert sent == [], "what is adopted is neither made, deployed nor deleted"
    kept = {name: {key: now[key] for key in before[name]} for name, now in _variables(harbor).items()}
    assert kept == before

    good, bad = harbor.tag("v1.0.0"), harbor.tag("v1.1.0")
    released = harbor.gate("production", "release", "v1.0.0")
    assert released.returncode == 0, released.stdout + released.stderr
    assert harbor.serving(API, WEB) == [good, good]
    harbor.app["production"].unhealthy.add(bad)
    failed = harbor.gate("production", "release", "v1.1.0")
    assert failed.returncode == 3, failed.stdout + failed.stderr
    assert harbor.serving(API, WEB) == [good, good]
    better = harbor.tag("v1.2.0")
    assert harbor.gate("production", "release", "v1.2.0").returncode == 0
    assert harbor.serving(API, WEB) == [better, better]
    back = harbor.gate("production", "rollback")
    assert back.returncode == 0, back.stdout + back.stderr
    assert harbor.serving(API, WEB) == [good, good]
    records = stage.vendors.find_all("github", "deployment", environment="live")
    assert [(one["task"], one["payload"]["tag"]) for one in records] == [
        ("deploy", "v1.0.0"),
        ("deploy", "v1.1.0"),
        ("deploy", "v1.2.0"),
        ("rollback", "v1.0.0"),
    ]

    by_hand = {"secretName": "RENDER_API_KEY", "value": "rnd"}
    stage.vendors.seed("github", "environment_secret", repository=REPOSITORY, environment="live", **by_hand)
    verified = harbor.gate("production", "verify", "--env", "production", "--json")
    lines = json.loads(verified.stdout)["lines"]
    assert [line for line in lines if line["verdict"]["outcome"] == "fail"] == []
    titles = {line["title"] for line in lines}
    assert {f"variables of {API}", f"variables of {WEB}", f"health of {WEB}", "AUTH0_AUDIENCE at Render"} <= titles
    figures = harbor.gate("production", "metrics", "--json")
    samples = {one["name"]: one["samples"] for one in json.loads(figures.stdout)["figures"]}
    assert (samples["production deployments"], samples["staging deployments"]) == (2, 1)


def the_report_shows_both_stacks_without_vercel(harbor: Team) -> None:
    written = harbor.gate("production", "report", "--html", "estate.html")
    assert written.returncode == 0, written.stdout + written.stderr
    page = (harbor.stage.project / "estate.html").read_text()
    assert [name for name in (API, WEB, STAGING_API, STAGING_WEB) if name not in page] == []
    assert "zebra" not in page.lower()


def _variables(harbor: Team) -> dict[str, dict[str, str]]:
    estate = harbor.stage.render.estate
    return {name: estate.env_vars[estate.find_service(name)["id"]] for name in (API, WEB)}


def nothing_of_marketedge_is_written_at_a_vendor(harbor: Team) -> None:
    """The estate of the three vendors, and what Render was sent."""
    estate = {vendor: json.dumps(harbor.stage.vendors.objects(vendor)) for vendor in ("github", "auth0", "vercel")}
    assert any(STAGING_API in body for body in harbor.sent.values())
    assert names_of_marketedge({**estate, **harbor.sent}) == []
    files = {f["file"]: f["content"] for f in harbor.stage.vendors.find_all("github", "file", repository=REPOSITORY)}
    assert len(files) > 8
    assert names_of_marketedge(files) == []


def staging_is_destroyed_and_production_is_not(harbor: Team) -> None:
    engine = harbor.stack("staging")
    engine.unprotect()
    engine.destroy()
    estate = harbor.stage.render.estate
    assert {one["name"] for one in estate.services.values()} == {API, WEB}
    assert (list(estate.postgres), list(estate.key_values), list(estate.env_groups)) == ([], [], [])
