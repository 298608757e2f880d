"""Environments are data: what a name stands for by default, and that a stack file can say otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.phases import Part
from gate.stack.target import chosen_stacks, load_peers, load_settings
from tests.unit.components.engine import run
from tests.unit.settings.stack_file import PROJECT, STACKS, StackFile

UAT = PROJECT / "tests" / "stacks" / "uat"
BY_TAG = {Part.RELEASE_TAGS, Part.GATE, Part.TAG_DEPLOYS}
VARIABLE = "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable"


def test_the_plans_two_names_stand_for_what_the_plan_says() -> None:
    staging, production = StackFile().load().settings, StackFile("production").load().settings
    assert (staging.adopted, staging.released_by_tag, staging.live, staging.peers) == (
        False,
        False,
        False,
        ["production"],
    )
    assert (production.adopted, production.released_by_tag, production.live) == (True, True, True)
    assert (staging.vercel.target, production.vercel.target) == ("preview", "production")
    assert (staging.vercel_branch, production.vercel_branch) == ("staging", None)


def test_another_name_stands_for_nothing() -> None:
    stack_file = StackFile()
    stack_file.config["marketedge:environment"] = "qa-2"
    settings = stack_file.load().settings
    assert (settings.adopted, settings.released_by_tag, settings.peers) == (False, False, [])


def test_each_fact_can_be_said() -> None:
    stack_file = StackFile()
    stack_file.config |= {
        "marketedge:environment": "live-eu",
        "marketedge:adopted": True,
        "marketedge:release": {"by": "tag"},
        "marketedge:peers": ["staging", "acme/gate/eu.staging"],
    }
    stack_file.put("vercel.target", "production")
    settings = stack_file.load().settings
    assert settings.live
    assert settings.vercel_branch is None
    settings = settings.model_copy(update={"phase": "cutover"})
    assert settings.parts == set(Part)
    assert [domain.name for domain in settings.domains] == ["staging.zebra.associates", "staging-api.zebra.associates"]


def test_a_stack_that_is_adopted_and_released_by_merges_has_no_tag_rules() -> None:
    stack_file = StackFile("production")
    stack_file.config |= {"marketedge:release": {"by": "merge"}, "marketedge:phase": "cutover"}
    assert stack_file.load().settings.parts == set(Part) - BY_TAG


def test_the_older_key_for_the_peer_is_read() -> None:
    stack_file = StackFile()
    stack_file.config["marketedge:peerStack"] = "main-stack"
    assert stack_file.load().settings.peers == ["main-stack"]


@pytest.mark.parametrize("name", ["Staging", "1st", "uat_1", "", "a" * 40])
def test_a_name_fits_every_vendor(name: str) -> None:
    stack_file = StackFile()
    stack_file.config["marketedge:environment"] = name
    assert stack_file.problems()[0].startswith("marketedge:environment: ")


def test_a_stacks_name_may_have_dots_and_an_organization(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: gate\nruntime: python\n")
    for name, of in {"eu.staging": "staging", "eu.live": "production"}.items():
        text = (STACKS / f"Pulumi.{of}.yaml").read_text(encoding="utf-8")
        peer = "  marketedge:peers:\n    - acme/gate/eu.live\n" if of == "staging" else ""
        (tmp_path / f"Pulumi.{name}.yaml").write_text(text + peer, encoding="utf-8")
    assert chosen_stacks(None, tmp_path) == ["eu.live", "eu.staging"]
    assert chosen_stacks(["acme/gate/eu.staging"], tmp_path) == ["acme/gate/eu.staging"]
    settings, _ = load_settings("staging", "acme/gate/eu.staging", {}, tmp_path)
    assert [peer.environment for peer in load_peers(settings, {}, tmp_path)] == ["production"]


def test_a_third_environment_is_declared_by_its_file_alone() -> None:
    result = run(StackFile("uat", UAT), stacks={"uat": {}})
    assert (result.error, result.unexpected) == (None, [])
    variable = result.only(VARIABLE, "uat-NEXT_PUBLIC_ENVIRONMENT")
    assert (variable.inputs["targets"], variable.inputs["gitBranch"]) == (["preview"], "develop")
    assert (result.outputs or {})["environment"] == "uat"
