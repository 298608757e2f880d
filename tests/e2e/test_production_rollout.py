"""The living production under the real engine: adopted, led to cutover and back, and never touched; or refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation
from rich.console import Console

from rehearsal import application
from rehearsal.application import Application
from rehearsal.engine import Engine
from rehearsal.estate import World, seed, world
from rehearsal.production import CHANGED, FRONTEND, SERVICE, Living, harm, look, seed_production
from rehearsal.releases import Releases
from rehearsal.rollout import Rollout, configure
from rehearsal.story import Story
from tests.changes import Operations, side_by_side

from .stage import Operated, changes

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]


@contextlib.contextmanager
def living(folder: Path, pulumi: Path) -> Iterator[tuple[World, Living]]:
    with world(folder, pulumi, rate_limits=False) as stage:
        seed(stage.vendors)
        yield stage, seed_production(stage)


def previewed_first(table: list[tuple[str, Operations, Operations]]) -> Callable[..., Any]:
    """`Engine.up` that writes down what a preview before it shows, and what it does."""
    up = Engine.up

    def previewed_up(engine: Engine, **options: Any) -> Any:
        previewed, made = Operated(), Operated()
        engine.preview(on_event=previewed, **options)
        done = up(engine, on_event=made, **options)
        table.append((f"up {len(table) + 1}", previewed.found, made.found))
        return done

    return previewed_up


def test_from_adoption_to_cutover_and_back_nobody_does_anything_to_production(
    tmp_path: Path, pulumi_cli: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with living(tmp_path, pulumi_cli) as (stage, before), (tmp_path / "told").open("w") as told:
        story = Story(stage, Console(file=told, width=160), tmp_path / "engine.log")
        rollout, table = Rollout(story, before), list[tuple[str, Operations, Operations]]()
        with monkeypatch.context() as patched:
            patched.setattr(Engine, "up", previewed_first(table))
            assert story.tell(rollout.every_phase()), story.failure
        print(side_by_side(table))
        assert [row for row in table if row[1] != row[2]] == []
        assert {"create", "import", "update"} <= {done for _, _, made in table for done in made.values()}

        assert harm(stage, before) == []
        now = look(stage)
        assert now.variables["AUTH0_AUDIENCE"] == "https://dev-g8trhgbfdq2sk2m8.us.auth0.com/api/v2/"
        assert now.variables["CORS_ORIGINS"].count(",") == 4
        assert len(before.variables) == 25
        assert {k for k, v in before.variables.items() if now.variables[k] != v} == CHANGED - {"AUTH0_AUDIENCE"}
        (client,) = stage.vendors.find_all("auth0", "client", name="MarketEdge Platform")
        assert client["clientId"] == before.client_id
        assert len(client["callbacks"]) == 6

        serving = Application(stage.render, stage.vendors, SERVICE, FRONTEND)
        with application.serve(serving) as addresses:
            releases = Releases(story, serving, addresses).everything()
            assert story.tell([*rollout.cut_over(), *releases]), story.failure
        shown = (tmp_path / "told").read_text() + (tmp_path / "engine.log").read_text()
        assert "release v1.1.0: rolled back (smoke tests failed: health)" in shown
        state = story.stack("production").state()
        assert [value for value in stage.secret_values() if value in shown or value in state] == []


def test_production_that_is_given_up_is_forgotten_and_can_be_taken_back(tmp_path: Path, pulumi_cli: Path) -> None:
    with living(tmp_path, pulumi_cli) as (stage, before), (tmp_path / "told").open("w") as told:
        rollout = Rollout(Story(stage, Console(file=told, width=160), tmp_path / "engine.log"), before)
        engine, file = Engine(stage, "production", lambda _line: None), stage.project / "Pulumi.production.yaml"
        configure(file, "phase", "infrastructure")
        configure(file, "adopt", {one.key: one.import_id for one in rollout.existing().found})
        engine.up()
        configure(file, "adopt", None)
        engine.up()
        written = changes(stage)
        configure(file, "phase", "foundation")
        with pytest.raises(automation.CommandError, match="for foundation removes marketedge-platform"):
            engine.up()
        configure(file, "giveUp", ["marketedge-platform"])
        with pytest.raises(automation.CommandError, match="because it is protected"):
            engine.up()
        assert changes(stage) == written

        engine.unprotect()
        engine.up()
        assert harm(stage, before) == []
        assert [row for row in changes(stage) if row not in written] == []
        assert not any("vercel" in resource["type"] for resource in engine.resources())
        configure(file, "giveUp", None)
        configure(file, "phase", "infrastructure")
        again = rollout.existing()
        assert (again.new, again.undecided) == ([], [])
        assert {one.key for one in again.found} >= {"vercel:Project/production", "github:RepositoryRuleset/production"}


def adopted(document: dict[str, Any]) -> dict[str, Any]:
    service: dict[str, Any] = document["config"]["marketedge:render"]["service"]
    return service


def another_region(document: dict[str, Any]) -> None:
    document["config"]["marketedge:render"]["region"] = "frankfurt"


def another_name(document: dict[str, Any]) -> None:
    adopted(document)["name"] = "marketedge-plattform"


def debugging(document: dict[str, Any]) -> None:
    adopted(document)["envVars"].append({"key": "DEBUG", "value": "true"})


def a_variable_that_nobody_set(document: dict[str, Any]) -> None:
    adopted(document)["envVars"].append({"key": "STRIPE_KEY", "sync": False})
    document["config"]["marketedge:phase"] = "infrastructure"


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (another_region, "oregon"),
        (another_name, "marketedge-plattform"),
        (debugging, "variable DEBUG: 'true' in production"),
        (a_variable_that_nobody_set, "STRIPE_KEY"),
    ],
)
def test_a_wrong_configuration_is_refused_before_any_write(
    tmp_path: Path, pulumi_cli: Path, mistake: Any, said: str
) -> None:
    with living(tmp_path, pulumi_cli) as (stage, before):
        file = stage.project / "Pulumi.production.yaml"
        document = yaml.safe_load(file.read_text())
        mistake(document)
        file.write_text(yaml.safe_dump(document))
        engine = Engine(stage, "production", lambda _line: None)
        with pytest.raises(automation.CommandError) as refused:
            engine.up()
        assert said in str(refused.value)
        assert changes(stage) == []
        assert look(stage).variables == before.variables
        assert [r.method for r in stage.render.requests[before.requests :] if r.method != "GET"] == []


def test_a_jwt_secret_shared_with_staging_is_refused_before_any_write(tmp_path: Path, pulumi_cli: Path) -> None:
    with living(tmp_path, pulumi_cli) as (stage, before):
        staging = Engine(stage, "staging", lambda _line: None)
        shared = {"JWT_SECRET_KEY": stage.secrets.production["JWT_SECRET_KEY"]}
        staging.set_secrets({**stage.secrets.stack, **shared})
        file = stage.project / "Pulumi.staging.yaml"
        section = yaml.safe_load(file.read_text())["config"]["marketedge:render"]
        for variable in section["envGroup"]["envVars"]:
            if variable["key"] == "JWT_SECRET_KEY":
                variable.pop("generateValue")
                variable["fromSecret"] = "JWT_SECRET_KEY"
        configure(file, "render", section)
        configure(file, "phase", "foundation")
        staging.up()
        already = changes(stage)

        engine = Engine(stage, "production", lambda _line: None)
        with pytest.raises(automation.CommandError, match="JWT_SECRET_KEY is the same here and in stack staging"):
            engine.up()
        assert changes(stage) == already
        assert look(stage).variables == before.variables
