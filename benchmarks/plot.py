"""The measurements as a picture: requests and time over the number of services, both logarithmic, as plain SVG.

It follows the reader's light or dark mode, and tells the lines apart by dash and mark as well as by colour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.scenarios import CHANGE, COLD, DRIFT, UNCHANGED, Measure

_WIDTH, _HEIGHT = 960, 440
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .paper, .mark { fill: #ffffff }
  .grid { stroke: #d8dee4 }
  .line { fill: none; stroke-width: 2.5 }
  .mark { stroke-width: 2 }
  .cold { stroke: #bc4c00 } .unchanged { stroke: #0969da } .drift { stroke: #ff6bbd } .change { stroke: #1a7f37 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .paper, .mark { fill: #0d1117 }
    .grid { stroke: #30363d }
    .cold { stroke: #f0883e } .unchanged { stroke: #58a6ff } .drift { stroke: #ffb3dd } .change { stroke: #3fb950 }
  }
"""


@dataclass(frozen=True)
class _Look:
    """How a scenario is drawn. mark: its radius; of scenarios whose lines coincide, each has to stay visible."""

    scenario: str
    kind: str
    dash: str
    mark: float


_LOOKS = (
    _Look(COLD, "cold", "none", 4),
    _Look(UNCHANGED, "unchanged", "none", 6),
    _Look(DRIFT, "drift", "3 9", 3),
    _Look(CHANGE, "change", "9 5", 4),
)


@dataclass(frozen=True)
class _Panel:
    """One diagram. ticks: values of the vertical axis and what is written there; the first and last are its ends."""

    title: str
    left: float
    sizes: Sequence[int]
    ticks: Sequence[tuple[float, str]]
    value: Callable[[Measure], float]

    width, height, top = 370.0, 270.0, 100.0

    def x(self, services: float) -> float:
        return self.left + self.width * _share(services, self.sizes[0], self.sizes[-1])

    def y(self, value: float) -> float:
        return self.top + self.height * (1 - _share(value, self.ticks[0][0], self.ticks[-1][0]))

    def draw(self, measures: Sequence[Measure]) -> list[str]:
        bottom, right = self.top + self.height, self.left + self.width
        parts = [_text(self.left, self.top - 16, self.title, anchor="start", kind="title")]
        for value, label in self.ticks:
            parts += [_rule(self.left, self.y(value), right, self.y(value))]
            parts += [_text(self.left - 8, self.y(value) + 4, label, anchor="end")]
        for size in self.sizes:
            parts += [_rule(self.x(size), self.top, self.x(size), bottom)]
            parts += [_text(self.x(size), bottom + 20, str(size))]
        parts.append(_text(self.left + self.width / 2, bottom + 44, "web services"))
        for look in _LOOKS:
            mine = sorted((m for m in measures if m.scenario == look.scenario), key=lambda m: m.services)
            parts += _line([(self.x(m.services), self.y(self.value(m))) for m in mine], look)
        return parts


def plot(measures: Sequence[Measure]) -> str:
    """An SVG document."""
    sizes = sorted({measure.services for measure in measures})
    requests = _Panel("Requests", 70, sizes, _powers_of_ten(measures), lambda m: m.cost.requests)
    time = _Panel("Time to wait", 550, sizes, _times(measures), lambda m: m.cost.seconds)
    label = "Requests and time to wait over the number of web services, both axes logarithmic"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>',
        *_legend(),
        *requests.draw(measures),
        *time.draw(measures),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> list[str]:
    parts = []
    for number, look in enumerate(_LOOKS):
        left = 70 + 215 * number
        parts += _line([(left, 36), (left + 40, 36)], look)
        parts.append(_text(left + 52, 40, look.scenario, anchor="start"))
    return parts


def _line(points: Sequence[tuple[float, float]], look: _Look) -> list[str]:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    drawn = [f'<polyline class="line {look.kind}" stroke-dasharray="{look.dash}" points="{path}"/>']
    return drawn + [f'<circle class="mark {look.kind}" cx="{x:.1f}" cy="{y:.1f}" r="{look.mark}"/>' for x, y in points]


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str = "middle", kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _share(value: float, lowest: float, highest: float) -> float:
    """Where a value is between two others on a logarithmic scale; in the middle of a scale without extent."""
    if lowest == highest:
        return 0.5
    return math.log(value / lowest) / math.log(highest / lowest)


def _powers_of_ten(measures: Sequence[Measure]) -> list[tuple[float, str]]:
    top = math.ceil(math.log10(max(m.cost.requests for m in measures)))
    return [(10.0**power, f"{10**power:,}") for power in range(top + 1)]


def _times(measures: Sequence[Measure]) -> list[tuple[float, str]]:
    """From the last one below every value to the first one above."""
    known = [(0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3600, "1 h"), (36000, "10 h")]
    values = [m.cost.seconds for m in measures]
    first = max(n for n, (seconds, _) in enumerate(known) if n == 0 or seconds <= min(values))
    last = min(n for n, (seconds, _) in enumerate(known) if n == len(known) - 1 or seconds >= max(values))
    return [(float(seconds), label) for seconds, label in known[first : last + 1]]
