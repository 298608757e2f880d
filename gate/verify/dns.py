"""Waits until the DNS records of a stack's domains are right, which takes as long as caches keep the old ones."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from components.settings import Settings
from gate.checks.dns import Resolve, domain_lines, resolve
from gate.checks.verdict import Line, Verdict, failed
from gate.common.budget import Budget
from gate.common.errors import GateError, StepFailed


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


LONGEST_PAUSE = 15.0
"""Seconds between two looks. A resolver keeps a missing name for a minute or longer."""


def _judged(verdict: Verdict) -> Verdict:
    """Return the lines after the wait, when what is not right has failed."""
    if verdict.outcome == "pass":
        return verdict
    return failed(verdict.detail, verdict.fix or "run it again where DNS answers")
