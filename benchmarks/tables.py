"""The measurements as Markdown tables."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from benchmarks.account import Cost
from benchmarks.scenarios import APPLY, DESTROY, PLAN, REPAIR, SCENARIOS, Measure
from gate.common.text import markdown_table

TERRAFORM = {APPLY: 24, PLAN: 12, REPAIR: 18, DESTROY: 16}
"""Requests of Render's official Terraform provider for the same estate, measured for this project on a simulator."""


def costs(measures: Sequence[Measure]) -> str:
    """Return one row for each scenario and size."""
    heads = ("scenario", "services", "requests", "reads", "writes", "429", "deploys", "answers", "rate limit", "in all")
    rows = [(m.scenario, str(m.services), *_cells(m.cost)) for name in SCENARIOS for m in _of(measures, name)]
    return markdown_table(heads, rows, texts=1)


def growth(measures: Sequence[Measure]) -> str:
    """Return what each further service adds, from one size to the next."""
    sizes = sorted({measure.services for measure in measures})
    heads = ["requests, and seconds spent on answers, per further service", *(f"{a} → {b}" for a, b in pairwise(sizes))]
    rows = [(name, *(_slope(a, b) for a, b in pairwise(_of(measures, name)))) for name in SCENARIOS]
    return markdown_table(heads, rows, texts=1)


def comparison(ours: Mapping[str, Cost]) -> str:
    """Return requests beside those of the Terraform provider."""
    heads = ("requests", "Terraform provider", "this program", "of which writes, and the deploys they begin")
    rows = [
        (name, str(TERRAFORM.get(name, "not measured")), str(cost.requests), f"{cost.writes}, {cost.deploys}")
        for name, cost in ours.items()
    ]
    return markdown_table(heads, rows, texts=1)


def duration(seconds: float) -> str:
    """Return it as people say it: 0.8 s, 2 min 5 s, 9 h 1 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _cells(cost: Cost) -> Iterable[str]:
    yield from (str(n) for n in (cost.requests, cost.reads, cost.writes, cost.refused, cost.deploys))
    yield from (duration(s) if s else "-" for s in (cost.answers, cost.limited, cost.seconds))


def _of(measures: Sequence[Measure], scenario: str) -> list[Measure]:
    return sorted((m for m in measures if m.scenario == scenario), key=lambda m: m.services)


def _slope(a: Measure, b: Measure) -> str:
    further = b.services - a.services
    requests, answers = b.cost.requests - a.cost.requests, b.cost.answers - a.cost.answers
    return f"{requests / further:.1f}, {max(0.0, answers / further):.2f} s"
