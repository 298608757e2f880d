"""How far back a command looks."""

import re
from datetime import UTC, datetime, timedelta

from gate.common.errors import GateError

_LENGTH = re.compile(r"([1-9]\d{0,3})([dw])")


def length(text: str, option: str) -> timedelta:
    """Return a period.

    Args:
        text: days or weeks (30d, 12w).
        option: the option that has it, for the error.

    Raises:
        GateError: it is something else.
    """
    if not (found := _LENGTH.fullmatch(text)):
        raise GateError(f"{option} {text}: expected days or weeks such as 7d and 2w")
    return timedelta(days=int(found[1]) * (7 if found[2] == "w" else 1))


def beginning(text: str, now: datetime) -> datetime:
    """Return the start of a period.

    Args:
        text: days or weeks (30d, 12w), or a date.

    Raises:
        GateError: it is something else.
    """
    if _LENGTH.fullmatch(text):
        return now - length(text, "--since")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise GateError(f"--since {text}: expected days or weeks such as 30d and 12w, or a date: 2026-10-01") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
