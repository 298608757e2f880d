"""What `gate adopt` prints can be pasted into a stack's file as it is, and takes effect there."""

import json

import pytest
import yaml

from components.adoption import key
from gate.cli import main
from gate.recover.search import AdoptableObject, AdoptionReport
from tests.unit.components.engine import run
from tests.unit.settings.stack_file import StackFile


def found(key: str, import_id: str, recognised_by: str) -> AdoptableObject:
    return AdoptableObject(key=key, import_id=import_id, recognised_by=recognised_by)


def text(adoption: AdoptionReport) -> str:
    return "\n".join(adoption.lines())


FOUND = AdoptionReport(
    stack="production",
    found=[
        found("auth0:Client/production", "fakeClientId", "the only application named 'MarketEdge Platform'"),
        found("github:BranchProtection/production", "MarketEdge-Platform:main", "rule of main"),
    ],
    new=["github:RepositoryRuleset/production"],
    waiting=["vercel:ProjectDomain/production: projectId is known after `pulumi up` only"],
    undecided=["vercel:Project/production: two of them"],
)


def test_the_lines_are_the_configuration() -> None:
    pasted = yaml.safe_load("config:\n" + text(FOUND))["config"]["marketedge:adopt"]
    assert pasted == {
        "auth0:Client/production": "fakeClientId",
        "github:BranchProtection/production": "MarketEdge-Platform:main",
    }


def test_the_lines_make_the_program_import_and_leave_alone() -> None:
    stack_file = StackFile("production")
    stack_file.config |= yaml.safe_load("config:\n" + text(FOUND))["config"]
    result = run(stack_file, stacks={"production": {}})
    assert result.error is None
    client = result.only("auth0:index/client:Client")
    assert (client.import_id, client.ignore_changes[-1]) == ("fakeClientId", "*")
    rule = result.only("github:index/branchProtection:BranchProtection")
    assert (rule.import_id, rule.ignore_changes[-1]) == ("MarketEdge-Platform:main", "*")
    assert {r.label for r in result.declared if r.import_id} == {rule.label, client.label}
    assert sum("is adopted as it is" in warning for warning in result.warnings) == 2


def test_what_is_not_adopted_is_said_beside_the_lines() -> None:
    lines = text(FOUND).splitlines()
    assert "# will be created: github:RepositoryRuleset/production" in lines
    assert "# decide first: vercel:Project/production: two of them" in lines
    assert any(line.startswith("# not looked up: vercel:ProjectDomain/production") for line in lines)


def test_nothing_to_adopt_is_said() -> None:
    assert (
        text(AdoptionReport(stack="staging"))
        == "# Nothing to adopt: stack staging would create nothing that already exists."
    )


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("auth0:index/client:Client", "auth0:Client/production"),
        ("github:index/branchProtection:BranchProtection", "github:BranchProtection/production"),
    ],
)
def test_keys(type_: str, expected: str) -> None:
    assert key(type_, "production") == expected


@pytest.mark.parametrize("bad", ["Client/production", "auth0:Client", "auth0/Client/production"])
def test_a_misspelt_key_is_a_problem(bad: str) -> None:
    stack_file = StackFile("production")
    stack_file.config["marketedge:adopt"] = json.dumps({bad: "id"})
    (problem,) = stack_file.problems()
    assert problem.startswith("marketedge:adopt")
    assert "auth0:Client/production" in problem


def test_without_a_project_it_says_where_to_run_it(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert main(["adopt", "--env", "production"]) == 1
    assert "there is no Pulumi.yaml here" in capsys.readouterr().err
