"""A product's Blueprint on the real engine: imported into the stack file, up, clean, exported as it came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gate.cli import main
from rehearsal.engine import Engine
from rehearsal.estate import World

from .stage import STACK, staging

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
BLUEPRINT = Path(__file__).parents[1] / "corpus" / "monorepo.yaml"


@pytest.fixture(scope="module")
def stage(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Engine]]:
    with staging(tmp_path_factory.mktemp("imported") / "world", pulumi_cli) as made:
        yield made


def test_a_blueprint_is_imported_comes_up_and_stays(
    stage: tuple[World, Engine], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world, engine = stage
    monkeypatch.chdir(world.project)
    assert main(["import", str(BLUEPRINT), "--env", STACK, "--replace"]) == 0
    file = world.project / f"Pulumi.{STACK}.yaml"
    file.write_text(file.read_text().replace('marketedge:budgetUsd: "14"', 'marketedge:budgetUsd: "250"'))
    engine.set_secrets({**world.secrets.stack, "STRIPE_SECRET": "sk_of_the_test"})
    engine.up()

    estate = world.render.estate
    declared = yaml.safe_load(BLUEPRINT.read_text())
    assert {one["name"] for one in estate.services.values()} == {
        one["name"] for one in declared["services"] if one["type"] != "keyvalue"
    }
    jobs = estate.env_vars[estate.find_service("platform-jobs")["id"]]
    assert jobs["STRIPE_SECRET"] == "sk_of_the_test"
    engine.preview(refresh=True, expect_no_changes=True)

    assert main(["export", "--env", STACK, "--output", str(tmp_path / "render.yaml")]) == 0
    exported = yaml.safe_load((tmp_path / "render.yaml").read_text())
    assert [one["name"] for one in exported["services"]] == [one["name"] for one in declared["services"]]
