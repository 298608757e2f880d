"""What declared objects cost a month, by Render's public price list in `prices.json`.

Facts (render.com/pricing): storage is charged by its size; a read replica and the standby of a highly available
database cost as much as the database; previews cost as much as services of their plan for as long as they exist.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from blueprint.kinds_of_text import PRICES
from blueprint.objects import Database, KeyValue, Object
from blueprint.service import CronJob, Server, Service

SOURCE = f"{PRICES['source']}, {PRICES['date']}"
_STORAGE = {"free": 1, "basic": 15, "pro": 100, "accelerated": 250}
"""The GB that a database gets if none are declared, by the first part of its plan's name."""


class Price(NamedTuple):
    """What a part of an object costs.

    Attributes:
        dollars: a month; None if Render's list has no price for the plan.
    """

    name: str
    plan: str
    dollars: float | None


def prices(one: Object) -> list[Price]:
    """Return what one declared object costs, part by part. An adopted one was paid for before."""
    if one.is_adopted:
        return []
    if isinstance(one, Database):
        return list(_database(one))
    if isinstance(one, KeyValue):
        plan = one.plan or one.new_plan
        return [Price(one.name, plan, PRICES["keyValue"].get(plan))]
    return list(_service(one)) if isinstance(one, Service) else []


def _database(database: Database) -> Iterator[Price]:
    plan = database.plan or database.new_plan
    each, size = PRICES["postgres"].get(plan), database.disk_size_gb or _STORAGE.get(plan.partition("_")[0], 15)
    stored = 0 if plan == "free" else size * PRICES["postgresGB"]
    copies = [f"{database.name} (standby)"] if database.high_availability else []
    for name in [database.name, *copies, *database.replica_names]:
        yield Price(name, f"{plan}, {size} GB", None if each is None else each + stored)


def _service(service: Service[Any]) -> Iterator[Price]:
    if not isinstance(service, Server):
        is_cron = isinstance(service, CronJob)
        yield Price(service.name, *(("at least", PRICES["cronJob"]) if is_cron else ("static site", 0)))
        return
    plan = service.plan or service.new_plan
    each = PRICES["service"].get(plan)
    count = service.scaling.min_instances if service.scaling else service.num_instances or 1
    disk = service.disk.size_gb * PRICES["diskGB"] if service.disk else 0
    told = plan if count == 1 else f"{count} of {plan}"
    yield Price(service.name, told, None if each is None else each * count + disk)
    if service.previews and service.previews.generation == "automatic":
        previewed, copies = service.previews.plan or plan, service.previews.num_instances or count
        one = PRICES["service"].get(previewed)
        if one != 0:
            yield Price(f"{service.name} (each open preview)", previewed, None if one is None else one * copies)


def table() -> list[tuple[str, str, float | None]]:
    """Return the whole list: kind, plan, and dollars a month (None if Render publishes no price)."""
    rows = [(kind, plan, price) for kind in ("service", "postgres", "keyValue") for plan, price in PRICES[kind].items()]
    storage = [("disk", "1 GB", PRICES["diskGB"]), ("postgres", "1 GB of storage", PRICES["postgresGB"])]
    return [*rows, ("cron job", "at least", PRICES["cronJob"]), *storage]
