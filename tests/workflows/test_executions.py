"""The delivered workflows, executed with act against the simulators: the plan's tests 4.1 to 4.4."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.vendor_api import github_git, github_issues, vercel_deployments

from .canceled import PYTHON, run_canceled
from .conftest import PROJECT
from .world import FRONTEND, REPOSITORY, SECRETS, SERVICES, URL, WorkflowWorld, workflow_world

pytestmark = pytest.mark.e2e


@pytest.fixture
def world(tmp_path: Path, tools: Path, repository: Path) -> Iterator[WorkflowWorld]:
    with workflow_world(tmp_path, tools, repository) as made:
        yield made


def release(world: WorkflowWorld, tag: str, *, good: bool = True) -> str:
    done = world.act("push", "production-deploy", "production", {"ref": f"refs/tags/{tag}"})
    output = done.stdout + done.stderr
    assert (done.returncode == 0) is good, output
    assert not [secret for secret in SECRETS.values() if secret in output]
    return output


def test_a_tag_deploys_and_a_bad_one_rolls_back_and_a_person_can_go_back(world: WorkflowWorld) -> None:
    first = world.tagged("v1.2.3")
    output = release(world, "v1.2.3")
    assert world.serving("production") == first
    assert "release v1.2.3: done" in output
    assert (world.folder / "artifacts" / "release" / "release.json").exists()

    bad = world.tagged("v1.3.0")
    world.app["production"].unhealthy.add(bad)
    output = release(world, "v1.3.0", good=False)
    assert "release v1.3.0: rolled back (smoke tests failed: health)" in output
    assert [text.partition("\n")[0] for text in world.told] == [
        "release v1.2.3: done",
        "release v1.3.0: rolled back (smoke tests failed: health)",
    ]
    assert "/zebra-devops/MarketEdge-Platform/actions/runs/" in world.told[0]
    assert world.serving("production") == first

    second = world.tagged("v1.4.0")
    release(world, "v1.4.0")
    assert world.serving("production") == second
    payload = {"ref": "refs/tags/v1.4.0", "inputs": {"tag": "v1.2.3"}}
    done = world.act("workflow_dispatch", "production-rollback", "production", payload)
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.serving("production") == first


def test_a_malformed_tag_is_refused(world: WorkflowWorld) -> None:
    before = world.serving("production")
    output = release(world, "v1.two", good=False)
    assert "v1.two is not a release tag" in output
    assert world.serving("production") == before
    assert [one for one in world.estate.find_all("github", "deployment") if one["payload"]] == []


def test_what_breaks_after_a_release_is_rolled_back(world: WorkflowWorld) -> None:
    """The release's own tests passed; what broke after them is found while it is watched."""
    first = world.tagged("v1.2.3")
    release(world, "v1.2.3")
    second = world.tagged("v1.3.0")

    world.heard["release v1.3.0: done"] = lambda: world.app["production"].unhealthy.add(second)
    output = release(world, "v1.3.0", good=False)
    assert "release v1.3.0: rolled back (health: status 503)" in output
    told = [text.partition("\n")[0] for text in world.told[1:]]
    assert told == ["release v1.3.0: done", "release v1.3.0: rolled back (health: status 503)"]
    assert world.serving("production") == first
    assert (world.folder / "artifacts" / "release" / "smoke.xml").exists()


def test_server_errors_after_a_release_are_rolled_back(world: WorkflowWorld) -> None:
    """Plan 8.1: by Render's count, which smoke tests do not see."""
    first = world.tagged("v1.2.3")
    release(world, "v1.2.3")
    world.tagged("v1.3.0")
    (service,) = world.render.estate.named(world.render.estate.services, "marketedge-platform")
    world.render.estate.http_requests[service["id"]] = {200: 80, 500: 20}
    output = release(world, "v1.3.0", good=False)
    assert "release v1.3.0: rolled back (20 % of 100 requests were server errors)" in output
    assert world.serving("production") == first


def test_a_tag_that_asks_to_go_back_does(world: WorkflowWorld) -> None:
    """Plan 8.3, option C: the tag is on the head of main, and names the release to go back to."""
    first = world.tagged("v1.2.3")
    release(world, "v1.2.3")
    world.tagged("v1.3.0")
    release(world, "v1.3.0")
    github_git.tag(world.estate, REPOSITORY, "v1.2.3-rollback", world.head())
    assert "rollback v1.2.3: done" in release(world, "v1.2.3-rollback")
    assert world.serving("production") == first


