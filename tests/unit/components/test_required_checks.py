"""Which required checks a repository's workflows report, told from their files."""

from __future__ import annotations

import httpx
import pytest

from components.required_checks import Unavailable, explain, fetch, jobs

MIGRATIONS = """
name: Database Migration Test
on:
  pull_request:
    branches: [main, staging]
jobs:
  test-migrations:
    runs-on: ubuntu-latest
"""
GATE = """
name: Zebra Smoke
on:
  pull_request:
    paths: ["app/**"]
jobs:
  zebra-protection-gate:
    name: 🚪 Zebra Protection Gate (Required)
    runs-on: ubuntu-latest
"""
REPOSITORY = {".github/workflows/migrations.yml": MIGRATIONS, ".github/workflows/gate.yml": GATE}


def said(check: str, files: dict[str, str] | None = None, branch: str = "main") -> str:
    return "; ".join(map(str, explain([check], jobs(files or REPOSITORY), branch)))


def test_the_plans_first_name_is_a_workflow_whose_job_has_another() -> None:
    text = said("Database Migration Test")
    assert "it is the name of the workflow .github/workflows/migrations.yml, not of a job" in text
    assert "require 'test-migrations' instead" in text


def test_the_plans_second_name_is_a_job_id_with_another_name_and_a_filter() -> None:
    text = said("zebra-protection-gate")
    assert "it is a job's id in .github/workflows/gate.yml, whose name is '🚪 Zebra Protection Gate (Required)'" in text
    assert "require '🚪 Zebra Protection Gate (Required)' instead and take the paths filter out of its workflow" in text


def test_a_job_behind_a_paths_filter_blocks_what_is_outside() -> None:
    text = said("🚪 Zebra Protection Gate (Required)")
    assert "pull requests outside the paths filter of .github/workflows/gate.yml do not start it" in text


def test_a_job_that_reports_is_fine() -> None:
    assert said("test-migrations") == ""


def test_a_job_for_other_branches_does_not_report() -> None:
    assert "no pull request to this branch starts" in said("test-migrations", branch="release")


@pytest.mark.parametrize(
    ("event", "starts"),
    [
        ("{branches: main}", True),
        ("{branches-ignore: [main]}", False),
        ("{branches-ignore: ['release/*']}", True),
        ("{branches: ['**', '!main']}", False),
        ("{branches: ['!main', main]}", True),
        ("{types: [closed]}", False),
        ("{types: opened}", False),
        ("{types: [opened, synchronize]}", True),
    ],
)
def test_which_pull_requests_start_a_workflow(event: str, starts: bool) -> None:
    files = {"a.yml": f"on: {{pull_request: {event}}}\njobs: {{build: {{runs-on: x}}}}"}
    expected = "" if starts else "no pull request to this branch starts a.yml"
    assert expected in said("build", files)
    assert bool(said("build", files)) is not starts


def test_a_push_is_no_pull_request() -> None:
    files = {"a.yml": "on: push\njobs: {build: {runs-on: x}}"}
    assert "no pull request to this branch starts a.yml" in said("build", files)


def test_an_unknown_name_lists_what_is_reported() -> None:
    text = said("bulid", {"a.yml": "on: [pull_request]\njobs: {build: {runs-on: x}}"})
    assert "no job has this name (reported on pull requests: build)" in text


@pytest.mark.parametrize(
    ("job", "check"),
    [
        ("build: {strategy: {matrix: {python: ['3.11', '3.12'], os: [ubuntu]}}}", "build (3.12, ubuntu)"),
        ("build: {name: 'test ${{ inputs.what }}'}", "test anything"),
        ("call: {uses: ./.github/workflows/other.yml}", "call / inner"),
    ],
)
def test_contexts_that_are_made_up_at_run_time(job: str, check: str) -> None:
    assert said(check, {"a.yml": f"on: pull_request\njobs:\n  {job}\n"}) == ""


def test_what_was_seen_needs_no_workflow() -> None:
    assert explain(["external/ci"], [], "main", seen=["external/ci"]) == []


def test_files_that_are_no_workflows_are_passed_over() -> None:
    assert jobs({"a.yml": "[", "b.yml": "text", "c.yml": "on: push"}) == []


def serve(monkeypatch: pytest.MonkeyPatch, answer: object) -> list[httpx.Request]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)  # type: ignore[operator, no-any-return]

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **o: real(**o, transport=httpx.MockTransport(handle)))
    return asked


def test_files_are_read_at_the_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/workflows"):
            return httpx.Response(200, json=[{"name": "gate.yml"}, {"name": "README.md"}])
        return httpx.Response(200, text=GATE)

    asked = serve(monkeypatch, answer)
    found = fetch("https://github.test/", "token-of-a-test", "zebra-devops", "MarketEdge-Platform", "main")
    assert found == {".github/workflows/gate.yml": GATE}
    assert [str(request.url) for request in asked] == [
        f"https://github.test/api/v3/repos/zebra-devops/MarketEdge-Platform/contents/.github/workflows{end}?ref=main"
        for end in ("", "/gate.yml")
    ]


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_refusal_is_unavailable_without_the_token(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    serve(monkeypatch, lambda _request: httpx.Response(status, text="no"))
    with pytest.raises(Unavailable, match=str(status)) as error:
        fetch("", "token-of-a-test", "o", "r", "main")
    assert "token-of-a-test" not in str(error.value)


def test_no_connection_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    serve(monkeypatch, answer)
    with pytest.raises(Unavailable, match="ConnectError"):
        fetch("", "t", "o", "r", "main")
