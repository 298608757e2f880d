"""Key-value stores (Redis-compatible)."""

from rehearsal.render_api.datastores import Datastores, allow_list
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, Call, Json


class KeyValues(Datastores):
    """The key-value endpoints."""

    path, item, prefix, table = "/key-value", "keyValue", "red", "key_values"
    shapes = ("KeyValuePOSTInput", "KeyValuePATCHInput")

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [*super().routes(), Route("GET", "/key-value/{id}/connection-info", self.connection_info)]

    def listed(self, row: Json) -> Json:
        """Return a store. Only this answer has a dashboardUrl (Render API reference)."""
        return row | {"dashboardUrl": f"https://dashboard.render.com/r/{row['id']}"}

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Create a store."""
        super().build(call, row, body)
        row["version"] = "8.1.4"
        row["options"] = {
            "maxmemoryPolicy": body.get("maxmemoryPolicy", "allkeys_lru"),
            "persistenceMode": persistence(body["plan"], body.get("persistenceMode")),
        }

    def change(self, call: Call, row: Json, body: Json) -> None:
        """Change a store. A new ipAllowList alone does not change updatedAt (recording key_value.jsonl line 58)."""
        if "ipAllowList" in body:
            row["ipAllowList"] = allow_list(body["ipAllowList"])
        before = row["name"], row["plan"], dict(row["options"])
        # Leaving the free plan turns persistence on, unless it is sent (recording key_value.jsonl lines 92 and 109).
        kept = None if row["plan"] == "free" else row["options"]["persistenceMode"]
        row |= {"name": body.get("name", row["name"]), "plan": body.get("plan", row["plan"])}
        row["options"] |= {
            "maxmemoryPolicy": body.get("maxmemoryPolicy", row["options"]["maxmemoryPolicy"]),
            "persistenceMode": persistence(row["plan"], body.get("persistenceMode", kept)),
        }
        if (row["name"], row["plan"], row["options"]) != before:
            row["updatedAt"] = self.estate.now()
        if row["plan"] != before[1]:
            self.resized(row)

    def connection_info(self, call: Call, store_id: str) -> Answer:
        """Answer how to connect. The command does start with a space (recording key_value.jsonl line 4)."""
        row = self.one(call, store_id)
        host, password = f"{row['region']}-keyvalue.render.com", row["_password"]
        return 200, {
            "internalConnectionString": f"redis://{store_id}:6379",
            "externalConnectionString": f"rediss://{store_id}:{password}@{host}:6379",
            "cliCommand": f" REDISCLI_AUTH={password} valkey-cli --user {store_id} -h {host} -p 6379 --tls",
        }


def persistence(plan: str, asked: str | None) -> str:
    """Return how a store persists: not on the free plan, else with journal and snapshots unless told otherwise."""
    return "off" if plan == "free" else asked or "journal_snapshot"
