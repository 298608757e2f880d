"""Databases, key-value instances, groups of variables and projects, in a Blueprint's words. For services see `service`.

A field that is None is not declared: what Render has or creates stays.
"""

from typing import Annotated, Any, Generic, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from blueprint.fields import ApiField, Json
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
    environment: Annotated[str | None, ApiField("environmentId", own_request=True)] = None

    @property
    def is_adopted(self) -> bool:
        return self.ownership == "adopted"


class ReadReplica(Model):
    name: ObjectName


def _names_of_replicas(answer: Json) -> list[Json]:
    return [{"name": replica["name"]} for replica in answer.get("readReplicas") or ()]


class Database(Object):
    """A Render Postgres instance. Render appends a random suffix to `databaseName`.

    Attributes:
        recreate: whether a lost instance is made again, empty. Otherwise its loss is an error.
    """

    recreate: bool = False
    plan: Annotated[PostgresPlan | None, ApiField("plan", new="basic_256mb")] = None
    region: Annotated[Region | None, ApiField("region", fixed=True)] = None
    postgres_major_version: Annotated[PostgresVersion | None, ApiField("version", fixed=True, new="18")] = None
    database_name: Annotated[SqlName | None, ApiField("databaseName", fixed=True)] = None
    user: Annotated[SqlName | None, ApiField("databaseUser", fixed=True)] = None
    disk_size_gb: Annotated[DiskSize | None, ApiField("diskSizeGB", grows=True)] = Field(None, alias="diskSizeGB")
    storage_autoscaling_enabled: Annotated[bool | None, ApiField("diskAutoscalingEnabled", "enableDiskAutoscaling")] = (
        None
    )
    high_availability: Annotated[
        Enabled | None, ApiField("highAvailabilityEnabled", "enableHighAvailability", default=False)
    ] = None
    connection_pool: Annotated[Literal["pgbouncer", "none"] | None, ApiField("connectionPool")] = None
    read_replicas: Annotated[list[ReadReplica] | None, ApiField(_names_of_replicas, "readReplicas")] = Field(
        None, max_length=5
    )
    ip_allow_list: Annotated[list[AllowedAddress] | None, ApiField("ipAllowList", default=[])] = None
    preview_plan: PostgresPlan | None = None
    preview_disk_size_gb: DiskSize | None = Field(None, alias="previewDiskSizeGB")

    @model_validator(mode="after")
    def _has_what_its_plan_has(self) -> Self:
        """Check what a new one cannot have (render.com/docs: Free instances, Postgres high availability; the API)."""
        if self.is_adopted:
            return self
        grown = self.disk_size_gb not in (None, 1)
        paid = {"highAvailability": self.high_availability, "readReplicas": self.read_replicas, "diskSizeGB": grown}
        paid["storageAutoscalingEnabled"] = self.storage_autoscaling_enabled
        for what in (what for what, given in paid.items() if given and self.plan == "free"):
            raise ValueError(f"{what}: a free database has 1 GB and one instance; expected a paid plan")
        old = self.postgres_major_version in ("11", "12")
        if self.high_availability and (old or (self.plan or "basic").startswith("basic")):
            raise ValueError("highAvailability: needs a pro or accelerated plan, and version 13 or newer")
        if self.postgres_major_version == "10":
            raise ValueError("postgresMajorVersion: Render makes no new database of version 10; expected 11 to 18")
        return self

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
        recreate: as for a database.
    """

    recreate: bool = False
    type: Literal["keyvalue"] = "keyvalue"
    plan: Annotated[KeyValuePlan | None, ApiField("plan", new="starter")] = None
    region: Annotated[Region | None, ApiField("region", fixed=True)] = None
    maxmemory_policy: Annotated[
        MemoryPolicy | None, ApiField("options.maxmemoryPolicy", "maxmemoryPolicy", default="allkeys_lru")
    ] = None
    persistence_mode: Annotated[Persistence | None, ApiField("options.persistenceMode", "persistenceMode")] = None
    ip_allow_list: Annotated[list[AllowedAddress] | None, ApiField("ipAllowList", default=[])] = None
    preview_plan: KeyValuePlan | None = None

    @model_validator(mode="after")
    def _keeps_what_its_plan_keeps(self) -> Self:
        if self.plan == "free" and self.persistence_mode not in (None, "off") and not self.is_adopted:
            raise ValueError("persistenceMode: a free instance keeps nothing; expected off, or a paid plan")
        return self

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, given: Any) -> Any:
        return given | {"type": "keyvalue"} if isinstance(given, dict) and given.get("type") == "redis" else given


class EnvVarGroup(Object, Generic[AnyVariable]):
    ownership: Ownership = "exact"  # type: ignore[assignment] # a group may be merged, too
    env_vars: Annotated[list[AnyVariable], AfterValidator(unique_keys)] = Field([])

    @model_validator(mode="after")
    def _no_nesting(self) -> Self:
        if any(variable.from_group for variable in self.env_vars):
            raise ValueError("a group cannot hold fromGroup")
        return self


class Networking(Model):
    isolation: Switch = "disabled"


class Permissions(Model):
    protection: Switch = "disabled"


class Environment(Model):
    """An environment of a project. What belongs to it says so itself: see Object.environment."""

    name: ObjectName
    networking: Networking | None = None
    permissions: Permissions | None = None


class Project(Object):
    environments: list[Environment] = Field([], min_length=1)
