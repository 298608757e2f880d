"""What a reviewer reads of six typical changes: the comment and the screen, as files that people look at.

`UPDATE_GOLDEN=1 pytest tests/unit/gate/test_preview_golden.py` writes them anew; read the difference before you commit.
"""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pulumi.automation.events import EngineEvent
from rich.console import Console

from blueprint.fields import Difference, DriftKind
from gate.changes import look
from gate.changes.preview import PreviewReport
from tests.unit.gate import events as e
from tests.unit.gate.stack import FakeStack

GOLDEN = Path(__file__).with_name("golden")
AT = datetime(2026, 11, 23, 17, 5, tzinfo=UTC)
STACK = "pulumi:pulumi:Stack::marketedge-staging-gate-staging"
SERVICE_NAME = e.SERVICE.rpartition("::")[2]
DATABASE = "marketedge:render:Backend$command:local:Command::marketedge-staging-db"
PROJECT = "marketedge:vercel:Project$vercel:index/project:Project::production"
LINK = {"fromGroup": "staging-env"}
Json = dict[str, Any]


def document(section: str, **fields: Any) -> str:
    return json.dumps({section: [fields]})


def variables(**values: str) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def secret(key: str) -> Json:
    return {"key": key, "fromEnvironment": f"SECRET_{key}"}


def reported(name: str, section: str) -> dict[str, str]:
    return {"stdout": json.dumps({section: {name.rpartition("::")[2]: {"id": "x"}}})}


def command(
    name: str,
    section: str,
    old: str | None,
    new: str | None,
    *changed: str,
    environment: tuple[Json, Json] = ({}, {}),
) -> list[EngineEvent]:
    """The steps of a Render object's command. old, new: its document; None where there is none."""
    outputs = reported(name, section)
    was, will = (
        None if text is None else e.command(text, values) for text, values in zip((old, new), environment, strict=True)
    )
    before = e.state(name, was, {**(was or {}), **outputs})
    after = e.state(name, will, {**(will or {}), **outputs})
    op = "create" if before is None else "delete" if after is None else "update" if changed else "same"
    met = e.step("refresh", name, before, before) if before else []
    return [*met, *e.step(op, name, before, after, changed)]


def service(old: Json, new: Json, *changed: str, **options: Any) -> list[EngineEvent]:
    base = {"type": "web", "name": SERVICE_NAME, "plan": "free", "envVars": [LINK]}
    texts = (document("services", **{**base, **one}) for one in (old, new))
    return command(e.SERVICE, "services", *texts, *changed, **options)


def group(old: list[Json], new: list[Json], *changed: str, **options: Any) -> list[EngineEvent]:
    texts = (document("envVarGroups", name="staging-env", envVars=one) for one in (old, new))
    return command(e.GROUP, "envVarGroups", *texts, *changed, **options)


def outputs(before: Json | None, after: Json) -> list[EngineEvent]:
    old = None if before is None else e.state(STACK, {}, before)
    return e.step("same", STACK, old, e.state(STACK, {}, after))


def told(api: float = 0, **more: Any) -> Json:
    return {"phase": "infrastructure", "monthlyCostUsd": {"total": api, "parts": {SERVICE_NAME: api}}, **more}


def record(name: str) -> Json:
    return {"type": "CNAME", "name": name, "target": f"{SERVICE_NAME}.onrender.com", "ttlSeconds": 300}


RULE = "requiredStatusChecks[0].contexts"


def rule(*contexts: str, **more: Any) -> Json:
    return {"pattern": "main", "requiredStatusChecks": [{"contexts": list(contexts)}], "enforceAdmins": True, **more}


WARNED = "marketedge:auth0.webOrigins: https://*.vercel.app: anybody with a subdomain there can have users sent to them"

