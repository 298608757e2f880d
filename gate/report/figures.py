"""The figures, computed from a history. It knows no vendor. The targets are the plan's (5.5, 9.2)."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from rich.console import Console
from rich.table import Table

from gate.common.report import Report
from gate.common.text import count, escaped, markdown_table
from gate.common.version import parse
from gate.report.releases import Deployment

Unit = Literal["per week", "%", "days", "hours", "minutes", ""]
Verdict = Literal["met", "missed", "no target", "not enough data", "not measured here"]
_WEEK, _DAY, _HOUR, _MINUTE = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_DETECT = "time to detect (median)"
HEADER = ("figure", "value", "target", "verdict", "from")


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        value: in its unit; None if there is nothing to compute it from.
        samples: how many values it is computed from.
    """

    name: str
    value: float | None
    unit: Unit
    target: str
    verdict: Verdict
    samples: int = 0
    note: str = ""

    @property
    def text(self) -> str:
        return "none" if self.value is None else _measure(f"{self.value:.1f}", self.unit)

    @property
    def basis(self) -> str:
        """What it is computed from."""
        return self.note or count(self.samples, "sample")

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.name, self.text, self.target, self.verdict, self.basis)


class FigureReport(Report):
    """The figures of a period. The module's functions define them."""

    repository: str
    since: datetime
    until: datetime
    figures: list[Figure]

    def show(self, console: Console) -> None:
        table = Table(*HEADER, title=self.title)
        table.columns[1].justify = "right"
        for one in self.figures:
            table.add_row(*one.cells)
        console.print(table)

    def markdown(self) -> str:
        rows = [[escaped(cell) for cell in one.cells] for one in self.figures]
        return f"## {escaped(self.title)}\n\n{markdown_table(HEADER, rows)}\n"

    @property
    def title(self) -> str:
        return f"Releases of {self.repository}, {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"


