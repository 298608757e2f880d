"""Databases, with their replicas, exports and recovery, and key-value stores."""

import string
from datetime import datetime, timedelta

from rehearsal.render_api.endpoints import Collection, route
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.shapes import defaults
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, given, public

FREE_DAYS = 30
# Databases that have one of these keep it; a new one cannot be created with it (Render API reference).
LEGACY_PLANS = frozenset({"starter", "standard", "pro", "pro_plus"})
# How a field that is sent is called where it is reported, if not the same.
REPORTED = {"enableDiskAutoscaling": "diskAutoscalingEnabled", "enableHighAvailability": "highAvailabilityEnabled"}
FIXED = frozenset({"databaseName", "databaseUser", "environmentId", "ownerId", "region", "version"})
RESIZING = ("plan", "diskSizeGB", "highAvailabilityEnabled", "readReplicas")
DASHBOARD = "https://dashboard.render.com"


def settle(estate: Estate) -> None:
    """Give every datastore the status that it has by the clock."""
    for store in [*estate.postgres.values(), *estate.key_values.values()]:
        if store["status"] == "creating" and estate.clock() >= store.get("_readyAt", 0):
            store["status"] = "available"


class Datastores(Collection):
    """One of the two kinds. Two stores may have the same name."""

    exact = True

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Fill in what both have. A workspace has one store on the free plan (Render documentation)."""
        active = (store["plan"] for store in self.rows.values() if Estate.owner_of(store) == body["ownerId"])
        if body["plan"] == "free" and "free" in active:
            raise ApiError(400, "cannot have more than one active free tier database")
        row |= defaults("datastore") | given(body, "name", "plan", "environmentId", "region")
        row |= {"owner": self.estate.owners[body["ownerId"]], "_password": self.estate.password()}
        row["ipAllowList"] = allow_list(body.get("ipAllowList", row["ipAllowList"]))
        self.begin(row)

    def begin(self, row: Json) -> None:
        """Start to create or to resize a store. It is available at the first look after its time."""
        row |= {"status": "creating", "_readyAt": self.estate.clock() + self.estate.provisioning_seconds}

    def made(self, row: Json) -> Json:
        """Answer a POST, when the status is not known yet (recording postgres.jsonl lines 5 to 13)."""
        return super().made(row) | {"status": "unknown"}

    def resized(self, row: Json) -> None:
        """Change a store, which makes it `creating` again (recording postgres.jsonl line 33)."""
        self.begin(row)
        settle(self.estate)


def allow_list(value: list[Json] | None) -> list[Json] | None:
    """Return an allow list as it is answered: an empty one is null (recording postgres.jsonl line 5)."""
    return value or None


class Postgres(Datastores):
    """The endpoints of databases."""

    path, table, item, prefix, suffix = "/postgres", "postgres", "postgres", "dpg", "-a"
    post, patch = "PostgresPOSTInput", "PostgresPATCHInput"

    def visible(self, call: Call) -> list[Json]:
        """Return the databases.

        A read replica is listed like one, unless `includeReplicas=false` (Render API reference).
        """
        rows = super().visible(call)
        replicas = [replica(row, one) for row in rows for one in row["readReplicas"]]
        return rows if call.last("includeReplicas") == "false" else [*replicas, *rows]

    def one(self, call: Call, identifier: str) -> Json:
        """Return a database, or a read replica of one. A replica can only be read."""
        found = super().one(call, identifier)
        if found["role"] == "replica" and call.method != "GET":
            raise ApiError(400, "a read replica is changed with its primary")
        return found

    def listed(self, row: Json) -> Json:
        """Return a database as the list has it, without the parameters (Render API reference)."""
        return {name: value for name, value in row.items() if name != "parameterOverrides"}

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Create a database. Its databaseName gets a random ending (recording postgres.jsonl line 5)."""
        if body["plan"] in LEGACY_PLANS:
            raise ApiError(400, f"legacy plan, not for new databases: {body['plan']}")
        super().build(call, row, body)
        plain_name = body["name"].replace("-", "_")
        ending = "".join(self.estate.random.choices(string.ascii_lowercase, k=4))
        row |= defaults("postgres", id=row["id"]) | {
            "databaseName": f"{body.get('databaseName') or plain_name}_{ending}",
            "databaseUser": body.get("databaseUser") or f"{plain_name}_user",
            "version": body["version"],
            "_exports": [],
        }
        if body["plan"] == "free":
            row["diskSizeGB"] = 1
            expires = datetime.fromisoformat(row["createdAt"]) + timedelta(days=FREE_DAYS)
            row["expiresAt"] = expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._write(row, {name: value for name, value in body.items() if name not in FIXED})

    def change(self, row: Json, body: Json) -> None:
        """Change a database. updatedAt changes even if nothing else does (recording postgres.jsonl line 54)."""
        if body.get("diskSizeGB", row["diskSizeGB"]) < row["diskSizeGB"]:
            raise ApiError(400, "diskSizeGB cannot be decreased")
        if body.get("plan") in LEGACY_PLANS - {row["plan"]}:
            raise ApiError(400, f"legacy plan, only for databases that have it: {body['plan']}")
        before = given(row, *RESIZING)
        self._write(row, body)
        if row["plan"] != "free":
            row.pop("expiresAt", None)
        if given(row, *RESIZING) != before:
            self.resized(row)
        row["updatedAt"] = self.estate.now()

    @route("GET", "/{id}/connection-info")
    def connection_info(self, call: Call, row: Json) -> Answer:
        """Answer how to connect (recording postgres.jsonl line 14)."""
        user, name, password = row["databaseUser"], row["databaseName"], row["_password"]
        host = f"{row['id']}.{row['region']}-postgres.render.com"
        return 200, {
            "password": password,
            "internalConnectionString": f"postgresql://{user}:{password}@{row['id']}/{name}",
            "externalConnectionString": f"postgresql://{user}:{password}@{host}:5432/{name}",
            "psqlCommand": f"PGPASSWORD={password} psql -h {host} -p 5432 -U {user} {name}",
        }

    @route("GET", "/{id}/export")
    def exports(self, call: Call, row: Json) -> Answer:
        """Answer the exports. An export has its address once it is written."""
        now = self.estate.clock()
        return 200, [public(one) | ({"url": one["_url"]} if now >= one["_readyAt"] else {}) for one in row["_exports"]]

    @route("POST", "/{id}/export")
    def export(self, call: Call, row: Json) -> Answer:
        """Start an export. A free database has none (Render documentation, Postgres backups)."""
        if row["plan"] == "free":
            raise ApiError(400, "free databases have no backups")
        identifier, ready = self.estate.new_id("pge"), self.estate.clock() + self.estate.provisioning_seconds
        address = f"https://exports.render.test/{identifier}.dir.tar.gz?signature={self.estate.password()}"
        made = {"id": identifier, "createdAt": self.estate.now(), "_url": address, "_readyAt": ready}
        row["_exports"].insert(0, made)
        return 202, None

    @route("GET", "/{id}/recovery")
    def recovery(self, call: Call, row: Json) -> Answer:
        """Answer the earliest time that the database can be restored to; paid plans only (Render documentation)."""
        status = "NOT_AVAILABLE" if row["plan"] == "free" else self.estate.recovery_status
        return 200, {"recoveryStatus": status} | ({"startsAt": row["createdAt"]} if status == "AVAILABLE" else {})

    def _write(self, row: Json, sent: Json) -> None:
        for name, value in sent.items():
            if name == "readReplicas":
                row[name] = self._replicas(row, value)
            elif name == "ipAllowList":
                row[name] = allow_list(value)
            elif not name.startswith("datadog"):  # write-only
                row[REPORTED.get(name, name)] = value

    def _replicas(self, row: Json, sent: list[Json]) -> list[Json]:
        """Return replicas by name.

        A new id is the primary's with the next letter (recording postgres.jsonl line 33).
        """
        known = {replica["name"]: replica for replica in row["readReplicas"]}
        base = row["id"].removesuffix("-a")
        taken = {replica["id"] for replica in known.values()}
        free = (letter for letter in string.ascii_lowercase[1:] if f"{base}-{letter}" not in taken)
        return [known.get(replica["name"]) or {"id": f"{base}-{next(free)}"} | replica for replica in sent]


