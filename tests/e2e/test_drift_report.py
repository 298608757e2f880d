"""`gate drift` on the real engine: a clean stack, edits out of band, healed, edited again; declared and not applied."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest import mock
from unittest.mock import ANY

import pytest
import yaml
from pulumi.automation import CommandError
from pulumi.automation.events import OpType
from rich.console import Console

from blueprint.workspace import connect
from gate import cli
from gate.changes.drift import DriftReport
from gate.common.errors import StackUnavailable
from gate.stack.project import open_stack
from rehearsal.engine import Engine, inhabit
from rehearsal.estate import World
from rehearsal.plugins.estate import Object
from tests.e2e.stage import changes, staging, writes

pytestmark = pytest.mark.e2e

STRANGER = "https://stranger.example.com/callback"
APPLICATION = "Auth0 application MarketEdge Platform (staging)"
PROTECTION = "GitHub branch protection staging"
GROUP = "Render environment group staging-env"
SERVICE = "Render service marketedge-platform-staging"

Row = tuple[str, str, str | None, Any, Any]


@dataclass
class Living:
    """A staging stack that is up, and a folder for reports."""

    stage: World
    engine: Engine
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def drift(self) -> tuple[int, dict[str, Any]]:
        """`python -m gate drift --env staging --json --report …`, whose two JSON outputs are the same."""
        with inhabit(self.stage), mock.patch("gate.stack.project.open_stack", return_value=self.engine.stack):
            code = cli.main(["drift", "--env", "staging", "--json", "--report", str(self.folder)])
        printed = self.capsys.readouterr()
        report = json.loads(printed.out)
        assert report == json.loads((self.folder / "drift.json").read_text())
        everything = printed.out + printed.err + self.markdown()
        assert self.leaks(everything) == []
        assert "Traceback" not in everything
        return code, report

    def leaks(self, text: str) -> list[str]:
        return [secret for secret in self.stage.secret_values() if secret in text]

    def printed(self, report: dict[str, Any]) -> str:
        """What people see of it, on a terminal and elsewhere."""
        shown = DriftReport.model_validate(report)
        shown.show(Console(force_terminal=True, width=200))
        shown.show(Console())
        text = self.capsys.readouterr().out
        assert text.count("staging has drifted") == 2
        return text

    def markdown(self) -> str:
        return (self.folder / "drift.md").read_text()

    def heal(self) -> None:
        self.engine.up(refresh=True)


@pytest.fixture(scope="module")
def stack(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Engine]]:
    with staging(tmp_path_factory.mktemp("drift") / "world", pulumi_cli) as (stage, engine):
        engine.up()
        yield stage, engine


@pytest.fixture
def living(stack: tuple[World, Engine], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Living:
    return Living(*stack, tmp_path, capsys)


def rows(report: dict[str, Any]) -> list[Row]:
    return [
        (
            finding["kind"],
            "{vendor} {type} {name}".format(**finding["object"]),
            finding["field"],
            finding["declared"],
            finding["live"],
        )
        for finding in report["findings"]
    ]


def one(objects: list[Object], **properties: Any) -> Object:
    (found,) = (o for o in objects if properties.items() <= o.items())
    return found


def edit_everything(stage: World) -> None:
    """What people do in five dashboards in a hurry."""
    with stage.vendors.edit("github") as objects:
        rule = one(objects, type="branch_protection")
        rule["enforceAdmins"] = False
        rule["requiredStatusChecks"][0]["contexts"].remove("zebra-protection-gate")
        one(objects, variableName="AUTH0_AUDIENCE").update(
            {"value": "elsewhere", "updatedAt": "2030-01-02T03:04:05+00:00"}
        )
        objects.remove(one(objects, variableName="ENVIRONMENT"))
        one(objects, secretName="AUTH0_CLIENT_SECRET")["remoteUpdatedAt"] = "2030-01-02T03:04:05+00:00"
    with stage.vendors.edit("auth0") as objects:
        one(objects, type="client")["callbacks"].append(STRANGER)
    with stage.vendors.edit("vercel") as objects:
        one(objects, key="NEXT_PUBLIC_DEBUG_MODE")["value"] = "false"
    estate = stage.render.estate
    service = estate.find_service("marketedge-platform-staging")
    service["serviceDetails"]["plan"] = "starter"
    estate.env_vars[service["id"]]["ENVIRONMENT"] = "production"
    estate.env_vars[service["id"]]["ADDED"] = "by hand"
    estate.custom_domains.clear()
    variables = estate.find_env_group("staging-env")["envVars"]
    one(variables, key="REDIS_URL")["value"] = stage.secrets.passphrase


EVERYTHING: list[Row] = [
    ("drift", APPLICATION, "callbacks", ANY, ANY),
    ("drift", PROTECTION, "enforce_admins", True, False),
    (
        "drift",
        PROTECTION,
        "required_status_checks.contexts",
        ["Database Migration Test", "zebra-protection-gate"],
        ["Database Migration Test"],
    ),
    ("drift", "GitHub environment secret staging/AUTH0_CLIENT_SECRET", "value", "[secret]", "[secret]"),
    ("drift", "GitHub environment variable staging/AUTH0_AUDIENCE", "value", ANY, "elsewhere"),
    ("drift", "GitHub environment variable staging/ENVIRONMENT", None, "exists", "does not exist"),
    ("drift", GROUP, "env.REDIS_URL", "as last applied", "changed by hand"),
    ("drift", SERVICE, "domains.staging-api.zebra.associates", "as last applied", "removed by hand"),
    ("drift", SERVICE, "env.ADDED", "not declared", "added by hand"),
    ("drift", SERVICE, "env.ENVIRONMENT", "as last applied", "changed by hand"),
    ("drift", SERVICE, "plan", "free", "starter"),
    ("drift", "Vercel variable NEXT_PUBLIC_DEBUG_MODE", "value", "true", "another value, which the provider hides"),
]
"""What those edits are to be reported as, and nothing else; ANY where the value is looked at elsewhere."""


def test_a_clean_stack_is_0_and_has_a_report_too(living: Living) -> None:
    code, report = living.drift()
    assert (code, report["verdict"], report["findings"], report["followUps"]) == (0, "clean", [], [])
    assert "staging is clean" in living.markdown()


def test_every_edit_is_one_row_before_and_after_it_is_healed_and_made_again(living: Living) -> None:
    edit_everything(living.stage)
    code, report = living.drift()
    assert code == 2
    assert rows(report) == EVERYTHING
    living.heal()
    assert living.drift()[0] == 0
    edit_everything(living.stage)
    before = (living.engine.state(), changes(living.stage), writes(living.stage))
    code, again = living.drift()
    assert code == 2
    assert rows(again) == EVERYTHING
    assert (living.engine.state(), changes(living.stage), writes(living.stage)) == before, "a check changes nothing"

    callbacks = again["findings"][0]
    assert set(callbacks["live"]) - set(callbacks["declared"]) == {STRANGER}
    since = {finding["since"] for finding in again["findings"] if finding["object"]["type"].startswith("environment ")}
    assert "2030-01-02T03:04:05Z" in since
    assert {one["seen"] is not None for one in again["findings"] if one["object"]["vendor"] == "Render"} == {True}
    assert f"| {PROTECTION} | `enforce_admins` | `true` | `false` | unknown |" in living.markdown()
    assert living.leaks(living.printed(again)) == []
    living.heal()


def test_a_deleted_object_is_one_row(living: Living) -> None:
    with living.stage.vendors.edit("github") as objects:
        objects.remove(one(objects, type="branch_protection"))
    service = living.stage.render.estate.find_service("marketedge-platform-staging")
    with inhabit(living.stage), connect(os.environ, print) as session:
        session.client.delete(f"/services/{service['id']}")
    code, report = living.drift()
    assert code == 2
    assert rows(report) == [
        ("drift", PROTECTION, None, "exists", "does not exist"),
        ("drift", SERVICE, None, "exists", "does not exist"),
    ]
    living.heal()


def test_what_is_declared_and_not_applied_is_told_apart_from_drift(living: Living) -> None:
    path = living.stage.project / "Pulumi.staging.yaml"
    before = path.read_text()
    content = yaml.safe_load(before)
    config = content["config"]
    config["marketedge:github"]["protection"]["requiredApprovals"] = 2
    config["marketedge:render"]["service"]["healthCheckPath"] = "/ready"
    config["marketedge:vercel"]["variables"].append({"key": "NEXT_PUBLIC_NEW", "value": "1"})
    path.write_text(yaml.safe_dump(content))
    reviews = "required_pull_request_reviews.required_approving_review_count"
    waiting: list[Row] = [
        ("not applied", PROTECTION, reviews, 2, 1),
        ("not applied", SERVICE, "healthCheckPath", "/ready", "/health"),
        ("not applied", "Vercel variable NEXT_PUBLIC_NEW", None, "exists", "does not exist"),
    ]
    code, report = living.drift()
    assert (code, report["verdict"]) == (2, "not applied")
    assert rows(report) == waiting

    with living.stage.vendors.edit("auth0") as objects:
        one(objects, type="client")["callbacks"].append(STRANGER)
    code, report = living.drift()
    assert (code, report["verdict"]) == (2, "drift")
    assert rows(report) == [EVERYTHING[0], *waiting]
    path.write_text(before)


def test_the_stack_of_a_project_is_opened_by_its_name(
    living: Living, pulumi_cli: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKETEDGE_PULUMI", str(pulumi_cli))
    project = str(living.stage.project)
    with inhabit(living.stage):
        assert open_stack("staging", project).name == "staging"
        with pytest.raises(StackUnavailable, match=r"there is no .*Pulumi.green.yaml: name one of production, staging"):
            open_stack("green", project)


def test_a_preview_without_a_vendors_credentials_never_shows_its_objects_as_deleted(living: Living) -> None:
    given = dict(living.stage.environment)
    try:
        living.stage.environment.update({"GITHUB_TOKEN": "", "VERCEL_API_TOKEN": ""})
        with pytest.raises(CommandError) as error:
            living.engine.preview()
        told = "PREVIEW_WITHOUT=github,vercel pulumi preview --exclude '**github:**' --exclude '**vercel:**'"
        assert told in str(error.value)
        living.stage.environment["PREVIEW_WITHOUT"] = "github,vercel"
        found = living.engine.preview(exclude=["**github:**", "**vercel:**"]).change_summary
        assert OpType.DELETE not in found
    finally:
        living.stage.environment.clear()
        living.stage.environment.update(given)


def test_what_cannot_be_checked_is_1_with_one_clear_text(living: Living) -> None:
    variables = cast(dict[str, str], living.engine.stack.workspace.env_vars)
    given = dict(variables)
    try:
        for name, value, message in (
            ("RENDER_API_KEY", "rnd_that_is_not_one", "Render answered 401"),
            ("GITHUB_TOKEN", "", "GitHub: export GITHUB_TOKEN"),
            ("PULUMI_CONFIG_PASSPHRASE", "another-passphrase", "incorrect passphrase"),
        ):
            variables.update({**given, name: value})
            living.stage.environment[name] = value
            code, report = living.drift()
            assert (code, report["verdict"], report["findings"]) == (1, "error", [])
            assert message in report["error"]
            assert report["error"].count(message) == 1
            assert message in living.markdown()
            living.stage.environment[name] = given[name]
    finally:
        living.stage.environment.update(given)
        variables.update(given)
