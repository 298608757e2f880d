"""Checked kinds of text in the settings: origins, callback URLs, host names, branch names. It knows no resource.

Addresses follow Auth0's rules for application URLs (auth0.com/docs, Subdomain URL Placeholders): one `*` or one
`{organization_name}` in the first label of a host, with or without letters around it, and nowhere else. Native apps
have schemes of their own.
"""

import ipaddress
import re
from typing import Annotated
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


Origin = Annotated[str, AfterValidator(origin)]
CallbackUrl = Annotated[str, AfterValidator(callback)]
HostName = Annotated[str, AfterValidator(host_name)]

Origins = Annotated[list[Origin], AfterValidator(unique)]
CallbackUrls = Annotated[list[CallbackUrl], AfterValidator(unique)]
HostNames = Annotated[list[HostName], AfterValidator(unique)]
Names = Annotated[list[Annotated[str, Field(min_length=1)]], AfterValidator(unique)]
StackName = Annotated[str, Field(pattern=r"^([\w.-]+/){0,2}[\w.-]+$")]
"""Check the name of a Pulumi stack: its name alone, or organization/project/stack."""
