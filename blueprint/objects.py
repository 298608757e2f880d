"""Databases, key-value instances, groups of variables and projects, in a Blueprint's words. For services see `service`.

A field that is None is not declared: what Render has or creates stays.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Generic, Literal

from pydantic import AfterValidator, Field, model_validator

from blueprint.fields import Json, api_field
from blueprint.kinds_of_text import (
    Cidr,
    DiskSize,
    Enabled,
    KeyValuePlan,
    NumberAsText,
    ObjectName,
    OffAsText,
    PostgresPlan,
    SqlName,
    Underscored,
)
from blueprint.sources import AnyVariable, Model, unique_keys

Region = Literal["frankfurt", "ohio", "oregon", "singapore", "virginia"]
PostgresVersion = Annotated[Literal["10", "11", "12", "13", "14", "15", "16", "17", "18"], NumberAsText]
Switch = Literal["enabled", "disabled"]
Ownership = Literal["exact", "merge", "adopted"]
"""How much of an existing object is ours.

- exact: what is not declared is removed.
- merge: a group's undeclared variables stay.
- adopted: only what is declared is changed, and the object is never created, deployed or deleted.
"""


class AllowedAddress(Model):
    """One entry of an inbound allow list. An empty list allows no connection from outside Render."""

    source: Cidr
    description: str = ""

    def api(self) -> dict[str, Any]:
        return {"cidrBlock": self.source, "description": self.description}


class Object(Model):
    """What every object has.

    Attributes:
        ownership: see `Ownership`.
        take_over: an existing object of this name, which this program never applied, may lose what is not declared.
        environment: the `<project>/<environment>` that it belongs to; empty for none; None if that is not managed.
    """

    name: ObjectName
    ownership: Literal["exact", "adopted"] = "exact"
    take_over: Literal[True] | None = None
    environment: str | None = api_field("environmentId", own_request=True)

    @property
    def is_adopted(self) -> bool:
        return self.ownership == "adopted"


class ReadReplica(Model):
    name: ObjectName


ReadReplicas = Annotated[list[ReadReplica], Field(max_length=5)]


def _names_of_replicas(answer: Json) -> list[Json]:
    return [{"name": replica["name"]} for replica in answer.get("readReplicas") or ()]


class Database(Object):
    """A Render Postgres instance. Render appends a random suffix to `databaseName`.

    Attributes:
        recreate: whether a lost instance is made again, empty. Otherwise its loss is an error.
        new_plan: what a new one gets if none is declared.
    """

    new_plan: ClassVar[str] = "basic_256mb"
    recreate: bool = False
    plan: PostgresPlan | None = api_field("plan", new=new_plan)
    region: Region | None = api_field("region", fixed=True)
    postgres_major_version: PostgresVersion | None = api_field("version", fixed=True, new="18")
    database_name: SqlName | None = api_field("databaseName", fixed=True)
    user: SqlName | None = api_field("databaseUser", fixed=True)
    disk_size_gb: DiskSize | None = api_field("diskSizeGB", grows=True, alias="diskSizeGB")
    storage_autoscaling_enabled: bool | None = api_field("diskAutoscalingEnabled", "enableDiskAutoscaling")
    high_availability: Enabled | None = api_field("highAvailabilityEnabled", "enableHighAvailability", default=False)
    connection_pool: Literal["pgbouncer", "none"] | None = api_field("connectionPool")
    read_replicas: ReadReplicas | None = api_field(_names_of_replicas, "readReplicas")
    ip_allow_list: list[AllowedAddress] | None = api_field("ipAllowList", default=[])
    preview_plan: PostgresPlan | None = None
    preview_disk_size_gb: DiskSize | None = Field(None, alias="previewDiskSizeGB")

    def _problems(self) -> Iterator[str]:
        """Return what a new one cannot have (render.com/docs: Free instances, Postgres high availability; the API)."""
        if self.is_adopted:
            return
        grown = self.disk_size_gb not in (None, 1)
        paid = {"highAvailability": self.high_availability, "readReplicas": self.read_replicas, "diskSizeGB": grown}
        paid["storageAutoscalingEnabled"] = self.storage_autoscaling_enabled
        for what in (what for what, given in paid.items() if given and self.plan == "free"):
            yield f"{what}: a free database has 1 GB and one instance; expected a paid plan"
        old = self.postgres_major_version in ("11", "12")
        if self.high_availability and (old or (self.plan or "basic").startswith("basic")):
            yield "highAvailability: needs a pro or accelerated plan, and version 13 or newer"
        if self.postgres_major_version == "10":
            yield "postgresMajorVersion: Render makes no new database of version 10; expected 11 to 18"

    @property
    def replica_names(self) -> list[str]:
        return [replica.name for replica in self.read_replicas or ()]


MemoryPolicy = Annotated[
    Literal[
        "noeviction", "allkeys_lfu", "allkeys_lru", "allkeys_random",
        "volatile_lfu", "volatile_lru", "volatile_random", "volatile_ttl",
    ],
    Underscored,
]  # fmt: skip
Persistence = Annotated[Literal["off", "snapshot", "journal_snapshot"], Underscored, OffAsText]


class KeyValue(Object):
    """A Render Key Value instance (Redis-compatible).

    Attributes:
        recreate, new_plan: as for a database.
    """

    new_plan: ClassVar[str] = "starter"
    recreate: bool = False
    type: Literal["keyvalue"] = "keyvalue"
    plan: KeyValuePlan | None = api_field("plan", new=new_plan)
    region: Region | None = api_field("region", fixed=True)
    maxmemory_policy: MemoryPolicy | None = api_field(
        "options.maxmemoryPolicy", "maxmemoryPolicy", default="allkeys_lru"
    )
    persistence_mode: Persistence | None = api_field("options.persistenceMode", "persistenceMode")
    ip_allow_list: list[AllowedAddress] | None = api_field("ipAllowList", default=[])
    preview_plan: KeyValuePlan | None = None

    def _problems(self) -> Iterator[str]:
        if self.plan == "free" and self.persistence_mode not in (None, "off") and not self.is_adopted:
            yield "persistenceMode: a free instance keeps nothing; expected off, or a paid plan"

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, given: Any) -> Any:
        return given | {"type": "keyvalue"} if isinstance(given, dict) and given.get("type") == "redis" else given


class EnvVarGroup(Object, Generic[AnyVariable]):
    ownership: Ownership = "exact"  # type: ignore[assignment] # a group may be merged, too
    env_vars: Annotated[list[AnyVariable], AfterValidator(unique_keys)] = Field([])

    def _problems(self) -> Iterator[str]:
        if any(variable.from_group for variable in self.env_vars):
            yield "a group cannot hold fromGroup"


class Networking(Model):
    isolation: Switch = "disabled"

    def api(self) -> bool:
        return self.isolation == "enabled"


class Permissions(Model):
    protection: Switch = "disabled"

    def api(self) -> str:
        return "protected" if self.protection == "enabled" else "unprotected"


class Environment(Model):
    """An environment of a project. What belongs to it says so itself: see Object.environment."""

    name: ObjectName
    permissions: Permissions | None = api_field("protectedStatus")
    networking: Networking | None = api_field("networkIsolationEnabled")


class Project(Object):
    environments: list[Environment] = Field([], min_length=1)
