"""Postgres databases, their replicas, exports and recovery."""

import math
import string
from datetime import datetime, timedelta

from rehearsal.render_api.datastores import Datastores, allow_list
from rehearsal.render_api.routing import Route
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, public

FREE_DAYS = 30
# Databases that have one of these keep it; a new one cannot be created with it (Render API reference).
LEGACY_PLANS = frozenset({"starter", "standard", "pro", "pro_plus"})
# How a field that is sent is called where it is reported, if not the same.
REPORTED = {"enableDiskAutoscaling": "diskAutoscalingEnabled", "enableHighAvailability": "highAvailabilityEnabled"}
FIXED = frozenset({"databaseName", "databaseUser", "environmentId", "ownerId", "region", "version"})
RESIZING = frozenset({"plan", "diskSizeGB", "highAvailabilityEnabled", "readReplicas"})
GROWS_AT, LARGEST_DISK = 0.9, 16_384


class Postgres(Datastores):
    """The endpoints of databases."""

    path, item, prefix, suffix, table = "/postgres", "postgres", "dpg", "-a", "postgres"
    shapes = ("PostgresPOSTInput", "PostgresPATCHInput")

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            *super().routes(),
            Route("GET", "/postgres/{id}/connection-info", self.connection_info),
            Route("GET", "/postgres/{id}/export", self.exports),
            Route("POST", "/postgres/{id}/export", self.export),
            Route("GET", "/postgres/{id}/recovery", self.recovery),
        ]

    def visible(self, call: Call) -> list[Json]:
        """Answer the databases.

        A read replica is listed like one, unless `includeReplicas=false` (Render API reference).
        """
        rows = super().visible(call)
        replicas = [replica(row, one) for row in rows for one in row["readReplicas"]]
        return rows if call.last("includeReplicas") == "false" else [*replicas, *rows]

    def one(self, call: Call, identifier: str) -> Json:
        """Answer a database, or a read replica of one. A replica can only be read."""
        found = next((one for one in self.visible(call) if one["id"] == identifier), None)
        if found and found["role"] == "replica" and call.method != "GET":
            raise ApiError(400, "a read replica is changed with its primary")
        return found or super().one(call, identifier)

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
        row |= {
            "databaseName": f"{body.get('databaseName') or plain_name}_{ending}",
            "databaseUser": body.get("databaseUser") or f"{plain_name}_user",
            "version": body["version"],
            "diskSizeGB": 1 if body["plan"] == "free" else 15,
            "diskAutoscalingEnabled": False,
            "highAvailabilityEnabled": False,
            "connectionPool": "none",
            "readReplicas": [],
            "role": "primary",
            "suspended": "not_suspended",
            "suspenders": [],
            "dashboardUrl": f"https://dashboard.render.com/d/{row['id']}",
            "_exports": [],
        }
        if body["plan"] == "free":
            expires = datetime.fromisoformat(row["createdAt"]) + timedelta(days=FREE_DAYS)
            row["expiresAt"] = expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._write(row, {name: value for name, value in body.items() if name not in FIXED})

    def change(self, call: Call, row: Json, body: Json) -> None:
        """Change a database. updatedAt changes even if nothing else does (recording postgres.jsonl line 54)."""
        if body.get("diskSizeGB", row["diskSizeGB"]) < row["diskSizeGB"]:
            raise ApiError(400, "diskSizeGB cannot be decreased")
        if body.get("plan") in LEGACY_PLANS - {row["plan"]}:
            raise ApiError(400, f"legacy plan, only for databases that have it: {body['plan']}")
        before = {name: row.get(name) for name in RESIZING}
        self._write(row, body)
        if row["plan"] != "free":
            row.pop("expiresAt", None)
        if any(row.get(name) != value for name, value in before.items()):
            self.resized(row)
        row["updatedAt"] = self.estate.now()

    def connection_info(self, call: Call, postgres_id: str) -> Answer:
        """Answer how to connect (recording postgres.jsonl line 14)."""
        row = self.one(call, postgres_id)
        user, name, password = row["databaseUser"], row["databaseName"], row["_password"]
        host = f"{postgres_id}.{row['region']}-postgres.render.com"
        return 200, {
            "password": password,
            "internalConnectionString": f"postgresql://{user}:{password}@{postgres_id}/{name}",
            "externalConnectionString": f"postgresql://{user}:{password}@{host}:5432/{name}",
            "psqlCommand": f"PGPASSWORD={password} psql -h {host} -p 5432 -U {user} {name}",
        }

    def exports(self, call: Call, postgres_id: str) -> Answer:
        """Answer the exports. An export has its address once it is written."""
        return 200, [
            public(export) | ({"url": export["_url"]} if self.estate.clock() >= export["_readyAt"] else {})
            for export in self.one(call, postgres_id)["_exports"]
        ]

    def export(self, call: Call, postgres_id: str) -> Answer:
        """Start an export. A free database has none (Render documentation, Postgres backups)."""
        row, identifier = self._paid(call, postgres_id), self.estate.new_id("pge")
        address = f"https://exports.render.test/{identifier}.dir.tar.gz?signature={self.estate.password()}"
        ready = self.estate.clock() + self.provisioning.seconds
        row["_exports"].insert(
            0, {"id": identifier, "createdAt": self.estate.now(), "_url": address, "_readyAt": ready}
        )
        return 202, None

    def recovery(self, call: Call, postgres_id: str) -> Answer:
        """Answer the earliest time that the database can be restored to; paid plans only (Render documentation)."""
        row = self.one(call, postgres_id)
        if row["plan"] == "free":
            return 200, {"recoveryStatus": "NOT_AVAILABLE"}
        return 200, {"recoveryStatus": "AVAILABLE", "startsAt": row["createdAt"]}

    def fill(self, row: Json, used: float) -> None:
        """Let a database hold so many gigabytes.

        When nine tenths are used, an autoscaling disk grows by half, rounded to a multiple of 5 (Render's tutorial on
        Postgres storage).
        """
        if row["diskAutoscalingEnabled"] and used >= GROWS_AT * row["diskSizeGB"]:
            size = math.ceil(row["diskSizeGB"] * 1.5 / 5) * 5
            row |= {"diskSizeGB": min(size, LARGEST_DISK), "updatedAt": self.estate.now()}

    def _paid(self, call: Call, postgres_id: str) -> Json:
        row = self.one(call, postgres_id)
        if row["plan"] == "free":
            raise ApiError(400, "free databases have no backups")
        return row

    def _write(self, row: Json, sent: Json) -> None:
        size = sent.get("diskSizeGB", 1)
        if (size != 1 and size % 5) or not 1 <= size <= LARGEST_DISK:
            raise ApiError(400, "diskSizeGB must be 1 or a multiple of 5")
        if sent.get("connectionPool", "none") not in ("none", "pgbouncer"):
            raise ApiError(400, "connectionPool must be pgbouncer or none")
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
        if len(sent) > 5:
            raise ApiError(400, "a database has at most five read replicas")
        known = {replica["name"]: replica for replica in row["readReplicas"]}
        base = row["id"].removesuffix("-a")
        taken = {replica["id"] for replica in known.values()}
        free = (letter for letter in string.ascii_lowercase[1:] if f"{base}-{letter}" not in taken)
        return [known.get(replica["name"]) or {"id": f"{base}-{next(free)}"} | replica for replica in sent]


def replica(row: Json, one: Json) -> Json:
    """Return a read replica as a database of its own."""
    name = {"id": one["id"], "name": one["name"], "dashboardUrl": f"https://dashboard.render.com/d/{one['id']}"}
    return row | name | {"role": "replica", "primaryPostgresID": row["id"], "readReplicas": []}
