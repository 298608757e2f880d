"""What is reached from here: the vendors' hosts, and the domains that the stack serves, as DNS has them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from components.settings import Settings
from gate.checks.verdict import Verdict, failed, note, passed, unknown

_TIMEOUT = httpx.Timeout(15.0, connect=10.0)
_UNKNOWN_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
Resolve = Callable[[str], list[str]]


def reach(url: str, transport: httpx.BaseTransport | None = None) -> Verdict:
    """Any answer will do: nothing is asked and no credential is sent."""
    parts_ = urlsplit(url)
    proxy = getproxies().get(parts_.scheme) if not proxy_bypass(parts_.hostname or "") else None
    way = "through the proxy" if proxy else "directly"
    fix = "look at the network: HTTPS_PROXY, NO_PROXY, and SSL_CERT_FILE where the proxy has a certificate of its own"
    try:
        with httpx.Client(timeout=_TIMEOUT, transport=transport) as client:
            client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return failed(f"{parts_.hostname} is not reached {way}: {type(error).__name__}", fix)
    return passed(f"{parts_.hostname} answers, {way}")


def resolve(host: str) -> list[str]:
    """The canonical name, where it is another one, and the addresses. Raises: socket.gaierror."""
    found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    names = [canonical for _, _, _, canonical, _ in found if canonical and canonical.rstrip(".") != host]
    return list(dict.fromkeys([*names, *(str(address[0]) for *_, address in found)]))


def domain_lines(
    settings: Settings, records: Mapping[str, str] | None, ask: Resolve = resolve
) -> Iterator[tuple[str, Verdict]]:
    """Every domain that the stack declares in its phase.

    Args: records: targets by name, of the last `up`; None before the first one, when nothing is wrong with a domain
    that does not resolve.
    """
    for domain in settings.domains:
        target = (records or {}).get(domain.name) or domain.record_target()
        shown = target or f"the onrender.com host of {domain.service}, which the output dnsRecords names after the up"
        record = f"create the DNS record {domain.name} {domain.record_type} {shown}"
        try:
            verdict = _points(ask(domain.name), target, record, ask)
        except socket.gaierror as error:
            verdict = _unresolved(error, record, before_the_first_up=records is None)
        except (OSError, UnicodeError) as error:
            verdict = unknown(f"no answer from DNS here ({type(error).__name__})")
        yield f"DNS of {domain.name}, as this machine sees it", verdict


def _unresolved(error: socket.gaierror, record: str, *, before_the_first_up: bool) -> Verdict:
    if error.errno not in _UNKNOWN_NAME:
        return unknown(f"no answer from DNS here ({error.strerror or type(error).__name__})")
    if before_the_first_up:
        return note("does not resolve yet", f"after the first pulumi up, {record}")
    return failed("does not resolve", record)


def _points(found: list[str], target: str, record: str, ask: Resolve) -> Verdict:
    """Args: target: where it has to point; empty where nobody knows yet."""
    shown = ", ".join(found[:3])
    if not target or target in found:
        return passed(shown)
    try:
        wanted = ask(target)
    except (OSError, UnicodeError):
        return passed(shown)
    if set(found) & set(wanted):
        return passed(shown)
    return note(f"{shown}: not where {target} is", f"{record}, unless it is behind a proxy such as a CDN")
