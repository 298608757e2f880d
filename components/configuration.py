"""Turns raw configuration into Settings, or into one error that lists everything that is wrong with it at once.

Knows no Pulumi: the program hands it the engine's configuration as a mapping, `gate` the same from the stack's file.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from components.render_settings import SERVICE_TAGS
from components.settings import Settings
from components.stack_file import WITH_A_TIME, StackConfig

NAMESPACE = "marketedge"
SECRETS = f"{NAMESPACE}:secrets"
VERCEL_SECTION = f"{NAMESPACE}:vercel"
VERCEL_TOKEN = re.compile(r"[0-9A-Za-z]{24}|vc[a-z]_[0-9A-Za-z]{24,}")
"""24 letters and digits, or a newer one with a prefix; the provider refuses others only after work has begun."""


class SettingsError(ValueError):
    """The configuration is wrong; the text lists every problem. Nothing was declared."""

    def __init__(self, stack: str, problems: list[Problem]) -> None:
        self.problems = problems
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"stack {stack}: {count} in its configuration; nothing was read or changed:\n{lines}")


@dataclass(frozen=True)
class Problem:
    """Where, what was found (never a secret) and what was expected."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found} — {self.expected}"


@dataclass(frozen=True)
class Loaded:
    """Settings with what belongs to them and must not be printed."""

    settings: Settings
    owner: str
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def repository_url(self) -> str:
        return f"https://github.com/{self.owner}/{self.settings.github.repository}"


