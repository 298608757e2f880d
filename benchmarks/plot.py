"""Draws requests and time to wait over the number of services. All axes are logarithmic."""

import io
from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from benchmarks.scenarios import CHANGE, COLD, DRIFT, UNCHANGED, Measure

_LOOKS = {COLD: "s-", UNCHANGED: "o-", DRIFT: "x:", CHANGE: "^--"}
"""Mark and line by scenario. They tell lines apart that lie on each other, also without colours."""
_TIMES = {0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 36000: "10 h"}


def figure(measures: Sequence[Measure]) -> Figure:
    """Draw two diagrams, with a line for each scenario."""
    drawn = Figure(figsize=(10, 4.6), layout="constrained")
    requests, wait = drawn.subplots(1, 2)
    sizes = sorted({measure.services for measure in measures})
    for axes, title in ((requests, "Requests"), (wait, "Time to wait")):
        axes.set(title=title, xlabel="web services", xscale="log", yscale="log")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.4)
    for scenario, look in _LOOKS.items():
        mine = sorted((m for m in measures if m.scenario == scenario), key=lambda m: m.services)
        x = [m.services for m in mine]
        requests.plot(x, [m.cost.requests for m in mine], look, label=scenario)
        wait.plot(x, [m.cost.seconds for m in mine], look)
    low, high = wait.get_ylim()
    shown = {seconds: label for seconds, label in _TIMES.items() if low <= seconds <= high}
    wait.set_yticks(list(shown), list(shown.values()))
    drawn.legend(loc="outside upper center", ncols=len(_LOOKS))
    return drawn


def plot(measures: Sequence[Measure]) -> str:
    """Return an SVG document. It is the same for the same measures."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "benchmark"}):
        file = io.StringIO()
        figure(measures).savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
