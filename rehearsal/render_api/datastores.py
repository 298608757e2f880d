"""What Postgres and key-value have in common: the wait until they are available, one free instance, the allow list."""

from rehearsal.render_api.collection import Collection, given
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.wire import ApiError, Call, Json


class Provisioning:
    """Counts how long a datastore stays `creating` after it is made or resized.

    The status is `unknown` only in the answer of the POST (recording postgres.jsonl lines 5 to 13).
    """

    def __init__(self, estate: Estate, seconds: float) -> None:
        self._estate = estate
        self.seconds = seconds

    def begin(self, store: Json) -> None:
        """Start to create, or start again. The store is available at the first look after its time."""
        store |= {"status": "creating", "_readyAt": self._estate.clock() + self.seconds}

    def settle(self) -> None:
        """Give every datastore the status that it has by the clock."""
        for table in (self._estate.postgres, self._estate.key_values):
            for store in table.values():
                if store["status"] == "creating" and self._estate.clock() >= store.get("_readyAt", 0):
                    store["status"] = "available"


class Datastores(Collection):
    """One of the two kinds. Two stores may have the same name."""

    exact = True
    table: str

    def __init__(self, estate: Estate, provisioning: Provisioning) -> None:
        super().__init__(estate, getattr(estate, self.table))
        self.provisioning = provisioning

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in what both have. A workspace has one store on the free plan (Render documentation)."""
        active = (store["plan"] for store in self.rows.values() if Estate.owner_of(store) == body["ownerId"])
        if body["plan"] == "free" and "free" in active:
            raise ApiError(400, "cannot have more than one active free tier database")
        row |= given(body, "name", "plan", "environmentId") | {
            "owner": self.estate.owners[body["ownerId"]],
            "region": body.get("region", "oregon"),
            "ipAllowList": allow_list(body.get("ipAllowList", default_allow_list())),
            "_password": self.estate.password(),
        }
        self.provisioning.begin(row)

    def made(self, row: Json, moments: Json) -> Json:
        """Answer a POST, when the status is not known yet."""
        return super().made(row, moments) | {"status": "unknown"}

    def resized(self, row: Json) -> None:
        """Change a store, which makes it `creating` again (recording postgres.jsonl line 33)."""
        self.provisioning.begin(row)
        self.provisioning.settle()


def allow_list(value: list[Json] | None) -> list[Json] | None:
    """Return an allow list as it is answered: an empty one is null (recording postgres.jsonl line 5)."""
    return value or None


def default_allow_list() -> list[Json]:
    """Return what applies when no allow list is sent: everywhere (Render documentation)."""
    return [{"cidrBlock": "0.0.0.0/0", "description": "everywhere"}]
