"""What is read from the engine's events: drift, declarations that were not applied, and what merely follows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from blueprint.fields import Difference, DriftKind
from components.render_documents import load
from gate.changes.drift import Finding
from gate.changes.findings import find, of_objects
from tests.unit.gate import events as e
from tests.unit.gate.events import read

PROTECTION = {
    "pattern": "staging",
    "enforceAdmins": True,
    "requiredStatusChecks": [{"contexts": ["lint", "test"], "strict": False}],
}


def rows(*steps: list[Any], dependencies: dict[str, dict[str, list[str]]] | None = None) -> list[tuple[Any, ...]]:
    return [row(finding) for finding in findings(*steps, dependencies=dependencies)]


def findings(*steps: list[Any], dependencies: dict[str, dict[str, list[str]]] | None = None) -> list[Finding]:
    return find(read([event for step in steps for event in step]), dependencies or {})[0]


def follow_ups(*steps: list[Any], dependencies: dict[str, dict[str, list[str]]] | None = None) -> list[str]:
    return [str(t) for t in find(read([event for step in steps for event in step]), dependencies or {})[1]]


def row(finding: Finding) -> tuple[Any, ...]:
    return finding.kind.value, str(finding.object), finding.field, finding.declared, finding.live


def test_an_edited_field_is_drift_with_the_declared_and_the_live_value() -> None:
    live = {**PROTECTION, "enforceAdmins": False}
    assert rows(e.drifted(e.PROTECTION, PROTECTION, live, "enforceAdmins")) == [
        ("drift", "GitHub branch protection staging", "enforce_admins", True, False)
    ]


def test_a_field_of_the_only_block_is_named_without_its_index() -> None:
    live = {**PROTECTION, "requiredStatusChecks": [{"contexts": ["lint", "other"], "strict": False}]}
    assert rows(e.drifted(e.PROTECTION, PROTECTION, live, "requiredStatusChecks[0].contexts")) == [
        (
            "drift",
            "GitHub branch protection staging",
            "required_status_checks.contexts",
            ["lint", "test"],
            ["lint", "other"],
        )
    ]


def test_several_entries_of_one_list_are_one_field() -> None:
    live = {"name": "App", "callbacks": ["a", "x", "y"]}
    steps = e.drifted(e.CLIENT, {"name": "App", "callbacks": ["a"]}, live, "callbacks[1]", "callbacks[2]")
    assert rows(steps) == [("drift", "Auth0 application App", "callbacks", ["a"], ["a", "x", "y"])]


def test_a_changed_declaration_is_not_drift() -> None:
    wanted = {**PROTECTION, "enforceAdmins": False}
    assert rows(e.redeclared(e.PROTECTION, PROTECTION, wanted, "enforceAdmins")) == [
        ("not applied", "GitHub branch protection staging", "enforce_admins", False, True)
    ]


def test_both_in_one_object_are_told_apart() -> None:
    declared, live = {"name": "App", "callbacks": ["a"], "appType": "spa"}, {"name": "App", "callbacks": ["x"]}
    met = {**live, "appType": "spa"}
    wanted = {**declared, "appType": "regular_web"}
    steps = [
        *e.step("refresh", e.CLIENT, e.state(e.CLIENT, declared), e.state(e.CLIENT, met), ("callbacks",)),
        *e.step("update", e.CLIENT, e.state(e.CLIENT, met), e.state(e.CLIENT, wanted), ("appType", "callbacks")),
    ]
    assert rows(steps) == [
        ("drift", "Auth0 application App", "callbacks", ["a"], ["x"]),
        ("not applied", "Auth0 application App", "app_type", "regular_web", "spa"),
    ]


def test_both_in_one_block_are_told_apart() -> None:
    def rule(contexts: list[str], strict: bool) -> dict[str, Any]:
        return {"pattern": "staging", "requiredStatusChecks": [{"contexts": contexts, "strict": strict}]}

    contexts, strict = "requiredStatusChecks[0].contexts", "requiredStatusChecks[0].strict"
    live = e.state(e.PROTECTION, rule(["x"], False))
    steps = [
        *e.step("refresh", e.PROTECTION, e.state(e.PROTECTION, rule(["a"], False)), live, (contexts,)),
        *e.step("update", e.PROTECTION, live, e.state(e.PROTECTION, rule(["a"], True)), (contexts, strict)),
    ]
    assert [(one[0], one[2]) for one in rows(steps)] == [
        ("drift", "required_status_checks.contexts"),
        ("not applied", "required_status_checks.strict"),
    ]


def test_an_engine_that_lists_no_fields_is_compared_value_by_value() -> None:
    declared, live = {"name": "App", "callbacks": ["a"]}, {"name": "App", "callbacks": ["x"]}
    assert rows(e.drifted(e.CLIENT, declared, live)) == [("drift", "Auth0 application App", "callbacks", ["a"], ["x"])]


def test_a_deleted_object_is_drift_and_a_new_declaration_is_not() -> None:
    inputs = {"environment": "staging", "variableName": "A", "value": "1"}
    new = {"key": "NEXT_PUBLIC_X", "value": e.MASKED}
    assert rows(e.deleted(e.VARIABLE, inputs), e.step("create", e.PREVIEW_VARIABLE, None, e.state("x$x", new))) == [
        ("drift", "GitHub environment variable staging/A", None, "exists", "does not exist"),
        ("not applied", "Vercel variable NEXT_PUBLIC_X", None, "exists", "does not exist"),
    ]


def test_an_object_that_is_no_longer_declared_was_not_applied() -> None:
    there = e.state(e.CLIENT, {"name": "App"})
    steps = [*e.step("refresh", e.CLIENT, there, there), *e.step("delete", e.CLIENT, there, None)]
    assert rows(steps) == [("not applied", "Auth0 application App", None, "does not exist", "exists")]


def test_the_parts_of_a_replacement_are_one_finding() -> None:
    old, new = e.state(e.CLIENT, {"name": "Old"}), e.state(e.CLIENT, {"name": "App"})
    steps = [e.step(op, e.CLIENT, old, new, ("name",)) for op in ("create-replacement", "replace", "delete-replaced")]
    assert rows(*steps) == [("not applied", "Auth0 application Old", "name", "App", "Old")]


def test_a_drifted_secret_is_found_and_neither_value_is_shown() -> None:
    inputs = {"key": "NEXT_PUBLIC_X", "value": e.MASKED}
    assert rows(e.drifted(e.PREVIEW_VARIABLE, inputs, inputs, "value")) == [
        ("drift", "Vercel variable NEXT_PUBLIC_X", "value", "[secret]", "[secret]")
    ]


def test_a_secret_on_one_side_hides_the_other() -> None:
    declared, live = {"key": "NEXT_PUBLIC_X", "value": e.MASKED}, {"key": "NEXT_PUBLIC_X", "value": "readable"}
    (found,) = findings(e.drifted(e.PREVIEW_VARIABLE, declared, live, "value"))
    assert (found.declared, found.live) == ("[secret]", "[secret]")


def test_a_secret_within_a_value_hides_all_of_it() -> None:
    declared, live = {"name": "App", "addons": [{"k": e.MASKED}]}, {"name": "App", "addons": [{"k": "readable"}]}
    (found,) = findings(e.drifted(e.CLIENT, declared, live, "addons"))
    assert (found.declared, found.live) == ("[secret]", "[secret]")


def test_a_secret_that_somebody_wrote_to_is_a_changed_value_with_its_time() -> None:
    inputs = {"environment": "staging", "secretName": "S", "value": e.MASKED}
    before = e.state(e.SECRET_VARIABLE, inputs, {**inputs, "remoteUpdatedAt": "2026-11-01T08:00:00Z"})
    met = e.state(e.SECRET_VARIABLE, inputs, {**inputs, "remoteUpdatedAt": "2026-11-02T08:00:00Z"})
    steps = [
        *e.step("refresh", e.SECRET_VARIABLE, before, met, ("updatedAt",)),
        *e.step("update", e.SECRET_VARIABLE, met, before, ("updatedAt",)),
    ]
    (found,) = findings(steps)
    assert row(found) == ("drift", "GitHub environment secret staging/S", "value", "[secret]", "[secret]")
    assert found.since is not None
    assert found.since.isoformat() == "2026-11-02T08:00:00+00:00"


def test_what_is_known_at_up_only_follows_and_is_no_finding() -> None:
    drift = e.drifted(e.PROTECTION, PROTECTION, {**PROTECTION, "enforceAdmins": False}, "enforceAdmins")
    inputs = {"environment": "staging", "variableName": "A", "value": "url"}
    steps = e.redeclared(e.VARIABLE, inputs, {**inputs, "value": e.UNKNOWN_VALUE}, "value")
    assert len(rows(drift, steps)) == 1
    assert follow_ups(drift, steps) == ["GitHub environment variable staging/A"]


@pytest.mark.parametrize(("comes_from", "expected"), [(e.SERVICE, 0), (e.CLIENT, 1)])
def test_a_masked_value_follows_only_where_it_comes_from_what_is_not_known_yet(comes_from: str, expected: int) -> None:
    healed = {**e.command("{}", e.because(e.changed("plan", "free", "starter"))), "stdout": e.UNKNOWN_VALUE}
    before, after = e.state(e.SERVICE, e.command("{}")), e.state(e.SERVICE, healed)
    service = [*e.step("refresh", e.SERVICE, before, before), *e.step("update", e.SERVICE, before, after)]
    inputs = {"key": "NEXT_PUBLIC_X", "value": e.MASKED}
    found = rows(
        service,
        e.redeclared(e.PREVIEW_VARIABLE, inputs, inputs, "value"),
        dependencies={e.urn(e.PREVIEW_VARIABLE): {"value": [e.urn(comes_from)]}},
    )
    assert [one for one in found if one[1].startswith("Vercel")] == [
        ("not applied", "Vercel variable NEXT_PUBLIC_X", "value", "[secret]", "[secret]")
    ] * expected


def test_a_drifted_value_that_is_not_known_yet_shows_what_was_declared_last() -> None:
    declared = {"environment": "staging", "variableName": "A", "value": "url"}
    live = e.state(e.VARIABLE, {**declared, "value": "other"})
    wanted = e.state(e.VARIABLE, {**declared, "value": e.UNKNOWN_VALUE})
    steps = [
        *e.step("refresh", e.VARIABLE, e.state(e.VARIABLE, declared), live, ("value",)),
        *e.step("update", e.VARIABLE, live, wanted, ("value",)),
    ]
    assert rows(steps) == [("drift", "GitHub environment variable staging/A", "value", "url", "other")]


def test_an_unchanged_estate_has_no_findings() -> None:
    assert rows(e.same(e.PROTECTION, PROTECTION), e.same(e.SERVICE, e.command("{}"))) == []


def test_a_refresh_that_changes_nothing_declared_is_no_finding() -> None:
    before = e.state(e.PROTECTION, PROTECTION, {**PROTECTION, "etag": "1"})
    met = e.state(e.PROTECTION, PROTECTION, {**PROTECTION, "etag": "2"})
    assert (
        rows([*e.step("refresh", e.PROTECTION, before, met, ("etag",)), *e.step("same", e.PROTECTION, met, met)]) == []
    )


def test_a_change_beside_the_vendors_objects_is_told_where_there_is_nothing_else() -> None:
    assert rows(e.step("create", e.COMPONENT, None, e.state(e.COMPONENT, {}))) == [
        ("not applied", "Pulumi protected branch staging", None, "exists", "does not exist")
    ]


def test_an_unknown_type_is_named_after_its_class() -> None:
    name = "marketedge:x:Y$github:index/teamRepository:TeamRepository::staging"
    (found,) = findings(e.redeclared(name, {"permission": "pull"}, {"permission": "push"}, "permission"))
    assert str(found.object) == "GitHub team repository staging"


REPORTED = {"stdout": json.dumps({"services": {"marketedge-platform-staging": {"id": "srv-1"}}})}


def commanded(
    old: dict[str, Any], new: dict[str, Any], *changed: str, name: str = e.SERVICE, outputs: dict[str, str] = REPORTED
) -> list[Any]:
    before, after = e.state(name, old, {**old, **outputs}), e.state(name, new)
    return [*e.step("refresh", name, before, before), *e.step("update", name, before, after, changed)]


def test_render_drift_comes_from_the_list_in_the_commands_environment() -> None:
    reasons = e.because(
        e.changed("env.CORS_ORIGINS"), e.changed("plan", "free", "starter"), Difference(kind=DriftKind.SUSPENDED)
    )
    steps = commanded(e.command("{}"), e.command("{}", reasons), "environment")
    thing = "Render service marketedge-platform-staging"
    assert rows(steps) == [
        ("drift", thing, None, "running", "suspended"),
        ("drift", thing, "env.CORS_ORIGINS", "as last applied", "changed by hand"),
        ("drift", thing, "plan", "free", "starter"),
    ]
    assert {found.seen for found in findings(steps)} == {e.SEEN}


@pytest.mark.parametrize("field", [None, "env.A", "domains.api.example.com", "fromGroup.staging env", "plan"])
@pytest.mark.parametrize("kind", DriftKind)
def test_every_kind_of_difference_of_every_field_has_a_row(kind: DriftKind, field: str | None) -> None:
    found = Difference(field=field, kind=kind)
    steps = commanded(e.command("{}"), e.command("{}", e.because(found)), "environment")
    ((_, (finding,)),) = of_objects(read(steps), {})
    is_drift, _, named, declared, live = row(finding)
    assert is_drift == ("drift" if found.is_drift else "not applied")
    assert named == field
    assert declared
    assert live
    assert declared != live


def test_what_is_declared_and_was_never_applied_is_no_drift() -> None:
    reasons = e.because(Difference(kind=DriftKind.UNMARKED), e.changed("env.NEW", kind=DriftKind.NOT_APPLIED))
    steps = commanded(e.command("{}"), e.command("{}", reasons), "environment")
    assert {one[0] for one in rows(steps)} == {"not applied"}


@pytest.mark.parametrize("value", ["a; plan: b → c", '"], "kind": "drift', "(last changed never, seen x)", "a\nb", "→"])
def test_a_value_may_hold_any_character(value: str) -> None:
    reasons = e.because(e.changed("buildCommand", value, f"{value}2"), since="2026-11-20T08:30:00Z")
    (found,) = findings(commanded(e.command("{}"), e.command("{}", reasons), "environment"))
    assert (found.declared, found.live) == (value, f"{value}2")
    assert found.since == datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


def group(*variables: dict[str, Any], **more: Any) -> str:
    return json.dumps({"envVarGroups": [{"name": "staging-env", "envVars": list(variables), **more}]})


def variable(key: str, **source: Any) -> dict[str, Any]:
    return {"key": key, **source}


def changed_group(old: str, new: str, *paths: str, environment: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    secrets = environment or {}
    found = rows(commanded(e.command(old, secrets), e.command(new, secrets), *paths, name=e.GROUP))
    return [one[2:] for one in found]


def test_each_variable_of_a_group_is_told_by_its_key_from_its_old_value_to_its_new_one() -> None:
    old = group(variable("LOG_LEVEL", value="DEBUG"), variable("GONE", value="1"), variable("DB", value="x"))
    new = group(
        variable("LOG_LEVEL", value="INFO"),
        variable("NEW", value="2"),
        variable("DB", fromDatabase={"name": "staging-db", "property": "host"}),
        variable("KEY", generateValue=True),
        variable("SECRET", fromEnvironment="SECRET_SECRET"),
    )
    assert changed_group(old, new, "stdin") == [
        ("env.DB", "host of staging-db", "x"),
        ("env.GONE", None, "1"),
        ("env.KEY", "generated by Render", None),
        ("env.LOG_LEVEL", "INFO", "DEBUG"),
        ("env.NEW", "2", None),
        ("env.SECRET", "[secret]", None),
    ]


def test_a_secret_that_changed_is_told_by_its_name() -> None:
    document = group(variable("REDIS_URL", fromEnvironment="SECRET_REDIS_URL"), variable("A", value="1"))
    secrets = {"SECRET_REDIS_URL": e.MASKED}
    found = changed_group(document, document, "environment.SECRET_REDIS_URL", environment=secrets)
    assert found == [("env.REDIS_URL", "[secret]", "[secret]")]


def test_a_service_is_told_that_its_group_has_other_contents() -> None:
    document = json.dumps({"services": [{"name": "s", "envVars": [{"fromGroup": "staging-env"}]}]})
    steps = commanded(e.command(document, {}), e.command(document, {}), "environment.CONTENTS_staging_2D_env")
    ((_, (found,)),) = of_objects(read(steps), {})
    assert row(found)[2:] == ("fromGroup.staging-env", "its new contents", "its contents as of the last up")
    other = commanded(e.command("{}"), e.command("{}", e.because(e.changed("env.A"))), "environment", name=e.GROUP)
    assert follow_ups(other, steps) == ["Render service marketedge-platform-staging"]


def test_what_an_earlier_look_found_stays_in_the_state_and_is_not_drift() -> None:
    old = e.because(e.changed("plan", "free", "starter"), seen=datetime(2026, 1, 1, tzinfo=UTC))
    document = {"services": [{"name": "s", "plan": "free", "envVars": [{"key": "A", "value": "1"}]}]}
    wanted = {"services": [{"name": "s", "plan": "free", "envVars": [{"key": "A", "value": "2"}]}]}
    steps = commanded(e.command(json.dumps(document), old), e.command(json.dumps(wanted), old), "stdin")
    assert rows(steps) == [("not applied", "Render service marketedge-platform-staging", "env.A", "2", "1")]


def test_a_sentence_that_an_older_program_left_is_not_read() -> None:
    assert load("plan: free → starter (last changed unknown, seen 2026-11-23T17:00:00+00:00)") == []


def test_a_field_that_drifted_and_is_declared_anew_is_one_row() -> None:
    old, new = ({"services": [{"name": "s", "plan": plan}]} for plan in ("free", "standard"))
    reasons = e.because(e.changed("plan", None, "starter"))
    steps = commanded(e.command(json.dumps(old)), e.command(json.dumps(new), reasons), "stdin", "environment")
    assert [(one[0], *one[2:]) for one in rows(steps)] == [("drift", "plan", "standard", "starter")]


def test_the_first_document_without_secrets_in_it_was_not_applied() -> None:
    outputs = {"stdout": json.dumps({"envVarGroups": {"staging-env": {"id": "evg-1"}}})}
    steps = commanded(e.command(e.MASKED), e.command("{}"), "stdin", name=e.GROUP, outputs=outputs)
    assert rows(steps) == [
        (
            "not applied",
            "Render environment group staging-env",
            "variables and settings",
            "shown from the next preview on",
            "[secret]",
        )
    ]


def test_a_document_that_waits_for_another_command_follows() -> None:
    drift = commanded(e.command("{}"), e.command("{}", e.because(e.changed("env.A"))), "environment", name=e.GROUP)
    waiting = commanded(e.command("{}"), e.command(e.UNKNOWN_VALUE), "stdin")
    assert follow_ups(drift, waiting) == ["Render service marketedge-platform-staging"]


def test_a_declared_render_object_that_was_never_made_is_not_drift() -> None:
    stdin = json.dumps({"services": [{"type": "keyvalue", "name": "redis"}]})
    inputs = e.command(stdin, e.because(Difference(kind=DriftKind.MISSING)))
    name = "marketedge:render:Backend$command:local:Command::redis"
    assert rows(e.step("create", name, None, e.state(name, inputs))) == [
        ("not applied", "Render key-value instance redis", None, "exists", "does not exist")
    ]


def test_errors_are_kept_once_without_prefix_and_without_traceback() -> None:
    traceback = "Program failed:\nTraceback (most recent call last):\n  File x, line 1\nValueError: no"
    preview = read(
        [
            e.error("Preview failed: 401"),
            e.error("401"),
            e.error(traceback),
            e.error("preview failed"),
            e.error("x", "debug"),
        ]
    )
    assert preview.problems == ["401", "ValueError: no"]
