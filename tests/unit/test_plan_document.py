"""docs/PLAN.md: every task and criterion of the plan has a row, and every row points at something that exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
STACKS = PROJECT / "rehearsal" / "stacks"  # the stack files as the plan has them; the shipped ones are the team's
DOCUMENT = PROJECT / "docs" / "PLAN.md"

CRITERIA = {
    # How many success criteria the plan gives each task; 3.2 and 3.4 with their test coverage lists.
    **{"1.1": 4, "1.2": 3, "1.3": 3, "1.4": 3, "1.5": 5, "1.6": 4},
    **{"2.1": 4, "2.2": 5, "2.3": 4, "2.4": 4, "2.5": 4, "2.6": 5},
    **{"3.1": 5, "3.2": 12, "3.3": 6, "3.4": 10, "3.5": 5},
    **{"4.1": 6, "4.2": 6, "4.3": 5, "4.4": 5, "4.5": 5},
    **{"5.1": 8, "5.2": 3, "5.3": 5, "5.4": 3, "5.5": 5},
}
OTHERS = {
    # How many lines each further section of the plan has; a feature or a line of a checklist only where no criterion
    # says the same.
    **{"important": 4, "1.3": 6, "2.2": 1, "2.3": 3},
    **{"3.1 feature": 2, "3.2 feature": 3, "3.3 feature": 2, "3.5 feature": 2},
    **{f"{section} checklist": count for section, count in (("3.4", 1), ("4.3", 1), ("5.4", 2), ("7.4", 2))},
    **{"5.5 metric": 3, "8.1": 4, "8.2": 1, "8.3": 1, "9.1": 3, "9.2": 4},
    **{"10.1": 1, "10.2": 1, "10.3": 2, "11.1": 5, "11.2": 4, "appendix": 2},
}
ACT = "tests/workflows/test_executions.py"
TEAM = "the team"
"""Who shows what no program can."""


@dataclass(frozen=True)
class Row:
    task: str
    criterion: str
    made_by: str
    shown_by: str
    limits: str


def rows(text: str) -> list[Row]:
    found, task = [], ""
    for line in text.splitlines():
        if heading := re.match(r"#{2,3} (?:(\d\.\d) )?", line):
            task = heading[1] or ""
        elif line.startswith("|") and not line.startswith(("| ---", "| criterion")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 4, line
            found.append(Row(task, *cells))
    return found


ROWS = rows(DOCUMENT.read_text(encoding="utf-8"))
REFERENCE = re.compile(r"`([\w./-]+(?:\.(?:py|ya?ml|md)|/))(?:::([^`]+))?`")


def missing(path: str, name: str | None) -> str | None:
    """Why a reference points at nothing."""
    place = (STACKS if path.startswith("Pulumi.") else PROJECT) / path
    if not place.exists():
        return f"{path} does not exist"
    if name is None:
        return None
    text = place.read_text(encoding="utf-8")
    if place.suffix == ".py":
        return None if name in defined(text) else f"{path} defines no {name}"
    key = re.compile(rf"^\s*(?:- )?(?:\{{ ?key: )?{re.escape(name)}\b|/{re.escape(name)}@", re.MULTILINE)
    return None if key.search(text) else f"{path} has no {name}"


def defined(text: str) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


@pytest.mark.parametrize("task", CRITERIA)
def test_every_criterion_of_a_task_has_a_row(task: str) -> None:
    found = [row.criterion for row in ROWS if row.task == task]
    assert len(found) == len(set(found)) == CRITERIA[task]


def test_every_line_of_the_other_sections_has_a_row() -> None:
    criteria = [row.criterion for row in ROWS if not row.task]
    assert len(criteria) == len(set(criteria)) == sum(OTHERS.values())
    longest = sorted(OTHERS, key=len, reverse=True)
    found = Counter(next((start for start in longest if one.startswith(start)), one) for one in criteria)
    assert found == OTHERS


def test_every_reference_points_at_something() -> None:
    references = {r for row in ROWS for cell in (row.made_by, row.shown_by) for r in REFERENCE.findall(cell)}
    assert len(references) > 100
    assert [why for path, name in sorted(references) if (why := missing(path, name or None))] == []


def shown_by_code(row: Row) -> list[str]:
    """The tests, and the checks of `gate verify` and `gate smoke`."""
    paths = [path for path, _name in REFERENCE.findall(row.shown_by)]
    return [path for path in paths if path.startswith(("tests/", "gate/verify/", "gate/smoke/"))]


def test_every_row_is_shown_by_a_test_or_a_check_or_else_by_the_team() -> None:
    unclear = [f"{row.task} {row.criterion}" for row in ROWS if (row.shown_by == TEAM) == bool(shown_by_code(row))]
    assert unclear == []


def test_a_test_that_is_named_is_run() -> None:
    """A helper, or a test that is always skipped, shows nothing."""
    named = {
        (path, name) for row in ROWS for path, name in REFERENCE.findall(row.shown_by) if path.startswith("tests/")
    }
    assert [f"{path}::{name}" for path, name in sorted(named) if not Path(path).name.startswith("test_")] == []
    assert [f"{path}::{name}" for path, name in sorted(named) if name and not name.startswith("test_")] == []
    skipped = [(path, n) for path, n in sorted(named) if n and f"skip\ndef {n}(" in (PROJECT / path).read_text()]
    assert skipped == []


def test_every_delivered_workflow_is_in_the_document() -> None:
    workflows = {f"workflows/{path.name}" for path in (PROJECT / "workflows").glob("*.yml")}
    named = {path for row in ROWS for path, _name in REFERENCE.findall(row.made_by)}
    assert workflows - named == set()


def test_what_points_at_nothing_is_found() -> None:
    assert missing("docs/NOWHERE.md", None) == "docs/NOWHERE.md does not exist"
    assert missing("gate/cli.py", "nothing") == "gate/cli.py defines no nothing"
    assert missing("Pulumi.staging.yaml", "NOTHING") == "Pulumi.staging.yaml has no NOTHING"
    assert missing("workflows/production-deploy.yml", "upload-artifact") is None


IN_PART = [
    ("1.1", "AUTH0_AUDIENCE"),
    ("1.3", "Test login from preview"),
    ("2.2", "Migrations run"),
    ("2.2", "Initial data"),
    ("3.2", "Dashboard"),
    ("4.1", "PR preview created"),
    ("5.5", "Deployment metrics"),
    ("", "8.1 automatic rollback: health"),
    ("", "9.2 time to detect"),
]


@pytest.mark.parametrize(("task", "start"), IN_PART)
def test_what_is_met_in_part_says_so(task: str, start: str) -> None:
    (row,) = (one for one in ROWS if one.task == task and one.criterion.startswith(start))
    assert row.limits


def test_what_the_team_does_and_what_only_act_has_run_says_so() -> None:
    """In words of its own: a column that says the same everywhere says nothing."""
    said = [row.limits for row in ROWS if row.shown_by == TEAM]
    assert "" not in said
    assert max(Counter(said).values()) <= 4
    unsaid = [row for row in ROWS if ACT in row.shown_by and "executed with act" not in row.limits]
    assert [f"{row.task} {row.criterion}" for row in unsaid if not shown_by_code_beside_act(row)] == []


def shown_by_code_beside_act(row: Row) -> bool:
    return any(path != ACT for path in shown_by_code(row)) and bool(row.limits)
