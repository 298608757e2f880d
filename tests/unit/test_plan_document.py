"""docs/PLAN.md: every task and criterion of the plan has a row, and every row points at something that exists."""

from __future__ import annotations

import ast
import re
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
SECTIONS = ("1.3", "2.3", "8.1", "8.2", "8.3", "9.1", "9.2", "10.1", "10.3", "11.1", "11.2", "appendix A")
"""Of the plan outside its tasks: each has a row in the last table."""


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


@pytest.mark.parametrize("section", SECTIONS)
def test_every_other_section_has_a_row(section: str) -> None:
    assert any(row.criterion.startswith(section) for row in ROWS if not row.task)


def test_every_reference_points_at_something() -> None:
    references = {r for row in ROWS for cell in (row.made_by, row.shown_by) for r in REFERENCE.findall(cell)}
    assert len(references) > 100
    assert [why for path, name in sorted(references) if (why := missing(path, name or None))] == []


def test_every_row_is_shown_by_a_test_a_check_or_people() -> None:
    def shown(row: Row) -> bool:
        paths = [path for path, _name in REFERENCE.findall(row.shown_by)]
        checks = ("gate/verify/", "gate/smoke/")
        return "people" in row.shown_by or any(path.startswith(("tests/", *checks)) for path in paths)

    assert [f"{row.task} {row.criterion}" for row in ROWS if not shown(row)] == []


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


def test_what_people_do_and_what_only_act_has_run_says_so() -> None:
    unsaid = [
        f"{row.task} {row.criterion}"
        for row in ROWS
        if (row.shown_by == "people" or "test_executions.py" in row.shown_by) and not row.limits
    ]
    assert unsaid == []
