"""Postgres databases."""

import string
from datetime import datetime, timedelta

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
    LEGACY_POSTGRES_PLANS,
    POSTGRES_PLANS,
    POSTGRES_VERSIONS,
    REGIONS,
    one_of,
    only,
    require,
)
from rehearsal.render_api.wire import Answer, ApiError, Call, Json, public

FREE_DAYS = 30
PATCHABLE = frozenset(
    {"datadogAPIKey", "datadogSite", "diskSizeGB", "enableDiskAutoscaling", "enableHighAvailability", "ipAllowList"}
    | {"name", "parameterOverrides", "plan", "readReplicas"}
)
FIXED = frozenset({"databaseName", "databaseUser", "environmentId", "ownerId", "region", "version"})
# How a field that is sent is called where it is reported, if not the same.
REPORTED = {"enableDiskAutoscaling": "diskAutoscalingEnabled", "enableHighAvailability": "highAvailabilityEnabled"}
# A change of these takes the database through `creating` again (recording postgres.jsonl line 33).
RESIZING = frozenset({"plan", "diskSizeGB", "highAvailabilityEnabled", "readReplicas"})


class Postgres:
    """The Postgres endpoints. Two databases may have the same name."""

    def __init__(self, estate: Estate, provisioning: Provisioning) -> None:
        self._estate = estate
        self._provisioning = provisioning

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("GET", "/postgres", self.list_all),
            Route("POST", "/postgres", self.create),
            Route("GET", "/postgres/{id}", self.get),
            Route("PATCH", "/postgres/{id}", self.patch),
            Route("DELETE", "/postgres/{id}", self.delete),
            Route("GET", "/postgres/{id}/connection-info", self.connection_info),
        ]

    def list_all(self, call: Call) -> Answer:
        """Newest first."""
        rows = matching(call, self._estate.visible(call, self._estate.postgres))
        return 200, call.page(rows, "postgres", lambda row: str(row["id"]))

    def create(self, call: Call) -> Answer:
        """Create a database. Its databaseName gets a random ending (recording postgres.jsonl line 5)."""
        body = call.object()
        only(body, PATCHABLE | FIXED)
        require(body, "name", "ownerId", "plan", "version")
        if body["plan"] in LEGACY_POSTGRES_PLANS:
            raise ApiError(400, f"legacy plan, not for new databases: {body['plan']}")
        one_of(body, {"plan": POSTGRES_PLANS, "version": POSTGRES_VERSIONS, "region": REGIONS})
        self._estate.check_owner(call, body["ownerId"])
        self._estate.check_environment(call, body.get("environmentId"))
        refuse_second_free(self._estate.postgres, body["ownerId"], body["plan"])
        exact, stored = self._estate.birth()
        database = self._build(body, stored)
        self._provisioning.begin(database)
        self._estate.postgres[database["id"]] = database
        return 201, public(database) | {"createdAt": exact, "updatedAt": exact, "status": "unknown"}

    def get(self, call: Call, postgres_id: str) -> Answer:
        """One database."""
        return 200, public(self._one(call, postgres_id))

    def patch(self, call: Call, postgres_id: str) -> Answer:
        """Change a database; updatedAt moves even when nothing else does (recording postgres.jsonl line 54)."""
        database = self._one(call, postgres_id)
        body = call.object()
        only(body, PATCHABLE, fixed=FIXED)
        one_of(body, {"plan": POSTGRES_PLANS | LEGACY_POSTGRES_PLANS})
        size = body.get("diskSizeGB")
        if size is not None and size < database["diskSizeGB"]:
            raise ApiError(400, "diskSizeGB cannot be decreased")
        before = {name: database.get(name) for name in RESIZING}
        self._write(database, body)
        if database["plan"] != "free":
            database.pop("expiresAt", None)
        if any(database.get(name) != value for name, value in before.items()):
            self._provisioning.begin(database)
            self._provisioning.settle()
        database["updatedAt"] = self._estate.now()
        return 200, public(database)

    def delete(self, call: Call, postgres_id: str) -> Answer:
        """Delete a database."""
        self._one(call, postgres_id)
        del self._estate.postgres[postgres_id]
        self._estate.log_streams.pop(postgres_id, None)
        return 204, None

    def connection_info(self, call: Call, postgres_id: str) -> Answer:
        """How to connect (recording postgres.jsonl line 14)."""
        row = self._one(call, postgres_id)
        user, name, password = row["databaseUser"], row["databaseName"], row["_password"]
        host = f"{postgres_id}.{row['region']}-postgres.render.com"
        return 200, {
            "password": password,
            "internalConnectionString": f"postgresql://{user}:{password}@{postgres_id}/{name}",
            "externalConnectionString": f"postgresql://{user}:{password}@{host}:5432/{name}",
            "psqlCommand": f"PGPASSWORD={password} psql -h {host} -p 5432 -U {user} {name}",
        }

    def _one(self, call: Call, postgres_id: str) -> Json:
        return self._estate.get(call, self._estate.postgres, postgres_id)

    def _build(self, body: Json, created: str) -> Json:
        postgres_id = self._estate.new_id("dpg", "-a")
        plain_name = body["name"].replace("-", "_")
        ending = "".join(self._estate.random.choices(string.ascii_lowercase, k=4))
        database: Json = {
            "id": postgres_id,
            "name": body["name"],
            "owner": self._estate.owners[body["ownerId"]],
            "databaseName": f"{body.get('databaseName') or plain_name}_{ending}",
            "databaseUser": body.get("databaseUser") or f"{plain_name}_user",
            "version": body["version"],
            "region": body.get("region") or "oregon",
            "plan": body["plan"],
            "diskSizeGB": 1 if body["plan"] == "free" else 15,
            "diskAutoscalingEnabled": False,
            "highAvailabilityEnabled": False,
            "ipAllowList": default_allow_list(),
            "readReplicas": [],
            "role": "primary",
            "suspended": "not_suspended",
            "suspenders": [],
            "createdAt": created,
            "updatedAt": created,
            "dashboardUrl": f"https://dashboard.render.com/d/{postgres_id}",
            "_password": self._estate.password(),
        }
        if environment_id := body.get("environmentId"):
            database["environmentId"] = environment_id
        if body["plan"] == "free":
            expires = datetime.fromisoformat(created) + timedelta(days=FREE_DAYS)
            database["expiresAt"] = expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._write(database, {name: value for name, value in body.items() if name in PATCHABLE})
        return database

    def _write(self, database: Json, sent: Json) -> None:
        for name, value in sent.items():
            if name == "readReplicas":
                database[name] = self._replicas(database, value or [])
            elif name == "ipAllowList":
                database[name] = allow_list(value)
            elif value is not None and not name.startswith("datadog"):  # write-only
                database[REPORTED.get(name, name)] = value

    def _replicas(self, database: Json, sent: list[Json]) -> list[Json]:
        """Replicas by name; a new one has its primary's id with the next letter (recording postgres.jsonl line 33)."""
        known = {replica["name"]: replica for replica in database["readReplicas"]}
        base = database["id"].removesuffix("-a")
        taken = {replica["id"] for replica in known.values()}
        free = (letter for letter in string.ascii_lowercase[1:] if f"{base}-{letter}" not in taken)
        return [known.get(replica["name"]) or {"id": f"{base}-{next(free)}"} | replica for replica in sent]
