"""One HTML page with the figures and a chart for each environment, which opens without a network."""

from __future__ import annotations

from collections.abc import Sequence

from gate.report import html as parts
from gate.report.figures import Figure
from gate.report.html import Html, Tone, Week

_TONES: dict[str, Tone] = {"met": "good", "missed": "bad"}


def page(title: str, period: str, found: Sequence[Figure], charts: Sequence[tuple[str, Sequence[Week]]]) -> str:
    """The page. Args: charts: a title, and its weeks."""
    heading = parts.Html(f"<h1>{parts.html(title)}</h1>")
    blocks = [heading, parts.paragraph(period, "soft"), figures_table(found), drawn(charts)]
    return parts.document(title, parts.join(blocks))


def figures_table(found: Sequence[Figure]) -> Html:
    header = ["figure", "value", "target", "verdict", "from"]
    rows = [
        [one.name, one.text, one.target, parts.badge(one.verdict, _TONES.get(one.verdict, "plain")), _basis(one)]
        for one in found
    ]
    return parts.table("Figures and the plan's targets", header, rows, frozenset({1}))


def drawn(charts: Sequence[tuple[str, Sequence[Week]]]) -> Html:
    """The charts beside each other, where there is room."""
    return Html(f'<div class="charts">{parts.join(parts.chart(title, weeks) for title, weeks in charts)}</div>')


def _basis(figure: Figure) -> str:
    return figure.note or ("1 sample" if figure.samples == 1 else f"{figure.samples} samples")
