"""Tells whether two environments hold the same secret, without either showing it. Knows nothing of Render."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

Keys = Collection[str]
_SALT = b"marketedge-staging-gate"
"""One for all stacks: equal values have to have equal fingerprints."""


def fingerprint(value: str) -> str:
    """32 hexadecimal digits, the same wherever the value is the same; slow, and 16 MiB for every guess (RFC 7914).

    What can be guessed in a few tries stays so: this is for generated secrets.
    """
    return hashlib.scrypt(value.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=16).hex()


def fingerprints(values: Mapping[str, str], keys: Keys) -> dict[str, Any]:
    """`{"digests": {key: fingerprint}}` of those of the keys that there are; empty where none was asked for."""
    return {"digests": {key: fingerprint(values[key]) for key in keys if key in values}} if keys else {}
