"""Writes the documents about the stack files: docs/CONFIGURATION.md, schema/stack.schema.json, docs/ENVIRONMENTS.md.

`python -m components.configuration_reference` renews them; with `--check` it only compares (`make check`). The first
two come from the models of the settings and from configuration_keys.yaml, which describes every key once.
"""

import functools
import inspect
import json
import sys
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from components.configuration_errors import models_in
from components.documents import PROJECT, environments_document, markdown_row, stacks, templates
from components.settings import Settings
from components.vendors import NAMESPACE, SECRETS

USUAL = frozenset({"Settings.adopted", "Vercel.target"})
"""The required keys that may be left out, because a validator fills them in first."""


@functools.cache
def described() -> Mapping[str, Mapping[str, Any]]:
    """Return what each key is, by `<Model>.<key>` or by key."""
    text = Path(__file__).with_name("configuration_keys.yaml").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(text)
    return found


@dataclass(frozen=True)
class Key:
    """One key of a model.

    Attributes:
        name: as it is written.
        id: in configuration_keys.yaml.
    """

    model: type[BaseModel]
    name: str
    field: FieldInfo

    @property
    def id(self) -> str:
        """Return the most specific entry, or the name of the one to write if there is none.

        It may be the entry of the model, of one that it is made from, or of the key wherever it is.
        """
        models = [kind.__name__.partition("[")[0] for kind in self.model.__mro__ if issubclass(kind, BaseModel)]
        names = [*(f"{model}.{self.name}" for model in models), self.name]
        return next((name for name in names if name in described()), names[0])

    @property
    def about(self) -> Mapping[str, Any]:
        """Return the description of the key.

        Raises:
            SystemExit: nobody has described the key.
        """
        if self.id not in described():
            sys.exit(f"components/configuration_keys.yaml: add {self.id}: {{is: …, example: …}}")
        return described()[self.id]

    @property
    def required(self) -> bool:
        """Whether a file has to have it."""
        return self.field.is_required() and self.id not in USUAL

    @property
    def default(self) -> str:
        """Return the default as YAML; empty if there is none to show."""
        default = self.field.get_default(call_default_factory=True)
        if self.field.is_required() or default in (None, PydanticUndefined) or isinstance(default, BaseModel):
            return ""
        return f"`{json.dumps(default)}`"


def models() -> Iterator[type[BaseModel]]:
    """Return the settings and every model in them, each once, in the order in which a reader meets them."""
    met: dict[type[BaseModel], None] = {}

    def meet(model: type[BaseModel]) -> None:
        if model not in met:
            met[model] = None
            for key in keys(model):
                for inner in models_in(key.field.annotation):
                    meet(inner)

    meet(Settings)
    yield from met


def keys(model: type[BaseModel]) -> list[Key]:
    """Return the keys of a model."""
    return [Key(model, field.alias or name, field) for name, field in model.model_fields.items()]


def _summary(model: type[BaseModel]) -> str:
    """Return the first paragraph of a model's docstring, on one line."""
    return inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def document() -> str:
    """Return docs/CONFIGURATION.md."""
    folder = Path(__file__).parent / "templates"
    made = templates(folder, title=_title, summary=_summary, keys=keys, cells=_cells, row=markdown_row)
    return made.get_template("configuration.md.j2").render(models=models())


def _title(model: type[BaseModel]) -> str:
    return model.__name__.partition("[")[0].removesuffix("Section")


def _cells(key: Key) -> list[str]:
    """Return the row of a key in the table of its model."""
    example = f"`{json.dumps(key.about['example'], ensure_ascii=False)}`"
    default = "**required**" if key.required else key.default
    cells = [f"`{key.name}`", _type(key.field.annotation), default, key.about["is"], example]
    return [*(cell.replace("|", "\\|") for cell in cells), str(key.about.get("plan", ""))]


