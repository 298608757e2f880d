"""A living staging stack: a change of one value writes that value only, and what somebody changed at Render is healed.

The tests share the stack. Each changes something of its own, and leaves everything as it is declared. That a preview is
empty after every such change is shown in tests/e2e/test_preview_is_what_up_does.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import CommandError

from rehearsal.engine import Engine
from rehearsal.estate import World
from rehearsal.inventory import DATABASE, GROUP, SERVICE
from tests.e2e.stage import changes, configure, staging, writes

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Living:
    """A staging stack that is up."""

    stage: World
    engine: Engine

    @property
    def estate(self) -> Any:
        return self.stage.render.estate

    @property
    def service(self) -> dict[str, Any]:
        found: dict[str, Any] = self.estate.find_service(SERVICE)
        return found

    def running(self) -> dict[str, str]:
        """What the processes of the service see."""
        live = self.stage.render.running(SERVICE)
        assert live is not None
        return live[1]

    def set_in_group(self, key: str, value: str) -> None:
        next(one for one in self.estate.find_env_group(GROUP)["envVars"] if one["key"] == key)["value"] = value

    def delete(self, path: str) -> None:
        with self.stage.render_session() as render:
            render.delete(path)

    def drift(self) -> str:
        """What a preview prints that expects no changes and finds some."""
        seen = len(self.engine.output)
        with pytest.raises(CommandError, match="no changes were expected"):
            self.engine.preview(expect_no_changes=True, diff=True)
        return "\n".join(self.engine.output[seen:])

    def up(self) -> list[str]:
        """Make it as declared. Answers what was written at Render."""
        before = len(writes(self.stage))
        self.engine.up()
        return writes(self.stage)[before:]


@pytest.fixture(scope="module")
def living(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    with staging(tmp_path_factory.mktemp("living") / "world", pulumi_cli) as (stage, engine):
        engine.up()
        yield Living(stage, engine)


def test_one_changed_variable_of_the_service_is_shown_and_is_one_write_and_one_deploy(living: Living) -> None:
    configure(living.stage, "marketedge:render", "service.envVars.2.value", "3.11.11", "3.11.12")
    elsewhere = len(changes(living.stage))
    shown = living.drift()
    assert '"3.11.11"' in shown
    assert '"3.11.12"' in shown
    assert living.up() == ["PUT services/{id}/env-vars", "POST services/{id}/deploys"]
    assert changes(living.stage)[elsewhere:] == []


def test_a_changed_variable_of_the_group_reaches_the_running_service(living: Living) -> None:
    configure(living.stage, "marketedge:render", "envGroup.envVars.8.value", "30", "45")
    living.up()
    assert living.running()["ACCESS_TOKEN_EXPIRE_MINUTES"] == "45"


def test_an_edit_is_found_explained_and_healed(living: Living) -> None:
    own = living.estate.env_vars[living.service["id"]]
    own["RUN_MIGRATIONS"] = "edited-by-hand"
    living.service["serviceDetails"]["plan"] = "starter"
    shown = living.drift()
    for told in ('"env.RUN_MIGRATIONS"', '"plan"', 'declared: "free"', 'live    : "starter"', '"changed"'):
        assert told in shown
    assert "edited-by-hand" not in shown
    assert living.up() == ["PUT services/{id}/env-vars", "PATCH services/{id}", "POST services/{id}/deploys"]
    assert living.estate.env_vars[living.service["id"]]["RUN_MIGRATIONS"] == "true"


def test_the_service_has_what_its_group_has_after_two_secrets_were_edited(living: Living) -> None:
    """One is put back. The other one was generated, so nobody has it, and the new value stays."""
    living.set_in_group("REDIS_URL", "redis://stranger.example.com")
    living.set_in_group("JWT_SECRET_KEY", "set-by-a-stranger")
    shown = living.drift()
    assert '"env.REDIS_URL"' in shown
    assert '"replaced"' in shown
    living.up()
    running = living.running()
    assert running["REDIS_URL"] == living.stage.secrets.stack["REDIS_URL"]
    assert running["JWT_SECRET_KEY"] == "set-by-a-stranger"
    assert "set-by-a-stranger" not in living.engine.state() + "\n".join(living.engine.output)


def test_a_deleted_service_is_made_anew_and_everything_that_names_it_follows(living: Living) -> None:
    old = living.service["id"]
    living.delete(f"/services/{old}")
    assert '"missing"' in living.drift()
    living.up()
    assert living.service["id"] != old
    variable = living.stage.vendors.find("github", "environment_variable", variableName="RENDER_SERVICE_ID")
    assert variable is not None
    assert variable["value"] == living.service["id"]


def test_a_deleted_database_is_an_error_until_the_settings_say_that_it_may_be_made_anew(living: Living) -> None:
    old = living.estate.find_postgres(DATABASE)["id"]
    living.delete(f"/postgres/{old}")
    assert '"missing"' in living.drift()
    with pytest.raises(CommandError, match=rf"{old}\) no longer exists at Render"):
        living.engine.up()
    assert living.estate.named(living.estate.postgres, DATABASE) == []

    configure(living.stage, "marketedge:render", "database.recreate", None, True)
    living.up()
    assert living.estate.find_postgres(DATABASE)["id"] in living.running()["DATABASE_URL"]
    living.engine.preview(expect_no_changes=True, refresh=True)


def test_a_key_that_render_refuses_ends_a_preview_instead_of_passing_for_clean(
    living: Living, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(living.stage.environment, "RENDER_API_KEY", "rnd_revoked")
    with pytest.raises(CommandError, match="Render could not be read: Render answered 401"):
        living.engine.preview(expect_no_changes=True)
