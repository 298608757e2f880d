"""`python -m gate preview`: what it counts, lists and prices, what it leaves out, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from pulumi.automation import ConfigValue
from pulumi.automation.events import EngineEvent

from gate import cli
from gate.changes.preview import CostChange
from gate.common.errors import StackUnavailable
from gate.common.notifications import commit
from gate.vendors.issues import LIMIT
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.vendor_api import github_issues
from tests.unit.gate import events as e
from tests.unit.gate.stack import CREDENTIALS, FakeStack, failure

STACK = "pulumi:pulumi:Stack::marketedge-staging-gate-staging"
CREATED = e.step("create", e.CLIENT, None, e.state(e.CLIENT, {"name": "App"}))
DELETED = e.step("delete", e.VARIABLE, e.state(e.VARIABLE, {"environment": "staging", "variableName": "A"}), None)
REPLACED = e.step(
    "replace", e.SERVICE, e.state(e.SERVICE, e.command("{}")), e.state(e.SERVICE, {**e.command("{}"), "triggers": [1]})
)
REDECLARED = e.redeclared(
    e.PROTECTION,
    {"pattern": "staging", "enforceAdmins": False},
    {"pattern": "staging", "enforceAdmins": True},
    "enforceAdmins",
)
TOKEN = "ghs_report_token_of_a_test"


def outputs(before: Any, after: Any) -> list[EngineEvent]:
    """What the stack itself says: once without outputs, once with them."""
    price = "monthlyCostUsd"
    old = None if before is None else e.state(STACK, {}, {price: before})
    return [
        *e.step("same" if old else "create", STACK, old, e.state(STACK, {}, {})),
        *e.step("same" if old else "create", STACK, old, e.state(STACK, {}, {price: after})),
    ]


def prices(**parts: float | None) -> dict[str, Any]:
    known = [price for price in parts.values() if price is not None]
    return {"total": sum(known) if len(known) == len(parts) else None, "parts": parts}


def run(*arguments: str, **stacks: FakeStack | Exception) -> int:
    def opened(name: str) -> FakeStack:
        found = stacks[name]
        if isinstance(found, Exception):
            raise found
        found.name = name
        return found

    named = [part for name in stacks for part in ("--env", name)]
    with mock.patch("gate.stack.project.open_stack", opened):
        return cli.main(["preview", *named, *arguments])


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str, **stacks: Any) -> tuple[int, dict[str, Any]]:
    code = run("--json", *arguments, **stacks)
    return code, json.loads(capsys.readouterr().out)


def test_no_change_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    stack = FakeStack([*e.same(e.PROTECTION, {"pattern": "staging"}), *outputs(prices(api=7), prices(api=7))])
    assert run(staging=stack) == 0
    assert "staging does not change; cost at Render: $7 a month (no change)" in capsys.readouterr().out
    assert stack.options == [{"refresh": True, "exclude": None}]


def test_changes_are_2_counted_and_the_dangerous_ones_first(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = as_json(capsys, staging=FakeStack([*CREATED, *REDECLARED, *REPLACED, *DELETED]))
    (stack,) = shown["stacks"]
    assert code == 2
    assert (shown["schema"], stack["counts"]) == (1, {"delete": 1, "replace": 1, "update": 1, "create": 1})
    assert [(c["operation"], c["object"]["type"]) for c in stack["changes"]] == [
        ("delete", "environment variable"),
        ("replace", "object"),
        ("update", "branch protection"),
        ("create", "application"),
    ]


def test_each_field_says_what_it_is_will_be_and_who_changed_it(capsys: pytest.CaptureFixture[str]) -> None:
    drifted = e.drifted(
        e.CLIENT, {"name": "App", "callbacks": ["a"]}, {"name": "App", "callbacks": ["a", "b"]}, "callbacks"
    )
    assert run(staging=FakeStack([*REDECLARED, *drifted])) == 2
    shown = capsys.readouterr().out
    assert "update: GitHub branch protection staging: enforce_admins: now false; then true (declared)" in shown
    assert 'update: Auth0 application App: callbacks: now ["a", "b"]; then ["a"] (changed outside Pulumi)' in shown


def test_an_object_that_only_follows_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = {"variableName": "A", "environment": "s", "value": "x"}, {"value": e.UNKNOWN_VALUE}
    follows = e.redeclared(e.VARIABLE, old, {**old, **new}, "value")
    assert run(staging=FakeStack([*CREATED, *follows])) == 2
    shown = capsys.readouterr().out
    assert "staging creates 1 object" in shown, "what merely follows is not counted"
    assert "They do not change unless its value does: GitHub environment variable s/A" in shown


def test_something_beside_the_vendors_objects_is_a_change_too(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = as_json(capsys, staging=FakeStack(e.redeclared(e.COMPONENT, {"a": 1}, {"a": 2}, "a")))
    assert (code, shown["stacks"][0]["counts"]) == (2, {"update": 1})


def test_a_record_at_vercel_that_wins_over_ours_is_no_change_of_an_up(capsys: pytest.CaptureFixture[str]) -> None:
    told = e.state(STACK, {}, {"overriddenAtVercel": {"API_URL": "env_1"}})
    assert run(staging=FakeStack(e.step("same", STACK, told, told))) == 0
    assert "staging does not change" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (prices(api=0), prices(api=7), "$0 → $7 a month (+$7)"),
        (prices(api=25), prices(api=7.5), "$25 → $7.50 a month (-$17.50)"),
        (prices(api=7), prices(api=7), "$7 a month (no change)"),
        (prices(api=7), prices(api=None), "$7 → unknown a month"),
        (prices(api=None), prices(api=7), "unknown → $7 a month"),
        (None, prices(api=7), "$0 → $7 a month (+$7)"),
    ],
)
def test_the_cost_is_the_last_ups_beside_this_previews(before: Any, after: Any, text: str) -> None:
    old = None if before is None else {"monthlyCostUsd": before}
    assert CostChange.between(old, {"monthlyCostUsd": after}).headline == text


def test_an_up_that_told_no_cost_leaves_it_unknown() -> None:
    found = CostChange.between({"backendUrl": "x"}, {"monthlyCostUsd": prices(api=7)})
    assert (found.before, found.after, found.parts["api"].before) == (None, 7, None)
    assert CostChange.between({"a": 1}, {}).headline == "unknown a month"


def test_the_parts_that_change_are_named(tmp_path: Path) -> None:
    stack = FakeStack(outputs(prices(api=0, db=6, old=7), prices(api=7, db=6, cache=None)))
    run("--report", str(tmp_path), staging=stack)
    text = (tmp_path / "preview.md").read_text()
    assert "Cost at Render: $13 → unknown a month: api $0 → $7, cache $0 → unknown, old $7 → $0" in text
    assert text.startswith("**staging does not change.**")


def test_a_first_up_is_priced_from_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    _, shown = as_json(capsys, staging=FakeStack([*CREATED, *outputs(None, prices(api=7))]))
    assert shown["stacks"][0]["cost"] == {"before": 0, "after": 7, "parts": {"api": {"before": 0, "after": 7}}}


def test_the_programs_warnings_are_shown_and_the_machines_are_not(tmp_path: Path) -> None:
    warned = [e.error("a wildcard origin", "warning"), e.error("using pulumi-resource-x from $PATH at /x", "warning")]
    assert run("--report", str(tmp_path), staging=FakeStack([*warned, *warned])) == 0
    text = (tmp_path / "preview.md").read_text()
    assert text.count("- a wildcard origin") == 1
    assert "$PATH" not in text


def test_a_stack_that_fails_is_shown_with_its_error_beside_one_that_does_not(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing = FakeStack([e.error("Preview failed: 401 Unauthorized")], failure("error: x"))
    assert run("--report", str(tmp_path), staging=FakeStack(CREATED), production=failing) == 1
    text = (tmp_path / "preview.md").read_text()
    assert text.startswith("**staging creates 1 object. production could not be previewed.**")
    assert "## production\n\n```text\n401 Unauthorized\n```" in text
    assert "gate preview: production: 401 Unauthorized" in capsys.readouterr().err


def test_a_stack_that_does_not_exist_says_how_to_make_it(capsys: pytest.CaptureFixture[str]) -> None:
    missing = StackUnavailable("there is no stack production: make it with `pulumi stack init production`")
    assert run(staging=FakeStack(CREATED), production=missing) == 1
    said = capsys.readouterr()
    assert "production could not be previewed" in said.out
    assert "pulumi stack init production" in said.err


def test_a_vendor_without_credentials_is_left_to_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    warned = [e.error("Render was not read: RENDER_API_KEY not set", "warning")]
    assert run(staging=FakeStack(warned, environment={})) == 0
    assert "warning: Render was not read" in capsys.readouterr().out


def test_a_vendor_without_credentials_is_excluded_so_that_nothing_of_it_seems_deleted() -> None:
    environment = {name: value for name, value in CREDENTIALS.items() if not name.startswith(("AUTH0", "RENDER"))}
    stack = FakeStack(environment=environment)
    assert run(staging=stack) == 0
    assert stack.options == [{"refresh": True, "exclude": ["**auth0:**"]}]
    assert stack.workspace.env_vars["PREVIEW_WITHOUT"] == "auth0", "so that the program knows"


def public(before: str, now: str) -> list[EngineEvent]:
    """The component that has the public variables of Vercel among its inputs."""
    values = ({"publicVariables": {"NEXT_PUBLIC_X": value}} for value in (before, now))
    old, new = (e.state(e.FRONTEND, inputs) for inputs in values)
    return e.step("same" if before == now else "update", e.FRONTEND, old, new)


def test_a_value_at_vercel_that_is_no_secret_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    inputs = {"key": "NEXT_PUBLIC_X", "value": e.MASKED}
    changed = e.redeclared(e.PREVIEW_VARIABLE, inputs, inputs, "value")
    assert run(staging=FakeStack([*public("a", "b"), *changed])) == 2
    assert "Vercel variable NEXT_PUBLIC_X: value: now a; then b (declared)" in capsys.readouterr().out
    drifted = e.drifted(e.PREVIEW_VARIABLE, inputs, inputs, "value")
    assert run(staging=FakeStack([*public("a", "a"), *drifted])) == 2
    text = "value: now another value, which the provider hides; then a (changed outside Pulumi)"
    assert text in capsys.readouterr().out
    assert run(staging=FakeStack([*public("a", e.UNKNOWN_VALUE), *changed, *REDECLARED])) == 2
    shown = capsys.readouterr().out
    assert "They do not change unless its value does: Vercel variable NEXT_PUBLIC_X" in shown, "known at up only"
    assert run(staging=FakeStack(changed)) == 2
    assert "value: now [secret]; then another secret (declared)" in capsys.readouterr().out


def test_the_value_of_a_new_and_of_a_removed_variable_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    inputs = {"environment": "staging", "variableName": "A", "value": "1"}
    new = {"key": "NEXT_PUBLIC_X", "value": e.MASKED}
    created = e.step("create", e.PREVIEW_VARIABLE, None, e.state(e.PREVIEW_VARIABLE, new))
    removed = e.step("delete", e.VARIABLE, e.state(e.VARIABLE, inputs), None)
    assert run(staging=FakeStack([*public("", "b"), *created, *removed])) == 2
    shown = capsys.readouterr().out
    gone = e.step("delete", e.PREVIEW_VARIABLE, e.state(e.PREVIEW_VARIABLE, new), None)
    assert run(staging=FakeStack([*public("a", ""), *gone])) == 2
    assert "delete: Vercel variable NEXT_PUBLIC_X: value: now a; then (none) (declared)" in capsys.readouterr().out
    assert "create: Vercel variable NEXT_PUBLIC_X: value: now (none); then b (declared)" in shown
    assert "delete: GitHub environment variable staging/A: value: now 1; then (none) (declared)" in shown


def test_what_exists_already_is_told_before_the_first_write(capsys: pytest.CaptureFixture[str]) -> None:
    there = e.error("exists already: Auth0 application App was not made by this stack: run gate adopt …", "warning")
    assert run(staging=FakeStack([*CREATED, there, there])) == 2
    shown = capsys.readouterr().out
    assert shown.count("careful: exists already: Auth0 application App was not made by this stack") == 1
    assert "warning" not in shown, "it is said once"


def many(fields: int) -> FakeStack:
    names = [f"field{number:04}" for number in range(fields)]
    old = {"pattern": "staging", **dict.fromkeys(names, "x" * 150)}
    new = {"pattern": "staging", **dict.fromkeys(names, "y" * 150)}
    return FakeStack(e.redeclared(e.PROTECTION, old, new, *names))


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name="staging-gate", fullName="zebra-devops/staging-gate")
    github_issues.pull(estate, "staging-gate", 7, head="a" * 40)
    with vendor_api.serve(estate, {**CREDENTIALS, "REPORT_TOKEN": TOKEN}) as addresses:
        own = {"GITHUB_REPOSITORY": "zebra-devops/staging-gate", "REPORT_TOKEN": TOKEN}
        for name, value in {**addresses.environment, **own}.items():
            monkeypatch.setenv(name, value)
        yield estate


def test_the_pull_request_has_one_comment_that_is_renewed(
    estate: Estate, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 7, "head": {"sha": "a" * 40}}}))
    run_of = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_RUN_ID": "5", "GITHUB_SHA": "b" * 40}
    run_of["GITHUB_EVENT_PATH"] = str(event)
    for name, value in run_of.items():
        monkeypatch.setenv(name, value)
    assert run("--comment", "7", staging=FakeStack(CREATED), production=FakeStack()) == 2
    assert "comment written: https://" in capsys.readouterr().err
    assert run("--comment", "7", staging=FakeStack(REDECLARED), production=FakeStack()) == 2
    (comment,) = estate.find_all("github", "comment")
    assert comment["user"] == "github-actions[bot]"
    assert "**staging updates 1 object. production does not change.**" in comment["body"]
    assert "[This run](https://github.com/zebra-devops/staging-gate/actions/runs/5)" in comment["body"]
    assert f"Commit {'a' * 40}, previewed on " in comment["body"], "the head, and not GitHub's test merge"


def test_a_run_without_a_pull_request_names_its_own_commit(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"schedule": "0 6 * * *"}))
    assert commit({"GITHUB_EVENT_PATH": str(event), "GITHUB_SHA": "b" * 40}) == "b" * 40
    assert commit({}) == ""


def test_a_long_comment_is_cut_and_the_report_is_not(estate: Estate, tmp_path: Path) -> None:
    stacks = {"staging": many(220), "production": FakeStack(CREATED)}
    assert run("--comment", "7", "--report", str(tmp_path / "out"), **stacks) == 2
    (comment,) = estate.find_all("github", "comment")
    assert LIMIT - 1000 < len(comment["body"]) <= LIMIT
    assert "more lines are left out here" in comment["body"]
    assert "production creates 1 object" in comment["body"]
    assert "the rule for staging applies at once" in comment["body"], "consequences are never cut"
    assert "application App" in comment["body"]
    full = (tmp_path / "out" / "preview.md").read_text()
    assert "field0219" in full
    assert "left out" not in full


def test_more_dangers_than_a_comment_takes_are_cut_too(estate: Estate) -> None:
    names = [f"VARIABLE_{number:04}_{'X' * 60}" for number in range(700)]
    old, new = (
        json.dumps({"services": [{"name": "api", "envVars": [{"key": key, "value": "1"} for key in keys]}]})
        for keys in (names, [])
    )
    lost = FakeStack(e.redeclared(e.SERVICE, e.command(old), e.command(new), "stdin"))
    assert run("--comment", "7", staging=lost, production=FakeStack(CREATED)) == 2
    (comment,) = estate.find_all("github", "comment")
    assert LIMIT - 1500 < len(comment["body"]) <= LIMIT
    assert f"platform-staging loses the variable {names[0]}\n" in comment["body"]
    assert f"| `env.{names[0]}` | `1` | `(removed)` |" in comment["body"]
    assert "application App" in comment["body"]


def test_of_long_values_the_part_is_shown_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    shared = ",".join(f"https://{number}.example.com" for number in range(40))
    old, new = (
        json.dumps({"services": [{"name": "api", "envVars": [{"key": "CORS", "value": f"{shared},{last}"}]}]})
        for last in ("https://old", "https://new")
    )
    stack = FakeStack(e.redeclared(e.SERVICE, e.command(old), e.command(new), "stdin"))
    assert run(staging=stack) == 2
    told = (
        "env.CORS: now …mple.com,https://39.example.com,https://old; then …mple.com,https://39.example.com,https://new"
    )
    assert told in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("now", "then", "told"), [("", "a", 'now ""; then a'), ("a\n", "a", 'now "a\\n"; then a')])
def test_a_value_that_looks_like_nothing_or_like_another_one_is_quoted(
    now: str, then: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = (json.dumps({"services": [{"envVars": [{"key": "A", "value": value}]}]}) for value in (now, then))
    assert run(staging=FakeStack(e.redeclared(e.SERVICE, e.command(old), e.command(new), "stdin"))) == 2
    assert f"env.A: {told} (declared)" in capsys.readouterr().out


def test_two_long_stacks_share_the_room(estate: Estate) -> None:
    assert run("--comment", "7", staging=many(220), production=many(220)) == 2
    (comment,) = estate.find_all("github", "comment")
    assert len(comment["body"]) <= LIMIT
    assert comment["body"].count("more lines are left out here") == 2
    first, second = comment["body"].split("## production")
    assert abs(len(first) - len(second)) < 2000


def test_a_comment_that_cannot_be_written_is_1(estate: Estate, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--comment", "8", staging=FakeStack()) == 1
    said = capsys.readouterr()
    assert "gate preview: no comment on pull request 8: GitHub knows nothing at POST" in said.err
    assert "staging does not change" in said.out


def test_no_secret_leaves_even_where_a_vendor_repeats_it(
    estate: Estate, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = {"marketedge:secrets": ConfigValue('{"REDIS_URL": "redis://:hidden@x"}', secret=True)}
    secrets = [CREDENTIALS["GITHUB_TOKEN"], CREDENTIALS["RENDER_API_KEY"], "redis://:hidden@x"]
    declared = {"pattern": "staging", "note": " ".join(secrets), "password": e.MASKED}
    changed = e.redeclared(e.PROTECTION, {"pattern": "staging", "password": e.MASKED}, declared, "note", "password")
    warned = [e.error(f"see {secrets[2]}", "warning")]
    failing = FakeStack([e.error(f"bad key {secrets[1]}")], failure("x"), config=own)
    staging = FakeStack([*changed, *warned], config=own)
    for options in (["--json"], ["--comment", "7", "--report", str(tmp_path / "out")]):
        assert run(*options, staging=staging, production=failing) == 1
    shown = capsys.readouterr()
    (comment,) = estate.find_all("github", "comment")
    told = shown.out + shown.err + comment["body"] + "".join(p.read_text() for p in (tmp_path / "out").iterdir())
    assert [secret for secret in [*secrets, TOKEN] if secret in told] == []
    assert "bad key [secret]" in told


def test_help_teaches_how_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["preview", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for text in ("0: no changes", "2: something would change", "1: a stack could not be previewed", "REPORT_TOKEN"):
        assert text in shown
    assert cli.main(["preview"]) == 1
