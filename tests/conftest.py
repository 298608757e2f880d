"""What all tests keep: the stack files in the project's folder are the team's, and only their own tests read them."""

import os
import sys
from pathlib import Path
from typing import Any

_SHIPPED = {str(path) for path in Path(__file__).resolve().parents[1].glob("Pulumi.*.yaml")}
_THEIR_TESTS = "test_shipped_stacks.py"


def _refuse_the_teams_files(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | Path) and str(arguments[0]).endswith(".yaml"):
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        if os.path.abspath(arguments[0]) in _SHIPPED and test and _THEIR_TESTS not in test:
            raise AssertionError(f"{test} reads {arguments[0]}, which a team edits: use rehearsal/stacks")


sys.addaudithook(_refuse_the_teams_files)
