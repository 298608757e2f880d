"""Says what is wrong with a stack's configuration: pydantic's errors in the words of the stack file."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from blueprint.errors import GateError
from components.render_settings import SERVICE_TAGS
from components.settings import Settings
from components.vendors import NAMESPACE, SECRETS


@dataclass(frozen=True)
class Problem:
    """One problem: where it is, what was found (never a secret), and what was expected."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found} — {self.expected}"


class SettingsError(GateError):
    """The configuration is wrong. The text lists every problem. Nothing was declared."""

    def __init__(self, stack: str, problems: list[Problem]) -> None:
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"stack {stack}: {count} in its configuration; nothing was read or changed:\n{lines}")


def untagged(detail: Any) -> Any:
    """Return a place without the name of the variant that pydantic adds to a key that has several."""
    steps = [s for i, s in enumerate(detail["loc"]) if s not in SERVICE_TAGS or not _holds_service(detail["loc"][:i])]
    return {**detail, "loc": tuple(steps)}


def _holds_service(location: tuple[str | int, ...]) -> bool:
    return location[-1:] == ("service",) or location[-2:-1] in (("otherServices",), ("services",))


def problems_of(details: list[Any]) -> Iterator[Problem]:
    """Return pydantic's errors in the words of the configuration. A misspelt key is not also reported as missing."""
    missing = {detail["loc"] for detail in details if detail["type"] == "missing"}
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    meant = {location: _meant(location, missing) for location in unknown}
    misspelt = {(*location[:-1], key) for location, key in meant.items()}
    for detail in details:
        location = detail["loc"]
        if location in meant:
            known = ", ".join(sorted(_known_keys(location[:-1])))
            hint = f"did you mean {meant[location]}?" if meant[location] else f"expected one of {known}"
            hint = "remove it: what is declared here has no such thing" if meant[location] == location[-1] else hint
            yield Problem(path_of(location), "unknown key", hint)
        elif location not in missing:
            yield _problem(detail)
        elif location not in misspelt:
            yield Problem(path_of(location), "missing", "this key is required")


def _problem(detail: Any) -> Problem:
    """Return the problem of one value that is not as expected."""
    location, kind, value, context = detail["loc"], detail["type"], detail["input"], detail.get("ctx", {})
    where, found = path_of(location), _show(value)
    if kind == "value_error":
        return Problem(where, found, str(context["error"]))
    if kind == "literal_error":
        quotes = " in quotes" if repr(str(value)) in context["expected"] else ""
        return Problem(where, found, f"expected {_in_yaml(context['expected'])}{quotes}")
    if kind == "string_pattern_mismatch" and location[-1] == "fromSecret":
        found = "not a name"  # but perhaps the secret itself
    expected = _EXPECTED[kind].format(**context) if kind in _EXPECTED else detail["msg"]
    if kind == "string_pattern_mismatch":
        expected = _TEXTS.get(str(location[-1]), expected)
    return Problem(where, found, f"expected {expected}")


_EXPECTED = {
    "model_type": "a section with keys of its own",
    "list_type": "a list",
    "string_type": "text (a number or true needs quotes)",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} entry",
    "too_long": "at most {max_length} entries",
    "string_too_short": "some text",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "text that matches {pattern}",
}
"""What is expected, by pydantic's kind of error."""

_TEXTS = {
    "repository": "a repository's name without its owner",
    "application": "a name without < and >",
    "databaseName": "lower-case letters, digits and _, with no digit first",
    "user": "lower-case letters, digits and _, with no digit first",
    "healthCheckPath": "a path such as /health, without a query",
    "mountPath": "a path such as /var/data",
    "url": "an image such as ghcr.io/acme/shop:1.2",
    "uri": "an address such as https://status.example.com",
    "repo": "an address such as https://github.com/acme/shop",
    "fromSecret": f"the name of an entry of {SECRETS}: letters, digits and _, with no digit first",
}
"""What a pattern stands for, by key."""


def path_of(location: tuple[str | int, ...]) -> str:
    """Return a place as people write it: `marketedge:render.service.envVars[2].key`."""
    text = f"{NAMESPACE}:"
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.replace(":.", ":").removesuffix(":")


def _show(value: object) -> str:
    if isinstance(value, BaseModel | dict):
        return "this section"
    if isinstance(value, list):
        return "this list"
    text = _in_yaml(repr(value))
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text) - 2} characters)"


def _in_yaml(text: str) -> str:
    return {"True": "true", "False": "false", "None": "empty"}.get(text, text)


def _meant(location: tuple[str | int, ...], missing: set[tuple[str | int, ...]]) -> str | None:
    """Return the known key that an unknown one resembles; a missing one beside it comes first."""
    *parents, key = location
    absent = sorted(str(other[-1]) for other in missing if list(other[:-1]) == parents)
    for known in (absent, sorted(_known_keys(tuple(parents)))):
        if close := difflib.get_close_matches(str(key), known, n=1):
            return close[0]
    return None


def _known_keys(parents: tuple[str | int, ...]) -> set[str]:
    model: Any = Settings
    for step in parents:
        if isinstance(step, str):
            fields = {field.alias: field.annotation for field in model.model_fields.values()}
            model = next(models_in(fields.get(step)))
    return {str(field.alias) for field in model.model_fields.values()}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Return the models in an annotation such as list[Annotated[Model, …]] or Model | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)
