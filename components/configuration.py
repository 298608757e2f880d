"""Turns raw configuration into Settings, or into one error that lists everything that is wrong with it.

It knows no Pulumi. The program passes the engine's configuration as a mapping, and `gate` passes the stack file's.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from components.configuration_errors import Problem, SettingsError, path_of, problems_of, untagged
from components.settings import Settings
from components.stack_file import WITH_A_TIME, StackConfig, Steps
from components.vendors import NAMESPACE, SECRETS, UNKNOWN

VERCEL_TOKEN = re.compile(r"[0-9A-Za-z]{24}|vc[a-z]_[0-9A-Za-z]{24,}")
"""The form of a Vercel token: 24 letters and digits, or newer ones with a prefix. The provider checks later."""


@dataclass(frozen=True)
class Loaded:
    """Settings, and what belongs to them and must not be printed."""

    settings: Settings
    owner: str
    secrets: Mapping[str, str] = field(repr=False)

    @property
    def repository_url(self) -> str:
        """The address of the repository at GitHub."""
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
        config: every key of the stack with its value as text: objects as JSON, secrets in clear.
        secret_keys: keys that are, or hold, secrets.
        check_secrets: whether every secret that is referred to has to exist.
        file: the stack's file as it is written, if it can be read. What Pulumi reads as something else is a problem.

    Raises:
        SettingsError: lists every problem.
    """
    ours = {key for key in config if key.partition(":")[0] == NAMESPACE}
    sections = {key.partition(":")[2]: _value(config[key]) for key in sorted(ours)}
    secrets = _secrets(sections.pop("secrets", {}))
    settings: Settings | None = None
    details: list[Any] = []
    try:
        # As it is written and no other way: pydantic would take 'yes' for true, true for 1, from_secret for fromSecret.
        settings = Settings.model_validate(sections, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        details = [d for d in map(untagged, error.errors()) if f"{NAMESPACE}:{(*d['loc'], '')[0]}" not in secret_keys]
    written = StackConfig() if file is None else file
    unquoted = dict(_unquoted(written, config, settings))
    owner = config.get("github:owner") or environ.get("GITHUB_OWNER", "")
    problems = [
        *_misplaced(stack, config, secret_keys),
        *unquoted.values(),
        *_in_clear(stack, written),
        *problems_of([detail for detail in details if detail["loc"] not in unquoted]),
        *dict.fromkeys(_signs({**sections, "secrets": secrets})),
        *_misspelt_environment(sections),
        *(_missing_secrets(stack, sections, secrets) if check_secrets else ()),
        *_bad_tokens(environ),
        *_bad_owner(owner, environ),
    ]
    if problems or settings is None:
        raise SettingsError(stack, problems)
    return Loaded(settings, owner, secrets)


def _bad_owner(owner: str, environ: Mapping[str, str]) -> Iterator[Problem]:
    if not owner:
        expected = "the repository's owner: pulumi config set github:owner <organization>"
        yield Problem("github:owner", "missing", expected)
    elif (elsewhere := environ.get("GITHUB_OWNER")) and owner != elsewhere:
        expected = f"unset GITHUB_OWNER, which is {elsewhere!r} and would win over it at the provider"
        yield Problem("github:owner", repr(owner), expected)


def _value(text: str) -> Any:
    """Return what a key's text stands for: objects, numbers and booleans are JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _secrets(section: Any) -> dict[str, str]:
    """Return the secrets by name. An empty entry is no secret."""
    entries = section.items() if isinstance(section, dict) else ()
    known = {name: value for name, value in entries if value not in (None, "")}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}


_SIGNS = {
    UNKNOWN: "by it Pulumi marks what it does not know yet",
    "4dabf18193072939515e22adb298388d": "by it Pulumi marks secrets",
    "[secret]": "gate shows it in the place of a secret",
    "\0": "a NUL, which no process can have in a variable",
}
"""What no value may hold, lest it is taken for something else."""


def _leaves(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Return every value that holds no other one, with its place."""
    if not value or not isinstance(value, dict | list):
        yield steps, value
        return
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _leaves(inner, (*steps, step))


def _signs(sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Return the values and keys that hold one of the signs. Values are not shown, because they may be secrets."""
    for steps, value in _leaves(sections):
        for place, text in [*((steps[: n + 1], step) for n, step in enumerate(steps)), (steps, value)]:
            if sign := next((sign for sign in _SIGNS if isinstance(text, str) and sign in text), None):
                yield Problem(path_of(place), f"holds {sign!r}", f"expected another value: {_SIGNS[sign]}")


def _unquoted(
    file: StackConfig, config: Mapping[str, str], settings: Settings | None
) -> Iterator[tuple[Steps, Problem]]:
    """Return by place what Pulumi reads as something else than what is written, if `config` comes from this file."""
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
        path = path_of(location) if section != key else section
        number = f", or {one.read}" if one.read[-1:].isdigit() else ""
        expected = f"needs quotes: Pulumi reads it as {one.read}; write {json.dumps(one.written)}{number}"
        yield location, Problem(path, one.written, expected)


def _at(value: Any, steps: Iterable[str | int]) -> Any:
    """Return the value at a place inside another one, or None if there is no such place."""
    value = value.model_dump(by_alias=True) if isinstance(value, BaseModel) else value
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _in_clear(stack: str, file: StackConfig) -> Iterator[Problem]:
    """Return secrets that are in clear in the file, beside others that are encrypted."""
    for name, encrypted in file.secrets.get(SECRETS, {}).items():
        if encrypted is False:
            told = f"in clear in the file, and so in the repository. Make a new one, then {set_secret(stack, name)}"
            yield Problem(f"{SECRETS}.{name}", "not encrypted", told)


def _misplaced(stack: str, config: Mapping[str, str], secret_keys: frozenset[str]) -> Iterator[Problem]:
    """Return problems with secrets: those that are not encrypted, and those that are kept elsewhere."""
    if SECRETS in config and SECRETS not in secret_keys:
        yield Problem(SECRETS, "in clear", f"remove it and run for each: {set_secret(stack, 'NAME')}")
    for key in sorted(secret_keys - {SECRETS}):
        if key.startswith(f"{NAMESPACE}:"):
            expected = f"expected settings in clear: keep the secret in {SECRETS} and refer to it with fromSecret"
            yield Problem(key, "is or holds a secret", expected)


def _misspelt_environment(sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Refuse a name that is nearly production, which would lose production's protection. Any other name is accepted."""
    name = sections.get("environment")
    usual = ("staging", "production")
    if isinstance(name, str) and name not in usual and "adopted" not in sections:
        for meant in difflib.get_close_matches(name, usual, n=1, cutoff=0.75):
            expected = f"did you mean {meant}? If not, say marketedge:adopted as well"
            yield Problem(f"{NAMESPACE}:environment", repr(name), expected)


def set_secret(stack: str, name: str) -> str:
    """Return the command that sets an entry of `marketedge:secrets`."""
    return f"pulumi config set --stack {stack} --secret --path '{SECRETS}.{name}'"


def _missing_secrets(stack: str, sections: Mapping[str, Any], secrets: Mapping[str, str]) -> Iterator[Problem]:
    """Return what a fromSecret anywhere in the configuration refers to and nobody has set."""
    named = {value for steps, value in _leaves(sections) if steps[-1:] == ("fromSecret",) and isinstance(value, str)}
    for name in sorted(filter(str.isidentifier, named)):
        if not secrets.get(name):
            yield Problem(f"{SECRETS}.{name}", "missing", f"run: {set_secret(stack, name)}")


def _bad_tokens(environ: Mapping[str, str]) -> Iterator[Problem]:
    token = environ.get("VERCEL_API_TOKEN")
    if token and not VERCEL_TOKEN.fullmatch(token):
        expected = "expected 24 letters and digits: make a token at Vercel, Account Settings, Tokens, and export it"
        yield Problem("VERCEL_API_TOKEN", f"{len(token)} characters (in the environment)", expected)
