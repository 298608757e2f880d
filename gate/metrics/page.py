"""One HTML page with the figures and two charts, which opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from gate.metrics.figures import Figure

Week = tuple[datetime, int, int]
_STYLE = """
:root { color-scheme: light dark; --good: #2f7d4f; --bad: #b3392f; --line: #8886; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.met { color: var(--good); } .missed { color: var(--bad); font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: currentColor; font-size: 11px; }
.good { fill: var(--good); } .bad { fill: var(--bad); }
"""
_WIDTH, _HEIGHT, _FOOT = 720, 180, 24


def page(title: str, period: str, found: Sequence[Figure], charts: Sequence[tuple[str, Sequence[Week]]]) -> str:
    """The page. Args: charts: a title, and its weeks."""
    rows = "\n".join(_row(figure) for figure in found)
    drawn = "\n".join(_chart(name, weeks) for name, weeks in charts)
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{_STYLE}</style></head>
<body>
<h1>{escape(title)}</h1>
<p>{escape(period)}</p>
<table>
<caption>Figures and the plan's targets</caption>
<thead><tr><th>figure</th><th>value</th><th>target</th><th>verdict</th><th>from</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
{drawn}
</body>
</html>
"""


def _row(figure: Figure) -> str:
    verdict = escape(figure.verdict)
    basis = escape(figure.note or f"{figure.samples} samples")
    name, value, target = escape(figure.name), escape(figure.text), escape(figure.target)
    kind = verdict.partition(" ")[0]
    return (
        f'<tr><td>{name}</td><td class="number">{value}</td><td>{target}</td>'
        f'<td class="{kind}">{verdict}</td><td>{basis}</td></tr>'
    )


def _chart(title: str, weeks: Sequence[Week]) -> str:
    """Bars by week: what served below, what failed above."""
    most = max((good + bad for _, good, bad in weeks), default=0) or 1
    step = _WIDTH / max(len(weeks), 1)
    bars = "".join(_bars(i * step, step, week, most) for i, week in enumerate(weeks))
    total, failed = sum(good for _, good, _ in weeks), sum(bad for _, _, bad in weeks)
    told = escape(f"{title}: {total} served and {failed} failed in {len(weeks)} weeks")
    return (
        f'<h2>{escape(title)}</h2><svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" aria-label="{told}">'
        f"<title>{told}</title>{bars}</svg>"
    )


def _bars(x: float, step: float, week: Week, most: int) -> str:
    start, good, bad = week
    unit = (_HEIGHT - 20) / most
    high, low = good * unit, bad * unit
    width = step * 0.7
    parts = [
        f'<rect class="good" x="{x:.1f}" y="{_HEIGHT - high:.1f}" width="{width:.1f}" height="{high:.1f}"/>',
        f'<rect class="bad" x="{x:.1f}" y="{_HEIGHT - high - low:.1f}" width="{width:.1f}" height="{low:.1f}"/>',
        f'<text x="{x:.1f}" y="{_HEIGHT + 14}">{start:%d %b}</text>',
    ]
    if good + bad:
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - high - low - 4:.1f}">{good + bad}</text>')
    return "".join(parts)
