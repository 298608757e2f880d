"""What the page shows. If something could not be read, the reason is shown in its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from components.settings import Settings
from gate.report.figures import Figure
from gate.report.releases import Deployment, Live, News
from gate.stack.names import VendorObject

if TYPE_CHECKING:
    from gate.changes.drift import DriftReport

_SOON = timedelta(days=7)


@dataclass(frozen=True)
class Missing:
    """Why something is not shown.

    Attributes:
        trouble: it could not be read. Otherwise there is nothing, or nobody asked for it.
    """

    why: str
    trouble: bool = True


@dataclass(frozen=True)
class ManagedObject:
    """One object that a stack manages.

    Attributes:
        address: of its page, or of the page that lists it, in its vendor's dashboard.
        protected: from deletion, until `pulumi state unprotect`.
        changed: when an `up` last changed it.
    """

    thing: VendorObject
    address: str
    protected: bool
    changed: datetime | None


@dataclass(frozen=True)
class State:
    """What a stack's last `up` left.

    Attributes:
        phase: of that time.
        records: DNS records to create, as (name, type, target).
        expiries: when Render deletes a free database, by its name.
        warnings: what that `up` warned of.
    """

    objects: list[ManagedObject]
    phase: str
    updated: datetime | None
    frontend_url: str
    backend_url: str
    records: list[tuple[str, str, str]]
    pending: int
    expiries: dict[str, datetime] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class StackOverview:
    """One stack.

    Attributes:
        repository: its address at GitHub, for people.
        health: what is wrong with the backend and the frontend, by their names; empty text if nothing is. One that was
            not checked has no entry.
        detected: minutes until each incident was noticed, or why that is not known.
        live: what Render serves; None if it was not asked.
        news: what goes on at this moment.
    """

    name: str
    settings: Settings | Missing
    repository: str
    state: State | Missing
    drift: DriftReport | Missing
    releases: list[Deployment] | Missing
    health: dict[str, str] = field(default_factory=dict)
    detected: list[float] | str = field(default_factory=list)
    live: Live | None = None
    news: list[News] = field(default_factory=list)

    @property
    def serving(self) -> Deployment | None:
        """The release that serves, or the last one that succeeded if Render was not asked. None if none is known."""
        good = [one for one in self.releases if one.good] if isinstance(self.releases, list) else []
        if self.live is None:
            return good[-1] if good else None
        return next((one for one in reversed(good) if one.sha == self.live.sha), None)

    def attention(self, now: datetime) -> list[News]:
        """Return what somebody has to look at, the worst first."""
        found = [News("bad", f"{name}: {problem}") for name, problem in self.health.items() if problem]
        found += [*self.news, *(News("bad", gap) for gap in self.gaps)]
        if isinstance(self.state, State):
            if self.state.pending:
                text = f"{self.state.pending} operations of the last run were begun and never reported done"
                found.append(News("bad", f"{text}: run gate recover"))
            for name, moment in sorted(self.state.expiries.items(), key=lambda one: one[1]):
                tone = "bad" if moment - now < _SOON else "warn"
                found.append(News(tone, f"Render deletes the free database {name} on {moment:%Y-%m-%d}"))
        if not isinstance(self.drift, Missing) and self.drift.findings and self.drift.error is None:
            found.append(News("warn", self.drift.headline))
        if isinstance(self.releases, list) and self.releases and not self.releases[-1].good:
            found.append(
                News("warn", f"the last release, {self.releases[-1].tag or self.releases[-1].sha[:7]}, failed")
            )
        return sorted(found, key=lambda one: one.tone != "bad")

    @property
    def gaps(self) -> list[str]:
        """What could not be read."""
        parts = {"configuration": self.settings, "state": self.state, "drift": self.drift, "releases": self.releases}
        found = [f"{name}: {part.why}" for name, part in parts.items() if isinstance(part, Missing) and part.trouble]
        if not isinstance(self.drift, Missing) and self.drift.error is not None:
            found.append(f"drift: {self.drift.error}")
        return found


@dataclass(frozen=True)
class Estate:
    """The whole report.

    Attributes:
        made: when.
        since: the time from which releases are shown.
    """

    made: datetime
    since: datetime
    stacks: list[StackOverview]
    matrix: list[list[str]] | Missing
    figures: list[Figure] | Missing

    @property
    def gaps(self) -> list[str]:
        return [f"{stack.name}: {gap}" for stack in self.stacks for gap in stack.gaps]

    @property
    def title(self) -> str:
        names = {s.settings.github.repository for s in self.stacks if isinstance(s.settings, Settings)}
        return f"The environments of {', '.join(sorted(names))}" if names else "The environments"

    @property
    def by_urgency(self) -> list[StackOverview]:
        """The stacks as somebody on call wants them: production first."""
        return sorted(self.stacks, key=lambda stack: not (isinstance(stack.settings, Settings) and stack.settings.live))

    @property
    def attention(self) -> list[tuple[str, News]]:
        """What somebody has to look at, with the stack's name, the worst first."""
        found = [(stack.name, one) for stack in self.by_urgency for one in stack.attention(self.made)]
        return sorted(found, key=lambda pair: pair[1].tone != "bad")