def replica(row: Json, one: Json) -> Json:
    """Return a read replica as a database of its own."""
    name = {"id": one["id"], "name": one["name"], "dashboardUrl": f"{DASHBOARD}/d/{one['id']}"}
    return row | name | {"role": "replica", "primaryPostgresID": row["id"], "readReplicas": []}


class KeyValues(Datastores):
    """The endpoints of key-value stores (Redis-compatible)."""

    path, table, item, prefix = "/key-value", "key_values", "keyValue", "red"
    post, patch = "KeyValuePOSTInput", "KeyValuePATCHInput"

    def listed(self, row: Json) -> Json:
        """Return a store. Only this answer has a dashboardUrl (Render API reference)."""
        return row | {"dashboardUrl": f"{DASHBOARD}/r/{row['id']}"}

    def build(self, call: Call, row: Json, body: Json) -> None:
        """Create a store."""
        super().build(call, row, body)
        row |= {"version": "8.1.4", "options": {"maxmemoryPolicy": body.get("maxmemoryPolicy", "allkeys_lru")}}
        row["options"]["persistenceMode"] = persistence(body["plan"], body.get("persistenceMode"))

    def change(self, row: Json, body: Json) -> None:
        """Change a store. A new ipAllowList alone does not change updatedAt (recording key_value.jsonl line 58)."""
        if "ipAllowList" in body:
            row["ipAllowList"] = allow_list(body["ipAllowList"])
        before = row["name"], row["plan"], dict(row["options"])
        # Leaving the free plan turns persistence on, unless it is sent (recording key_value.jsonl lines 92 and 109).
        kept = None if row["plan"] == "free" else row["options"]["persistenceMode"]
        row |= given(body, "name", "plan")
        row["options"] |= given(body, "maxmemoryPolicy")
        row["options"]["persistenceMode"] = persistence(row["plan"], body.get("persistenceMode", kept))
        if (row["name"], row["plan"], row["options"]) != before:
            row["updatedAt"] = self.estate.now()
        if row["plan"] != before[1]:
            self.resized(row)

    @route("GET", "/{id}/connection-info")
    def connection_info(self, call: Call, row: Json) -> Answer:
        """Answer how to connect. The command does start with a space (recording key_value.jsonl line 4)."""
        name, host, password = row["id"], f"{row['region']}-keyvalue.render.com", row["_password"]
        return 200, {
            "internalConnectionString": f"redis://{name}:6379",
            "externalConnectionString": f"rediss://{name}:{password}@{host}:6379",
            "cliCommand": f" REDISCLI_AUTH={password} valkey-cli --user {name} -h {host} -p 6379 --tls",
        }


def persistence(plan: str, asked: str | None) -> str:
    """Return how a store persists: not on the free plan, else with journal and snapshots unless told otherwise."""
    return "off" if plan == "free" else asked or "journal_snapshot"
