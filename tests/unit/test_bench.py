"""The benchmark at small sizes: what it counts, and that it fails when a run does not do what it is measured for."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks import tables
from benchmarks.__main__ import BEGIN, END, main, renewed
from benchmarks.account import LATENCY, Cost
from benchmarks.scenarios import (
    APPLY,
    CHANGE,
    COLD,
    DESTROY,
    DRIFT,
    ONE_DOCUMENT,
    PLAN,
    REPAIR,
    SCENARIOS,
    UNCHANGED,
    BenchFailed,
    Measure,
    measure_comparable,
    measure_size,
)

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def small() -> list[Measure]:
    return [measure for size in (1, 3) for measure in measure_size(size)]


def cost_of(measures: list[Measure], scenario: str, services: int) -> Cost:
    return next(m.cost for m in measures if (m.scenario, m.services) == (scenario, services))


def some_cost(**changes: float) -> Cost:
    fields = {"reads": 1, "writes": 0, "refused": 0, "deploys": 0, "answers": 0.12, "limited": 0.0} | changes
    return Cost(**fields)  # type: ignore[arg-type]


def test_every_scenario_is_measured_at_every_size(small):
    assert {(m.scenario, m.services) for m in small} == {(name, n) for name in SCENARIOS for n in (1, 3)}


@pytest.mark.parametrize("services", [1, 3])
def test_a_look_writes_and_deploys_nothing_and_costs_the_same_with_drift(small, services):
    unchanged, drifted = cost_of(small, UNCHANGED, services), cost_of(small, DRIFT, services)
    assert (unchanged.writes, unchanged.deploys) == (0, 0)
    assert (drifted.reads, drifted.writes, drifted.deploys) == (unchanged.reads, 0, 0)


def test_a_look_takes_two_reads_per_further_service(small):
    assert cost_of(small, UNCHANGED, 3).reads - cost_of(small, UNCHANGED, 1).reads == 2 * 2


def test_a_look_asks_for_several_services_at_the_same_time(small):
    _, unchanged, *_ = measure_size(8)
    one_by_one = cost_of(small, UNCHANGED, 1).answers + 7 * 2 * LATENCY
    assert unchanged.cost.requests == 4 + 8 * 2
    assert unchanged.cost.answers < one_by_one / 2


def test_a_cold_up_takes_at_most_four_writes_per_service_and_a_constant_number_of_reads(small):
    one, three = cost_of(small, COLD, 1), cost_of(small, COLD, 3)
    assert three.writes - one.writes <= 2 * 4
    assert three.reads == one.reads
    assert three.deploys == 3 * one.deploys


def test_a_change_of_one_variable_costs_the_same_among_one_and_three_services(small):
    one, three = cost_of(small, CHANGE, 1), cost_of(small, CHANGE, 3)
    assert one.deploys == 1
    assert (one.reads, one.writes) == (three.reads, three.writes)


def test_small_estates_meet_no_rate_limit(small):
    assert {(m.cost.refused, m.cost.limited) for m in small} == {(0, 0.0)}


def test_every_request_of_a_run_without_concurrency_takes_its_latency(small):
    cost = cost_of(small, COLD, 1)
    assert cost.answers == pytest.approx(0.12 * cost.requests)


def test_more_services_than_may_be_created_in_an_hour_wait_for_the_next_one():
    cold_up = next(measure_size(21)).cost
    assert cold_up.limited > 100 * cold_up.answers
    assert cold_up.seconds == cold_up.limited + cold_up.answers


def test_the_comparable_estate_takes_fewer_requests_than_with_the_terraform_provider():
    ours = measure_comparable()
    assert ours[ONE_DOCUMENT].requests < ours[APPLY].requests
    assert all(ours[name].requests < requests for name, requests in tables.TERRAFORM.items())
    assert {name: cost.deploys for name, cost in ours.items() if name not in (APPLY, ONE_DOCUMENT)} == {
        PLAN: 0,
        "change of one variable": 1,
        REPAIR: 1,
        DESTROY: 0,
    }


def test_a_run_that_finds_something_else_fails_the_benchmark(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.scenarios.EDITED", "VARIABLE_OF_NOBODY")
    with pytest.raises(BenchFailed, match="VARIABLE_OF_NOBODY undeclared"):
        list(measure_size(1))
    assert main(["--sizes", "1"]) == 1
    assert "bench: expected to find" in capsys.readouterr().err


def test_the_table_has_a_row_for_each_scenario_and_size():
    cost = some_cost(reads=7, writes=2, refused=1, deploys=1, answers=1.08, limited=3661.0)
    row = tables.costs([Measure(COLD, 200, cost)]).splitlines()[-1]
    assert row == "| cold up | 200 | 9 | 7 | 2 | 1 | 1 | 1.1 s | 1 h 1 min | 1 h 1 min |"


def test_growth_is_what_each_further_service_adds():
    measures = [Measure(name, n, some_cost(reads=5 + 2 * n, answers=0.5 * n)) for name in SCENARIOS for n in (1, 3, 13)]
    assert tables.growth(measures).splitlines()[2] == "| cold up | 2.0, 0.50 s | 2.0, 0.50 s |"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.84, "0.8 s"), (59.9, "59.9 s"), (125, "2 min 5 s"), (32460, "9 h 1 min")]
)
def test_durations_are_written_as_people_say_them(seconds, text):
    assert tables.duration(seconds) == text


@pytest.mark.parametrize("sizes", [[1], [1, 3]])
def test_the_picture_shows_every_measure_and_labels_its_axes(small, sizes):
    from benchmarks.plot import figure, plot

    shown = [m for m in small if m.services in sizes]
    requests, wait = figure(shown).axes
    for axes, value in ((requests, lambda m: m.cost.requests), (wait, lambda m: m.cost.seconds)):
        points = [point for line in axes.lines for point in zip(*line.get_data(), strict=True)]
        assert sorted(points) == sorted((m.services, value(m)) for m in shown)
    svg = plot(shown)
    texts = [text.text for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"Requests", "Time to wait", *SCENARIOS} <= set(texts)
    assert texts.count("web services") == 2
    assert svg == plot(shown)


def test_writing_renews_the_tables_and_the_picture_and_nothing_else(tmp_path, capsys):
    page = tmp_path / "PERFORMANCE.md"
    page.write_text(f"before\n{BEGIN}what was measured before\n{END}after\n")
    assert main(["--sizes", "1", "3", "--write"], docs=tmp_path) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}")
    assert text.endswith(f"{END}after\n")
    assert "what was measured before" not in text
    assert capsys.readouterr().out.strip() in text
    assert ElementTree.fromstring((tmp_path / "performance.svg").read_text(encoding="utf-8")).tag == f"{SVG}svg"


def test_without_write_the_documentation_stays_as_it_is(tmp_path, capsys):
    assert main(["--sizes", "1"], docs=tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
    assert "| cold up | 1 |" in capsys.readouterr().out


def test_a_page_without_a_place_for_the_measurements_is_left_alone():
    with pytest.raises(BenchFailed, match="no place"):
        renewed("a page", "the tables")
