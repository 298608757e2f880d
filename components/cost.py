"""What a stack's Render objects cost a month, for the budget (plan 10.1: $0 to $14) and the outputs."""

from collections.abc import Mapping
from typing import Any

from blueprint.prices import prices
from components.render_settings import Render

OUTPUT = "monthlyCostUsd"
"""The stack's output that holds it: `total`, and `parts` by object."""


def monthly_usd(settings: Render) -> dict[str, float | None]:
    """Dollars a month by object name; None if Render's price list has no price for the plan.

    An adopted object is not counted, because it was paid for before.
    """
    return {price.name: price.dollars for one in settings.objects for price in prices(one)}


def total(parts: dict[str, float | None]) -> float | None:
    """Return the sum, or None if a part is unknown."""
    known = [price for price in parts.values() if price is not None]
    return sum(known) if len(known) == len(parts) else None


def told(outputs: Mapping[str, Any]) -> float | None:
    """Return the total among a stack's outputs; nothing is up, and nothing costs anything, where there are none."""
    found = outputs.get(OUTPUT) if outputs else {"total": 0}
    return number(found.get("total")) if isinstance(found, Mapping) else None


def number(value: Any) -> float | None:
    """Return the dollars in an output; None for whatever is no number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def in_words(before: float | None, after: float | None) -> str:
    """Return `$0 → $7 a month (+$7)`."""
    text = f"{change(before, after)} a month"
    if before is None or after is None:
        return text
    return (
        f"{text} ({'+' if after > before else '-'}{_dollars(abs(after - before))})"
        if after != before
        else f"{text} (no change)"
    )


def change(before: float | None, after: float | None) -> str:
    """Return `$0 → $7`, or one amount where both are the same."""
    old, new = _dollars(before), _dollars(after)
    return new if old == new else f"{old} → {new}"


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:.2f}".removesuffix(".00")
