"""The estate as one page that opens without a network, made by templates/page.html.j2, and the same as JSON.

Jinja escapes every text. The page forbids the browser to fetch anything.
"""

import re
from datetime import UTC
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from pydantic_core import to_jsonable_python

from components import cost
from components import documents as matrix
from components.documents import templates
from components.phases import PHASES, Part
from gate.common.exit_codes import ExitCode
from gate.common.report import Report
from gate.common.text import count, moment
from gate.report.estate import Estate, Missing
from gate.report.figures import HEADER, by_week


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
    """Make the page.

    Args:
        file: where it is written.
    """
    return EstateReport(file=file, page=page(estate), gaps=estate.gaps, content=content(estate))


def content(estate: Estate) -> dict[str, Any]:
    """Return what the page shows, as JSON."""
    stacks = []
    for stack in estate.stacks:
        settings, drift = stack.settings, stack.drift
        shown = {name: value for name, value in vars(stack).items() if name != "settings"}
        shown["drift"] = vars(drift) if isinstance(drift, Missing) else drift.as_json()
        shown["declared"] = (
            vars(settings)
            if isinstance(settings, Missing)
            else {"environment": settings.environment, "phase": settings.phase, "budgetUsd": settings.budget_usd}
        )
        stacks.append(shown)
    return dict(to_jsonable_python({**vars(estate), "stacks": stacks}))


def page(estate: Estate) -> str:
    """Return the whole page."""
    return _TEMPLATES.get_template("page.html.j2").render(estate=estate)


_TEMPLATES = templates(
    Path(__file__).parent / "templates",
    escape=True,
    count=count,
    day=lambda time: f"{time.astimezone(UTC):%Y-%m-%d}",
    moment=moment,
    owned=matrix.owned,
    # The cost as in the stack's outputs: a phase that declares nothing at Render has none.
    prices=lambda settings: cost.monthly_usd(settings.render) if Part.BACKEND in settings.parts else {},
    ticked=lambda text: Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text)))),
    total=cost.total,
    weeks=lambda stack, estate: by_week(stack.releases, estate.since, estate.made),
)
_TEMPLATES.tests["missing"] = lambda part: isinstance(part, Missing)
_TEMPLATES.globals |= {"figure_header": HEADER, "matrix_header": matrix.MATRIX, "phases": PHASES}
