"""Staging from nothing to nothing: one life of the stack, looked at from every side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation import CommandError, OpType

from rehearsal.engine import Engine
from rehearsal.estate import World
from rehearsal.inventory import DATABASE, Row, staging_objects
from tests.e2e.stage import staging, writes

pytestmark = pytest.mark.e2e

OBSERVATION = 4
"""Reads of the look at Render before anything is declared: workspaces, and three lists that are empty."""


@dataclass
class Life:
    """What was seen on the way."""

    stage: World
    engine: Engine
    created: int
    outputs: dict[str, Any]
    objects: list[Row]
    state: str
    secrets: list[str]
    up_writes: list[str]
    up_requests: int
    kept: list[str]


@pytest.fixture(scope="module")
def life(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with staging(tmp_path_factory.mktemp("life") / "world", pulumi_cli) as (stage, engine):
        preview = engine.preview()
        assert writes(stage) == [], "preview only reads"
        before = len(stage.render.requests)
        up = engine.up()
        up_writes, up_requests = writes(stage), len(stage.render.requests) - before - OBSERVATION
        objects, state, secrets = staging_objects(stage), engine.state(), stage.secret_values()
        engine.preview(refresh=True, expect_no_changes=True)
        with pytest.raises(CommandError, match="protected"):
            engine.destroy()
        kept = [row.title for row in staging_objects(stage) if row.found]
        engine.unprotect()
        engine.destroy()
        yield Life(
            stage,
            engine,
            preview.change_summary[OpType.CREATE],
            {name: output.value for name, output in up.outputs.items()},
            objects,
            state,
            secrets,
            up_writes,
            up_requests,
            kept,
        )


def test_up_makes_every_staging_object_of_the_plan(life: Life) -> None:
    assert [row.title for row in life.objects if not row.found] == []
    assert len(life.objects) == 14


def test_preview_of_a_new_stack_announces_every_resource(life: Life) -> None:
    assert life.created == 31


def test_outputs_name_urls_ids_and_the_dns_records_to_create(life: Life) -> None:
    assert life.outputs["frontendUrl"] == "https://staging.zebra.associates"
    assert life.outputs["backendUrl"] == "https://marketedge-platform-staging.onrender.com"
    assert life.outputs["renderServiceId"].startswith("srv-")
    assert life.outputs["renderDatabaseId"].startswith("dpg-")
    assert life.outputs["renderEnvGroupId"].startswith("evg-")
    assert life.outputs["vercelProjectId"].startswith("prj_")
    assert len(life.outputs["auth0ClientId"]) == 32
    assert life.outputs["monthlyCostUsd"]["total"] == 0
    assert life.outputs["dnsRecords"] == [
        {"name": "staging.zebra.associates", "type": "CNAME", "target": "cname.vercel-dns.com", "ttlSeconds": 300},
        {
            "name": "staging-api.zebra.associates",
            "type": "CNAME",
            "target": "marketedge-platform-staging.onrender.com",
            "ttlSeconds": 300,
        },
    ]


def test_render_is_asked_no_more_than_twelve_times_and_writes_each_object_once(life: Life) -> None:
    assert life.up_requests <= 12
    assert life.up_writes == [
        "POST postgres",
        "POST env-groups",
        "POST services",
        "POST env-groups/{id}/services/{id}",
        "POST services/{id}/custom-domains",
        "POST services/{id}/deploys",
    ]


def test_no_secret_value_stands_in_the_state_or_in_any_output(life: Life) -> None:
    everything = life.state + "\n".join(life.engine.output)
    assert len(life.secrets) == 16
    assert [secret for secret in life.secrets if secret in everything] == []


def test_the_state_holds_no_path_of_this_machine(life: Life) -> None:
    assert str(life.stage.folder) not in life.state.replace(life.stage.state.as_uri(), "")


def test_destroy_keeps_the_protected_database_alone(life: Life) -> None:
    assert life.kept == [f"database {DATABASE}"]


def test_destroy_after_unprotect_leaves_nothing(life: Life) -> None:
    assert [row.title for row in staging_objects(life.stage) if row.found] == []
    assert life.engine.resources() == []
