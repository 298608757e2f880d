"""The benchmark's clock: what overlaps counts once, and every second is counted as one sort of wait."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

import pytest

from benchmarks.timeline import Moment, Timeline

START = 7200.0


@pytest.fixture
def timeline() -> Timeline:
    return Timeline(START)


def ask(timeline: Timeline, requests: int, latency: float = 1.0) -> None:
    for _ in range(requests):
        with timeline.request(latency):
            pass


def at_once(*work: Callable[[], None]) -> None:
    """Each in a thread of its own, all of them started before any begins."""
    together = Barrier(len(work))

    def run(one: Callable[[], None]) -> None:
        together.wait()
        one()

    with ThreadPoolExecutor(len(work)) as pool:
        list(pool.map(run, work))


def test_requests_one_after_the_other_add_up(timeline):
    ask(timeline, 3)
    assert timeline.now() == Moment(START + 3, answers=3)
    assert timeline.served() == START + 3


def test_a_wait_for_the_rate_limit_is_counted_apart(timeline):
    ask(timeline, 1)
    timeline.sleep(50)
    assert timeline.now() == Moment(START + 51, answers=1, limited=50)
    assert timeline.clock() == START + 51


def test_requests_of_several_threads_count_once(timeline):
    at_once(*[lambda: ask(timeline, 3)] * 4)
    assert timeline.now() == Moment(START + 3, answers=3)


def test_the_thread_that_ends_last_says_what_was_waited_for(timeline):
    at_once(lambda: ask(timeline, 5), lambda: timeline.sleep(9), lambda: ask(timeline, 2))
    assert timeline.now() == Moment(START + 9, limited=9)


def test_threads_start_where_those_before_them_ended(timeline):
    at_once(lambda: ask(timeline, 3), lambda: ask(timeline, 1))
    at_once(lambda: ask(timeline, 2), lambda: ask(timeline, 1))
    assert timeline.now() == Moment(START + 5, answers=5)


def test_the_simulators_time_never_goes_back(timeline):
    seen = []

    def look(latency: float) -> None:
        with timeline.request(latency):
            seen.append(timeline.served())

    with ThreadPoolExecutor(1) as late, ThreadPoolExecutor(1) as early:
        late.submit(look, 8.0).result()
        early.submit(look, 1.0).result()
    assert seen == [START + 8, START + 8]


def test_who_stands_earliest_goes_first(timeline):
    order = []

    def ask_as(name: str, latency: float) -> None:
        with timeline.request(latency):
            order.append(name)

    with ThreadPoolExecutor(2) as pool, timeline.request(0.5):
        pool.submit(ask_as, "late", 3.0)
        pool.submit(ask_as, "early", 1.0)
        while len(timeline._waiting) < 2:  # both stand in line behind the request that runs
            sleep(0.001)
    assert order == ["early", "late"]


def test_skipping_to_the_full_hour_counts_as_no_wait(timeline):
    ask(timeline, 1)
    timeline.skip_to_full_hour()
    assert timeline.now() == Moment(START + 3600, answers=1)
    assert timeline.served() == START + 3600