def starts(push: dict[str, Any] | None, branch: str) -> bool:
    """Whether a push of a branch starts a workflow (GitHub: Workflow syntax, on.push)."""
    if push is None or not {"branches", "branches-ignore", "tags", "tags-ignore"} & push.keys():
        return True
    if "branches-ignore" in push:
        return not any(fnmatch(branch, pattern) for pattern in push["branches-ignore"])
    return any(fnmatch(branch, pattern) for pattern in push.get("branches", []))


def test_a_merge_to_main_deploys_nothing(world: WorkflowWorld) -> None:
    """act does not look at branch filters, so only what a push to main starts at GitHub is executed."""
    before, asked = world.serving("production"), len(world.render.requests)
    sha = world.merge("main")
    pushed = {path.stem: yaml.safe_load(path.read_text())[True] for path in (PROJECT / "workflows").glob("*.yml")}
    for name, events in pushed.items():
        if "push" in events and starts(events["push"], "main"):
            world.act("push", name, "production", {"ref": "refs/heads/main"})
    assert starts(pushed["staging-deploy"]["push"], "staging")  # the filter is understood
    assert world.serving("production") == before != sha
    assert [r for r in world.render.requests[asked:] if r.method != "GET"] == []
    assert world.estate.find_all("github", "deployment") == []


def serve_a_frontend(world: WorkflowWorld) -> None:
    world.merge("main")
    with world.estate.edit("vercel") as objects:
        project = next(o for o in objects if o["type"] == "project")
        project["serving"] = next(o for o in objects if o["type"] == "deployment")["id"]


