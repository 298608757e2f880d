"""Every key of a stack file is described, and what is written from that is current."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from components.configuration_reference import described, document, keys, main, models, schema
from components.documents import PROJECT as REPOSITORY
from tests.unit.settings.stack_file import PROJECT, STACKS

KEYS = [key for model in models() for key in keys(model)]
FILES = [
    *sorted(STACKS.glob("Pulumi.*.yaml")),
    *sorted((PROJECT / "examples").glob("*/Pulumi.*.yaml")),
    *sorted((PROJECT / "tests" / "stacks").glob("*/Pulumi.*.yaml")),
]


def problems(content: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema()).iter_errors(content)]


def test_every_key_is_described_and_nothing_else() -> None:
    assert [key.id for key in KEYS if key.id not in described()] == []
    assert set(described()) - {key.id for key in KEYS} == set()


@pytest.mark.parametrize("name", sorted(described()))
def test_a_description_is_a_sentence(name: str) -> None:
    said = described()[name]["is"]
    assert said[0].isupper() or said.split(":")[0] in ("exact", "false")
    assert said.endswith(".")


def test_the_documents_are_current() -> None:
    """Renewed with `make documents`. docs/ENVIRONMENTS.md is the team's, as the stack files are: see `make check`."""
    assert (REPOSITORY / "docs" / "CONFIGURATION.md").read_text(encoding="utf-8") == document()
    assert json.loads((REPOSITORY / "schema" / "stack.schema.json").read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_stack_files_are_valid_and_name_the_schema(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert problems(yaml.safe_load(text)) == []
    first = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / first).resolve() == REPOSITORY / "schema" / "stack.schema.json"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("requiredApprovals: 1", "requiredApproval: 1", "'requiredApproval' was unexpected"),
        ("requiredApprovals: 1", "requiredApprovals: many", "'many' is not of type 'integer'"),
        ("marketedge:environment: staging", "marketedge:enviroment: staging", "'marketedge:environment' is a required"),
        ('marketedge:budgetUsd: "14"', "marketedge:budgetUsd: much", "'much' is not valid under any"),
    ],
)
def test_an_editor_sees_a_mistake(old: str, new: str, message: str) -> None:
    text = (STACKS / "Pulumi.staging.yaml").read_text(encoding="utf-8")
    assert old in text
    assert any(message in problem for problem in problems(yaml.safe_load(text.replace(old, new))))


def test_an_old_document_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.configuration_reference.documents", lambda: {REPOSITORY / "docs" / "X.md": "new"})
    assert main(["--check"]) == 1
    assert "docs/X.md is out of date: run make documents" in capsys.readouterr().err
