"""Checks the DNS of the domains that a stack declares, as this machine sees it."""

import socket
from collections.abc import Callable, Iterator, Mapping

from components.settings import Settings
from gate.checks.verdict import Verdict, failed, note, passed, unknown

_UNKNOWN_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
Resolve = Callable[[str], list[str]]


def resolve(host: str) -> list[str]:
    """Return the canonical name, if it is another one, and the addresses.

    Raises:
        socket.gaierror: the name does not resolve.
    """
    found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    names = [canonical for _, _, _, canonical, _ in found if canonical and canonical.rstrip(".") != host]
    return list(dict.fromkeys([*names, *(str(address[0]) for *_, address in found)]))


def domain_lines(
    settings: Settings, records: Mapping[str, str] | None, ask: Resolve = resolve
) -> Iterator[tuple[str, Verdict]]:
    """Check every domain that the stack declares in its phase.

    Args:
        records: targets by name, of the last `up`. None before the first one: then a domain may not resolve yet.
    """
    for domain in settings.domains:
        target = (records or {}).get(domain.name) or domain.record_target()
        shown = target or f"the onrender.com host of {domain.service}, which the output dnsRecords names after the up"
        record = domain.how_to_point(shown)
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
    """Check one domain.

    Args:
        target: where it has to point; empty if nobody knows yet.
    """
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
