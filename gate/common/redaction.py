"""Removes known secrets from texts of others (the engine, a vendor, a plugin), as the last line of defence.

The engine masks what it knows to be secret; a vendor's error message may still repeat a token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi.automation import ConfigValue

SECRET = "[secret]"
"""Shown in place of every secret."""

_NAMES = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSPHRASE|API_?KEY|PRIVATE_?KEY|WEBHOOK_URL)$", re.IGNORECASE)
_SHORTEST = 8
"""The shortest value that is masked. Shorter ones are in too many words that are no secrets."""
_MIXED = re.compile(r"(?=.*[A-Za-z])(?=.*\d)\S{5,}")
"""Shorter values that are masked all the same, because they are no words."""


class Redactor:
    """Masks secrets.

    Args:
        secrets: values that no text may hold.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: list[str] = []
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these too from now on, the longest first, because one may be a part of another."""
        found = {*self._secrets, *(one for one in secrets if len(one) >= _SHORTEST or _MIXED.fullmatch(one))}
        self._secrets = sorted(found, key=len, reverse=True)

    def text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, SECRET)
        return text

    def value(self, value: Any) -> Any:
        """Return nested lists and objects with the secrets in their texts masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def environment_secrets(environ: Mapping[str, str]) -> list[str]:
    """Return the values of the variables whose name says that they hold a credential."""
    return [value for name, value in environ.items() if _NAMES.search(name)]


def configured_secrets(config: Mapping[str, ConfigValue]) -> list[str]:
    """Return the texts of a stack's secrets: each secret itself, or the values in it if it is an object.

    What the configuration has in clear too, such as `staging` or `postgres`, is no secret: masking it would take the
    names out of every report.

    Args:
        config: as the Automation API hands it out.
    """
    clear = "\n".join(one.value for one in config.values() if not one.secret)
    hidden = (text for one in config.values() if one.secret for text in _texts(_parsed(one.value)))
    return [text for text in hidden if text not in clear]


def _parsed(value: str) -> Any:
    try:
        found = json.loads(value)
    except ValueError:
        return value
    return found if isinstance(found, dict | list) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)  # a secret of digits alone is a number to Pulumi
