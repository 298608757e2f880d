"""The corpus of Blueprints, each as the section, the document and the account that it becomes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from blueprint.spec import Document, fill_in
from components.phases import Part
from components.render_documents import Blueprint
from components.render_settings import Render
from components.variables import RenderVariable
from gate.blueprints.document import read
from gate.blueprints.importing import Imported, translate
from tests.unit.blueprint.account import Account

Json = dict[str, Any]
CORPUS = Path(__file__).parents[1] / "corpus"
FILES = sorted(path.stem for path in CORPUS.glob("*.yaml"))
REPOSITORY = "https://github.com/example-org/example"
CREDENTIAL = {"name": "ghcr-reader", "registry": "GITHUB", "username": "u", "authToken": "t", "ownerId": "tea-1"}


def imported(name: str, **options: Any) -> Imported:
    """What becomes of a file of the corpus."""
    return translate(read((CORPUS / f"{name}.yaml").read_text()), **({"renames": {}} | options))


def section(found: Imported) -> Render:
    """The section as a stack file's is read: as it is written and no other way."""
    return Render.model_validate(found.section, strict=True, by_alias=True, by_name=False)


def document(render: Render) -> Document:
    """What the commands of a stack with this section are told, all in one; a secret's value is its name."""
    branch = SimpleNamespace(branch=SimpleNamespace(name="main"))
    settings = SimpleNamespace(render=render, github=branch, parts={Part.BACKEND})

    def value_of(variable: RenderVariable) -> str:
        return str(variable.from_secret)

    secrets = {str(variable.from_secret): "a secret" for variable in render.variables if variable.from_secret}
    return fill_in(Blueprint(settings, REPOSITORY).document(value_of), secrets)  # type: ignore[arg-type]


def account(**options: Any) -> Account:
    """An account with the registry credential that the corpus names."""
    made = Account(**options)
    made.session().client.post("/registrycredentials", CREDENTIAL)
    return made
