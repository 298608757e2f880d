"""The text that a command carries when its Render object drifted, taken apart again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.changes.render_findings import split

SEEN = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def test_reasons_come_apart_with_the_time_of_the_change_and_of_the_look() -> None:
    text = (
        "env.A changed outside Pulumi; plan: free → starter "
        "(last changed 2026-11-20T08:30:00Z, seen 2026-11-23T17:00:00+00:00)"
    )
    assert split(text) == (
        ["env.A changed outside Pulumi", "plan: free → starter"],
        datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
        SEEN,
    )


def test_a_change_whose_time_render_does_not_keep_has_none() -> None:
    reasons, since, seen = split("does not exist at Render (last changed unknown, seen 2026-11-23T17:00:00+00:00)")
    assert (reasons, since, seen) == (["does not exist at Render"], None, SEEN)


@pytest.mark.parametrize("value", ["a; b", "pip install x; ./run (last changed never)"])
def test_a_value_that_looks_like_the_text_around_it_stays_whole(value: str) -> None:
    reasons, _, _ = split(f"startCommand: x → {value} (last changed unknown, seen 2026-11-23T17:00:00+00:00)")
    assert reasons == [f"startCommand: x → {value}"]
