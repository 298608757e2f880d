"""Looks at the health endpoint and at the share of server errors, again and again, until one is an alarm."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ConfigDict, Field

from components.gate_settings import Watch
from gate.common.exit_codes import ExitCode
from gate.common.report import Report

_RATE_EVERY = 60.0
"""Seconds between two looks at the error rate, which Render counts by the minute."""
_AGAIN = 1.0
"""Seconds until a single failed look is confirmed."""
_FEWEST = 20
"""The fewest requests with which a share of errors says something."""


@dataclass(frozen=True)
class Rate:
    """What was answered since the watch began.

    Attributes:
        errors: those with a status of 500 or above.
    """

    requests: int
    errors: int

    @property
    def percent(self) -> float:
        return 100 * self.errors / self.requests if self.requests else 0.0


class Watched(Report):
    """What was seen, filled in while the watch runs.

    Attributes:
        alarm: why to roll back; empty if there is no reason.
        rate: None if it is not available.
        first_failure: the first of the failed looks at the end; None if the last look was good.
        warnings: what will fail soon.

    As JSON it also has `outcome`: `alarm` or `quiet`.
    """

    model_config = ConfigDict(frozen=False)

    environment: str = ""
    alarm: str = ""
    seconds: float = 0.0
    looks: int = 0
    failures: int = 0
    rate: Rate | None = None
    first_failure: datetime | None = None
    warnings: list[str] = Field(default_factory=list)

    @property
    def headline(self) -> str:
        if self.alarm:
            return f"alarm: {self.alarm}"
        rate = f"{self.rate.percent:.1f} % server errors" if self.rate else "the error rate is not available"
        for_long = f" for {self.seconds / 60:.0f} min" if self.looks > 2 else ""
        return f"quiet{for_long}: {self.failures} of {self.looks} looks failed, {rate}"

    @property
    def exit_code(self) -> int:
        return ExitCode.FOUND if self.alarm else ExitCode.DONE

    def lines(self) -> list[str]:
        return [f"{self.environment}: {self.headline}", *(f"warning: {one}" for one in self.warnings)]

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "outcome": "alarm" if self.alarm else "quiet"}


def watch(
    rules: Watch,
    look: Callable[[], str],
    rate: Callable[[], Rate | None],
    tell: Callable[[str], None] = lambda _text: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    wall: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Watched:
    """Watch until an alarm, or for as long as the rules say. If the last look failed, it goes on up to an alarm.

    For zero minutes it looks once; if that fails, it looks a second time at once. Two failures are an alarm.

    Args:
        look: returns what is wrong, or nothing.
        rate: since the watch began; None if it is not available.
    """
    seen, began, failing = Watched(), clock(), None
    asked = began  # before the first minute is over, there is nothing to count
    while rules.minutes:
        now = clock()
        seen.seconds, seen.looks = now - began, seen.looks + 1
        if problem := look():
            if failing is None:
                failing, seen.first_failure = now, wall()
            seen.failures += 1
            tell(f"{problem}, for {now - failing:.0f} s of {rules.error_minutes * 60}")
            if now - failing > rules.error_minutes * 60:
                seen.alarm = f"down for {(now - failing) / 60:.0f} min: {problem}"
                return seen
        else:
            failing, seen.first_failure = None, None
            tell(f"all is well, {seen.seconds / 60:.0f} of {rules.minutes} min")
        over = seen.seconds >= rules.minutes * 60
        if over or now - asked >= _RATE_EVERY:
            asked, seen.rate = now, rate()
            if alarm := _too_many(seen.rate, rules):
                seen.alarm = alarm
                return seen
        if over and failing is None:
            return seen
        sleep(rules.every_seconds)
    if problem := look():
        seen.first_failure = wall()
        sleep(_AGAIN)
        seen.looks, seen.failures, problem = 1, 1, look()
    seen.looks, seen.failures, seen.alarm = seen.looks + 1, seen.failures + bool(problem), problem
    if not problem:
        seen.first_failure = None
        seen.rate = rate()
        seen.alarm = _too_many(seen.rate, rules)
    seen.seconds = clock() - began
    return seen


def _too_many(rate: Rate | None, rules: Watch) -> str:
    """Return the alarm of a rate; empty if it is none."""
    if rate and rate.requests >= _FEWEST and rate.percent > rules.error_rate_percent:
        return f"{rate.percent:.0f} % of {rate.requests} requests were server errors"
    return ""
