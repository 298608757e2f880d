"""What pages for people are made of: one style, tables, badges, a chart by week. Everything is in the file itself.

Nothing here is fetched from anywhere, and the page forbids the browser to fetch anything. Texts are escaped unless
they are `Html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Literal

Week = tuple[datetime, int, int]
"""Its beginning, how many served, and how many did not."""

Tone = Literal["good", "bad", "warn", "plain"]
_SIGNS = {"good": "✓", "bad": "✗", "warn": "!", "plain": "·"}
"""Beside the colour, which not everybody sees."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_WIDTH, _HEIGHT, _FOOT, _MOST_LABELS = 480, 170, 24, 6


class Html(str):
    """Markup that is safe as it is."""

    __slots__ = ()


def html(text: str) -> Html:
    """Escaped, unless it is markup already."""
    return text if isinstance(text, Html) else Html(escape(text))


def join(parts: Iterable[str], separator: str = "\n") -> Html:
    return Html(separator.join(html(part) for part in parts))


def code(text: str, *, long: bool = False) -> Html:
    """Args: long: it may be broken anywhere, because no space is to be expected in it."""
    kind = ' class="long"' if long else ""
    return Html(f"<code{kind}>{escape(text)}</code>")


def link(address: str, text: str) -> Html:
    """An address that is not one of the web is left out, and the text stays."""
    if not address.startswith(("https://", "http://")):
        return html(text)
    return Html(f'<a href="{escape(address)}" rel="noopener noreferrer">{html(text)}</a>')


def badge(text: str, tone: Tone) -> Html:
    return Html(f'<span class="badge {tone}"><span aria-hidden="true">{_SIGNS[tone]}</span> {html(text)}</span>')


def paragraph(text: str, kind: str = "") -> Html:
    return Html(f'<p class="{kind}">{html(text)}</p>' if kind else f"<p>{html(text)}</p>")


def table(
    caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()
) -> Html:
    """On a narrow screen each row becomes a block of named cells. Args: numbers: columns that are set to the right."""
    titles = "".join(
        f'<th scope="col" role="columnheader"{_kind(i in numbers)}>{html(title)}</th>' for i, title in enumerate(header)
    )
    body = "\n".join(_row(header, cells, numbers) for cells in rows)
    return Html(
        f'<div class="scroll"><table role="table"><caption>{html(caption)}</caption>\n<thead role="rowgroup">'
        f'<tr role="row">{titles}</tr></thead>\n<tbody role="rowgroup">\n{body}\n</tbody></table></div>'
    )


def _row(header: Sequence[str], cells: Sequence[str], numbers: frozenset[int]) -> str:
    shown = []
    for i, (title, cell) in enumerate(zip(header, cells, strict=True)):
        tag, role = ('th scope="row"', "rowheader") if i == 0 else ("td", "cell")
        end = tag.split()[0]
        label = f' data-label="{escape(title)}"'
        shown.append(f'<{tag} role="{role}"{label}{_kind(i in numbers)}>{html(cell)}</{end}>')
    return f'<tr role="row">{"".join(shown)}</tr>'


