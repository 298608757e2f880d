"""A host that a stack declares, and the DNS record that it needs (plan 2.3, 2.6). Knows no vendor's resource.

A host of its own below a registered domain gets a CNAME. The registered domain itself (the apex) cannot have one beside
its other records, so it gets the vendor's address (vercel.com/docs, Working with domains: A records; render.com/docs,
Configuring DNS providers). An ALIAS or ANAME record to the same host does as well, where the registrar has them.

Where the zone's name servers are Vercel's (`marketedge:dns.zone`), Vercel makes the records of its own projects'
domains by itself (vercel.com/docs, Working with domains), and the stack declares those of Render's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

VERCEL_HOST = "cname.vercel-dns.com"
"""What a sub-domain served by Vercel points at (plan 2.6)."""
VERCEL_ADDRESS, RENDER_ADDRESS = "76.76.21.21", "216.24.57.1"
_SHARED_ENDINGS = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "ltd", "me", "ne", "net", "or", "org"})
"""Below a country's ending, names are registered under these: example.co.uk, example.com.au."""


@dataclass(frozen=True)
class Domain:
    """A host that the stack declares at a vendor.

    Attributes:
        service: of Render's, which answers there.
        zone: at Vercel, which it is in; empty where its DNS is elsewhere.
    """

    name: str
    vendor: Literal["Vercel", "Render"]
    service: str = ""
    zone: str = ""

    @property
    def apex(self) -> bool:
        """Whether it is a zone itself or a registered domain, such as example.com and example.co.uk."""
        if self.name == self.zone:
            return True
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

    @property
    def declared(self) -> bool:
        """Whether the stack itself declares its record."""
        return bool(self.zone) and self.vendor == "Render"

    @property
    def name_in_zone(self) -> str:
        """Of its record; empty for the zone itself, as Vercel has it."""
        return self.name.removesuffix(self.zone).removesuffix(".")

    def how_to_point(self, target: str) -> str:
        """What to do where it does not point at its vendor. Args: target: of its record, in words where not known."""
        if self.declared:
            return f"run pulumi up --refresh: it makes the record {self.name} {self.record_type} {target}"
        if self.zone:
            return f"have the name servers of {self.zone} be Vercel's, which then makes the record by itself"
        return f"create the DNS record {self.name} {self.record_type} {target}"


def zone_file(records: Iterable[Mapping[str, Any]]) -> str:
    """Lines of a zone file (RFC 1035, section 5), which most DNS services import. Args: records: `dnsRecords`."""
    lines = [
        f"{one['name']}. {one['ttlSeconds']} IN {one['type']} {one['target']}{'.' if one['type'] == 'CNAME' else ''}\n"
        for one in records
    ]
    return "".join(lines)
