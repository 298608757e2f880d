"""What the page shows. Where something could not be looked at, the reason stands in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from components.settings import Settings
from gate.common.report import Model
from gate.report.figures import Figure
from gate.report.history import Deployment
from gate.vendors.kinds import Thing


@dataclass(frozen=True)
class Missing:
    """Why something is not shown. trouble: it could not be looked at; else there is nothing, or nobody asked for it."""

    why: str
    trouble: bool = True


class Drift(Model):
    """What a check for drift found, in words.

    Attributes:
        verdict: clean, drift, not applied or error.
        rows: object, field, declared, live, since.
        advice: what to do, with commands between backticks.
        content: as `gate drift --json` prints it.
    """

    stack: str
    verdict: str
    headline: str
    checked_at: datetime
    error: str | None
    rows: list[tuple[str, str, str, str, str]]
    advice: list[str]
    content: dict[str, Any]


@dataclass(frozen=True)
class Object:
    """One object that a stack manages.

    Attributes:
        address: of it, or of where it is listed, in its vendor's dashboard.
        protected: from deletion, until `pulumi state unprotect`.
        changed: when an `up` last did.
    """

    thing: Thing
    address: str
    protected: bool
    changed: datetime | None


@dataclass(frozen=True)
class State:
    """What a stack's last `up` left. phase: of then. records: DNS records to create, as (name, type, target)."""

    objects: list[Object]
    phase: str
    updated: datetime | None
    frontend_url: str
    backend_url: str
    records: list[tuple[str, str, str]]
    pending: int


@dataclass(frozen=True)
class Stack:
    """One stack. repository: where it is at GitHub, for people."""

    name: str
    settings: Settings | Missing
    repository: str
    state: State | Missing
    drift: Drift | Missing
    releases: list[Deployment] | Missing

    @property
    def gaps(self) -> list[str]:
        """What could not be looked at."""
        parts = {
            "configuration": self.settings,
            "state": self.state,
            "drift": self.drift,
            "releases": self.releases,
        }
        found = [f"{name}: {part.why}" for name, part in parts.items() if isinstance(part, Missing) and part.trouble]
        if isinstance(self.drift, Drift) and self.drift.error is not None:
            found.append(f"drift: {self.drift.error}")
        return found


@dataclass(frozen=True)
class Estate:
    """made: when. since: from when on releases are shown."""

    made: datetime
    since: datetime
    stacks: list[Stack]
    matrix: list[list[str]] | Missing
    figures: list[Figure] | Missing

    @property
    def gaps(self) -> list[str]:
        return [f"{stack.name}: {gap}" for stack in self.stacks for gap in stack.gaps]

    @property
    def title(self) -> str:
        names = {s.settings.github.repository for s in self.stacks if isinstance(s.settings, Settings)}
        return f"The estate of {', '.join(sorted(names))}" if names else "The estate"
