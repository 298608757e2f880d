"""What is done around a release: the database before it, notes and the way back to staging after it, and hotfixes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from components.accounts.api import Api, VendorError
from gate.cli import main
from gate.release.database import DatabaseBackup, MigrationList
from gate.release.release import release
from gate.release.report import ReleaseReport
from gate.vendors.render import Jobs
from rehearsal.vendor_api import github_git
from tests.unit.gate.release_world import REPOSITORY, SERVICE, ReleaseWorld, Verdict, release_world
from tests.unit.gate.test_release import go, problems, released
from tests.unit.gate.test_release_command import Told, told
from tests.unit.gate.test_release_command import world as command_world

__all__ = ["command_world", "told"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


def with_database(world: ReleaseWorld, tag: str, plan: str, hours: int = 24, name: str = "db") -> ReleaseReport:
    """A release where production has a database of this plan."""
    with world.environment() as environment:
        session = environment.backend._session
        body = {"name": "db", "ownerId": "tea-1", "plan": plan, "version": "16", "region": "oregon"}
        if not world.render.estate.postgres:
            session.client.post("/postgres", body)
        return release(
            tag, dataclasses.replace(environment, database=DatabaseBackup(session, name, hours)), world.budget()
        )


def exports(world: ReleaseWorld) -> list[str]:
    return [write for write in world.writes() if write.endswith("/export")]


def titles(report: ReleaseReport) -> str:
    return "\n".join(title for title, _problem in report.conditions)


def test_a_database_with_recovery_points_has_a_way_back(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    report = with_database(world, "v1.0.0", "basic_256mb")
    assert (report.outcome, exports(world)) == ("done", [])
    assert "the database has a way back: recovery to any moment since 20" in titles(report)


@pytest.fixture
def without_recovery(world: ReleaseWorld) -> None:
    """A paid database whose first backup is still being made."""
    world.render.estate.recovery_status = "BACKUP_NOT_READY"


@pytest.mark.usefixtures("without_recovery")
def test_an_export_is_taken_where_none_is_young_enough(world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.release.database.datetime", Frozen(world))
    world.tagged("v1.0.0")
    assert with_database(world, "v1.0.0", "basic_256mb").outcome == "done"
    assert len(exports(world)) == 1
    world.tagged("v1.1.0")
    assert "an export of " in titles(with_database(world, "v1.1.0", "basic_256mb"))
    assert len(exports(world)) == 1
    world.sleep(25 * 3600)
    world.tagged("v1.2.0")
    assert with_database(world, "v1.2.0", "basic_256mb").outcome == "done"
    assert len(exports(world)) == 2


class Frozen:
    """The clock of the simulators."""

    def __init__(self, world: ReleaseWorld) -> None:
        self._world = world

    def now(self, _zone: object) -> datetime:
        return datetime.fromtimestamp(self._world.time[0], UTC)


@pytest.mark.parametrize(
    ("plan", "name", "said"),
    [("free", "db", "free databases have no backups"), ("free", "other", "Render has no database other")],
)
def test_without_a_way_back_nothing_is_changed(world: ReleaseWorld, plan: str, name: str, said: str) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    report = with_database(world, "v1.1.0", plan, name=name)
    assert (report.outcome, world.serving(), len(world.states())) == ("refused", (good, good), 1)
    assert any(said in problem for problem in problems(report))


def file(name: str, status: str = "added", text: str = "", **more: str) -> dict[str, str]:
    """One of the changed files that GitHub lists. Args: text: a line that is new in it."""
    return {"filename": name, "status": status, "patch": f"@@ -0,0 +1 @@\n+{text}", **more}


def test_the_migrations_that_a_release_brings_are_told(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    folder = "database/migrations"
    files = (
        file(f"{folder}/0042_users.py", text="# reversible: yes"),
        file(f"{folder}/0043_drop.py", text='"""Drops a table. Reversible: no"""'),
        file(f"{folder}/0044_more.py", text="# is this reversible?"),
        file(f"{folder}/0001_first.py", "removed"),
        file(f"{folder}/0002_new_name.py", "renamed", previous_filename=f"{folder}/0002_old_name.py"),
        file(f"{folder}/0003_typo.py", "modified"),
        file(f"{folder}/0045_from_a_draft.py", "renamed", previous_filename="drafts/users.py"),
        "app/migrations.py",
    )
    github_git.tag(world.estate, REPOSITORY, "v1.1.0", world.push(files=files))
    report = go(world, "v1.1.0")
    assert (
        "it brings 4 migrations, which no rollback undoes: 0042_users.py (reversible), 0043_drop.py (not reversible), "
        "0044_more.py (reversible or not: not said), 0045_from_a_draft.py (reversible or not: not said)"
    ) in titles(report)
    assert report.as_json()["migrations"][:2] == [
        {"name": "0042_users.py", "reversible": True},
        {"name": "0043_drop.py", "reversible": False},
    ]
    world.tagged("v1.2.0")
    assert "it brings no migration" in titles(go(world, "v1.2.0"))


def listed(world: ReleaseWorld, tag: str, after: list[str]) -> ReleaseReport:
    """Release with a command that lists the migrations; what it prints changes when the new build serves."""
    command = "alembic history"

    def smoke(_seconds: float) -> Verdict:
        world.render.estate.job_output[command] = after
        return Verdict(True)

    with world.environment(smoke) as environment:
        session = environment.backend._session
        with_list = dataclasses.replace(environment, migration_list=MigrationList(Jobs(session, SERVICE), command))
        return release(tag, with_list, world.budget())


def test_a_command_lists_the_migrations_before_and_after(world: ReleaseWorld) -> None:
    world.render.estate.job_output["alembic history"] = ["0041 -> 0042, users"]
    world.tagged("v1.0.0")
    report = listed(world, "v1.0.0", ["0041 -> 0042, users", "0042 -> 0043, drop (reversible: no)"])
    assert report.outcome == "done"
    assert report.as_json()["migrations"] == [{"name": "0042 -> 0043, drop", "reversible": False}]
    assert report.advice[0].endswith("which no rollback undoes: 0042 -> 0043, drop (not reversible)")


def test_a_list_that_cannot_be_made_holds_up_no_release(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    world.render.faults.add(kind=400, method="POST", path="*/jobs")
    assert listed(world, "v1.0.0", []).outcome == "done"
    assert any("the migrations are not listed" in line for line in world.said)


def test_a_release_gets_notes_and_its_merge_goes_back_to_staging(world: ReleaseWorld) -> None:
    world.estate.seed("github", "branch", repository=REPOSITORY, branch="staging", sha="0" * 40)
    world.tagged("v1.0.0")

    def run() -> ReleaseReport:
        with world.environment() as environment:
            return release("v1.0.0", dataclasses.replace(environment, back_to="staging"), world.budget())

    report = run()
    (notes,) = world.estate.find_all("github", "release")
    assert (notes["tag_name"], notes["body"].startswith("## What's Changed")) == ("v1.0.0", True)
    (pull,) = world.estate.find_all("github", "pull_request")
    assert [line.partition(": ")[0] for line in report.advice] == [
        "Serves at",
        "Release notes",
        "Bring main back to staging",
    ]
    assert run().advice == report.advice
    assert (len(world.estate.find_all("github", "release")), world.estate.find_all("github", "pull_request")) == (
        1,
        [pull],
    )


def test_what_cannot_be_done_after_a_release_is_said_and_changes_nothing(
    world: ReleaseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = world.tagged("v1.0.0")
    real = Api.send

    def refuse(self: Api, method: str, path: str, *arguments: Any, **options: Any) -> Any:
        if path.endswith("/releases"):
            raise VendorError("GitHub refuses it")
        return real(self, method, path, *arguments, **options)

    monkeypatch.setattr(Api, "send", refuse)
    report = go(world, "v1.0.0")
    assert (report.outcome, world.serving()) == ("done", (sha, sha))
    assert report.advice[1:] == ["The release notes could not be written: GitHub refuses it"]


def test_a_hotfix_goes_past_staging_and_says_so_everywhere(
    command_world: ReleaseWorld, told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    sha = command_world.tagged("v1.0.1", smoked=False)
    assert main(["release", "v1.0.1"]) == 1
    assert main(["hotfix", "v1.0.1", "--reason", "login is down, ticket 123"]) == 0
    assert command_world.serving() == (sha, sha)
    assert told.texts[-1] == "hotfix v1.0.1: done (past staging: login is down, ticket 123)"
    said = "skipped: staging passed its smoke tests (staging-smoke-tests), hotfix: login is down, ticket 123"
    assert said in capsys.readouterr().out
    (record,) = command_world.estate.find_all("github", "deployment")
    assert (record["payload"]["hotfix"], record["creator"]) == ("login is down, ticket 123", "the-gate")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["v1.0.0", "--reason", "login is down"], "staging has passed its smoke tests: use gate release"),
        (["v1.0.0", "--reason", "urgent"], "--reason says too little"),
        (["1.0.0", "--reason", "login is down"], "is not a release tag"),
    ],
)
def test_a_hotfix_does_not_happen_by_accident(
    command_world: ReleaseWorld, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    command_world.tagged("v1.0.0")
    assert main(["hotfix", *arguments]) == 1
    assert said in capsys.readouterr().out
    assert command_world.states() == []


def test_a_hotfix_that_does_not_work_is_rolled_back(command_world: ReleaseWorld) -> None:
    good = command_world.tagged("v1.0.0")
    assert main(["release", "v1.0.0"]) == 0
    command_world.unhealthy.add(command_world.tagged("v1.0.1", smoked=False))
    assert main(["hotfix", "v1.0.1", "--reason", "login is down"]) == 3
    assert command_world.serving() == (good, good)
