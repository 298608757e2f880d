"""The documents, followed as their readers would: every command in them that can be typed here is typed.

One world for all of them, since each goes on where the one before it ended: GETTING_STARTED brings staging up and
adopts production, the others run what lives then.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from rehearsal import application
from rehearsal.application import Application
from rehearsal.estate import PROJECT, World, seed, world
from rehearsal.production import FRONTEND, SERVICE, Living, harm, seed_production
from rehearsal.releases import serving, tag_release
from rehearsal.rollout import configure
from tests.documents import Reader, blocks, reading

pytestmark = pytest.mark.e2e

DOCS = PROJECT / "docs"
DOCUMENTS = sorted([*DOCS.glob("*.md"), PROJECT / "README.md"])


@dataclass
class Desk:
    """Somebody's desk: the project, a clone of the application's repository, and what was printed so far."""

    stage: World
    reader: Reader
    before: Living
    printed: dict[str, str] = field(default_factory=dict)

    def types(self, commands: str) -> str:
        self.printed[commands] = printed = self.reader.types(commands)
        assert "Traceback" not in printed
        assert [secret for secret in self.stage.secret_values() if secret in printed] == []
        return printed

    def follows(self, document: str) -> list[str]:
        """Every block that is not done by hand. Returns: what each printed."""
        return [self.types(commands) for commands, by_hand in blocks(DOCS / document) if by_hand is None]

    def serving(self) -> tuple[str, str]:
        """The commits at Render and Vercel."""
        return serving(self.stage.render, self.stage.vendors)

    def production(self, key: str, value: object) -> None:
        configure(self.stage.project / "Pulumi.production.yaml", key, value)


def clone(folder: Path) -> Path:
    """The application's repository with its two branches, as a folder beside its origin."""
    origin, copy = folder / "origin.git", folder / "application"
    commands = [
        f"git init --quiet --bare --initial-branch main '{origin}'",
        f"git clone --quiet '{origin}' '{copy}' 2>/dev/null",
        f"cd '{copy}' && git config user.name test && git config user.email test@example.com",
        f"cd '{copy}' && git switch --quiet --create main && git commit --quiet --allow-empty --message first",
        f"cd '{copy}' && git push --quiet origin main main:staging && git fetch --quiet",
    ]
    subprocess.run(["bash", "-euc", "\n".join(f"({command})" for command in commands)], check=True)
    return copy


@pytest.fixture(scope="module")
def desk(pulumi_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("documents")
    with world(folder / "world", pulumi_cli, rate_limits=False) as stage:
        seed(stage.vendors)
        before = seed_production(stage)
        app = Application(stage.render, stage.vendors, SERVICE, FRONTEND)
        with application.serve(app) as (backend, frontend):
            addresses = {"BACKEND_URL": backend, "FRONTEND_URL": frontend, "APPLICATION": str(clone(folder))}
            with reading(stage, {**stage.secrets.stack, **addresses}) as reader:
                yield Desk(stage, reader, before)


@pytest.fixture(scope="module")
def started(desk: Desk) -> Desk:
    """Whoever has followed GETTING_STARTED."""
    for commands, by_hand in blocks(DOCS / "GETTING_STARTED.md"):
        if by_hand is not None:
            continue
        printed = desk.types(commands)
        if "gate adopt" in commands:
            desk.production("adopt", yaml.safe_load(printed.partition("marketedge:adopt:")[2]))
        elif commands.startswith("pulumi up --stack production"):
            desk.production("adopt", None)
    return desk


@pytest.fixture(scope="module")
def released(started: Desk) -> Desk:
    """Whoever has followed RELEASE_MANAGEMENT_GUIDE after that: its tag reaches GitHub before its second block."""
    sha = tag_release(started.stage.vendors, "v1.2.3")
    printed = "\n".join(started.follows("RELEASE_MANAGEMENT_GUIDE.md"))
    assert "v1.2.3 serves production" in printed
    assert started.serving() == (sha, sha)
    return started


def test_getting_started_leaves_two_living_stacks(started: Desk) -> None:
    assert harm(started.stage, started.before) == []
    started.types("pulumi preview --stack production --refresh --expect-no-changes")
    (adopted,) = (printed for commands, printed in started.printed.items() if "gate adopt" in commands)
    assert f"auth0:Client/production: {started.before.client_id}" in adopted


def test_the_rollback_procedures(released: Desk) -> None:
    vendors = released.stage.vendors
    first, second = tag_release(vendors, "v1.2.4"), tag_release(vendors, "v1.2.5")
    for name in ("v1.2.4", "v1.2.5"):
        released.types(f"python -m gate release {name}")
    assert released.serving() == (second, second)
    released.follows("ROLLBACK_PROCEDURES.md")
    assert released.serving() == (first, first)


def test_the_runbook(released: Desk) -> None:
    released.follows("DEPLOYMENT_RUNBOOK.md")
    reports = released.stage.project / "reports"
    assert {path.name for path in reports.glob("*.html")} == {"estate.html"}


def test_what_the_repositorys_workflows_run(released: Desk) -> None:
    released.follows("OPERATIONS.md")
    reports = released.stage.project / "reports"
    assert "staging" in (reports / "preview.md").read_text()
    assert json.loads((reports / "drift.json").read_text())["verdict"] == "clean"


def test_the_user_guide(released: Desk) -> None:
    released.follows("STAGING_GATE_USER_GUIDE.md")
    listed = subprocess.run(
        ["git", "ls-remote", "--refs", "origin"],
        cwd=Path(released.stage.folder).parent / "application",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {line.split("\t")[1] for line in listed.splitlines()} == {
        "refs/heads/main",
        "refs/heads/staging",
        "refs/heads/feature/my-feature",
        "refs/tags/v1.2.3",
        "refs/tags/v1.3.0",
    }


FOLLOWED = {
    *("GETTING_STARTED.md", "RELEASE_MANAGEMENT_GUIDE.md", "ROLLBACK_PROCEDURES.md", "DEPLOYMENT_RUNBOOK.md"),
    *("OPERATIONS.md", "STAGING_GATE_USER_GUIDE.md", "STATE.md"),  # the last one in test_state_document
}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_is_typed_by_a_test_or_says_why_not(path: Path) -> None:
    typed = any(by_hand is None for _commands, by_hand in blocks(path))
    assert typed is (path.name in FOLLOWED)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)#]*)(?:#[^)]*)?\)", text):
        if target and not target.startswith(("http://", "https://")) and not (path.parent / target).exists():
            broken.append(target)
    for target, anchor in re.findall(r"\]\(([^)#]*\.md)?#([^)]+)\)", text):
        if anchor not in anchors(path.parent / target if target else path):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def anchors(path: Path) -> set[str]:
    """Of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
