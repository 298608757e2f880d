"""What a stack's Render objects cost a month, for the budget (plan 10.1: $0 to $14) and the outputs."""

from blueprint.prices import prices
from components.render_settings import Render


def monthly_usd(settings: Render) -> dict[str, float | None]:
    """Dollars a month by object name; None if Render's price list has no price for the plan.

    An adopted object is not counted, because it was paid for before.
    """
    return {price.name: price.dollars for one in settings.objects for price in prices(one)}


def total(parts: dict[str, float | None]) -> float | None:
    """Return the sum, or None if a part is unknown."""
    known = [price for price in parts.values() if price is not None]
    return sum(known) if len(known) == len(parts) else None