def load(
    stack: str,
    config: Mapping[str, str],
    secret_keys: frozenset[str],
    environ: Mapping[str, str],
    *,
    check_secrets: bool = True,
    file: StackConfig | None = None,
) -> Loaded:
    """Check a stack's configuration and the tokens in the environment.

    Args:
        config: every key of the stack with its value as text, objects as JSON, secrets in clear.
        secret_keys: keys that are, or hold, secrets.
        check_secrets: whether every secret that is referred to has to be there.
        file: the stack's file as it is written, where it is at hand: what Pulumi reads as something else is a problem.

    Raises: SettingsError.
    """
    problems: list[Problem] = []
    sections = dict(_sections(config, secret_keys))
    refused = {section for section in sections if f"{NAMESPACE}:{section}" in secret_keys} - {"secrets"}
    problems += _misplaced(stack, config, secret_keys)
    secrets = _secrets(sections.pop("secrets", {}))
    settings: Settings | None = None
    details: list[Any] = []
    try:
        # As it is written and no other way: pydantic would take 'yes' for true, true for 1, from_secret for fromSecret.
        settings = Settings.model_validate(sections, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        details = [d for d in map(_untagged, error.errors()) if d["loc"][:1] not in {(r,) for r in refused}]
    if file is not None:
        unquoted = dict(_unquoted(file, config, settings))
        details = [detail for detail in details if detail["loc"] not in unquoted]
        problems += [*unquoted.values(), *_in_clear(stack, file)]
    problems += _problems(details)
    problems += _misspelt_environment(sections)
    if check_secrets:
        problems += _missing_secrets(stack, sections, secrets)
    problems += _bad_tokens(environ)
    owner, elsewhere = config.get("github:owner", ""), environ.get("GITHUB_OWNER", "")
    if owner and elsewhere and owner != elsewhere:
        expected = f"unset GITHUB_OWNER, which is {elsewhere!r} and would win over it at the provider"
        problems.append(Problem("github:owner", repr(owner), expected))
    owner = owner or elsewhere
    if not owner:
        problems.append(
            Problem("github:owner", "missing", "the repository's owner: pulumi config set github:owner <organization>")
        )
    if problems or settings is None:
        raise SettingsError(stack, problems)
    return Loaded(settings, owner, secrets)


def without_vercel(config: Mapping[str, object]) -> bool:
    """Whether this is the configuration of a stack that has nothing at Vercel, and so needs no token of it."""
    return f"{NAMESPACE}:environment" in config and VERCEL_SECTION not in config


def _sections(config: Mapping[str, str], secret_keys: frozenset[str]) -> Iterator[tuple[str, Any]]:
    for key, text in sorted(config.items()):
        namespace, _, section = key.partition(":")
        if namespace != NAMESPACE:
            continue
        yield section, _value(text)


def _value(text: str) -> Any:
    """What a key's text stands for: objects, numbers and switches are JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _secrets(section: Any) -> dict[str, str]:
    """By name; an empty entry is none."""
    entries = section.items() if isinstance(section, dict) else ()
    known = {name: value for name, value in entries if value not in (None, "")}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}


def _unquoted(
    file: StackConfig, config: Mapping[str, str], settings: Settings | None
) -> Iterator[tuple[tuple[str | int, ...], Problem]]:
    """By place, what Pulumi reads as something else than is written: of `config`, which may come from elsewhere."""
    for one in file.changed:
        key, *steps = one.path
        section = str(key).removeprefix(f"{NAMESPACE}:")
        location = (section, *steps)
        seen = _at(_value(config.get(str(key), "")), steps)
        text = seen if isinstance(seen, str) else json.dumps(seen)
        only_a_switch = one.read in ("true", "false") and not isinstance(_at(settings, location), str)
        meant = text == one.read or (
            one.read.endswith(WITH_A_TIME) and text[:4] == one.read[:4] and text != one.written
        )
        if only_a_switch or not meant:
            continue
        path = _path(location) if section != key else section
        number = f", or {one.read}" if one.read[-1:].isdigit() else ""
        expected = f"needs quotes: Pulumi reads it as {one.read}; write {json.dumps(one.written)}{number}"
        yield location, Problem(path, one.written, expected)


def _at(value: Any, steps: Iterable[str | int]) -> Any:
    """The value at a place inside of another one; None where there is no such place."""
    value = value.model_dump(by_alias=True) if isinstance(value, BaseModel) else value
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _in_clear(stack: str, file: StackConfig) -> Iterator[Problem]:
    """Secrets that lie in the file as they are, beside others that are encrypted."""
    for name, encrypted in file.secrets.get(SECRETS, {}).items():
        if encrypted is False:
            told = f"in clear in the file, so in the repository too: make a new one, then {set_secret(stack, name)}"
            yield Problem(f"{SECRETS}.{name}", "not encrypted", told)


def _misplaced(stack: str, config: Mapping[str, str], secret_keys: frozenset[str]) -> Iterator[Problem]:
    """Secrets that are not kept as such, and secrets kept elsewhere."""
    if SECRETS in config and SECRETS not in secret_keys:
        yield Problem(SECRETS, "in clear", f"remove it and run for each: {set_secret(stack, 'NAME')}")
    for key in sorted(secret_keys - {SECRETS}):
        if key.startswith(f"{NAMESPACE}:"):
            expected = f"expected settings in clear: keep the secret in {SECRETS} and refer to it with fromSecret"
            yield Problem(key, "is or holds a secret", expected)


def _misspelt_environment(sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Any name will do, but one that is nearly production would lose production's protection without a word."""
    name = sections.get("environment")
    usual = ("staging", "production")
    if isinstance(name, str) and name not in usual and "adopted" not in sections:
        for meant in difflib.get_close_matches(name, usual, n=1, cutoff=0.75):
            expected = f"did you mean {meant}? If not, say marketedge:adopted as well"
            yield Problem(f"{NAMESPACE}:environment", repr(name), expected)


def set_secret(stack: str, name: str) -> str:
    return f"pulumi config set --stack {stack} --secret --path '{SECRETS}.{name}'"


def _untagged(detail: Any) -> Any:
    """Without the name of the variant that pydantic puts after a key that has several."""
    steps = [s for i, s in enumerate(detail["loc"]) if s not in SERVICE_TAGS or not _holds_service(detail["loc"][:i])]
    return {**detail, "loc": tuple(steps)}


def _holds_service(location: tuple[str | int, ...]) -> bool:
    return location[-1:] == ("service",) or location[-2:-1] in (("otherServices",), ("services",))


def _problems(details: list[Any]) -> Iterator[Problem]:
    """Pydantic's errors in the words of the configuration. A misspelt key is not reported as a missing one, too."""
    missing = {detail["loc"] for detail in details if detail["type"] == "missing"}
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    meant = {location: _meant(location, missing) for location in unknown}
    misspelt = {(*location[:-1], key) for location, key in meant.items()}
    for detail in details:
        location = detail["loc"]
        if location in meant:
            known = ", ".join(sorted(_known_keys(location[:-1])))
            hint = f"did you mean {meant[location]}?" if meant[location] else f"expected one of {known}"
            yield Problem(_path(location), "unknown key", hint)
        elif location not in missing:
            yield _problem(detail)
        elif location not in misspelt:
            yield Problem(_path(location), "missing", "this key is required")


def _problem(detail: Any) -> Problem:
    """One value that is not as expected."""
    location, kind, value, context = detail["loc"], detail["type"], detail["input"], detail.get("ctx", {})
    path, found = _path(location), _show(value)
    if kind == "value_error":
        return Problem(path, found, str(context["error"]))
    if kind == "literal_error":
        quotes = " in quotes" if repr(str(value)) in context["expected"] else ""
        return Problem(path, found, f"expected {_in_yaml(context['expected'])}{quotes}")
    if kind == "string_pattern_mismatch" and location[-1] == "fromSecret":
        found = "not a name"  # but perhaps the secret itself
    expected = _EXPECTED[kind].format(**context) if kind in _EXPECTED else detail["msg"]
    if kind == "string_pattern_mismatch":
        expected = _TEXTS.get(str(location[-1]), expected)
    return Problem(path, found, f"expected {expected}")


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
"""By pydantic's kind of error."""

_TEXTS = {
    "repository": "a repository's name without its owner",
    "application": "a name without < and >",
    "databaseName": "lower-case letters, digits and _, with no digit first",
    "user": "lower-case letters, digits and _, with no digit first",
    "healthCheckPath": "a path such as /health, without a query",
    "fromSecret": f"the name of an entry of {SECRETS}: letters, digits and _, with no digit first",
}
"""By key: what its pattern stands for."""


def _path(location: tuple[str | int, ...]) -> str:
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
    return {"True": "true", "False": "false", "None": "nothing"}.get(text, text)


def _meant(location: tuple[str | int, ...], missing: set[tuple[str | int, ...]]) -> str | None:
    """The key that an unknown one is close to, first of all one that is missing beside it."""
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
            model = _model_in(fields.get(step))
    return {str(field.alias) for field in model.model_fields.values()}


def _model_in(annotation: Any) -> Any:
    """The model in an annotation such as list[Annotated[Model, …]] or Model | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_in(inner):
            return found
    return None


def _references(node: Any) -> Iterator[str]:
    """Every name that a fromSecret anywhere in the configuration refers to."""
    if isinstance(node, dict):
        if isinstance(name := node.get("fromSecret"), str) and name.isidentifier():
            yield name
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def _missing_secrets(stack: str, sections: Mapping[str, Any], secrets: Mapping[str, str]) -> Iterator[Problem]:
    for name in sorted(set(_references(dict(sections)))):
        if not secrets.get(name):
            yield Problem(f"{SECRETS}.{name}", "missing", f"run: {set_secret(stack, name)}")


def _bad_tokens(environ: Mapping[str, str]) -> Iterator[Problem]:
    token = environ.get("VERCEL_API_TOKEN")
    if token and not VERCEL_TOKEN.fullmatch(token):
        expected = "expected 24 letters and digits: make a token at Vercel, Account Settings, Tokens, and export it"
        yield Problem("VERCEL_API_TOKEN", f"{len(token)} characters (in the environment)", expected)
