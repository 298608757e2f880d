"""Checks the DNS of the domains that a stack declares, as this machine sees it, and waits until it is right."""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from components.settings import Settings
from gate.checks.verdict import Line, Verdict, failed, note, passed, unknown
from gate.common.budget import Budget
from gate.common.errors import GateError, StepFailed

_UNKNOWN_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
LONGEST_PAUSE = 15.0
"""Seconds between two looks. A resolver keeps a missing name for a minute or longer."""
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


def wait(settings: Settings, records: Mapping[str, str], budget: Budget, ask: Resolve = resolve) -> list[Line]:
    """Look until every domain points at its vendor, or the budget is used up. Returns one line for each domain.

    Args:
        records: targets by name, of the last `up` (its output `dnsRecords`).
        ask: resolves a name.

    Raises:
        GateError: the last `up` did not know a target, so that nobody knows what to wait for.
    """
    if unknown := [one.name for one in settings.domains if not (records.get(one.name) or one.record_target())]:
        raise GateError(f"where {', '.join(unknown)} has to point is known after pulumi up: run that first")
    told: set[str] = set()
    seen: list[tuple[str, Verdict]] = []

    def look() -> Sequence[str] | None:
        seen[:] = domain_lines(settings, records, ask)
        holding = {title for title, verdict in seen if verdict.outcome == "pass"}
        for title in sorted(holding - told):
            budget.note(f"{title}: holds")
        told.update(holding)
        return [] if len(holding) == len(seen) else None

    with suppress(StepFailed):  # the lines say which ones do not hold
        budget.wait_for("DNS records", look, longest_pause=LONGEST_PAUSE)
    return [
        Line("2.3" if domain.vendor == "Render" else "2.6", title, _judged(verdict))
        for domain, (title, verdict) in zip(settings.domains, seen, strict=True)
    ]


def _judged(verdict: Verdict) -> Verdict:
    """Return what counts after the wait: by then, what is not right has failed."""
    if verdict.outcome == "pass":
        return verdict
    return failed(verdict.detail, verdict.fix or "run it again where DNS answers")
