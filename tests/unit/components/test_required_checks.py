"""Which required checks nothing reports, told from workflow files and from what recent pull requests got."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from components.accounts import VendorError
from components.accounts.api import PREVIEW
from components.accounts.github import GitHub
from components.accounts.repository import Repository
from components.required_checks import Evidence, read_evidence, unreported
from components.workflow_jobs import read

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


def said(
    check: str, files: dict[str, str] | None = None, branch: str = "main", heads: tuple[set[str], ...] = ()
) -> str:
    evidence = replace(Evidence.of(REPOSITORY if files is None else files), heads=tuple(map(frozenset, heads)))
    return "; ".join(map(str, unreported([check], evidence, branch, "staging-smoke-tests")))


def workflow(jobs: str, on: str = "pull_request") -> dict[str, str]:
    return {"a.yml": f"on: {on}\njobs:\n  {jobs}\n"}


def test_the_plans_first_name_is_a_workflow_whose_job_has_another() -> None:
    text = said("Database Migration Test")
    assert "it is the name of the workflow .github/workflows/migrations.yml, not of a job" in text
    assert "require 'test-migrations' instead" in text


def test_the_plans_second_name_is_a_job_id_with_another_name_and_a_filter() -> None:
    text = said("zebra-protection-gate")
    assert "it is a job's id in .github/workflows/gate.yml, whose name is '🚪 Zebra Protection Gate (Required)'" in text
    assert text.endswith(
        "require '🚪 Zebra Protection Gate (Required)' instead, and remove the `paths` filter from its workflow"
    )


def test_a_job_behind_a_paths_filter_blocks_what_is_outside() -> None:
    """Also where some recent pull requests got it: only what every one of them got is certain."""
    name = "🚪 Zebra Protection Gate (Required)"
    assert "pull requests outside the paths filter of .github/workflows/gate.yml do not start it" in said(name)
    assert said(name, heads=({name, "a"}, {"a"})) == said(name)
    assert said(name, heads=({name, "a"}, {name})) == ""


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
        ("{branches: ['m[a-z]in']}", True),
        ("{branches: ['mai?n']}", True),
        ("{types: [closed]}", False),
        ("{types: opened}", False),
        ("{types: [opened, synchronize]}", True),
    ],
)
def test_which_pull_requests_start_a_workflow(event: str, starts: bool) -> None:
    files = workflow("build: {runs-on: x}", f"{{pull_request: {event}}}")
    expected = "" if starts else "no pull request to this branch starts a.yml"
    assert expected in said("build", files)
    assert bool(said("build", files)) is not starts


def test_a_star_stops_at_a_slash() -> None:
    files = workflow("build: {runs-on: x}", "{pull_request: {branches: ['release/*']}}")
    assert said("build", files, branch="release/one") == ""
    assert said("build", files, branch="release/one/two") != ""


@pytest.mark.parametrize(
    "push", ["push", "{push: {}}", "[push]", "{push: {branches: ['**']}}", "{push: {branches: '*'}}"]
)
def test_a_push_to_any_branch_reports_on_the_pull_request_of_that_branch(push: str) -> None:
    assert said("build", workflow("build: {runs-on: x}", push)) == ""


@pytest.mark.parametrize("push", ["{push: {branches: [main]}}", "{push: {branches: ['feature/**']}}"])
def test_pushes_to_some_branches_do_not_report_on_every_pull_request(push: str) -> None:
    files = workflow("build: {runs-on: x}", push)
    assert "so not for every pull request" in said("build", files)
    assert said("build", files, heads=({"build"}, {"lint"})) == "", "it was reported on a recent one"


def test_pushes_of_tags_are_no_pushes_of_branches() -> None:
    assert "no pull request to this branch starts" in said("build", workflow("build: {}", "{push: {tags: ['v*']}}"))


def test_an_unknown_name_lists_what_is_reported() -> None:
    text = said("bulid", workflow("build: {runs-on: x}"))
    assert "no job has this name (reported on pull requests: build)" in text


MATRIX = "build: {strategy: {matrix: %s}}"


@pytest.mark.parametrize(
    ("job", "checks"),
    [
        (MATRIX % "{python: ['3.11', '3.12'], os: [ubuntu]}", ["build (3.11, ubuntu)", "build (3.12, ubuntu)"]),
        (MATRIX % "{python: [3.10, 3.12]}", ["build (3.1)", "build (3.12)"]),
        (
            MATRIX % "{v: [3.0, 010, 1_0, 1:30, yes, 0x1F, 2024-01-01]}",
            [f"build ({v})" for v in ("3", "10", "1_0", "1:30", "yes", "31", "2024-01-01")],
        ),
        (MATRIX % "{a: [1, 2], include: [{a: 1, b: ''}, {a: 2, b: null}]}", ["build (1)", "build (2)"]),
        (MATRIX % f"{{a: [{'x' * 120}]}}", [f"build ({'x' * 90}..."]),
        (MATRIX % "{debug: [true, false]}", ["build (true)", "build (false)"]),
        (MATRIX % "{on: [{os: ubuntu, arch: [x64, arm]}]}", ["build (ubuntu, x64, arm)"]),
        (MATRIX % "{a: [1, 2], b: [3], exclude: [{a: 1}]}", ["build (2, 3)"]),
        (MATRIX % "{a: [1], include: [{a: 2, b: x}]}", ["build (1)", "build (2, x)"]),
        (MATRIX % "{a: [1, 2], include: [{a: 1, c: true}]}", ["build (1, true)", "build (2)"]),
        (MATRIX % "{include: [{site: prod, dc: a}, {site: test}]}", ["build (prod, a)", "build (test)"]),
        ("build: {name: 'on ${{ matrix.os }}', strategy: {matrix: {os: [a, b]}}}", ["on a", "on b"]),
        (MATRIX % "{a: [1], b: [x]}" + "\n  lint: {}", ["build (1, x)", "lint"]),
    ],
)
def test_what_the_jobs_of_a_matrix_report_as(job: str, checks: list[str]) -> None:
    files = workflow(job)
    assert [name for one in read(files).jobs for name in one.contexts] == checks
    assert [said(check, files) for check in checks] == [""] * len(checks)


def test_an_excluded_combination_reports_nothing() -> None:
    assert said("build (1, 3)", workflow(MATRIX % "{a: [1, 2], b: [3], exclude: [{a: 1}]}")) != ""


@pytest.mark.parametrize(
    ("job", "check"),
    [
        ("build: {name: 'test ${{ inputs.what }}'}", "test anything"),
        ("build: {strategy: '${{ fromJSON(needs.plan.outputs.strategy) }}'}", "build (ubuntu)"),
        ("build: {strategy: {matrix: '${{ fromJSON(needs.plan.outputs.matrix) }}'}}", "build (ubuntu)"),
        ("build: {strategy: {matrix: {os: '${{ fromJSON(inputs.os) }}'}}}", "build (ubuntu)"),
        ("build: {strategy: {matrix: {os: ['${{ inputs.os }}']}}}", "build (ubuntu)"),
        ("call: {uses: acme/shared/.github/workflows/other.yml@main}", "call / inner"),
        ("call: {uses: ./.github/workflows/gone.yml, strategy: {matrix: {a: [1]}}}", "call (1) / inner"),
    ],
)
def test_contexts_that_are_made_up_at_run_time(job: str, check: str) -> None:
    assert said(check, workflow(job)) == ""


def test_the_jobs_of_a_called_workflow_of_the_repository_are_known_by_name() -> None:
    called = "on: workflow_call\njobs: {unit: {name: Unit tests}, lint: {}}"
    caller = workflow("call: {name: CI, uses: ./.github/workflows/called.yml, strategy: {matrix: {v: [1, 2]}}}")
    files = {**caller, ".github/workflows/called.yml": called}
    assert said("CI (2) / Unit tests", files) == ""
    assert said("CI (1) / lint", files) == ""
    assert said("CI (1) / format", files) != ""
    assert said("Unit tests", files) != "", "by itself it does not run"


def test_a_check_of_another_app_is_known_from_a_recent_pull_request() -> None:
    assert said("external/ci", {}, heads=({"external/ci"}, {"a"})) == ""
    assert "no job has this name" in said("external/ci", {}, heads=({"a"},))


ODD = [
    "[",
    "text",
    "on: push",
    "- 1",
    "jobs: [a, b]\non: pull_request",
    "jobs: {a: 7, b: null, 3: {}}\non: pull_request",
    "jobs: {a: {strategy: 7}}\non: {pull_request: text}",
    "jobs: {a: {strategy: {matrix: {x: 1, include: 5, exclude: text}}}}\non: [pull_request, {a: 1}]",
    "jobs: {a: {strategy: {matrix: {x: [{y: &y [*y]}]}}}}\non: pull_request",
    "jobs: {a: {strategy: {matrix: {include: [1, null], exclude: [a]}}}}\non: {pull_request: {branches: {a: 1}}}",
    "jobs: {a: {name: [1], uses: [2]}}\non: {pull_request: {types: 3, branches: 4}}",
    "jobs: {? [1, 2] : {}}\non: pull_request",
    "a: !secret x",
    "",
    "a: &a [1]\nb: &b [*a, *a]\njobs: {c: {strategy: {matrix: {x: &x [*b, *b], y: *x}}}}\non: [pull_request]",
    "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
    "jobs: {a: {strategy: {matrix: {" + ", ".join(f"k{n}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]" for n in range(12)) + "}}}}",
    "on: pull_request\njobs: {a: {uses: ./odd.yml}}",
    "on: pull_request\njobs:\n  <<: {a: {}}\n",
    "%YAML 1.2\n---\non: push\n---\njobs: {}",
    "on: [pull_request\n" + "[" * 5_000,
    "x: " + "y" * 1_000_000,
    "a: 2024-13-45",
    "\x00",
]


@pytest.mark.parametrize("text", ODD)
def test_whatever_stands_in_a_workflow_ends_no_run(text: str) -> None:
    """It is passed over or understood, and the others count."""
    files = {"odd.yml": text, **workflow("build: {}")}
    assert said("build", files) == ""
    assert isinstance(said("other", files), str)


def test_on_is_a_word_and_anchors_are_followed() -> None:
    text = "on: &on {pull_request: }\njobs: {build: &job {name: x}, again: *job}"
    assert [one.contexts for one in read({"a.yml": text}).jobs] == [("x",), ("x",)]
    assert said("x", {"a.yml": text}) == ""


def test_what_is_passed_over_is_named() -> None:
    assert read({"a.yml": "[", "b.yml": "on: push"}).passed_over == ("a.yml",)


def test_a_matrix_has_so_many_rows_as_github_makes_of_it() -> None:
    axes = ", ".join(f"a{n}: [1, 2, 3, 4, 5, 6, 7, 8]" for n in range(4))
    (job,) = read(workflow(MATRIX % f"{{{axes}}}")).jobs
    assert len(job.contexts) == 256


class World:
    """GitHub as far as the evidence needs it."""

    def __init__(self, files: dict[str, str], **answers: object) -> None:
        self.files, self.answers, self.asked = files, answers, list[str]()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("/repos/o/r/")[2]
        self.asked.append(path)
        if path == "contents/.github/workflows":
            others = [{"name": "folder.yml", "type": "dir"}, {"name": "link.yml", "type": "symlink"}]
            return httpx.Response(200, json=[*({"name": name} for name in [*self.files, "README.md"]), *others])
        if path in self.answers:
            answer, page = self.answers[path], int(request.url.params.get("page", 1))
            if isinstance(answer, dict):
                answer = {k: v[100 * page - 100 : 100 * page] if isinstance(v, list) else v for k, v in answer.items()}
            return httpx.Response(200, json=answer)
        name = path.rpartition("/")[2]
        return httpx.Response(200, text=self.files[name]) if name in self.files else httpx.Response(404)

    def evidence(self, *required: str) -> Evidence:
        return read_evidence(repository(self._answer, "https://github.test/"), "main", "main", required, "smoke")


def repository(answer: Callable[[httpx.Request], httpx.Response], base_url: str = "") -> Repository:
    """A repository at a GitHub that answers like this."""
    transport = httpx.MockTransport(answer)
    github = GitHub(
        "o", "token-of-a-test", base_url=base_url, patience=PREVIEW, transport=transport, sleep=lambda _seconds: None
    )
    return Repository(github, "r")


def asked(answer: Callable[[httpx.Request], httpx.Response]) -> Evidence:
    return read_evidence(repository(answer), "main", "main", ["x"], "smoke")


def test_workflows_that_explain_everything_are_all_that_is_asked_for() -> None:
    world = World({"migrations.yml": MIGRATIONS})
    world.evidence("test-migrations")
    assert world.asked == ["contents/.github/workflows", "contents/.github/workflows/migrations.yml"]


def test_before_a_check_is_called_unreported_recent_pull_requests_are_asked() -> None:
    answers = {
        "pulls": [{"head": {"sha": "a"}}, {"head": {"sha": "b"}}, {"head": {"sha": "a"}}],
        "commits/a/check-runs": {"check_runs": [*({"name": f"unit ({n})"} for n in range(230)), {"name": "unit"}]},
        "commits/a/status": {"statuses": [{"context": "external/ci"}]},
        "commits/b/check-runs": {"check_runs": []},
        "commits/b/status": {"statuses": []},
        "branches/main/protection": {"required_status_checks": {"contexts": ["external/ci"]}},
    }
    found = World({}, **answers).evidence("external/ci")
    assert len(found.heads) == 1
    assert {"unit", "external/ci", "unit (229)"} <= found.heads[0]
    assert found.required == {"external/ci"}
    assert unreported(["external/ci"], found, "main", "smoke") == []


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_refusal_is_an_error_without_the_token(status: int) -> None:
    with pytest.raises(VendorError, match=str(status) if status != 401 else "does not accept GITHUB_TOKEN") as error:
        asked(lambda _request: httpx.Response(status, text="no"))
    assert "token-of-a-test" not in str(error.value)


@pytest.mark.parametrize("answer", ["text", '"text"', "[1]", '{"a": 1}'])
def test_an_answer_that_is_not_understood_is_an_error(answer: str) -> None:
    with pytest.raises(VendorError):
        asked(lambda _request: httpx.Response(200, text=answer))


def test_no_connection_is_an_error() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(VendorError, match="cannot connect"):
        asked(answer)


def test_a_repository_that_has_another_name_now_is_read_where_it_is() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "/repos/o/r/" in request.url.path:
            return httpx.Response(301, headers={"Location": str(request.url).replace("/o/r/", "/o/new/")})
        return httpx.Response(200, json=[] if request.url.path.endswith("workflows") else None)

    assert repository(answer).get("contents/.github/workflows") == []
