"""The estate as one page that opens without a network: templates/page.html.j2, and what it shows in words.

Jinja escapes every text. The page forbids the browser to fetch anything.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup
from pydantic import TypeAdapter

from components import cost
from components import environments_document as matrix
from components.documents import templates
from components.phases import PHASES, Part
from components.settings import Settings
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import count, moment
from gate.report.estate import Drift, Estate, Missing, StackOverview, State
from gate.report.figures import DEFINITIONS, HEADER, by_week
from gate.report.history import Deployment

_VERDICTS = {
    "clean": ("as declared", "good"),
    "drift": ("drifted", "bad"),
    "not applied": ("declared, not applied", "warn"),
    "error": ("could not be checked", "bad"),
}


class EstateReport(Report):
    """The page and its content.

    As JSON: `schema`, `made`, `since`, `stacks` (name, declared, repository, state, drift, releases), `matrix`,
    `figures`; a part that is missing is `{why, trouble}`.
    """

    file: str
    page: str
    gaps: list[str]
    content: dict[str, Any]

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if self.gaps else ExitCode.DONE

    def lines(self) -> list[str]:
        return [f"written: {self.file}"]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form; see the class's docstring."""
        return {"schema": self.schema_version, **self.content}


def report_of(estate: Estate, file: str) -> EstateReport:
    """Write the page.

    Args:
        file: where.
    """
    return EstateReport(file=file, page=page(estate), gaps=estate.gaps, content=content(estate))


def content(estate: Estate) -> dict[str, Any]:
    """Return what the page shows, as JSON."""
    without = {"stacks": {"__all__": {"settings": True, "drift": True}}}
    shown: dict[str, Any] = TypeAdapter(Estate).dump_python(estate, mode="json", by_alias=True, exclude=without)
    for one, stack in zip(shown["stacks"], estate.stacks, strict=True):
        settings, drift = stack.settings, stack.drift
        one["declared"] = (
            {"environment": settings.environment, "phase": settings.phase, "budgetUsd": settings.budget_usd}
            if isinstance(settings, Settings)
            else vars(settings)
        )
        one["drift"] = drift.content if isinstance(drift, Drift) else vars(drift)
    return shown


def page(estate: Estate) -> str:
    """Return the whole page."""
    return _ENVIRONMENT.get_template("page.html.j2").render(
        estate=estate, matrix_header=matrix.MATRIX, figure_header=HEADER, definitions=DEFINITIONS.items()
    )


def _ticked(text: str) -> Markup:
    """Return text with the backticks of the documents as code."""
    pieces = re.split(r"`([^`]*)`", text)
    shown = (
        Markup("<code>{}</code>").format(piece) if i % 2 else Markup.escape(piece) for i, piece in enumerate(pieces)
    )
    return Markup("").join(shown)


def _long(text: str) -> Markup:
    """Return code that may break anywhere, because it has no spaces."""
    return Markup('<code class="long">{}</code>').format(text)


class Node(NamedTuple):
    """A box of the picture: something that runs, and that calls the box after it.

    Attributes:
        role: frontend, backend, data or login.
        place: the vendor.
        names: of its parts there.
        address: where people can open it.
        problem: what is wrong with it; None if nobody looked.
    """

    role: str
    place: str
    names: list[str]
    address: str = ""
    problem: str | None = None


def picture(stack: StackOverview) -> list[Node]:
    """Return who calls whom, from people's browsers to the data."""
    settings, state = stack.settings, stack.state
    assert isinstance(settings, Settings)
    here = state if isinstance(state, State) else None
    found = []
    if settings.vercel:
        url = (here and here.frontend_url) or settings.frontend_url or ""
        found.append(Node("frontend", "Vercel", [settings.vercel.project], url, stack.health.get("frontend")))
    if services := [service.name for service in settings.render.services]:
        url = here.backend_url if here else ""
        found.append(Node("backend", "Render", services, url, stack.health.get("backend")))
    if data := [one.name for one in (*settings.render.databases, *settings.render.key_values)]:
        found.append(Node("data", "Render", data))
    return [*found, Node("login", "Auth0", [settings.auth0.application])]


class Dot(NamedTuple):
    """A release or rollback on the timeline.

    Attributes:
        left: its position, in percent of the time shown.
        tone: as that of a badge.
    """

    left: float
    tone: str
    label: str
    told: str


def timeline(releases: Sequence[Deployment], estate: Estate) -> list[Dot]:
    """Return what happened since the report's beginning, oldest first."""
    span = (estate.made - estate.since).total_seconds()
    return [
        Dot(
            left=round(100 * min(max((one.ended - estate.since).total_seconds() / span, 0), 1), 1),
            tone=("plain" if one.task == "rollback" else "good") if one.good else "bad",
            label=one.tag or one.sha[:7],
            told=f"{_what(one)}: {'done' if one.good else 'failed'}, {moment(one.ended)}",
        )
        for one in releases
    ]


def _phase(stack: StackOverview) -> str:
    """Return the declared value, and the live one if it is different."""
    assert isinstance(stack.settings, Settings)
    declared, live = stack.settings.phase, stack.state.phase if isinstance(stack.state, State) else ""
    return f"{declared} declared, {live} live" if live and live != declared else declared


def _phases(settings: Settings) -> list[tuple[str, str, bool]]:
    """Return each phase: name, what it adds, and whether it is the declared one."""
    adds = {phase: "; ".join(part.value for part in settings.added(phase)) or "nothing more" for phase in PHASES}
    return [(phase, added, phase == settings.phase) for phase, added in adds.items()]


def _prices(settings: Settings) -> Mapping[str, float | None]:
    """Return the cost as in the stack's outputs. A phase that declares nothing at Render has none."""
    return cost.monthly_usd(settings.render) if Part.BACKEND in settings.parts else {}


def _money(price: float | None) -> str:
    return "no price known" if price is None else f"${price:g}"


def _day(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d}"


def _what(one: Deployment) -> str:
    return f"{'rollback to' if one.task == 'rollback' else 'release'} {one.tag or one.sha[:7]}"


def _took(one: Deployment) -> str:
    minutes, seconds = divmod(round((one.ended - one.began).total_seconds()), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


def _code_values(row: Sequence[str]) -> list[Any]:
    """Return the cells of a row of drift: object, field, declared, live, since."""
    thing, field, declared, live, since = row
    return [thing, field, _long(declared), _long(live), since]


_ENVIRONMENT = templates(Path(__file__).parent / "templates", escape=True)
_ENVIRONMENT.tests["missing"] = lambda part: isinstance(part, Missing)
_ENVIRONMENT.filters |= {
    "code_last": lambda row: [*row[:-1], _long(row[-1])],
    "code_values": _code_values,
    "count": count,
    "day": _day,
    "moment": moment,
    "money": _money,
    "owned": lambda settings: [(vendor, _ticked(what)) for vendor, what in matrix.owned(settings).items()],
    "phase": _phase,
    "phases": _phases,
    "picture": picture,
    "prices": _prices,
    "sum_after_first": lambda week: week[1] + week[2],
    "ticked": _ticked,
    "ticked_cells": lambda row: [_ticked(cell) for cell in row],
    "timeline": timeline,
    "took": _took,
    "total": cost.total,
    "verdict": lambda drift: _VERDICTS[drift.verdict],
    "weeks": lambda stack, estate: by_week(stack.releases, estate.since, estate.made),
    "what": _what,
}
