"""This repository's own workflows, executed with act on the real program and engine in a rehearsal's world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .own import OwnWorld, own_world
from .running import Done

pytestmark = pytest.mark.e2e

MAIN = {"ref": "refs/heads/main"}


@pytest.fixture
def own(tmp_path: Path, tools: Path, pulumi_cli: Path) -> Iterator[OwnWorld]:
    with own_world(tmp_path, tools, pulumi_cli) as made:
        yield made


def pull_request(repository: str = "zebra-devops/staging-gate", author: str = "octocat") -> dict[str, Any]:
    head = {"ref": "change", "sha": "a" * 40, "repo": {"full_name": repository}}
    return {
        "number": 7,
        "pull_request": {"number": 7, "head": head, "base": {"ref": "main"}, "user": {"login": author}},
    }


def output(own: OwnWorld, done: Done, *, good: bool = True) -> str:
    text = done.stdout + done.stderr
    assert (done.returncode == 0) is good, text
    assert [secret for secret in own.world.secret_values() if secret in text] == []
    return text


def edit_protection(own: OwnWorld, *, enforced: bool) -> None:
    """Somebody in GitHub's settings."""
    with own.world.vendors.edit("github") as objects:
        next(o for o in objects if o["type"] == "branch_protection")["enforceAdmins"] = enforced


def test_staging_from_the_first_pull_request_to_a_healed_drift(own: OwnWorld) -> None:
    both = '["staging", "production"]'
    output(own, own.act("pull_request", "preview", pull_request(), GATE_STACKS=both), good=False)
    (comment,) = own.comments(7)
    assert [stack for stack in ("staging", "production") if f"pulumi stack init {stack}" not in comment] == []

    own.pulumi("stack", "init", "staging")
    for name, value in own.world.secrets.stack.items():
        path = f"marketedge:secrets.{name}"
        own.pulumi("config", "set", "--stack", "staging", "--secret", "--path", path, value)
    output(own, own.act("push", "up", MAIN))
    app = "GitHub App: zebra-devops/MarketEdge-Platform"
    assert own.asked_for.read_text().splitlines() == [f"{app}, contents read", f"{app}, contents write"]
    assert own.world.vendors.find_all("github", "branch_protection") != []

    settings = own.world.project / "Pulumi.staging.yaml"
    declared = settings.read_text()
    settings.write_text(declared.replace("plan: free # or starter", "plan: starter # or"))
    output(own, own.act("pull_request", "preview", pull_request()))
    (comment,) = own.comments(7)
    assert "Cost at Render: $0 → $14 a month (+$14)" in comment, "the service, and a preview of it"
    assert "Vercel is left out of this preview: VERCEL_API_TOKEN not set" in comment
    assert "Render was not read: RENDER_API_KEY not set" in comment
    assert "| Render | update | service marketedge-platform-staging | `plan` | `free` | `starter` |" in comment
    settings.write_text(declared)

    edit_protection(own, enforced=False)
    for _ in range(2):
        output(own, own.act("schedule", "drift", {}))
        assert own.issues() == [(8, "open", "Drift check: staging has drifted: 1 difference outside Pulumi")]
        assert own.comments(8) == []
    edit_protection(own, enforced=True)
    output(own, own.act("schedule", "drift", {}))
    assert [(number, state) for number, state, _ in own.issues()] == [(8, "closed")]


def test_a_check_that_cannot_be_done_fails_and_is_said(own: OwnWorld) -> None:
    text = output(own, own.act("schedule", "drift", {}), good=False)
    assert "pulumi stack init staging" in text
    assert own.issues() == [(8, "open", "Drift check: staging could not be checked")]


@pytest.mark.parametrize(
    "event", [pull_request("stranger/staging-gate"), pull_request(author="dependabot[bot]")], ids=["fork", "dependabot"]
)
def test_nothing_with_secrets_runs_for_a_strangers_pull_request(own: OwnWorld, event: dict[str, Any]) -> None:
    text = output(own, own.act("pull_request", "preview", event))
    assert "is given no secrets, and nothing was previewed" in text
    assert "Preview the stacks" not in text
    assert own.asked_for.read_text() == ""
    assert own.comments(7) == []


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("PULUMI_BACKEND_URL", "Set the repository's variable PULUMI_BACKEND_URL or PULUMI_ORGANIZATION"),
        ("APPLICATION_REPOSITORY", "Set the variable APPLICATION_REPOSITORY"),
    ],
)
def test_a_variable_that_is_not_set_is_named_before_any_credential_is_asked_for(
    own: OwnWorld, variable: str, message: str
) -> None:
    assert message in output(own, own.act("schedule", "drift", {}, **{variable: ""}), good=False)
    assert own.asked_for.read_text() == ""


def test_short_lived_credentials_are_asked_for_where_the_settings_name_who_gives_them(own: OwnWorld) -> None:
    cloud = {"PULUMI_ORGANIZATION": "zebra", "AWS_ROLE_ARN": "arn:aws:iam::1:role/gate", "AWS_REGION": "eu-west-1"}
    # The world's state lies in a folder, which has no organizations: the run ends there.
    output(own, own.act("push", "up", MAIN, without="GATE_APP_PRIVATE_KEY", GATE_APP_ID="", **cloud), good=False)
    assert own.asked_for.read_text().splitlines() == ["Pulumi Cloud: zebra", "AWS: arn:aws:iam::1:role/gate"]
