"""What Postgres and key-value have in common: becoming available, one free instance, their place in an environment."""

from rehearsal.render_api.estate import Estate
from rehearsal.render_api.wire import ApiError, Call, Json


class Provisioning:
    """How long a datastore stays `creating` after it is made or resized.

    The status is `unknown` in the POST answer only (recording postgres.jsonl lines 5 to 13).
    """

    def __init__(self, estate: Estate, seconds: float) -> None:
        self._estate = estate
        self._seconds = seconds

    def begin(self, store: Json) -> None:
        """Start (again); the store is available at the first look after its time."""
        store |= {"status": "creating", "_readyAt": self._estate.clock() + self._seconds}

    def settle(self) -> None:
        """Let every datastore have the status that the clock says it has."""
        for table in (self._estate.postgres, self._estate.key_values):
            for store in table.values():
                if store["status"] == "creating" and self._estate.clock() >= store.get("_readyAt", 0):
                    store["status"] = "available"


def refuse_second_free(stores: dict[str, Json], owner_id: str, plan: str) -> None:
    """400 when a workspace would get a second datastore of its kind on the free plan (Render documentation)."""
    free = (store for store in stores.values() if store["plan"] == "free" and store["owner"]["id"] == owner_id)
    if plan == "free" and any(free):
        raise ApiError(400, "cannot have more than one active free tier database")


def matching(call: Call, rows: list[Json]) -> list[Json]:
    """The datastores of a list's filters."""
    names, owners, environments = (call.filter(name) for name in ("name", "ownerId", "environmentId"))
    return [
        row
        for row in rows
        if (names is None or row["name"] in names)
        and (owners is None or row["owner"]["id"] in owners)
        and (environments is None or row.get("environmentId") in environments)
    ]


def allow_list(value: list[Json] | None) -> list[Json] | None:
    """An empty ipAllowList is answered as null (recording postgres.jsonl line 5)."""
    return value or None


def default_allow_list() -> list[Json]:
    """What applies when none is sent: everywhere (Render documentation)."""
    return [{"cidrBlock": "0.0.0.0/0", "description": "everywhere"}]
