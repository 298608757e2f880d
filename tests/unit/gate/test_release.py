"""Releasing a tag: what has to hold, what is done, and that nothing is left half done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.common.errors import ReleaseRefused
from gate.common.version import parse, problem_with
from gate.release.release import release
from gate.release.report import ReleaseReport
from gate.release.rollback import rollback
from rehearsal.vendor_api import github_git, github_issues, vercel_deployments
from tests.unit.gate.release_world import CONTEXT, FRONTEND, REPOSITORY, ReleaseWorld, release_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReleaseWorld]:
    with release_world(tmp_path) as made:
        yield made


def go(world: ReleaseWorld, tag: str) -> ReleaseReport:
    with world.environment() as environment:
        return release(tag, environment, world.budget())


def back(world: ReleaseWorld, to: str | None = None) -> ReleaseReport:
    with world.environment() as environment:
        return rollback(to, environment, world.budget(600))


def project(world: ReleaseWorld, **properties: Any) -> None:
    with world.estate.edit("vercel") as objects:
        next(one for one in objects if one["type"] == "project").update(properties)


def released(world: ReleaseWorld, tag: str) -> str:
    sha = world.tagged(tag)
    assert go(world, tag).outcome == "done"
    return sha


def test_a_good_release_serves_at_both_vendors_and_is_on_record(world: ReleaseWorld) -> None:
    sha = world.tagged("v1.0.0")
    report = go(world, "v1.0.0")
    assert (report.outcome, report.exit_code) == ("done", 0)
    assert world.serving() == (sha, sha)
    assert world.states() == [("deploy", "v1.0.0", "success")]
    assert world.locks() == []
    assert [text for _, text in report.timeline if "serves production" in text]


def test_the_same_release_again_deploys_nothing(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    before = world.writes()
    assert go(world, "v1.0.0").outcome == "done"
    assert world.writes() == before


def test_a_release_that_fails_its_smoke_tests_is_rolled_back(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    bad = world.tagged("v1.1.0")
    world.unhealthy.add(bad)
    report = go(world, "v1.1.0")
    assert (report.outcome, report.exit_code) == ("rolled back", 3)
    assert world.serving() == (good, good)
    assert world.states() == [("deploy", "v1.0.0", "success"), ("deploy", "v1.1.0", "failure")]
    assert world.locks() == []
    assert "migrations" in report.advice[0]
    assert "smoke tests failed" in report.reason


def test_a_build_that_fails_is_rolled_back_without_touching_the_frontend(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    bad = world.tagged("v1.1.0")
    world.render.estate.bad_commits.add(bad)
    report = go(world, "v1.1.0")
    assert report.outcome == "rolled back"
    assert "build_failed" in report.reason
    assert world.serving() == (good, good)


def test_a_promotion_that_fails_is_rolled_back(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    with world.estate.edit("vercel") as objects:
        next(o for o in objects if o["type"] == "project")["failNextAlias"] = True
    report = go(world, "v1.1.0")
    assert report.outcome == "rolled back"
    assert "promote" in report.reason
    assert world.serving() == (good, good)


def test_a_deploy_that_does_not_end_within_the_budget_is_rolled_back(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    world.tagged("v1.1.0")
    with world.environment() as environment:
        report = release("v1.1.0", environment, world.budget(30))
    assert "not done within the budget of 30 s" in report.reason
    assert report.outcome == "rolled back"
    world.sleep(300)
    assert world.serving() == (good, good)


def test_a_rollback_that_fails_too_says_what_to_do_by_hand(world: ReleaseWorld) -> None:
    good = released(world, "v1.0.0")
    bad = world.tagged("v1.1.0")
    world.unhealthy |= {bad, good}
    report = go(world, "v1.1.0")
    assert (report.outcome, report.exit_code) == ("failed", 4)
    assert any("Render: marketedge-platform, Deploys, dep-" in line for line in report.advice)
    assert world.states()[-1] == ("deploy", "v1.1.0", "error")


def problems(report: ReleaseReport) -> list[str]:
    return [f"{title}: {problem}" for title, problem in report.conditions if problem]


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3.4", "v01.2.3", "main", "v1.2.3-", "v1.2.3 "])
def test_a_malformed_tag_is_refused(world: ReleaseWorld, tag: str) -> None:
    with pytest.raises(ReleaseRefused, match="is not a release tag: expected a semantic version"):
        go(world, tag)
    assert world.states() == []


def test_a_tag_that_does_not_exist_is_refused(world: ReleaseWorld) -> None:
    with pytest.raises(ReleaseRefused, match=r"tag v9.9.9 does not exist at GitHub: git tag -a v9.9.9"):
        go(world, "v9.9.9")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"build": False}, "the frontend has a production build"),
        ({"smoked": False}, "staging passed its smoke tests (staging-smoke-tests): neither it nor what it merged"),
    ],
)
def test_a_precondition_that_does_not_hold_changes_nothing(
    world: ReleaseWorld, options: dict[str, bool], problem: str
) -> None:
    released(world, "v1.0.0")
    before, records = world.writes(), world.states()
    world.tagged("v1.1.0", **options)
    report = go(world, "v1.1.0")
    assert (report.outcome, report.exit_code) == ("refused", 1)
    assert [p for p in problems(report) if problem in p] == problems(report) != []
    assert (world.writes(), world.states(), world.locks()) == (before, records, [])


@pytest.mark.parametrize(
    ("by", "named", "outcome"),
    [
        (["stranger"], [], "refused"),
        (["stranger"], ["stranger"], "done"),
        (["github-actions[bot]", "stranger"], [], "done"),
        (["the-gate"], [], "done"),  # the account that releases may have set it
    ],
)
def test_a_status_counts_only_where_a_workflow_or_somebody_named_has_set_it(
    world: ReleaseWorld, by: list[str], named: list[str], outcome: str
) -> None:
    sha = world.tagged("v1.0.0", smoked=False)
    for login in by:
        github_git.status(world.estate, REPOSITORY, sha, CONTEXT, by=login)
    with world.environment() as environment:
        environment.target.settings.release.smoke_status_by.extend(named)
        report = release("v1.0.0", environment, world.budget())
    assert report.outcome == outcome
    said = "stranger has set it, but only that of github-actions[bot] counts (release.smokeStatusBy)"
    assert [said in problem for problem in problems(report)] == ([True] if outcome == "refused" else [])


def test_a_stranger_cannot_turn_a_failure_into_a_success(world: ReleaseWorld) -> None:
    sha = world.tagged("v1.0.0", smoked=False)
    github_git.status(world.estate, REPOSITORY, sha, CONTEXT, "failure")
    github_git.status(world.estate, REPOSITORY, sha, CONTEXT, by="stranger")
    assert any("its status is failure" in problem for problem in problems(go(world, "v1.0.0")))


def test_a_commit_that_is_not_on_main_is_refused(world: ReleaseWorld) -> None:
    sha = world.tagged("v1.0.0")
    with world.estate.edit("github") as objects:
        next(o for o in objects if o["type"] == "branch")["sha"] = "f" * 40
    (problem,) = problems(go(world, "v1.0.0"))
    assert problem.startswith(f"{sha[:7]} is on main: it is not: merge it to main")


def test_an_older_version_is_refused_with_the_way_back(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    released(world, "v1.1.0")
    (problem,) = problems(go(world, "v1.0.0"))
    assert "v1.1.0 is: to roll back run gate rollback --to v1.0.0" in problem


def test_a_merge_that_added_nothing_is_as_good_as_what_it_merged(world: ReleaseWorld) -> None:
    head = world.push(smoked=True)
    tree = next(o for o in world.estate.objects("github") if o.get("sha") == head and o["type"] == "commit")["tree"]
    merge = github_git.commit(world.estate, REPOSITORY, "main", merges=head, tree=tree)
    vercel_deployments.build(world.estate, FRONTEND, merge, "main")
    github_git.tag(world.estate, REPOSITORY, "v1.0.0", merge)
    assert go(world, "v1.0.0").outcome == "done"

    added = github_git.commit(world.estate, REPOSITORY, "main", merges=head)
    vercel_deployments.build(world.estate, FRONTEND, added, "main")
    github_git.tag(world.estate, REPOSITORY, "v1.1.0", added)
    assert any(CONTEXT in problem for problem in problems(go(world, "v1.1.0")))


@pytest.mark.parametrize(("same", "outcome"), [(True, "done"), (False, "refused")])
def test_a_squashed_merge_is_as_good_as_the_head_of_its_pull_request(
    world: ReleaseWorld, same: bool, outcome: str
) -> None:
    head = github_git.commit(world.estate, REPOSITORY, "staging")
    github_git.status(world.estate, REPOSITORY, head, CONTEXT)
    tree = next(o for o in world.estate.objects("github") if o.get("sha") == head and o["type"] == "commit")["tree"]
    squashed = github_git.commit(world.estate, REPOSITORY, "main", tree=tree if same else "")
    github_issues.pull(world.estate, REPOSITORY, 8, head=head, merge=squashed)
    vercel_deployments.build(world.estate, FRONTEND, squashed, "main")
    github_git.tag(world.estate, REPOSITORY, "v1.0.0", squashed)
    assert go(world, "v1.0.0").outcome == outcome


def test_the_pull_request_that_a_commit_merged_is_found_behind_a_hundred_others(world: ReleaseWorld) -> None:
    """docs.github.com/en/rest/commits/commits, List pull requests associated with a commit: 30 a page, at most 100."""
    head = github_git.commit(world.estate, REPOSITORY, "staging")
    tree = next(o for o in world.estate.objects("github") if o.get("sha") == head and o["type"] == "commit")["tree"]
    squashed = github_git.commit(world.estate, REPOSITORY, "main", tree=tree)
    github_issues.pull(world.estate, REPOSITORY, 1, head=squashed)
    with world.estate.edit("github") as objects:
        first = objects[-1]
        objects += [{**first, "id": f"pull-{number}", "number": number} for number in range(10, 110)]
    github_issues.pull(world.estate, REPOSITORY, 8, head=head, merge=squashed)
    with world.environment() as environment:
        assert environment.repository.merged_head(squashed) == head


def test_another_release_in_progress_is_refused_until_its_lock_expires(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    with world.environment() as environment:
        environment.lock.take(3600)
    world.who = "run 2"
    with pytest.raises(ReleaseRefused, match="another release is in progress: run 1, until"):
        go(world, "v1.0.0")
    assert world.states() == []
    world.who = "run 1"
    assert go(world, "v1.0.0").outcome == "done"
    assert world.locks() == []


def test_a_lock_left_by_a_crash_expires(world: ReleaseWorld) -> None:
    world.tagged("v1.0.0")
    with world.environment() as environment:
        environment.lock.take(-1)
    world.who = "run 2"
    assert go(world, "v1.0.0").outcome == "done"
    assert world.locks() == []


def test_going_back_to_the_last_good_release(world: ReleaseWorld) -> None:
    first, second = released(world, "v1.0.0"), released(world, "v1.1.0")
    assert world.serving() == (second, second)
    with world.environment() as environment:
        report = rollback(None, environment, world.budget(600))
    assert (report.outcome, report.tag) == ("done", "v1.0.0")
    assert world.serving() == (first, first)
    assert world.states()[-1] == ("rollback", "v1.0.0", "success")
    assert any("/rollback" in write for write in world.writes())
    assert "docs/ROLLBACK_PROCEDURES.md" in report.advice[0]


def test_a_rollback_takes_little_longer_than_the_vendors_do(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    released(world, "v1.1.0")
    budget = world.budget(600)
    with world.environment() as environment:
        assert rollback(None, environment, budget).outcome == "done"
    deploy = 60.0  # what Render takes here; Vercel takes none
    assert deploy <= budget.elapsed < deploy + 5


def test_going_back_to_a_named_release(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    released(world, "v1.2.0")
    with world.environment() as environment:
        assert rollback("v1.0.0", environment, world.budget(600)).outcome == "done"
    assert world.serving() == (first, first)


def test_where_render_has_forgotten_the_deploy_the_commit_is_deployed_anew(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    released(world, "v1.1.0")
    deploys = world.render.estate.deploys
    for identity in [i for i, d in deploys.items() if (d["commit"] or {}).get("id") == first]:
        del deploys[identity]
    with world.environment() as environment:
        report = rollback(None, environment, world.budget(600))
    assert report.outcome == "done"
    assert world.serving() == (first, first)
    assert any("is deployed anew" in text for _, text in report.timeline)


@pytest.mark.parametrize("jobs", [99, 101, 230])
def test_what_github_records_of_jobs_does_not_hide_a_release(world: ReleaseWorld, jobs: int) -> None:
    """Each workflow job that names the environment is a deployment of it; smoke tests run many a time a day."""
    first, _ = released(world, "v1.0.0"), released(world, "v1.1.0")
    record_jobs(world, jobs)
    with world.environment() as environment:
        assert [record.tag for record in environment.records.newest()] == ["v1.1.0", "v1.0.0"]
    assert go(world, "v1.0.0").outcome == "refused", "an older release is not released over a newer one"
    with world.environment() as environment:
        assert (rollback(None, environment, world.budget(600)).outcome, world.serving()) == ("done", (first, first))


def record_jobs(world: ReleaseWorld, number: int) -> None:
    """As GitHub does for each job of a workflow that names the environment."""
    with world.estate.edit("github") as objects:
        own = [one for one in objects if one["type"] == "deployment" and one["environment"] == "production"]
        objects += [{**own[0], "id": 1000 + count, "payload": {}} for count in range(number)]


def test_nothing_to_go_back_to_is_refused(world: ReleaseWorld) -> None:
    released(world, "v1.0.0")
    with (
        world.environment() as environment,
        pytest.raises(ReleaseRefused, match="no earlier good release is on record"),
    ):
        rollback(None, environment, world.budget(600))


def test_after_a_bad_release_the_default_is_the_good_one_before(world: ReleaseWorld) -> None:
    first = released(world, "v1.0.0")
    second = released(world, "v1.1.0")
    bad = world.tagged("v1.2.0")
    world.unhealthy.add(bad)
    assert go(world, "v1.2.0").outcome == "rolled back"
    assert world.serving() == (second, second)
    with world.environment() as environment:
        assert rollback(None, environment, world.budget(600)).tag == "v1.0.0"
    assert world.serving() == (first, first)


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("v1.2.3", "v1.2.4"),
        ("v1.9.0", "v1.10.0"),
        ("v1.0.0-test", "v1.0.0"),
        ("v1.0.0-alpha", "v1.0.0-alpha.1"),
        ("v1.0.0-alpha.2", "v1.0.0-alpha.10"),
        ("v1.0.0-9", "v1.0.0-alpha"),
    ],
)
def test_versions_are_ordered_as_semver_says(smaller: str, larger: str) -> None:
    one, other = parse(smaller), parse(larger)
    assert one is not None
    assert other is not None
    assert one < other
    assert (f"v{one}", f"v{other}") == (smaller, larger)


@pytest.mark.parametrize("tag", ["v1.2.3+7", "v1.2.3-rc.1+build.5"])
def test_a_build_label_is_refused_with_the_tag_to_use(tag: str) -> None:
    assert parse(tag) is None
    assert f"Tag the commit {tag.partition('+')[0]}" in problem_with(tag)
