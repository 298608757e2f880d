"""Render's request limits: how many requests of each class an API key may make in a period."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

MINUTE = 60
HOUR = 3600


@dataclass(frozen=True)
class Quota:
    """A class of requests with one limit. An empty method or pattern matches every request."""

    name: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    limit: int
    window: int

    def covers(self, method: str, path: str) -> bool:
        """Whether a request counts against this limit."""
        return method in self.methods and self.pattern.fullmatch(path) is not None


def _quota(name: str, methods: str, pattern: str, limit: int, window: int) -> Quota:
    return Quota(name, frozenset(methods.split()), re.compile(pattern), limit, window)


# The limits are those of the recorded Ratelimit-Limit headers; the first quota that covers a call counts it. That
# PATCH of a service and POST of a deploy share an allowance is how their recorded Ratelimit-Remaining values run.
QUOTAS = (
    _quota("read", "GET", r".*", 400, MINUTE),
    _quota("create service", "POST", r"/services", 20, HOUR),
    _quota("create postgres", "POST", r"/postgres", 20, HOUR),
    _quota("create key-value", "POST", r"/key-value", 20, HOUR),
    _quota("custom domain", "POST", r"/services/[^/]+/custom-domains", 50, HOUR),
    _quota("change service", "PATCH", r"/services/[^/]+", 10, MINUTE),
    _quota("change service", "POST", r"/services/[^/]+/deploys", 10, MINUTE),
    _quota("write", "POST PUT PATCH DELETE", r".*", 100, MINUTE),
)


@dataclass(frozen=True)
class Allowance:
    """What a request is told about its limit. `retry_after` is set if it is over the limit."""

    headers: dict[str, str]
    retry_after: int | None


class RateLimits:
    """Counts requests in fixed periods that start on the full minute or hour of the clock.

    The recordings show that: a POST at 20:43:02 is told a reset in 1017 seconds (recording postgres.jsonl line 5),
    which is 21:00. The reset is rounded down, so it can be 0.
    """

    def __init__(self, clock: Callable[[], float], enforced: bool) -> None:
        self._clock = clock
        self._enforced = enforced
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def take(self, key: str, method: str, path: str) -> Allowance:
        """Count one request of an API key, and return whether it may run."""
        quota = next((quota for quota in QUOTAS if quota.covers(method, path)), QUOTAS[0])
        now = self._clock()
        window = int(now // quota.window)
        left = (window + 1) * quota.window - now
        started, used = self._counts.get((key, quota.name), (window, 0))
        if started != window:
            used = 0
        exceeded = used >= quota.limit
        if not exceeded:
            used += 1
        self._counts[key, quota.name] = (window, used)
        headers = {
            "Ratelimit-Limit": str(quota.limit),
            # A client paces itself by this: limits that are not enforced are never used up.
            "Ratelimit-Remaining": str(max(quota.limit - used, 0 if self._enforced else 1)),
            "Ratelimit-Reset": str(int(left)),
        }
        return Allowance(headers, math.ceil(left) if exceeded and self._enforced else None)