CHANGES: dict[str, list[EngineEvent]] = {
    "a_variable_of_the_group": [
        *group(
            [*variables(LOG_LEVEL="DEBUG", CADDY_PROXY_MODE="true"), secret("REDIS_URL")],
            [*variables(LOG_LEVEL="INFO", SENTRY_RATE="0.5"), secret("REDIS_URL")],
            "stdin",
            "environment.SECRET_REDIS_URL",
            environment=({"SECRET_REDIS_URL": e.MASKED}, {"SECRET_REDIS_URL": e.MASKED}),
        ),
        *service({}, {}, "environment.CONTENTS_staging_2D_env"),
        *outputs(told(warnings=[WARNED]), told(warnings=[WARNED])),
        e.error(WARNED, "warning"),
    ],
    "a_larger_plan_and_a_domain": [
        *service({}, {"plan": "starter", "domains": ["api.example.com"]}, "stdin"),
        *outputs(told(dnsRecords=[]), told(7, dnsRecords=[record("api.example.com")])),
    ],
    "weaker_rules_and_logins": [
        *e.redeclared(
            e.PROTECTION,
            rule("lint", "test", "staging-smoke-tests"),
            rule("lint", "test", allowsForcePushes=True),
            RULE,
            "allowsForcePushes",
        ),
        *e.redeclared(
            e.CLIENT,
            {"name": "MarketEdge", "callbacks": ["https://a.example.com/callback", "https://b.example.com/callback"]},
            {"name": "MarketEdge", "callbacks": ["https://a.example.com/callback"]},
            "callbacks",
        ),
        *outputs(told(), told()),
    ],
    "edits_by_hand_beside_a_new_declaration": [
        *service(
            {},
            {"healthCheckPath": "/ready"},
            "stdin",
            "environment",
            environment=(
                {},
                e.because(
                    e.changed("plan", "free", "starter"),
                    e.changed("env.RUN_MIGRATIONS"),
                    e.changed("env.ADDED", kind=DriftKind.UNDECLARED),
                    Difference(kind=DriftKind.SUSPENDED),
                    since="2026-11-20T08:30:00Z",
                ),
            ),
        ),
        *e.deleted(e.VARIABLE, {"environment": "staging", "variableName": "ENVIRONMENT", "value": "staging"}),
        *outputs(told(), told()),
        e.error("marketedge:render.database: the free database is deleted on 2026-12-25", "warning"),
    ],
    "back_to_the_foundation": [
        *command(DATABASE, "databases", document("databases", name="marketedge-staging-db"), None),
        *command(e.SERVICE, "services", document("services", name=SERVICE_NAME, envVars=[LINK]), None),
        *e.step("delete", e.VARIABLE, e.state(e.VARIABLE, {"environment": "staging", "variableName": "A"}), None),
        *outputs(told(7), told(0, phase="foundation")),
    ],
    "production_is_released_by_tag": [
        *service(
            {"ownership": "adopted", "autoDeployTrigger": "commit", "envVars": variables(AUTH0_AUDIENCE="a")},
            {"ownership": "adopted", "autoDeployTrigger": "off", "envVars": variables(AUTH0_AUDIENCE="b")},
            "stdin",
        ),
        *e.redeclared(
            PROJECT,
            {"name": "marketedge-frontend", "autoAssignCustomDomains": True},
            {"name": "marketedge-frontend", "autoAssignCustomDomains": False},
            "autoAssignCustomDomains",
        ),
        *outputs(told(phase="infrastructure"), told(phase="cutover")),
    ],
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_comment_and_the_screen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "described", lambda _environ: lambda _name: "1 GB, no backup")
    stack: Any = FakeStack(CHANGES[name])
    stack.name = "production" if name.startswith("production") else "staging"
    link = "https://github.com/o/r/actions/runs/5"
    report = PreviewReport(previewed_at=AT, commit="3f2a9c1" * 5 + "a0b1c", run=link, stacks=[look.preview(stack)])
    screen = io.StringIO()
    report.show(Console(file=screen, width=200))
    shown = {
        f"{name}.md": report.markdown(),
        f"{name}.txt": screen.getvalue(),
    }
    for file, text in shown.items():
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.mkdir(exist_ok=True)
            (GOLDEN / file).write_text(text)
        assert (GOLDEN / file).read_text() == text, f"{file} reads differently now: UPDATE_GOLDEN=1 writes it anew"
