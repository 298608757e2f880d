"""Key-value stores (Redis-compatible)."""

from rehearsal.render_api.datastores import (
    Provisioning,
    allow_list,
    default_allow_list,
    matching,
    refuse_second_free,
)
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.routing import Route
from rehearsal.render_api.vocabulary import (
    KEY_VALUE_PLANS,
    MAXMEMORY_POLICIES,
    PERSISTENCE_MODES,
    REGIONS,
    one_of,
    only,
    require,
)
from rehearsal.render_api.wire import Answer, Call, Json, public

PATCHABLE = frozenset({"ipAllowList", "maxmemoryPolicy", "name", "persistenceMode", "plan"})
FIXED = frozenset({"environmentId", "ownerId", "region"})
VALUES = {"plan": KEY_VALUE_PLANS, "maxmemoryPolicy": MAXMEMORY_POLICIES, "persistenceMode": PERSISTENCE_MODES}


class KeyValues:
    """The key-value endpoints. Two stores may have the same name."""

    def __init__(self, estate: Estate, provisioning: Provisioning) -> None:
        self._estate = estate
        self._provisioning = provisioning

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("GET", "/key-value", self.list_all),
            Route("POST", "/key-value", self.create),
            Route("GET", "/key-value/{id}", self.get),
            Route("PATCH", "/key-value/{id}", self.patch),
            Route("DELETE", "/key-value/{id}", self.delete),
            Route("GET", "/key-value/{id}/connection-info", self.connection_info),
        ]

    def list_all(self, call: Call) -> Answer:
        """Newest first. Only here is there a dashboardUrl (Render API reference)."""
        rows = [
            row | {"dashboardUrl": f"https://dashboard.render.com/r/{row['id']}"}
            for row in matching(call, self._estate.visible(call, self._estate.key_values))
        ]
        return 200, call.page(rows, "keyValue", lambda row: str(row["id"]))

    def create(self, call: Call) -> Answer:
        """Create a store."""
        body = call.object()
        only(body, PATCHABLE | FIXED)
        require(body, "name", "ownerId", "plan")
        one_of(body, VALUES | {"region": REGIONS})
        self._estate.check_owner(call, body["ownerId"])
        self._estate.check_environment(call, body.get("environmentId"))
        refuse_second_free(self._estate.key_values, body["ownerId"], body["plan"])
        exact, stored = self._estate.birth()
        store: Json = {
            "id": self._estate.new_id("red"),
            "name": body["name"],
            "owner": self._estate.owners[body["ownerId"]],
            "plan": body["plan"],
            "region": body.get("region") or "oregon",
            "version": "8.1.4",
            "ipAllowList": allow_list(body.get("ipAllowList", default_allow_list())),
            "options": {
                "maxmemoryPolicy": body.get("maxmemoryPolicy") or "allkeys_lru",
                "persistenceMode": persistence(body["plan"], body.get("persistenceMode")),
            },
            "createdAt": stored,
            "updatedAt": stored,
            "_password": self._estate.password(),
        }
        if environment_id := body.get("environmentId"):
            store["environmentId"] = environment_id
        self._provisioning.begin(store)
        self._estate.key_values[store["id"]] = store
        return 201, public(store) | {"createdAt": exact, "updatedAt": exact, "status": "unknown"}

    def get(self, call: Call, store_id: str) -> Answer:
        """One store."""
        return 200, public(self._one(call, store_id))

    def patch(self, call: Call, store_id: str) -> Answer:
        """Change a store. A new ipAllowList alone does not move updatedAt (recording key_value.jsonl line 58)."""
        store = self._one(call, store_id)
        body = call.object()
        only(body, PATCHABLE, fixed=FIXED)
        one_of(body, VALUES)
        if "ipAllowList" in body:
            store["ipAllowList"] = allow_list(body["ipAllowList"])
        before = store["name"], store["plan"], dict(store["options"])
        plan = body.get("plan") or store["plan"]
        # Leaving the free plan turns persistence on, unless it is sent (recording key_value.jsonl lines 92 and 109).
        kept = None if store["plan"] == "free" else store["options"]["persistenceMode"]
        store |= {"name": body.get("name") or store["name"], "plan": plan}
        store["options"] |= {
            "maxmemoryPolicy": body.get("maxmemoryPolicy") or store["options"]["maxmemoryPolicy"],
            "persistenceMode": persistence(plan, body.get("persistenceMode") or kept),
        }
        if (store["name"], store["plan"], store["options"]) != before:
            store["updatedAt"] = self._estate.now()
        if store["plan"] != before[1]:
            self._provisioning.begin(store)
            self._provisioning.settle()
        return 200, public(store)

    def delete(self, call: Call, store_id: str) -> Answer:
        """Delete a store."""
        self._one(call, store_id)
        del self._estate.key_values[store_id]
        self._estate.log_streams.pop(store_id, None)
        return 204, None

    def connection_info(self, call: Call, store_id: str) -> Answer:
        """How to connect; the command really starts with a space (recording key_value.jsonl line 4)."""
        row = self._one(call, store_id)
        host, password = f"{row['region']}-keyvalue.render.com", row["_password"]
        return 200, {
            "internalConnectionString": f"redis://{store_id}:6379",
            "externalConnectionString": f"rediss://{store_id}:{password}@{host}:6379",
            "cliCommand": f" REDISCLI_AUTH={password} valkey-cli --user {store_id} -h {host} -p 6379 --tls",
        }

    def _one(self, call: Call, store_id: str) -> Json:
        return self._estate.get(call, self._estate.key_values, store_id)


def persistence(plan: str, asked: str | None) -> str:
    """A free store keeps nothing; a paid one journals and takes snapshots unless told otherwise."""
    return "off" if plan == "free" else asked or "journal_snapshot"
