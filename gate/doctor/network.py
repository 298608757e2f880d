"""What is reached from here: the vendors' hosts, and the domains that the stack serves, as DNS has them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from components.phases import Part, parts
from components.settings import Settings
from components.vercel import CNAME_TARGET
from gate.verify.verdict import Verdict, failed, note, passed, unknown

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
    for domain, target in _domains(settings):
        yield f"DNS of {domain}", _domain(domain, (records or {}).get(domain) or target, records is None, ask)


def _domains(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each with what it has to point at."""
    declared = parts(settings.environment, settings.phase)
    if settings.vercel and Part.FRONTEND in declared:
        for domain in (settings.vercel.domain, *settings.vercel.aliases):
            yield domain, CNAME_TARGET
    if Part.BACKEND in declared:
        for service in settings.render.services:
            for domain in service.domains:
                yield domain, f"the onrender.com host of {service.name}, which the output dnsRecords names after the up"


def _domain(domain: str, target: str, before_the_first_up: bool, ask: Resolve) -> Verdict:
    record = f"create the DNS record {domain} CNAME {target}"
    try:
        found = ask(domain)
    except socket.gaierror as error:
        if error.errno not in _UNKNOWN_NAME:
            return unknown(f"no answer from DNS here ({error.strerror or type(error).__name__})")
        told = "does not resolve yet" if before_the_first_up else "does not resolve"
        return note(told, f"after the first pulumi up, {record}") if before_the_first_up else failed(told, record)
    except (OSError, UnicodeError) as error:
        return unknown(f"no answer from DNS here ({type(error).__name__})")
    return passed(", ".join(found[:3]))
