"""What happens at Render behind Pulumi's back, seen by preview and put right by up, on the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.automation import CommandError

from rehearsal.engine import Engine
from rehearsal.estate import World
from rehearsal.inventory import DATABASE, GROUP, SERVICE
from tests.e2e.stage import configure, staging, writes

pytestmark = pytest.mark.e2e

Living = tuple[World, Engine]


@pytest.fixture(scope="module")
def living(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with staging(tmp_path_factory.mktemp("drift") / "world", pulumi_cli) as (stage, engine):
        engine.up()
        yield stage, engine


def preview(engine: Engine) -> str:
    """What a preview prints that expects no changes and finds some. The engine shows the drift variable as a tree."""
    seen = len(engine.output)
    with pytest.raises(CommandError, match="no changes were expected"):
        engine.preview(expect_no_changes=True, diff=True)
    return "\n".join(engine.output[seen:])


def test_an_edit_is_found_explained_and_healed(living: Living) -> None:
    stage, engine = living
    estate = stage.render.estate
    service = estate.find_service(SERVICE)
    estate.env_vars[service["id"]]["RUN_MIGRATIONS"] = "edited-by-hand"
    service["serviceDetails"]["plan"] = "starter"
    shown = preview(engine)
    for told in ('"env.RUN_MIGRATIONS"', '"plan"', 'declared: "free"', 'live    : "starter"', '"changed"'):
        assert told in shown
    assert "edited-by-hand" not in shown
    before = len(writes(stage))
    engine.up()
    assert writes(stage)[before:] == ["PUT services/{id}/env-vars", "PATCH services/{id}", "POST services/{id}/deploys"]
    assert estate.env_vars[service["id"]]["RUN_MIGRATIONS"] == "true"
    engine.preview(expect_no_changes=True, refresh=True)


def test_an_edited_secret_of_the_group_is_healed_and_reaches_the_service(living: Living) -> None:
    stage, engine = living
    estate = stage.render.estate
    variable = next(v for v in estate.find_env_group(GROUP)["envVars"] if v["key"] == "REDIS_URL")
    variable["value"] = "redis://stranger.example.com"
    assert '"env.REDIS_URL"' in preview(engine)
    engine.up()
    stage.render.settle()
    live = estate.live_deploy(estate.find_service(SERVICE)["id"])
    assert live is not None
    assert estate.deploy_environment[live["id"]]["REDIS_URL"] == stage.secrets.stack["REDIS_URL"]


def test_a_deleted_service_is_made_anew_and_everything_that_names_it_follows(living: Living) -> None:
    stage, engine = living
    estate = stage.render.estate
    old = estate.find_service(SERVICE)["id"]
    with stage.render_session() as render:
        render.delete(f"/services/{old}")
    assert '"missing"' in preview(engine)
    engine.up()
    new = estate.find_service(SERVICE)["id"]
    assert new != old
    variable = stage.vendors.find("github", "environment_variable", variableName="RENDER_SERVICE_ID")
    assert variable is not None
    assert variable["value"] == new
    engine.preview(expect_no_changes=True, refresh=True)


def test_a_deleted_database_is_an_error_until_the_settings_say_that_it_may_be_made_anew(living: Living) -> None:
    stage, engine = living
    estate = stage.render.estate
    old = estate.find_postgres(DATABASE)["id"]
    with stage.render_session() as render:
        render.delete(f"/postgres/{old}")
    assert '"missing"' in preview(engine)
    with pytest.raises(CommandError, match=rf"{old}\) no longer exists at Render"):
        engine.up()
    assert estate.named(estate.postgres, DATABASE) == []

    configure(stage, "marketedge:render", "database.recreate", None, True)
    engine.up()
    new = estate.find_postgres(DATABASE)["id"]
    stage.render.settle()
    live = estate.live_deploy(estate.find_service(SERVICE)["id"])
    assert live is not None
    assert new in estate.deploy_environment[live["id"]]["DATABASE_URL"]
    engine.preview(expect_no_changes=True, refresh=True)


def test_a_key_that_render_refuses_ends_a_preview_instead_of_passing_for_clean(living: Living) -> None:
    stage, engine = living
    key = stage.environment["RENDER_API_KEY"]
    stage.environment["RENDER_API_KEY"] = "rnd_revoked"
    try:
        with pytest.raises(CommandError, match="Render could not be read: Render answered 401"):
            engine.preview(expect_no_changes=True)
    finally:
        stage.environment["RENDER_API_KEY"] = key
