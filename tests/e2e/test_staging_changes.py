"""A living staging stack: a change of one value writes that value only, and preview shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
