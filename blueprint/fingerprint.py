"""Tells whether two environments hold the same secret, without showing it. It does not know Render."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Keys = Collection[str]
_SALT = b"marketedge-staging-gate"
"""The salt. It is the same for all stacks, because equal values need equal fingerprints."""


@cache  # one look asks several times
def fingerprint(value: str) -> str:
    """Return 32 hexadecimal digits that are the same wherever the value is the same.

    It is slow on purpose, with 16 MiB for every guess (RFC 7914). It protects generated secrets; a value that can be
    guessed in a few tries is not protected.
    """
    return hashlib.scrypt(value.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=16).hex()


@dataclass(frozen=True)
class Asked:
    """What else a look at an object's variables reports: the digests of some keys, the values of others in clear."""

    digests: Keys = ()
    values: Keys = ()

    def of(self, present: Mapping[str, str]) -> dict[str, Any]:
        """Return `{"digests": {key: fingerprint}, "values": {key: value}}` of the requested keys that exist."""
        digests = {key: fingerprint(present[key]) for key in self.digests if key in present}
        values = {key: present[key] for key in self.values if key in present}
        return ({"digests": digests} if self.digests else {}) | ({"values": values} if self.values else {})


NOTHING = Asked()
