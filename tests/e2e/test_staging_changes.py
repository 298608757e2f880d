"""A living staging stack: dashboard edits are found and healed, a change of one value writes that value only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi import automation

from rehearsal.engine import Engine
from rehearsal.estate import World
from tests.e2e.stage import changes, configure, staging, writes

pytestmark = pytest.mark.e2e

Living = tuple[World, Engine]


@pytest.fixture(scope="module")
def living(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with staging(tmp_path_factory.mktemp("living") / "world", pulumi_cli) as (stage, engine):
        engine.up()
        yield stage, engine


def test_edits_in_the_dashboards_of_three_vendors_are_found_and_healed(living: Living) -> None:
    stage, engine = living
    with stage.vendors.edit("github") as objects:
        rule = next(o for o in objects if o["type"] == "branch_protection")
        rule["enforceAdmins"] = False
    with stage.vendors.edit("auth0") as objects:
        next(o for o in objects if o["type"] == "client")["callbacks"].append("https://stranger.example.com/callback")
    with stage.vendors.edit("vercel") as objects:
        variable = next(o for o in objects if o.get("key") == "NEXT_PUBLIC_API_BASE_URL")
        variable["value"] = "https://elsewhere.example.com"
    with pytest.raises(automation.CommandError, match="no changes were expected"):
        engine.preview(refresh=True, expect_no_changes=True)

    engine.up(refresh=True)

    assert stage.vendors.find("github", "branch_protection", pattern="staging", enforceAdmins=True)
    client = stage.vendors.find("auth0", "client", name="MarketEdge Platform (staging)")
    assert client
    assert "https://stranger.example.com/callback" not in client["callbacks"]
    healed = stage.vendors.find("vercel", "environment_variable", key="NEXT_PUBLIC_API_BASE_URL")
    assert healed
    assert healed["value"] == "https://marketedge-platform-staging.onrender.com"
    engine.preview(refresh=True, expect_no_changes=True)


def test_one_changed_variable_of_the_service_is_one_write_and_one_deploy(living: Living) -> None:
    stage, engine = living
    configure(stage, "marketedge:render", "service.envVars.3.value", "true", "false")
    before, at_vendors = len(writes(stage)), len(changes(stage))
    engine.up()
    assert writes(stage)[before:] == ["PUT services/{id}/env-vars", "POST services/{id}/deploys"]
    assert changes(stage)[at_vendors:] == []


def test_a_changed_variable_of_the_group_reaches_the_running_service(living: Living) -> None:
    stage, engine = living
    configure(stage, "marketedge:render", "envGroup.envVars.8.value", "30", "45")
    engine.up()
    estate = stage.render.estate
    service = estate.find_service("marketedge-platform-staging")
    stage.render.settle()
    live = estate.live_deploy(service["id"])
    assert live
    assert estate.deploy_environment[live["id"]]["ACCESS_TOKEN_EXPIRE_MINUTES"] == "45"


def test_preview_shows_which_setting_of_the_service_changes(living: Living) -> None:
    stage, engine = living
    configure(stage, "marketedge:render", "service.healthCheckPath", "/health", "/ready")
    seen = len(engine.output)
    engine.preview(diff=True)
    shown = "\n".join(engine.output[seen:])
    assert '"/health"' in shown
    assert '"/ready"' in shown
    configure(stage, "marketedge:render", "service.healthCheckPath", "/ready", "/health")
