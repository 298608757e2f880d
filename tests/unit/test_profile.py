"""`make profile` can run the program without an engine, and its parts add up."""

import sys
from pathlib import Path

import pytest

from benchmarks.profile import start_once
from rehearsal.estate import seed, world


def test_the_parts_of_the_programs_start_add_up_to_what_its_process_used(tmp_path: Path):
    with world(tmp_path / "world", Path(sys.executable)) as stage:
        seed(stage.vendors)
        parts = start_once(stage, "now")
        assert [request.path for request in stage.render.requests], "it looks at Render"
    *loading, declared, end, everything = parts.values()
    assert all(seconds > 0 for seconds in loading)
    assert sum(loading) == pytest.approx(declared)
    assert declared + end == pytest.approx(everything)
