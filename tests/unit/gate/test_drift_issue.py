"""`gate drift --issue`: one issue a stack, opened, kept up to date, closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gate import cli
from gate.vendors.issues import LIMIT
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from tests.unit.gate import events as e
from tests.unit.gate.stack import CREDENTIALS, FakeStack, failure

OWN, TOKEN = "staging-gate", "ghs_report_token_of_a_test"
CLEAN = e.same(e.PROTECTION, {"pattern": "staging"})


def drift(field: str, stack: str = "staging") -> FakeStack:
    declared, live = {"pattern": "staging", field: True}, {"pattern": "staging", field: False}
    return FakeStack(e.drifted(e.PROTECTION, declared, live, field), name=stack)


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    estate = Estate(tmp_path / "estate")
    estate.seed("github", "repository", name=OWN, fullName=f"zebra-devops/{OWN}")
    tokens = {**CREDENTIALS, "REPORT_TOKEN": TOKEN}
    with vendor_api.serve(estate, tokens) as addresses:
        own = {"GITHUB_REPOSITORY": f"zebra-devops/{OWN}", "REPORT_TOKEN": TOKEN}
        for name, value in {**addresses.environment, **own}.items():
            monkeypatch.setenv(name, value)
        yield estate


def run(stack: FakeStack) -> int:
    with mock.patch("gate.stack.project.open_stack", return_value=stack):
        return cli.main(["drift", "--env", stack.name, "--issue"])


def issues(estate: Estate) -> list[dict[str, Any]]:
    return estate.find_all("github", "issue")


def comments(estate: Estate, number: int) -> list[str]:
    return [one["body"] for one in estate.find_all("github", "comment", issue=number)]


def test_a_clean_stack_opens_nothing(estate: Estate, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FakeStack(CLEAN)) == 0
    assert issues(estate) == []
    assert "no issue is open" in capsys.readouterr().err


def test_drift_opens_one_issue_that_the_next_check_renews_and_a_clean_one_closes(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(drift("enforceAdmins")) == 2
    (issue,) = issues(estate)
    assert issue["title"] == "Drift check: staging has drifted: 1 difference outside Pulumi"
    assert "`enforce_admins` | `true` | `false`" in issue["body"]
    assert "issue opened: https://github.com/zebra-devops/staging-gate/issues/1" in capsys.readouterr().err

    assert run(drift("enforceAdmins")) == 2
    assert "issue unchanged" in capsys.readouterr().err
    assert len(issues(estate)) == 1
    assert comments(estate, 1) == []

    assert run(drift("allowsDeletions")) == 2
    (issue,) = issues(estate)
    assert "allows_deletions" in issue["body"]
    assert "enforce_admins" not in issue["body"]
    (comment,) = comments(estate, 1)
    assert "allows_deletions" in comment

    assert run(FakeStack(CLEAN)) == 0
    (issue,) = issues(estate)
    assert (issue["state"], issue["stateReason"]) == ("closed", "completed")
    assert "staging is clean" in comments(estate, 1)[-1]


def test_the_text_is_renewed_by_every_check(estate: Estate) -> None:
    run(drift("enforceAdmins"))
    (before,) = issues(estate)
    with estate.edit("github") as objects:
        next(o for o in objects if o["type"] == "issue")["body"] = before["body"].replace(
            "Checked on 20", "Checked on 19"
        )
    run(drift("enforceAdmins"))
    assert "Checked on 20" in issues(estate)[0]["body"]


def test_what_drifts_after_that_gets_an_issue_of_its_own(estate: Estate) -> None:
    for stack in (drift("enforceAdmins"), FakeStack(CLEAN), drift("enforceAdmins")):
        run(stack)
    assert [(issue["number"], issue["state"]) for issue in issues(estate)] == [(1, "closed"), (2, "open")]


def test_each_stack_has_its_own(estate: Estate) -> None:
    run(drift("enforceAdmins"))
    run(drift("enforceAdmins", "production"))
    run(FakeStack(CLEAN, name="production"))
    assert [issue["state"] for issue in issues(estate)] == ["open", "closed"]


def test_a_strangers_issue_is_neither_renewed_nor_closed(estate: Estate) -> None:
    run(drift("enforceAdmins"))
    with estate.edit("github") as objects:
        next(o for o in objects if o["type"] == "issue")["user"] = "octocat"
    run(drift("enforceAdmins"))
    run(FakeStack(CLEAN))
    assert [(issue["user"], issue["state"]) for issue in issues(estate)] == [
        ("octocat", "open"),
        ("github-actions[bot]", "closed"),
    ]


def test_of_two_that_are_ours_the_first_stays(estate: Estate) -> None:
    run(drift("enforceAdmins"))
    with estate.edit("github") as objects:
        first = next(o for o in objects if o["type"] == "issue")
        objects.append({**first, "number": 2, "id": "second"})
    run(drift("enforceAdmins"))
    assert [(issue["number"], issue["state"]) for issue in issues(estate)] == [(1, "open"), (2, "closed")]


def test_a_check_that_could_not_be_done_says_so_and_keeps_what_was_found(estate: Estate) -> None:
    broken = FakeStack([e.error("the vendor is on holiday")], failure("x"))
    assert run(drift("enforceAdmins")) == 2
    assert run(broken) == 1
    assert run(broken) == 1
    (issue,) = issues(estate)
    assert issue["title"] == "Drift check: staging could not be checked"
    assert "the vendor is on holiday" in issue["body"]
    assert issue["body"].count("enforce_admins") == 1
    assert len(comments(estate, 1)) == 1
    assert run(drift("enforceAdmins")) == 2
    assert "holiday" not in issues(estate)[0]["body"]
    assert len(comments(estate, 1)) == 2


def test_a_text_that_somebody_emptied_is_written_anew(estate: Estate) -> None:
    run(drift("enforceAdmins"))
    with estate.edit("github") as objects:
        issue = next(o for o in objects if o["type"] == "issue")
        issue["body"] = issue["body"].split("\n")[0]
    assert run(FakeStack([e.error("the vendor is on holiday")], failure("x"))) == 1
    (issue,) = issues(estate)
    assert "the vendor is on holiday" in issue["body"]


def test_a_first_check_that_could_not_be_done_opens_one(estate: Estate) -> None:
    for _ in range(2):
        assert run(FakeStack([e.error("the vendor is on holiday")], failure("x"))) == 1
    (issue,) = issues(estate)
    assert issue["body"].count("the vendor is on holiday") == 1


def test_a_text_that_is_too_long_is_cut(estate: Estate) -> None:
    fields = [f"field{number:04}" for number in range(220)]
    declared = {"pattern": "staging", **dict.fromkeys(fields, "x" * 150)}
    live = {"pattern": "staging", **dict.fromkeys(fields, "y" * 150)}
    assert run(FakeStack(e.drifted(e.PROTECTION, declared, live, *fields))) == 2
    (issue,) = issues(estate)
    assert len(issue["body"]) <= LIMIT
    assert "more lines are left out here" in issue["body"]


def test_an_issue_that_cannot_be_written_is_1(
    estate: Estate, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("REPORT_TOKEN")
    assert run(drift("enforceAdmins")) == 1
    assert "gate drift: no issue: REPORT_TOKEN is not set" in capsys.readouterr().err
    monkeypatch.setenv("REPORT_TOKEN", "ghs_another_token")
    assert run(FakeStack(CLEAN)) == 1
    assert "does not accept REPORT_TOKEN" in capsys.readouterr().err


def test_no_secret_is_in_an_issue(estate: Estate) -> None:
    live = {"pattern": "staging", "note": f"{CREDENTIALS['RENDER_API_KEY']} and {TOKEN}"}
    run(FakeStack(e.drifted(e.PROTECTION, {"pattern": "staging", "note": ""}, live, "note")))
    run(FakeStack([e.error(f"bad key {CREDENTIALS['RENDER_API_KEY']}")], failure("x")))
    told = "".join([*(issue["body"] for issue in issues(estate)), *comments(estate, 1)])
    assert "[secret]" in told
    assert [secret for secret in (CREDENTIALS["RENDER_API_KEY"], TOKEN) if secret in told] == []