def test_a_merge_to_staging_deploys_smokes_and_comments(world: WorkflowWorld) -> None:
    serve_a_frontend(world)  # production's domains stand in for staging's, which serve the branch's newest build
    sha = world.merge("staging")
    github_issues.pull(world.estate, REPOSITORY, 41, head="f" * 40, merge=sha)
    done = world.act("push", "staging-deploy", "staging", {"ref": "refs/heads/staging"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.serving("staging") == sha
    statuses = world.estate.find_all("github", "status", sha=sha)
    assert {(s["context"], s["state"]) for s in statuses} == {("staging-smoke-tests", "success")}
    for artifact in ("staging-deploy", "staging-smoke-tests"):
        assert (world.folder / "artifacts" / artifact / "smoke.xml").exists()
    (comment,) = world.estate.find_all("github", "comment", issue=41)
    assert f"deploy {sha[:7]}: done" in comment["body"]


def test_a_pull_requests_previews_are_tested_on_staging_and_one_comment_tells(world: WorkflowWorld) -> None:
    sha = "f" * 40
    world.estate.seed("github", "branch", repository=REPOSITORY, branch="feature/a", sha=sha)
    with world.estate.edit("github") as objects:
        about = {"type": "pull_request", "id": "12", "repository": REPOSITORY, "number": 12, "state": "open"}
        objects.append({**about, "head": "feature/a", "base": "staging", "title": "t"})
    vercel_deployments.build(world.estate, FRONTEND, sha, "feature/a", "ERROR")
    service = world.render.estate.find_service(SERVICES["staging"])
    service["serviceDetails"]["previews"] = {"generation": "automatic"}
    world.render.estate.bad_commits.add(sha)
    world.render.open_pull_request(URL, "staging", 12, sha)
    payload = {"ref": "refs/heads/staging", "inputs": {"number": "12"}}
    done = world.act("workflow_dispatch", "pull-request", "staging", payload)
    assert done.returncode != 0, done.stdout + done.stderr
    (comment,) = world.estate.find_all("github", "comment", issue=12)
    assert "the build of fffffff ended as ERROR" in comment["body"]
    assert "the deploy of fffffff ended as build_failed" in comment["body"]


def test_reviewers_are_asked_once_for_a_release_also_where_it_is_rolled_back(world: WorkflowWorld) -> None:
    first = world.tagged("v1.2.3")
    release(world, "v1.2.3")
    assert world.approvals == ["production"]
    world.tagged("v1.3.0")
    world.heard["release v1.3.0: done"] = lambda: world.app["production"].unhealthy.add(world.head())
    release(world, "v1.3.0", good=False)
    assert (world.approvals, world.serving("production")) == (["production"], first)


def test_production_takes_jobs_of_tags_and_staging_those_of_its_branch(world: WorkflowWorld) -> None:
    """A workflow file of another branch could do anything with an environment's secrets."""
    before = world.serving("production")
    for workflow in ("production-deploy", "production-rollback", "production-smoke-tests"):
        for ref in ("refs/heads/main", "refs/tags/nightly"):
            done = world.act("workflow_dispatch", workflow, "production", {"ref": ref, "inputs": {}})
            assert "is not allowed to deploy to production" in done.stderr
    assert world.act("push", "staging-deploy", "staging", {"ref": "refs/heads/main"}).returncode == 1
    assert world.admit("staging-deploy", "refs/heads/staging") == []
    assert world.serving("production") == before
    assert [r for r in world.render.requests if r.path.endswith(("/deploys", "/rollback")) and r.method == "POST"] == []


def test_a_canceled_release_is_rolled_back_by_the_next_step(world: WorkflowWorld) -> None:
    first = world.tagged("v1.2.3")
    release(world, "v1.2.3")
    second = world.tagged("v1.3.0")
    folder = world.folder / ".gate"
    folder.mkdir()
    for path in [
        *(PROJECT / "rehearsal" / "stacks").iterdir(),
        *(PROJECT / n for n in ("gate", "components", "blueprint")),
    ]:
        (folder / path.name).symlink_to(path)
    variables, secrets = world.given("production")
    contexts = {"vars": variables, "secrets": secrets, "github": {"token": SECRETS["GITHUB_TOKEN"]}}
    environment = {**world.environment, "GITHUB_REF_NAME": "v1.3.0", "GITHUB_RUN_ID": "77"}
    environment |= {"GITHUB_REPOSITORY": f"zebra-devops/{REPOSITORY}", "PATH": f"{PYTHON}:{os.environ['PATH']}"}

    def deployed() -> bool:
        if world.serving("production") != second:
            return False
        world.render.estate.deploy_seconds = 15  # to roll back takes longer than GitHub leaves
        return True

    (one, code, _said), (other, ended, output) = run_canceled(
        world.repository, "production-deploy", contexts, environment, folder, deployed
    )
    assert (one, code) == ("Release the tag, and watch it", -signal.SIGKILL)
    assert (other, ended) == ("Roll back a canceled release", 0), output
    assert world.serving("production") == first
    assert world.told[-1].startswith("rollback v1.2.3: done")
    assert not [o for o in world.estate.find_all("github", "ref") if o["ref"].startswith("refs/gate/")]


def test_the_team_hears_of_a_workflow_that_fails_before_the_gate_runs(world: WorkflowWorld) -> None:
    """Here its action refuses a gate that is not pinned. A failed checkout or approval is no different."""
    world.more = {"GATE_REF": "main"}
    done = world.act("workflow_dispatch", "production-smoke-tests", "production", {"ref": "refs/tags/v1.2.3"})
    assert done.returncode == 1
    assert "GATE_REF is 'main'" in done.stdout
    (told,) = world.told
    assert told.startswith("Production smoke tests v1.2.3: failed, and the gate did not run.")


def test_the_scheduled_workflows_keep_one_issue_about_production_and_one_for_the_month(world: WorkflowWorld) -> None:
    """Plan 8.1 and 5.5. Neither has an environment, so nobody approves them."""

    def issues() -> list[tuple[str, str]]:
        found = world.estate.find_all("github", "issue", repository=REPOSITORY)
        return [(one["title"], one["state"]) for one in found]

    backend, frontend = world.addresses["production"]
    world.more = {"PRODUCTION_BACKEND_URL": backend}
    world.environment["FRONTEND_URL"] = frontend  # which the stack file names, but not on loopback
    serve_a_frontend(world)
    world.app["production"].unhealthy.add(world.serving("production"))
    payload = {"ref": "refs/heads/main", "schedule": "*/5 * * * *"}
    done = world.act("schedule", "production-watch", "production", payload)
    assert (done.returncode, world.approvals) == (1, []), done.stdout + done.stderr
    assert issues() == [("production is down: health: status 503", "open")]
    world.app["production"].unhealthy.clear()
    done = world.act("schedule", "production-watch", "production", payload)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [state for _title, state in issues()] == ["closed"]
    done = world.act("schedule", "release-metrics", "production", {"ref": "refs/heads/main"})
    assert (done.returncode, world.approvals) == (0, []), done.stdout + done.stderr
    assert [state for _title, state in issues()] == ["closed", "open"]
    assert len([text for text in world.told if "did not run" in text]) == 0