def _type(annotation: Any) -> str:
    """Return a type in the words of the document; models by their titles."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    if origin is Literal:
        return ", ".join(f"`{json.dumps(one).strip(chr(34))}`" for one in inner)
    if origin is typing.Annotated:
        return _type(inner[0])
    if origin is list:
        return f"list of {_type(inner[0])}"
    if origin is dict:
        return f"object, {_type(inner[1])} by name"
    if inner:  # a union
        return " or ".join(dict.fromkeys(_type(one) for one in inner if one is not type(None)))
    title = _title(annotation)
    return f"[{title}](#{title.lower()})"


_WORDS: dict[Any, str] = {str: "text", int: "number", float: "number", bool: "switch"}


def schema() -> dict[str, Any]:
    """Return schema/stack.schema.json, with which editors check a stack file."""
    found = Settings.model_json_schema(by_alias=True)
    by_name = {model.__name__: model for model in models()}
    for name, section in [("Settings", found), *found["$defs"].items()]:
        model = next((kind for title, kind in by_name.items() if title in (name, section.get("title"))), None)
        if model is not None:
            _describe(model, section)
    config = {f"{NAMESPACE}:{name}": _top_level(section) for name, section in found["properties"].items()}
    required = [f"{NAMESPACE}:{name}" for name in found["required"]]
    secret = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
    config |= {
        SECRETS: {"description": "Secrets by name, encrypted.", "additionalProperties": secret},
        "github:owner": {"type": "string", "description": "Who owns the repository.", "examples": ["zebra-devops"]},
        "vercel:team": {"type": "string", "description": "Slug or id of the team at Vercel.", "examples": ["zebra"]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of the staging gate",
        "type": "object",
        "properties": {"config": {"type": "object", "properties": config, "required": required}},
        "required": ["config"],
        "$defs": _lenient(found["$defs"]),
    }


def _lenient(node: Any) -> Any:
    """Remove `oneOf`.

    To the program a service without a type is a web service; in an editor it would fit several kinds.
    """
    if isinstance(node, dict):
        return {("anyOf" if key == "oneOf" else key): _lenient(inner) for key, inner in node.items()}
    return [_lenient(inner) for inner in node] if isinstance(node, list) else node


def _describe(model: type[BaseModel], section: dict[str, Any]) -> None:
    section["description"] = _summary(model)
    for key in keys(model):
        one = section["properties"][key.name]
        one |= {"description": key.about["is"], "examples": [key.about["example"]]}
        if key.name == "value":  # numbers and switches are taken as they are written
            one["anyOf"] = [{"type": kind} for kind in ("string", "integer", "boolean", "null")]
            one.pop("type", None)
    section["required"] = [key.name for key in keys(model) if key.required]


def _top_level(section: dict[str, Any]) -> dict[str, Any]:
    """Allow quotes: Pulumi writes a number or a boolean at the top level as text."""
    kind = section.get("type")
    if kind not in ("integer", "boolean"):
        return section
    quoted = {"type": "string", "pattern": "^[0-9]+$" if kind == "integer" else "^(true|false)$"}
    kept = {name: value for name, value in section.items() if name in ("description", "examples", "default")}
    return {**kept, "anyOf": [{"type": kind}, quoted]}


def documents() -> dict[Path, str]:
    """Return every document by its path."""
    return {
        PROJECT / "docs" / "CONFIGURATION.md": document(),
        PROJECT / "schema" / "stack.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        PROJECT / "docs" / "ENVIRONMENTS.md": environments_document(stacks()),
    }


def main(arguments: list[str]) -> int:
    """Write the documents, or compare them with `--check`.

    Returns:
        1 if one is out of date, else 0.
    """
    old = [path for path, text in documents().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in old:
            print(f"{path.relative_to(PROJECT)} is out of date: run make documents", file=sys.stderr)
        return 1 if old else 0
    for path in old:
        path.parent.mkdir(exist_ok=True)
        path.write_text(documents()[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
