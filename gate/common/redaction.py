"""Removes known secrets from texts of others (the engine, a vendor, a plugin), as the last line of defence.

The engine masks what it knows to be secret; a vendor's error message may still repeat a token.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

SECRET = "[secret]"
"""Shown in place of every secret."""

_NAMES = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSPHRASE|API_?KEY|PRIVATE_?KEY|WEBHOOK_URL)$", re.IGNORECASE)
_SHORTEST = 8
"""The shortest value that is masked. Shorter ones are in too many words that are no secrets."""


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
        found = {*self._secrets, *(secret for secret in secrets if len(secret) >= _SHORTEST)}
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


def configured_secrets(value: str) -> Iterator[str]:
    """Return the texts in a secret of the stack's configuration: the value itself, or the values in an object."""
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = value
    yield from _texts(parsed) if isinstance(parsed, dict | list) else [value]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
