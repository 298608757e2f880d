"""The stack files in the project's folder belong to the team: they load and declare, whatever a team writes into them.

The tests below are the only ones that read these files, and they hold for an edited copy as well.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from components.documents import environments_document, stacks
from components.phases import PHASES
from tests.unit.components.engine import run
from tests.unit.settings.stack_file import PROJECT, StackFile

VARIABLE = "        - {key: LOG_LEVEL, value: DEBUG}\n"
EDITS = (
    (VARIABLE, f"{VARIABLE}        - {{key: FEATURE_X, value: new}}\n"),
    ("marketedge-platform-staging", "shop-backend-staging"),
    ("staging.zebra.associates", "uat.shop.example"),
    ("staging-api.zebra.associates", "uat-api.shop.example"),
    ("app.zebra.associates", "www.shop.example"),
    ("zebra-devops", "shop"),
)
"""What a team changes on its first day: a variable, names and hosts."""


@pytest.fixture(scope="module", params=["as shipped", "edited by a team"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two stack files."""
    made = tmp_path_factory.mktemp("stacks")
    for file in PROJECT.glob("Pulumi*.yaml"):
        shutil.copy(file, made)
        if request.param != "as shipped":
            text = file.read_text(encoding="utf-8")
            for old, new in EDITS:
                text = text.replace(old, new)
            (made / file.name).write_text(text, encoding="utf-8")
    return made


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("stack", ["staging", "production"])
def test_each_stack_loads_and_declares_its_objects_in_each_phase(folder: Path, stack: str, phase: str) -> None:
    stack_file = StackFile(stack, folder)
    stack_file.config["marketedge:phase"] = phase
    before = {"phase": PHASES[max(PHASES.index(phase) - 1, 0)]}
    result = run(stack_file, stacks={stack: before})
    assert result.error is None
    assert result.declared


def test_the_environments_can_be_written_down(folder: Path) -> None:
    found = stacks(folder)
    text = environments_document(found)
    assert [settings for settings in found if f"Vercel: {settings.vercel.domain}" not in text] == []


@pytest.mark.parametrize("stack", ["staging", "production"])
def test_a_file_holds_secrets_only_as_pulumi_encrypts_them(folder: Path, stack: str) -> None:
    text = (folder / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    assert "marketedge:secrets:\n" not in text or "secure: v1:" in text
