"""Delivering the workflows: one pull request, renewed by a rerun, and none where there is nothing to deliver."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.accounts import Accounts
from components.accounts.repository import Repository
from gate.cli import main
from gate.common.errors import GateError
from gate.stack.target import load_settings
from gate.upkeep.delivery import EARLIER, TITLE, Destination, deliver, delivery_branch, destinations
from gate.upkeep.workflows import BEGIN, END, File, Names, WorkflowDifference, compare, delivered
from gate.upkeep.workflows import names as names_of
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.vendor_api import github_git
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
        yield accounts.repository(REPOSITORY)


FILES = [File(".github/workflows/a.yml", "on: push\n"), File(".github/workflows/b.yml", "on: pull_request\n")]


BRANCH = delivery_branch("staging")


def sync(repository: Repository, base: str, files: list[File]) -> str | None:
    """What is delivered to one branch alone."""
    return deliver(repository, [Destination(base)], files).branches[0].pull_request


def files(estate: Estate, branch: str) -> dict[str, str]:
    return {f["file"]: f["content"] for f in estate.find_all("github", "file", branch=branch)}


def seed_file(estate: Estate, path: str, content: str) -> None:
    estate.seed("github", "file", repository=REPOSITORY, branch="staging", file=path, content=content)


def names() -> Names:
    return Names.of(StackFile("staging").load().settings, StackFile("production").load().settings)


def test_the_shipped_workflows_have_the_shipped_names() -> None:
    """What the tests lint and execute is what is delivered."""
    workflows = {file.path: file.content for file in delivered(names()) if file.path.startswith(".github/workflows/")}
    assert len(workflows) == 9
    for path, content in workflows.items():
        assert content == (PROJECT / path.removeprefix(".github/")).read_text()


def test_another_teams_names_take_their_places() -> None:
    own = Names("next/1", "trunk", "on", "Live site", "rel-*", "pre-release", "https://next.example", "*/15 * * * *")
    found = {file.path.rpartition("/")[2]: file.content for file in delivered(own)}
    staging, release = found["staging-deploy.yml"], yaml.safe_load(found["production-deploy.yml"])
    assert yaml.safe_load(staging)[True]["push"] == {"branches": ["next/1"]}
    assert yaml.safe_load(staging)["jobs"]["deploy"]["environment"] == "on"
    assert release[True]["push"] == {"tags": ["rel-*"]}
    about = yaml.safe_load(found["pull-request.yml"])["jobs"]["pull-request"]["env"]
    assert (about["STAGING_BRANCH"], about["PRODUCTION_BRANCH"]) == ("next/1", "trunk")
    assert release["jobs"]["release"]["environment"] == "Live site"
    looks = yaml.safe_load(found["production-watch.yml"])[True]["schedule"]
    assert looks == [{"cron": "*/15 * * * *"}, {"cron": "17 5 * * 1-5"}]
    assert "Branch from `next/1`" in found["CONTRIBUTING.md"]
    assert "has tested it on https://next.example." in found["pull_request_template.md"]
    assert [name for name, text in found.items() if "zebra" in text.lower() or "marketedge" in text.lower()] == []


def test_everything_that_the_plan_names_is_delivered() -> None:
    assert [file.path for file in delivered(names())] == [
        ".github/actions/gate/action.yml",
        ".github/pull_request_template.md",
        ".github/workflows/gate-did-not-run.yml",
        ".github/workflows/production-deploy.yml",
        ".github/workflows/production-rollback.yml",
        ".github/workflows/production-smoke-tests.yml",
        ".github/workflows/production-watch.yml",
        ".github/workflows/pull-request.yml",
        ".github/workflows/release-metrics.yml",
        ".github/workflows/staging-deploy.yml",
        ".github/workflows/staging-smoke-tests.yml",
        "CONTRIBUTING.md",
    ]


def test_what_is_missing_and_what_is_different_is_told_apart(estate: Estate, repository: Repository) -> None:
    seed_file(estate, FILES[1].path, "on: [push]\n")
    assert compare(repository, "staging", FILES) == [
        WorkflowDifference(".github/workflows/a.yml", "missing"),
        WorkflowDifference(".github/workflows/b.yml", "different"),
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
    assert compare(repository, "staging", [part]) == [WorkflowDifference("CONTRIBUTING.md", "different")]
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


def merge(estate: Estate, number: int) -> None:
    """What a person does with a pull request: the base has its files then."""
    with estate.edit("github") as objects:
        pull = next(one for one in objects if (one["type"], one.get("number")) == ("pull_request", number))
        pull["state"] = "closed"
    github_git.merge_files(estate, REPOSITORY, pull["head"], pull["base"])


@pytest.fixture
def estate_of_two(tmp_path: Path, estate: Estate, monkeypatch: pytest.MonkeyPatch) -> Estate:
    """Both branches, and the two stack files in the current folder."""
    estate.seed("github", "branch", repository=REPOSITORY, branch="main", sha="e" * 40)
    for file in STACKS.glob("Pulumi*.yaml"):
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return estate


def cut_over(folder: Path) -> None:
    file = folder / "Pulumi.production.yaml"
    config = yaml.safe_load(file.read_text())
    config["config"]["marketedge:phase"] = "cutover"
    file.write_text(yaml.safe_dump(config))


def synced(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["workflows", "sync", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


PULL = "https://github.com/zebra-devops/MarketEdge-Platform/pull/"
HAS_THEM = "has the current version of every workflow"


def test_before_the_cutover_each_branch_gets_a_pull_request_of_its_own(
    estate_of_two: Estate, vendors: vendor_api.Addresses, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [f"staging: {PULL}1 to be merged", f"main: {PULL}2 to be merged"]
    assert synced(capsys) == told
    assert synced(capsys) == told
    ends = [(one["head"], one["base"]) for one in estate_of_two.find_all("github", "pull_request")]
    assert ends == [(delivery_branch("staging"), "staging"), (delivery_branch("main"), "main")]
    merge(estate_of_two, 1)
    assert synced(capsys) == [f"staging: {HAS_THEM}", told[1]]
    merge(estate_of_two, 2)
    assert synced(capsys) == [f"staging: {HAS_THEM}", f"main: {HAS_THEM}"]


@pytest.mark.parametrize("arguments", [[], ["--env", "production"], ["--env", "production", "--env", "staging"]])
def test_after_the_cutover_main_takes_them_from_staging(
    arguments: list[str],
    estate_of_two: Estate,
    vendors: vendor_api.Addresses,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Main requires staging-smoke-tests, which a pull request from another branch would never get."""
    cut_over(tmp_path)
    waits = (
        "main: requires staging-smoke-tests, so it takes them from staging: merge that one first, then run this again"
    )
    assert synced(capsys, *arguments) == [f"staging: {PULL}1 to be merged", waits]
    assert synced(capsys, *arguments) == [f"staging: {PULL}1 to be merged", waits]
    merge(estate_of_two, 1)
    through = (
        f"main: {PULL}2 from staging, with all that is new there; to be merged once staging-smoke-tests has passed on "
        "staging"
    )
    assert synced(capsys, *arguments) == [f"staging: {HAS_THEM}", through]
    assert synced(capsys, *arguments) == [f"staging: {HAS_THEM}", through]
    merge(estate_of_two, 2)
    assert synced(capsys, *arguments)[-1] == f"main: {HAS_THEM}"
    ends = [(one["head"], one["base"]) for one in estate_of_two.find_all("github", "pull_request")]
    assert ends == [(delivery_branch("staging"), "staging"), ("staging", "main")]


