"""Render's request limits: how many requests of each class an API key may make in a period."""

import math
import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

MINUTE = 60
HOUR = 3600


class Quota(NamedTuple):
    """A class of requests with one limit.

    Attributes:
        methods: separated by spaces.
        path: a pattern of the whole path.
        limit: how many requests may be made in a window.
        window: in seconds.
    """

    name: str
    methods: str
    path: str
    limit: int
    window: int

    def covers(self, method: str, path: str) -> bool:
        """Whether a request counts against this limit."""
        return method in self.methods.split() and re.fullmatch(self.path, path) is not None


# The limits are those of the recorded Ratelimit-Limit headers; the first quota that covers a call counts it. That
# PATCH of a service and POST of a deploy share an allowance is how their recorded Ratelimit-Remaining values run.
QUOTAS = (
    Quota("read", "GET", r".*", 400, MINUTE),
    Quota("create service", "POST", r"/services", 20, HOUR),
    Quota("create postgres", "POST", r"/postgres", 20, HOUR),
    Quota("create key-value", "POST", r"/key-value", 20, HOUR),
    Quota("custom domain", "POST", r"/services/[^/]+/custom-domains", 50, HOUR),
    Quota("change service", "PATCH", r"/services/[^/]+", 10, MINUTE),
    Quota("change service", "POST", r"/services/[^/]+/deploys", 10, MINUTE),
    Quota("write", "POST PUT PATCH DELETE", r".*", 100, MINUTE),
)


class RateLimits:
    """Counts requests in fixed periods that start on the full minute or hour of the clock.

    The recordings show that: a POST at 20:43:02 is told a reset in 1017 seconds (recording postgres.jsonl line 5),
    which is 21:00. The reset is rounded down, so it can be 0.
    """

    def __init__(self, clock: Callable[[], float], enforced: bool) -> None:
        self._clock, self._enforced = clock, enforced
        self._counts: dict[tuple[str, str, int], int] = defaultdict(int)

    def take(self, key: str, method: str, path: str) -> tuple[dict[str, str], bool]:
        """Count one request of an API key.

        Returns:
            The headers that say how far the limit is used, and whether the request is over it.
        """
        quota = next((quota for quota in QUOTAS if quota.covers(method, path)), QUOTAS[0])
        window, passed = divmod(self._clock(), quota.window)
        counted = (key, quota.name, int(window))
        left, exceeded = quota.window - passed, self._counts[counted] >= quota.limit
        self._counts[counted] += not exceeded
        headers = {
            "Ratelimit-Limit": str(quota.limit),
            # A client paces itself by this: limits that are not enforced are never used up.
            "Ratelimit-Remaining": str(max(quota.limit - self._counts[counted], 0 if self._enforced else 1)),
            "Ratelimit-Reset": str(int(left)),
        }
        if exceeded and self._enforced:
            return headers | {"Retry-After": str(math.ceil(left))}, True
        return headers, False
