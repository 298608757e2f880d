"""Addresses in the settings: origins, callback URLs, hosts, and the DNS records that hosts need (plan 1.2, 1.3, 2.3).

URLs follow Auth0's rules (auth0.com/docs, Subdomain URL Placeholders): one `*` or one `{organization_name}` in the
first label of a host, with or without letters around it, and nowhere else. Native apps have schemes of their own.

Lists of addresses name the frontend's host once. `{frontend}/callback` stands for `https://<vercel.domain>/callback`
(or `smoke.frontendUrl`); an entry with `{aliases}` stands for one entry for each of `vercel.aliases`.

A host below a registered domain gets a CNAME. The registered domain itself (the apex) cannot have one beside its other
records, so it gets the vendor's address (vercel.com/docs, Working with domains: A records; render.com/docs, Configuring
DNS providers). If the zone is at Vercel (`marketedge:dns.zone`), Vercel creates the records of its own projects'
domains, and the stack declares those of Render's domains.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from blueprint.kinds_of_text import HOST, unique

ORGANIZATION = "{organization_name}"
_PLACEHOLDER_HOST = re.compile(
    rf"([a-z0-9][a-z0-9-]*)?(\*|{re.escape(ORGANIZATION)})([a-z0-9-]*[a-z0-9])?\.{HOST.pattern}"
)
_ADDRESS = re.compile(r"(\d{1,3}\.){3}\d{1,3}")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(//[\w.~-]+(:\d+)?(/[\w.~/-]*)?|/[\w.~-][\w.~/-]*)")
_NOT_OF_AN_APP = frozenset(
    {"http", "https", "ftp", "file", "javascript", "data", "blob", "vbscript", "ws", "wss", "about"}
)
_PLACEHOLDER_HELP = (
    f"a wildcard or {ORGANIZATION} may only stand in the first part of a host, as in https://*.example.com and "
    "https://shop-*.example.com"
)


def _is_local(host: str) -> bool:
    """Whether it is this machine, or a device in its network, as for a phone that loads an app in development."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_valid = urlsplit(""), False
    host = parts.hostname or ""
    local = _is_local(host)
    if (
        not port_is_valid
        or parts.scheme not in ("https", "http")
        or (parts.scheme == "http" and not local)
        or not (local or any(kind.fullmatch(host) for kind in (HOST, _PLACEHOLDER_HOST, _ADDRESS)))
        or parts.netloc != parts.netloc.lower()
        or parts.netloc.endswith(":")
        or "@" in parts.netloc
        # Also what splitting quietly repairs: blanks around, control characters within, an upper-case scheme.
        or not value.startswith(f"{parts.scheme}://{parts.netloc}")
    ):
        expected = "expected https://host[:port] in lower case (http for localhost and private addresses only)"
        raise ValueError(f"{expected}; {_PLACEHOLDER_HELP}")
    return parts


def _of_an_app(value: str) -> bool:
    """Whether it has a native app's own scheme, as com.example.app://callback, and not one that a browser runs."""
    found = _SCHEME.fullmatch(value)
    return found is not None and found[1] not in _NOT_OF_AN_APP


def origin(value: str) -> str:
    """Check a web origin: scheme, host and port. Its host may have a placeholder.

    Raises:
        ValueError: says what was expected.
    """
    if _of_an_app(value) and value.count("/") == 2:  # capacitor://localhost
        return value
    parts = _split(value)
    if value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"expected an origin without a path or a final slash, such as {parts.scheme}://{parts.netloc}")
    return value


def callback(value: str) -> str:
    """Check a URL that Auth0 may send a browser or a native app to: an origin and a path.

    Raises:
        ValueError: says what was expected.
    """
    if _of_an_app(value):
        return value
    parts = _split(value)
    if "*" in parts.path + parts.query or ORGANIZATION in parts.path + parts.query or "#" in value:
        raise ValueError(f"expected a path without a wildcard and without a fragment: {_PLACEHOLDER_HELP}")
    if re.search(r"[\x00-\x20\x7f]", value):
        raise ValueError("expected an address without blanks and control characters")
    return value


def host_name(value: str) -> str:
    """Check a domain name without scheme, port or wildcard.

    Raises:
        ValueError: says what was expected.
    """
    if not HOST.fullmatch(value):
        raise ValueError("expected a host name in lower case such as staging.example.com, without scheme or wildcard")
    return value


Text = Annotated[str, Field(min_length=1)]
"""Text that is not empty."""
Origin = Annotated[str, AfterValidator(origin)]
CallbackUrl = Annotated[str, AfterValidator(callback)]
HostName = Annotated[str, AfterValidator(host_name)]

Origins = Annotated[list[Origin], AfterValidator(unique)]
CallbackUrls = Annotated[list[CallbackUrl], AfterValidator(unique)]
HostNames = Annotated[list[HostName], AfterValidator(unique)]
Names = Annotated[list[Text], AfterValidator(unique)]
StackName = Annotated[str, Field(pattern=r"^([\w.-]+/){0,2}[\w.-]+$")]
"""Check the name of a Pulumi stack: its name alone, or organization/project/stack."""


NO_FRONTEND = "https://frontend-that-is-not-declared.invalid"
"""Replaces a frontend that the file does not declare, so that this is one problem and not one for each list."""
_LISTS = {"auth0": ("callbacks", "logoutUrls", "webOrigins", "allowedOrigins"), "cors": ("origins",)}
_OWN_HOST = re.compile(r"({frontend}|{aliases})(?=$|[/:])")


def expanded(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections with real addresses in their lists. They are as written, and are checked afterwards."""
    found, hosts = dict(sections), _own_hosts(sections)

    def addresses(entry: Any) -> list[Any]:
        named = _OWN_HOST.match(entry) if isinstance(entry, str) else None
        return [host + entry[named.end() :] for host in hosts[named[1]]] if named else [entry]

    for section, keys in _LISTS.items():
        if isinstance(content := sections.get(section), dict):
            lists = {key: content[key] for key in keys if isinstance(content.get(key), list)}
            found[section] = content | {key: [a for e in lists[key] for a in addresses(e)] for key in lists}
    return found


def _own_hosts(sections: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the placeholders stand for. A host that is none is one problem, where it is written."""
    vercel, smoke = (part if isinstance(part := sections.get(key), dict) else {} for key in ("vercel", "smoke"))
    aliases, other = vercel.get("aliases"), smoke.get("frontendUrl")
    own = [f"https://{one}" for one in [vercel.get("domain")] if isinstance(one, str) and HOST.fullmatch(one)]
    further = aliases if isinstance(aliases, list) else []
    return {
        "{frontend}": own or [other if isinstance(other, str) else NO_FRONTEND],
        "{aliases}": [f"https://{one}" for one in further if isinstance(one, str) and HOST.fullmatch(one)]
        if vercel
        else [NO_FRONTEND],
    }


_VERCEL_HOST = "cname.vercel-dns.com"
"""What a subdomain that Vercel serves points at (plan 2.6)."""
_ADDRESSES = {"Vercel": "76.76.21.21", "Render": "216.24.57.1"}
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
            return _ADDRESSES[self.vendor]
        return _VERCEL_HOST if self.vendor == "Vercel" else host

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
        host = _VERCEL_HOST if self.vendor == "Vercel" else f"the onrender.com host of {self.service}"
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
