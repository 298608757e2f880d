"""The figures and the charts as parts of the page."""

from __future__ import annotations

from collections.abc import Sequence

from gate.report import html as parts
from gate.report.figures import Figure
from gate.report.html import Html, Tone

_TONES: dict[str, Tone] = {"met": "good", "missed": "bad"}


def figures_table(found: Sequence[Figure]) -> Html:
    header = ["figure", "value", "target", "verdict", "from"]
    rows = [
        [one.name, one.text, one.target, parts.badge(one.verdict, _TONES.get(one.verdict, "plain")), one.basis]
        for one in found
    ]
    return parts.table("Figures and the plan's targets", header, rows, frozenset({1}))


def drawn(charts: Sequence[tuple[str, Sequence[parts.Week]]]) -> Html:
    """The charts beside each other, where there is room."""
    return Html(f'<div class="charts">{parts.join(parts.chart(title, weeks) for title, weeks in charts)}</div>')
