"""What a stack's Render objects cost a month, by Render's public price list.

Source: render.com/pricing as of October 2025, in US dollars a month; the plan's own estimate (10.1) is $0 to $14.
"""

from __future__ import annotations

from components.render_settings import Render, Service

SERVICE = {"free": 0, "starter": 7, "standard": 25, "pro": 85, "pro_plus": 175, "pro_max": 225, "pro_ultra": 450}
POSTGRES = {"free": 0, "basic_256mb": 6, "basic_1gb": 19, "basic_4gb": 75, "pro_4gb": 55, "pro_8gb": 100}
KEY_VALUE = {"free": 0, "starter": 10, "standard": 32, "pro": 135, "pro_plus": 250}
POSTGRES_GB = 0.30


def monthly_usd(settings: Render) -> dict[str, float | None]:
    """Dollars a month by object name; None where the list above has no price for the plan.

    An adopted service is no part: it was paid for before.
    """
    own = [service for service in settings.services if isinstance(service, Service)]
    parts: dict[str, float | None] = {service.name: SERVICE.get(service.plan) for service in own}
    if database := settings.database:
        price = POSTGRES.get(database.plan)
        disk = POSTGRES_GB * (database.disk_size_gb or 0)
        parts[database.name] = None if price is None else price + disk
    if key_value := settings.key_value:
        parts[key_value.name] = KEY_VALUE.get(key_value.plan)
    return parts


def total(parts: dict[str, float | None]) -> float | None:
    """The sum; None where a part is unknown."""
    known = [price for price in parts.values() if price is not None]
    return sum(known) if len(known) == len(parts) else None
