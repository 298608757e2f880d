"""What a long wait looks like: time and budget on a terminal, plain lines now and then elsewhere."""

from __future__ import annotations

import io

from rich.console import Console

from gate.common.progress import HEARTBEAT, progress


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_terminal_a_wait_is_a_line_now_and_then() -> None:
    out, clock = io.StringIO(), Clock()
    with progress("release v1.2.3", Console(file=out), budget=1800, clock=clock) as tell:
        for clock.now in (1.0, HEARTBEAT - 1, HEARTBEAT + 1, HEARTBEAT + 2):
            tell("Render: deploy dep-1")
        tell.line("  32.0 s of 1800  Render: deploy dep-1 is live")
    assert out.getvalue().splitlines() == [
        "release v1.2.3 …",
        "release v1.2.3: Render: deploy dep-1, 31 s of 1800",
        "  32.0 s of 1800  Render: deploy dep-1 is live",
    ]


def test_on_a_terminal_time_and_budget_stand_beside_what_is_waited_for() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, color_system=None)
    with progress("release v1.2.3", console, budget=1800) as tell:
        tell("Render: [deploy] dep-1")
        tell.line("something to keep")
    shown = out.getvalue()
    assert "release v1.2.3: Render: [deploy] dep-1" in shown
    assert "0 s of 1800" in shown
    assert "something to keep" in shown


def test_without_a_budget_only_the_time_is_shown() -> None:
    out, clock = io.StringIO(), Clock()
    with progress("looking", Console(file=out), clock=clock) as tell:
        clock.now = 35.4
        tell("staging")
    assert out.getvalue().splitlines()[-1] == "looking: staging, 35 s"
    out = io.StringIO()
    with progress("looking", Console(file=out, force_terminal=True, width=100, color_system=None)) as tell:
        tell("staging")
    assert "0 s" in out.getvalue()
    assert "0 s of" not in out.getvalue()