def test_a_pull_request_from_staging_that_is_open_already_is_the_one_that_brings_them(
    estate: Estate, repository: Repository
) -> None:
    for file in FILES:
        seed_file(estate, file.path, file.content)
    estate.seed("github", "branch", repository=REPOSITORY, branch="main", sha="e" * 40)
    body = {"title": "Release 1.4", "head": "staging", "base": "main"}
    theirs = repository.send("POST", "pulls", body, needs="")["html_url"]
    found = deliver(repository, [Destination("main", "staging", "staging-smoke-tests")], FILES)
    assert found.branches[0].pull_request == theirs


@pytest.mark.parametrize("phase", ["infrastructure", "cutover"])
def test_a_third_environments_branch_gets_the_same_files_and_changes_nothing_for_main(
    phase: str, estate_of_two: Estate, vendors: vendor_api.Addresses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The workflows hold staging's and production's names on uat's branch too: it is merged on to the others."""
    shutil.copy(PROJECT / "tests" / "stacks" / "uat" / "Pulumi.uat.yaml", tmp_path)
    estate_of_two.seed("github", "branch", repository=REPOSITORY, branch="develop", sha="d" * 40)
    if phase == "cutover":
        cut_over(tmp_path)
    settings = {name: load_settings(name, None, {}, tmp_path)[0] for name in ("uat", "staging", "production")}
    assert len({names_of(one, {}, tmp_path) for one in settings.values()}) == 1
    last = Destination("main", "staging", "staging-smoke-tests") if phase == "cutover" else Destination("main")
    wanted = [Destination("develop"), Destination("staging"), last]
    assert destinations(list(settings.values()), {}, tmp_path) == wanted
    assert [line.split()[0] for line in synced(capsys)] == ["staging:", "develop:", "main:"]
    assert synced(capsys, "--env", "uat") == [f"develop: {PULL}2 to be merged"]


def test_what_an_earlier_version_left_open_is_renewed(estate: Estate, repository: Repository) -> None:
    """It had one branch for every base."""
    estate.seed("github", "branch", repository=REPOSITORY, branch=EARLIER, sha="a" * 40)
    repository.send("POST", "pulls", {"title": TITLE, "head": EARLIER, "base": "staging"}, needs="")
    assert sync(repository, "staging", FILES) == f"{PULL}1"
    assert files(estate, EARLIER) == {file.path: file.content for file in FILES}


def test_somebody_elses_branch_of_the_name_is_left_as_it_is(estate: Estate, repository: Repository) -> None:
    estate.seed("github", "branch", repository=REPOSITORY, branch=BRANCH, sha="a" * 40)
    theirs = github_git.commit(estate, REPOSITORY, BRANCH)
    with pytest.raises(GateError, match=f"the branch {BRANCH} has commits that are not of this command"):
        sync(repository, "staging", FILES)
    assert [one["sha"] for one in estate.find_all("github", "branch", branch=BRANCH)] == [theirs]
    assert estate.find_all("github", "pull_request") == []


def test_without_a_token_it_says_what_to_export(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(STACKS)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    assert main(["workflows", "check", "--env", "staging"]) == 1
    assert "export GITHUB_TOKEN" in capsys.readouterr().err