def _kind(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def chart(title: str, weeks: Sequence[Week]) -> Html:
    """Bars by week: what served below, hatched above it what failed."""
    most = max((good + bad for _, good, bad in weeks), default=0) or 1
    step = _WIDTH / max(len(weeks), 1)
    every = -(-len(weeks) // _MOST_LABELS) or 1
    bars = "".join(_bars(i * step, step, week, most, i % every == 0) for i, week in enumerate(weeks))
    total, failed = sum(good for _, good, _ in weeks), sum(bad for _, _, bad in weeks)
    told = f"{title}: {total} served and {failed} failed in {len(weeks)} weeks"
    return Html(
        f'<figure><figcaption>{html(told)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT + _FOOT}" role="img" '
        f'aria-label="{escape(told)}"><title>{html(told)}</title>{bars}'
        f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/></svg>'
        '<p class="legend"><span class="key good"></span> served <span class="key bad"></span> failed</p></figure>'
    )


def _bars(x: float, step: float, week: Week, most: int, labelled: bool) -> str:
    start, good, bad = week
    unit = (_HEIGHT - 24) / most
    high, low = good * unit, bad * unit
    width, x = step * 0.7, x + step * 0.15
    parts = [
        f'<rect class="good" x="{x:.1f}" y="{_HEIGHT - high:.1f}" width="{width:.1f}" height="{high:.1f}"/>',
        f'<rect class="bad" x="{x:.1f}" y="{_HEIGHT - high - low:.1f}" width="{width:.1f}" height="{low:.1f}"/>',
    ]
    if labelled:
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT + 18}">{start:%d %b}</text>')
    if good + bad:
        middle, top = x + width / 2, _HEIGHT - high - low - 5
        parts.append(f'<text x="{middle:.1f}" y="{top:.1f}" text-anchor="middle">{good + bad}</text>')
    return "".join(parts)


def document(title: str, body: str) -> str:
    """The whole page."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1b2430; --soft: #525d6b; --paper: #f5f6f8; --card: #ffffff; --line: #d6dce4; --accent: #1a5aa6;
  --good: #17643a; --good-soft: #e1f2e8; --bad: #a8231c; --bad-soft: #fbe6e4; --warn: #7a4f00; --warn-soft: #fbf0d9;
  --plain-soft: #e9edf2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e5eaf1; --soft: #a6b1bf; --paper: #11151b; --card: #1a2028; --line: #323c4a; --accent: #8dbbf6;
    --good: #83d3a4; --good-soft: #17301f; --bad: #ffa198; --bad-soft: #3a1d1b; --warn: #f2c46b; --warn-soft: #362a12;
    --plain-soft: #27303c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; text-wrap: balance; }
h2 { font-size: 1.35rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p { margin: .5rem 0; }
p.soft, .soft { color: var(--soft); }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", monospace; }
code.long { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 1rem 0 0; padding: 0; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 1.25rem; background: var(--card); font-size: .94rem;
  border: 1px solid var(--line); }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .5rem .75rem; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
thead th { color: var(--soft); font-weight: 600; font-size: .82rem; }
tbody th { font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.badge { display: inline-block; border-radius: 1rem; padding: .05rem .6rem; font-size: .85rem; font-weight: 600;
  background: var(--plain-soft); }
.badge.good { color: var(--good); background: var(--good-soft); }
.badge.bad { color: var(--bad); background: var(--bad-soft); }
.badge.warn { color: var(--warn); background: var(--warn-soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem;
  margin: 1.5rem 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; }
.card h2 { margin: 0 0 .5rem; padding: 0; border: 0; font-size: 1.15rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .35rem 1rem; margin: .5rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.phases { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: .75rem;
  list-style: none; margin: .75rem 0; padding: 0; }
.phases li { background: var(--card); border: 1px solid var(--line); border-top: 4px solid var(--line);
  border-radius: .375rem; padding: .6rem .9rem; font-size: .92rem; }
.phases li[aria-current] { border-top-color: var(--accent); }
.phases strong { display: block; }
.notice { border-left: 4px solid var(--line); background: var(--card); padding: .6rem 1rem; }
.notice.bad { border-left-color: var(--bad); } .notice.warn { border-left-color: var(--warn); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.5rem; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; margin-bottom: .5rem; }
svg { display: block; width: 100%; max-width: 34rem; height: auto; } svg text { fill: var(--ink); font-size: 14px; }
rect.good { fill: var(--good); } rect.bad { fill: var(--bad-soft); stroke: var(--bad); stroke-width: 2;
  stroke-dasharray: 4 3; }
.axis { stroke: var(--line); stroke-width: 1; }
.legend { color: var(--soft); font-size: .88rem; }
.key { display: inline-block; width: .8rem; height: .8rem; margin-left: .75rem; vertical-align: -.05rem; }
.key:first-child { margin-left: 0; }
.key.good { background: var(--good); } .key.bad { background: var(--bad-soft); border: 2px dashed var(--bad); }
footer { margin-top: 3rem; color: var(--soft); font-size: .88rem; }
@media (max-width: 58rem) {
  main { padding: 1.25rem .9rem 3rem; } h1 { font-size: 1.5rem; }
  table, tbody, tbody tr, tbody th { display: block; }
  thead { position: absolute; clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; }
  table { border: 0; background: none; } caption { display: block; }
  tbody tr { background: var(--card); border: 1px solid var(--line); border-radius: .375rem; margin-bottom: .6rem;
    padding: .4rem .8rem; }
  tbody th, tbody td { border: 0; padding: .15rem 0; overflow-wrap: anywhere; } tbody th { font-weight: 600; }
  tbody td { display: inline-flex; flex-wrap: wrap; align-items: baseline; column-gap: .4rem;
    margin-right: 1.1rem; max-width: 100%; }
  tbody td::before { content: attr(data-label) ":"; color: var(--soft); }
  dl { grid-template-columns: 7rem 1fr; }
}
@media print { body { background: none; } a { color: inherit; } }
"""