def figures(
    staging: Sequence[Deployment],
    production: Sequence[Deployment],
    since: datetime,
    until: datetime,
    detected: Sequence[float] | str = (),
) -> list[Figure]:
    """Return everything that the plan and DORA ask for, for a period.

    Args:
        detected: minutes until each incident was noticed, or why that is not known.
    """
    weeks = max((until - since) / _WEEK, 1 / 7)
    changes = [one for one in production if one.task == "deploy"]
    left = _left(production)
    failed = [one for one in changes if not one.good or one in left]
    taken_back = [one for one in changes if one.rolled_back or one in left]
    leads = [(one.ended - commit) / _HOUR for one in changes if one.good for commit in one.committed]
    waits = [(one.ended - one.committed[-1]) / _HOUR for one in staging if one.good and one.committed]
    gaps = [gap for one in changes if one.good and (gap := _since_staging(one, staging)) is not None]
    middle = statistics.median(leads) if leads else None
    within = sorted(leads)[-(-len(leads) * 9 // 10) - 1] if leads else None
    return [
        _rate("staging deployments", [one for one in staging if one.good], weeks, 2.0, "2 to 3 per week"),
        _rate("production deployments", [one for one in changes if one.good], weeks, 1.0, "1 per week"),
        _share("change failure rate", failed, changes, 5.0),
        _share("rollback rate", taken_back, changes, 2.0),
        _figure("lead time for changes (median)", "hours", "none", len(leads), middle),
        _figure("lead time for changes (90 % within)", "hours", "none", len(leads), within),
        _median("from merge to staging", waits, "hours", 1.0),
        _median("from staging to production", gaps, "hours", 24.0),
        _median("time to restore", _restores(production), "minutes", 10.0),
        Figure(_DETECT, None, "minutes", "under 5 minutes", "not measured here", note=detected)
        if isinstance(detected, str)
        else _median(_DETECT, detected, "minutes", 5.0),
        _cycle([one for one in changes if one.good]),
        Figure("staging bugs found", None, "", "over 90 %", "not measured here", note="from the issue tracker"),
        Figure("production incidents", None, "", "under 1 a month", "not measured here", note="from the incident log"),
    ]


def _left(production: Sequence[Deployment]) -> list[Deployment]:
    """Return releases that served and were rolled back. A rollback to a newer version undoes an earlier one."""
    releases: dict[str, Deployment] = {}
    found: list[Deployment] = []
    served = ""
    for one in (one for one in production if one.good):
        if one.task == "deploy":
            releases[one.tag] = one
        elif not _goes_back(served, one.tag):
            found = [left for left in found if left.tag != one.tag]
        elif served in releases and releases[served] not in found:
            found.append(releases[served])
        served = one.tag
    return found


def _goes_back(here: str, there: str) -> bool:
    one, other = parse(here), parse(there)
    return one is None or other is None or other < one


def _measure(number: str, unit: str) -> str:
    """Return `1 hour`, `2.5 hours`, `5 %`."""
    singular = unit.removesuffix("s") if number in ("1", "1.0") and unit in ("days", "hours", "minutes") else unit
    return f"{number} {singular}".strip()


def _figure(
    name: str, unit: Unit, target: str, samples: int, value: float | None, met: Callable[[float], bool] | None = None
) -> Figure:
    """Return one figure.

    Args:
        value: None if there is nothing to compute it from.
        met: whether a value meets the target; None if there is no target.
    """
    if value is None:
        return Figure(name, None, unit, target, "not enough data")
    return Figure(name, value, unit, target, "no target" if met is None else "met" if met(value) else "missed", samples)


def _rate(name: str, good: Sequence[Deployment], weeks: float, least: float, target: str) -> Figure:
    value = len(good) / weeks if good else None
    found = _figure(name, "per week", target, len(good), value, lambda rate: rate >= least)
    return found if weeks >= 1 else replace(found, verdict="not enough data")


def _share(name: str, some: Sequence[Deployment], of: Sequence[Deployment], most: float) -> Figure:
    value = 100 * len(some) / len(of) if of else None
    return _figure(name, "%", f"under {most:g} %", len(of), value, lambda share: share < most)


def _median(name: str, values: Sequence[float], unit: Literal["hours", "minutes"], most: float) -> Figure:
    value = statistics.median(values) if values else None
    target = f"under {_measure(f'{most:g}', unit)}"
    return _figure(name, unit, target, len(values), value, lambda median: median < most)


def _cycle(served: Sequence[Deployment]) -> Figure:
    """Return the average time between releases that served. A shorter one than the plan's also meets the target."""
    gaps = len(served) - 1
    days = (served[-1].ended - served[0].ended) / _DAY / gaps if gaps > 0 else None
    return _figure("release cycle (average)", "days", "1 to 2 weeks", gaps, days, lambda average: average <= 14)


def _restores(production: Sequence[Deployment]) -> list[float]:
    """Return how many minutes each failure lasted.

    A release that rolls itself back is restored when it ends; otherwise the next success restores.
    """
    minutes = []
    for position, one in enumerate(production):
        end = None
        if not one.good:
            end = one.ended if one.rolled_back else next((o.ended for o in production[position:] if o.good), None)
        elif one.task == "rollback":
            before = next((other for other in reversed(production[:position]) if other.task == "deploy"), None)
            # Otherwise it ends the failure of that release, which counts it.
            end = one.ended if before and before.good else None
        if end:
            minutes.append((end - one.began) / _MINUTE)
    return minutes


def _since_staging(one: Deployment, staging: Sequence[Deployment]) -> float | None:
    """Return hours from the newest good staging deployment before it. A merge to main may give it another commit."""
    before = [other.ended for other in staging if other.good and other.ended <= one.ended]
    return (one.ended - before[-1]) / _HOUR if before else None


def by_week(deployments: Sequence[Deployment], since: datetime, until: datetime) -> list[tuple[datetime, int, int]]:
    """Return the beginning of each week, how many releases served, and how many did not, without rollbacks."""
    found = []
    for start in (since + number * _WEEK for number in range(-(-(until - since) // _WEEK))):
        good = [one.good for one in deployments if one.task == "deploy" and start <= one.ended < start + _WEEK]
        found.append((start, good.count(True), good.count(False)))
    return found
