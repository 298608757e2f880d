"""A host that a stack declares, and the DNS record that it needs (plan 2.3, 2.6). Knows no vendor's resource.

A host of its own below a registered domain gets a CNAME. The registered domain itself (the apex) cannot have one beside
its other records, so it gets the vendor's address (vercel.com/docs, Working with domains: A records; render.com/docs,
Configuring DNS providers). An ALIAS or ANAME record to the same host does as well, where the registrar has them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

VERCEL_HOST = "cname.vercel-dns.com"
"""What a sub-domain served by Vercel points at (plan 2.6)."""
VERCEL_ADDRESS, RENDER_ADDRESS = "76.76.21.21", "216.24.57.1"
_SHARED_ENDINGS = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "ltd", "me", "ne", "net", "or", "org"})
"""Below a country's ending, names are registered under these: example.co.uk, example.com.au."""


@dataclass(frozen=True)
class Domain:
    """A host that the stack declares at a vendor. service: of Render's, which answers there."""

    name: str
    vendor: Literal["Vercel", "Render"]
    service: str = ""

    @property
    def apex(self) -> bool:
        """Whether it is a registered domain itself, such as example.com and example.co.uk."""
        labels = self.name.split(".")
        of_a_country = re.fullmatch(r"[a-z]{2}", labels[-1]) is not None and labels[-2] in _SHARED_ENDINGS
        return len(labels) == (3 if of_a_country else 2)

    @property
    def record_type(self) -> Literal["A", "CNAME"]:
        """Of the DNS record to create."""
        return "A" if self.apex else "CNAME"

    def record_target(self, host: str = "") -> str:
        """Where its record points. Args: host: of the service at Render, empty where that is not known yet."""
        if self.apex:
            return VERCEL_ADDRESS if self.vendor == "Vercel" else RENDER_ADDRESS
        return VERCEL_HOST if self.vendor == "Vercel" else host
