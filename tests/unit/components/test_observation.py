"""What was changed at Render by hand makes the object's command an update, and nothing else does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from blueprint.errors import Unauthorized
from blueprint.fields import Difference, DriftKind
from components.render_documents import load
from tests.changes import renamed_group
from tests.unit import plan
from tests.unit.components.engine import CREDENTIALS, Run, run
from tests.unit.components.vendors import SERVICE_ID, UPDATED, in_sync
from tests.unit.settings.stack_file import StackFile

COMMAND = "command:local:Command"
IN_SYNC = ("environment.RENDER_DRIFT",)


def drifted(section: str, name: str, **found: Any) -> Any:
    def look(document: Any, environ: Any) -> dict[str, Any]:
        report = in_sync(document, environ)
        report[section][name] |= found
        return report

    return look


def test_in_sync_the_last_reasons_are_ignored(up: Run) -> None:
    commands = up.of(COMMAND)
    assert [command.ignore_changes for command in commands] == [IN_SYNC] * 3
    assert not any("RENDER_DRIFT" in command.inputs["environment"] for command in commands)


def test_drift_is_in_the_environment_of_its_object_alone_as_data() -> None:
    found = [
        Difference(field="plan", kind=DriftKind.CHANGED, declared="free", live="starter"),
        Difference(field="env.CORS_ORIGINS", kind=DriftKind.CHANGED),
    ]
    drift = [one.model_dump(mode="json") for one in found]
    result = run(preview=True, observed=drifted("services", plan.SERVICE, drift=drift))
    service = result.only(COMMAND, plan.SERVICE)
    assert service.ignore_changes == ()
    written = load(service.inputs["environment"]["RENDER_DRIFT"])
    assert [(one.field, one.kind, one.declared, one.live) for one in written] == [
        (one.field, one.kind, one.declared, one.live) for one in found
    ]
    assert {one.since for one in written} == {datetime.fromisoformat(UPDATED)}
    assert {one.seen.utcoffset() for one in written} == {timedelta(0)}
    others = [command for command in result.of(COMMAND) if command.name != plan.SERVICE]
    assert all(command.ignore_changes == IN_SYNC for command in others)


def test_an_object_that_was_renamed_at_render_and_here_stays_the_same_resource() -> None:
    printed = json.dumps({"services": {"earlier-name": {"id": SERVICE_ID}}})
    result = run(preview=True, made={"earlier-name": {"stdout": printed}})
    assert result.only(COMMAND, plan.SERVICE).aliases == ("earlier-name",)
    assert not any(one.aliases for one in result.of(COMMAND) if one.name != plan.SERVICE)


def reported(section: str, name: str) -> dict[str, str]:
    """Outputs of a command in the state."""
    return {"stdout": json.dumps({section: {name: {"id": "x"}}})}


@pytest.mark.parametrize(
    ("group", "made", "service"),
    [
        (plan.SERVICE, {}, plan.SERVICE),
        (plan.SERVICE, {plan.SERVICE: reported("envVarGroups", plan.SERVICE)}, f"{plan.SERVICE}-services"),
        (plan.ENV_GROUP, {f"{plan.ENV_GROUP}-envVarGroups": reported("envVarGroups", plan.ENV_GROUP)}, plan.SERVICE),
    ],
    ids=["new", "the group was first", "another object of its name is gone"],
)
def test_an_object_keeps_its_resource_whatever_else_has_its_name(
    group: str, made: dict[str, dict[str, str]], service: str
) -> None:
    """A resource of another name would be another object: `up` would delete the one that it had."""
    stack_file = StackFile()
    renamed_group(group)(stack_file.config)
    commands = {one.name: json.loads(one.inputs["stdin"]) for one in run(stack_file, made=made).of(COMMAND)}
    assert "services" in commands[service]
    assert "envVarGroups" in commands[next(iter(made), f"{group}-envVarGroups")]


def test_a_missing_object_is_drift() -> None:
    gone = drifted("databases", plan.DATABASE, exists=False, updatedAt=None)
    made = {plan.DATABASE: {"stdout": json.dumps({"databases": {plan.DATABASE: {"id": "dpg-1"}}})}}
    new = run(preview=True, observed=gone).only(COMMAND, plan.DATABASE).inputs["environment"]
    assert "RENDER_DRIFT" not in new, "it was never there, and `up` would keep the word in the state"
    result = run(preview=True, observed=gone, made=made)
    environment = result.only(COMMAND, plan.DATABASE).inputs["environment"]
    assert [(one.field, one.kind, one.since) for one in load(environment["RENDER_DRIFT"])] == [
        (None, DriftKind.MISSING, None)
    ]


@pytest.mark.parametrize("preview", [True, False])
def test_a_look_that_fails_ends_the_run_before_anything_is_declared_at_render(preview: bool) -> None:
    def look(_document: Any, _environ: Any) -> Any:
        raise Unauthorized(401, "GET /services", "unauthorized")

    result = run(preview=preview, observed=look)
    assert "Render could not be read: Render answered 401" in str(result.error)
    assert result.of(COMMAND) == []


def test_without_a_key_nothing_is_looked_at() -> None:
    def look(_document: Any, _environ: Any) -> Any:
        raise AssertionError("there is no key to look with")

    environ = {name: value for name, value in CREDENTIALS.items() if name != "RENDER_API_KEY"}
    result = run(environ=environ, preview=True, observed=look)
    assert result.error is None
    assert [command.ignore_changes for command in result.of(COMMAND)] == [IN_SYNC] * 3
