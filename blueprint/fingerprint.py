"""Tells whether two environments hold the same secret, without either showing it. Knows nothing of Render."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Keys = Collection[str]
_SALT = b"marketedge-staging-gate"
"""One for all stacks: equal values have to have equal fingerprints."""


def fingerprint(value: str) -> str:
    """32 hexadecimal digits, the same wherever the value is the same; slow, and 16 MiB for every guess (RFC 7914).

    What can be guessed in a few tries stays so: this is for generated secrets.
    """
    return hashlib.scrypt(value.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=16).hex()


@dataclass(frozen=True)
class Asked:
    """What a look at an object's variables reports besides. digests: of these keys; values: of these, in clear."""

    digests: Keys = ()
    values: Keys = ()

    def of(self, present: Mapping[str, str]) -> dict[str, Any]:
        """`{"digests": {key: fingerprint}, "values": {key: value}}` of the keys that there are, as far as asked for."""
        digests = {key: fingerprint(present[key]) for key in self.digests if key in present}
        values = {key: present[key] for key in self.values if key in present}
        return ({"digests": digests} if self.digests else {}) | ({"values": values} if self.values else {})


NOTHING = Asked()
