"""How far back a command looks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from gate.common.errors import GateError


def beginning(text: str, now: datetime) -> datetime:
    """Args: text: days or weeks (30d, 12w), or a date. Raises: GateError."""
    if counted := re.fullmatch(r"([1-9]\d{0,3})([dw])", text):
        return now - timedelta(days=int(counted[1]) * (7 if counted[2] == "w" else 1))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise GateError(f"--since {text}: expected days or weeks such as 30d and 12w, or a date: 2026-10-01") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
