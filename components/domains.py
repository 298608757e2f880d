"""A host that a stack declares, and the DNS record that it needs (plan 2.3, 2.6). It knows no vendor's resource.

A host below a registered domain gets a CNAME. The registered domain itself (the apex) cannot have one beside its other
records, so it gets the vendor's address (vercel.com/docs, Working with domains: A records; render.com/docs, Configuring
DNS providers). An ALIAS or ANAME record to the same host also works, if the DNS provider has them. If the zone is at
Vercel (`marketedge:dns.zone`), Vercel creates the records of its own projects' domains (vercel.com/docs, Working with
domains), and the stack declares those of Render's domains.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

VERCEL_HOST = "cname.vercel-dns.com"
"""What a subdomain that Vercel serves points at (plan 2.6)."""
VERCEL_ADDRESS, RENDER_ADDRESS = "76.76.21.21", "216.24.57.1"
_SHARED_ENDINGS = re.compile(
    "ac|ad|asso|biz|com?|edu?|firm|gen|geek|gob?|gouv|gov|gr|gv|id|ind|info?|lg|ltd|me|mil|net?|nhs|nom|org?|plc|sch|web"
)
"""Names under which domains are registered below a country's ending: example.co.uk, example.com.au.

A host that is wrongly taken for a registered domain gets an A record, which works for it too.
"""


@dataclass(frozen=True)
class Domain:
    """A host that the stack declares at a vendor.

    Attributes:
        service: at Render, which answers there.
        zone: at Vercel, which the host is in; empty if its DNS is elsewhere.
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
        of_a_country = re.fullmatch(r"[a-z]{2}", labels[-1]) and _SHARED_ENDINGS.fullmatch(labels[-2])
        return len(labels) == (3 if of_a_country else 2)

    @property
    def record_type(self) -> Literal["A", "CNAME"]:
        """The type of the DNS record to create."""
        return "A" if self.apex else "CNAME"

    def record_target(self, host: str = "") -> str:
        """Return where its record points.

        Args:
            host: of the service at Render; empty if it is not known yet.
        """
        if self.apex:
            return VERCEL_ADDRESS if self.vendor == "Vercel" else RENDER_ADDRESS
        return VERCEL_HOST if self.vendor == "Vercel" else host

    @property
    def declared(self) -> bool:
        """Whether the stack itself declares its record."""
        return bool(self.zone) and self.vendor == "Render"

    @property
    def name_in_zone(self) -> str:
        """The name of its record; empty for the zone itself, as Vercel has it."""
        return self.name.removesuffix(self.zone).removesuffix(".")

    def how_to_point(self, target: str) -> str:
        """Return what to do if it does not point at its vendor.

        Args:
            target: of its record, in words if it is not known.
        """
        if self.declared:
            return f"run pulumi up --refresh: it makes the record {self.name} {self.record_type} {target}"
        if self.zone:
            return f"have the name servers of {self.zone} be Vercel's, which then makes the record by itself"
        host = VERCEL_HOST if self.vendor == "Vercel" else f"the onrender.com host of {self.service}"
        other = f", or an ALIAS or ANAME record to {host}" if self.apex else ""
        return f"create the DNS record {self.name} {self.record_type} {target}{other}"


def zone_file(records: Iterable[Mapping[str, Any]]) -> str:
    """Return lines of a zone file (RFC 1035, section 5), which most DNS services import.

    Args:
        records: `dnsRecords`.
    """
    lines = [
        f"{one['name']}. {one['ttlSeconds']} IN {one['type']} {one['target']}{'.' if one['type'] == 'CNAME' else ''}\n"
        for one in records
    ]
    return "".join(lines)
