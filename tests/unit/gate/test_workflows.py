"""Delivering the workflows: one pull request, renewed by a rerun, and none where there is nothing to deliver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from gate.cli import main
from gate.upkeep.workflows import BEGIN, BRANCH, END, Difference, File, Names, compare, delivered, sync
from gate.vendors import Accounts
from gate.vendors.repository import Repository
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from tests.unit.gate.release_world import CREDENTIALS, REPOSITORY
from tests.unit.settings.stack_file import PROJECT, STACKS, StackFile


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}")
    estate.seed("github", "branch", repository=REPOSITORY, branch="staging", sha="a" * 40)
    return estate


@pytest.fixture
def vendors(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Iterator[vendor_api.Addresses]:
    with vendor_api.serve(estate, CREDENTIALS) as addresses:
        for name, value in {**CREDENTIALS, **addresses.environment}.items():
            monkeypatch.setenv(name, value)
        yield addresses


@pytest.fixture
def repository(vendors: vendor_api.Addresses) -> Iterator[Repository]:
    environ = {**CREDENTIALS, **vendors.environment, "GITHUB_OWNER": "zebra-devops"}
    with Accounts(environ) as accounts:
        yield Repository(accounts.github, REPOSITORY)


FILES = [File(".github/workflows/a.yml", "on: push\n"), File(".github/workflows/b.yml", "on: pull_request\n")]


def files(estate: Estate, branch: str) -> dict[str, str]:
    return {f["file"]: f["content"] for f in estate.find_all("github", "file", branch=branch)}


def seed_file(estate: Estate, path: str, content: str) -> None:
    estate.seed("github", "file", repository=REPOSITORY, branch="staging", file=path, content=content)


def names() -> Names:
    return Names.of(StackFile("staging").load().settings, StackFile("production").load().settings)


def test_the_shipped_workflows_have_the_shipped_names() -> None:
    """What the tests lint and execute is what is delivered."""
    workflows = {file.path: file.content for file in delivered(names()) if file.path.startswith(".github/workflows/")}
    assert len(workflows) == 6
    for path, content in workflows.items():
        assert content == (PROJECT / path.removeprefix(".github/")).read_text()


def test_another_teams_names_take_their_places() -> None:
    own = Names("next/1", "trunk", "on", "Live site", "rel-*", "pre-release", "https://next.harbor.example")
    found = {file.path.rpartition("/")[2]: file.content for file in delivered(own)}
    staging, release = found["staging-deploy.yml"], yaml.safe_load(found["production-deploy.yml"])
    assert yaml.safe_load(staging)[True]["push"] == {"branches": ["next/1"]}
    assert yaml.safe_load(staging)["jobs"]["deploy"]["environment"] == "on"
    assert release[True]["push"] == {"tags": ["rel-*"]}
    assert release["jobs"]["release"]["environment"] == "Live site"
    assert "Branch from `next/1`" in found["CONTRIBUTING.md"]
    assert "has tested it on https://next.harbor.example." in found["pull_request_template.md"]
    assert [name for name, text in found.items() if "zebra" in text.lower() or "marketedge" in text.lower()] == []


def test_everything_that_the_plan_names_is_delivered() -> None:
    assert [file.path for file in delivered(names())] == [
        ".github/actions/gate/action.yml",
        ".github/pull_request_template.md",
        ".github/workflows/production-deploy.yml",
        ".github/workflows/production-rollback.yml",
        ".github/workflows/production-smoke-tests.yml",
        ".github/workflows/production-watch.yml",
        ".github/workflows/staging-deploy.yml",
        ".github/workflows/staging-smoke-tests.yml",
        "CONTRIBUTING.md",
    ]


def test_what_is_missing_and_what_is_different_is_told_apart(estate: Estate, repository: Repository) -> None:
    seed_file(estate, FILES[1].path, "on: [push]\n")
    assert compare(repository, "staging", FILES) == [
        Difference(".github/workflows/a.yml", "missing"),
        Difference(".github/workflows/b.yml", "different"),
    ]


def test_one_pull_request_brings_what_differs_and_a_rerun_writes_nothing(
    estate: Estate, repository: Repository, vendors: vendor_api.Addresses
) -> None:
    seed_file(estate, FILES[1].path, "on: [push]\n")
    address = sync(repository, "staging", FILES)
    assert address == "https://github.com/zebra-devops/MarketEdge-Platform/pull/1"
    assert files(estate, BRANCH) == {file.path: file.content for file in FILES}
    assert files(estate, "staging") == {FILES[1].path: "on: [push]\n"}

    before = len(vendors.requests)
    assert sync(repository, "staging", FILES) == address
    assert [r for r in vendors.requests[before:] if r[1] != "GET"] == []


def test_an_open_pull_request_is_renewed(estate: Estate, repository: Repository) -> None:
    sync(repository, "staging", FILES)
    newer = [File(FILES[0].path, "on: release\n"), FILES[1]]
    assert sync(repository, "staging", newer) == "https://github.com/zebra-devops/MarketEdge-Platform/pull/1"
    assert files(estate, BRANCH)[FILES[0].path] == "on: release\n"
    assert len(estate.find_all("github", "pull_request")) == 1


def test_a_branch_that_an_earlier_pull_request_left_begins_anew(estate: Estate, repository: Repository) -> None:
    """Its commits would conflict with the squashed ones on the base."""
    sync(repository, "staging", FILES)
    with estate.edit("github") as objects:
        next(one for one in objects if one["type"] == "pull_request")["state"] = "closed"
        for one in objects:
            if one["type"] == "branch":
                one["sha"] = ("b" if one["branch"] == "staging" else "c") * 40
    seed_file(estate, "theirs.md", "since then\n")
    newer = [File(FILES[0].path, "on: release\n"), FILES[1]]
    assert sync(repository, "staging", newer) == "https://github.com/zebra-devops/MarketEdge-Platform/pull/2"
    assert files(estate, BRANCH) == {**{file.path: file.content for file in newer}, "theirs.md": "since then\n"}


def test_a_part_of_a_file_leaves_the_rest_as_it_is(estate: Estate, repository: Repository) -> None:
    part = File("CONTRIBUTING.md", "## New way\n", part=True)
    mine = f"{BEGIN}## New way\n{END}"
    assert part.beside(None) == mine
    seed_file(estate, part.path, f"# Ours\n\n{BEGIN}## Old way\n{END}\n## Also ours\n")
    assert compare(repository, "staging", [part]) == [Difference("CONTRIBUTING.md", "different")]
    sync(repository, "staging", [part])
    assert files(estate, BRANCH) == {"CONTRIBUTING.md": f"# Ours\n\n{mine}\n## Also ours\n"}
    assert compare(repository, BRANCH, [part]) == []
    assert part.beside("# Ours\n") == f"# Ours\n\n{mine}"


def test_nothing_to_deliver_makes_no_pull_request(estate: Estate, repository: Repository) -> None:
    for file in FILES:
        seed_file(estate, file.path, file.content)
    assert sync(repository, "staging", FILES) is None
    assert estate.find_all("github", "branch", branch=BRANCH) == []


def test_the_commands(
    vendors: vendor_api.Addresses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(STACKS)
    assert main(["workflows", "check", "--env", "staging"]) == 2
    assert "missing: .github/workflows/staging-deploy.yml" in capsys.readouterr().out
    assert main(["workflows", "sync", "--env", "staging"]) == 0
    assert "/pull/1" in capsys.readouterr().out


def test_without_a_token_it_says_what_to_export(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(STACKS)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    assert main(["workflows", "check", "--env", "staging"]) == 1
    assert "export GITHUB_TOKEN" in capsys.readouterr().err
