"""What is declared: Render's Blueprint vocabulary as validated models. No network, no Pulumi.

Field names and meanings are those of the Blueprint specification (render.yaml); plan and region names are those of
the REST API. Three keys are ours: `known` on the document, `ownership` on what holds variables, `recreate` on what
holds data.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from render.errors import InvalidSpec

Region = Literal["frankfurt", "ohio", "oregon", "singapore", "virginia"]
ServicePlan = Literal["free", "starter", "standard", "pro", "pro_plus", "pro_max", "pro_ultra"]
PostgresPlan = Literal[
    "free", "basic_256mb", "basic_1gb", "basic_4gb",
    "pro_4gb", "pro_8gb", "pro_16gb", "pro_32gb", "pro_64gb", "pro_128gb", "pro_192gb", "pro_256gb", "pro_384gb",
    "pro_512gb", "accelerated_16gb", "accelerated_32gb", "accelerated_64gb", "accelerated_128gb", "accelerated_256gb",
    "accelerated_384gb", "accelerated_512gb", "accelerated_768gb", "accelerated_1024gb",
]  # fmt: skip
KeyValuePlan = Literal["free", "starter", "standard", "pro", "pro_plus"]
PostgresVersion = Literal["13", "14", "15", "16", "17", "18"]
Runtime = Literal["docker", "elixir", "go", "image", "node", "python", "ruby", "rust"]

AnyVariable = TypeVar("AnyVariable", bound="Sourced")

ENV_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
OBJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,62}")


def _env_key(value: str) -> str:
    if not ENV_KEY.fullmatch(value):
        raise ValueError("expected a variable name: a letter or _, then letters, digits, '_', '.' or '-'")
    return value


def _object_name(value: str) -> str:
    if not OBJECT_NAME.fullmatch(value):
        raise ValueError("expected a name of 1 to 63 letters, digits, '-', '_', '.' or spaces")
    return value


def _cidr(value: str) -> str:
    try:
        if "/" not in value:  # Render would answer it with one
            raise ValueError
        ipaddress.ip_network(value)
    except ValueError:
        raise ValueError("expected an address block in CIDR notation, such as 203.0.113.0/24") from None
    return value


def _text(value: object) -> object:
    """YAML's true and 30 are meant as the text that a process sees in its environment."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


EnvValue = Annotated[str, BeforeValidator(_text)]
SqlName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
EnvKey = Annotated[str, AfterValidator(_env_key)]
ObjectName = Annotated[str, AfterValidator(_object_name)]
Cidr = Annotated[str, AfterValidator(_cidr)]
DomainName = Annotated[str, StringConstraints(to_lower=True)]


class Model(BaseModel):
    """Base of every model here and of the stack settings: camelCase keys, no unknown ones, immutable."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )


class FromDatabase(Model):
    name: ObjectName
    property: Literal["connectionString", "host", "port", "user", "password", "database"] = "connectionString"


class FromKeyValue(Model):
    name: ObjectName
    property: Literal["connectionString", "host", "port", "hostport"] = "connectionString"


class FromService(Model):
    type: Literal["web"] = "web"
    name: ObjectName
    property: Literal["host", "port", "hostport"]


class Sourced(Model):
    """A variable's source: exactly one of the fields other than its key."""

    key: EnvKey | None = None
    value: EnvValue | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [name for name in type(self).model_fields if name != "key" and getattr(self, name) is not None]
        if len(sources) != 1:
            known = ", ".join(to_camel(name) for name in type(self).model_fields if name != "key")
            given = ", ".join(to_camel(name) for name in sources) or "none"
            raise ValueError(f"{self.key or 'variable'}: expected exactly one of {known}; found {given}")
        if (self.key is None) != (sources == ["from_group"]):
            raise ValueError("expected a key (and none with fromGroup, which links a whole group)")
        return self


class EnvVar(Sourced):
    """A variable of a Render object."""

    generate_value: Literal[True] | None = None
    sync: Literal[False] | None = None
    from_database: FromDatabase | None = None
    from_key_value: FromKeyValue | None = None
    from_service: FromService | None = None
    from_group: ObjectName | None = None


def unique_keys(variables: list[AnyVariable]) -> list[AnyVariable]:
    """Raises: ValueError naming every key that is declared twice."""
    keys = [variable.key for variable in variables if variable.key]
    if duplicates := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"declared more than once: {', '.join(duplicates)}")
    return variables


EnvVars = Annotated[list[EnvVar], AfterValidator(unique_keys)]


class AllowedAddress(Model):
    """One entry of an inbound allow list; an empty list allows no connection from outside Render."""

    source: Cidr
    description: str = ""


class Database(Model):
    """A Render Postgres instance. Render appends a random suffix to `databaseName`."""

    recreate: bool = False
    """Whether a lost instance is made anew, empty; else its loss is an error."""

    name: ObjectName
    plan: PostgresPlan
    region: Region
    postgres_major_version: PostgresVersion
    database_name: SqlName | None = None
    user: SqlName | None = None
    disk_size_gb: int | None = Field(None, alias="diskSizeGB", ge=1)
    high_availability: bool = False
    ip_allow_list: list[AllowedAddress] = []


class KeyValue(Model):
    """A Render Key Value instance (Redis-compatible)."""

    recreate: bool = False
    """As for a database."""
    type: Literal["keyvalue"] = "keyvalue"
    name: ObjectName
    plan: KeyValuePlan
    region: Region
    maxmemory_policy: Literal[
        "noeviction", "allkeys_lfu", "allkeys_lru", "allkeys_random",
        "volatile_lfu", "volatile_lru", "volatile_random", "volatile_ttl",
    ] = "allkeys_lru"  # fmt: skip
    ip_allow_list: list[AllowedAddress] = []


Ownership = Literal["exact", "merge"]
"""exact: variables and domains that are not declared are removed; merge: they are left alone."""


class EnvVarGroup(Model):
    name: ObjectName
    env_vars: EnvVars = []
    ownership: Ownership = "exact"

    @model_validator(mode="after")
    def _no_nesting(self) -> Self:
        if any(variable.from_group for variable in self.env_vars):
            raise ValueError("a group cannot hold fromGroup")
        return self


class BuildFilter(Model):
    """Glob patterns of the files whose change builds (`paths`) or does not build (`ignoredPaths`)."""

    paths: list[str] = []
    ignored_paths: list[str] = []


class Previews(Model):
    generation: Literal["off", "manual", "automatic"] = "off"


class WebService(Model):
    """A Render web service built from a Git branch."""

    type: Literal["web"] = "web"
    name: ObjectName
    runtime: Runtime
    plan: ServicePlan
    region: Region
    repo: str
    branch: str
    root_dir: str = ""
    build_command: str = Field(min_length=1)
    start_command: str = Field(min_length=1)
    pre_deploy_command: str = ""
    health_check_path: str = Field("", pattern=r"^(/[^\s?#]*)?$")
    auto_deploy_trigger: Literal["off", "commit", "checksPass"] = "commit"
    build_filter: BuildFilter = BuildFilter()
    previews: Previews = Previews()
    domains: list[DomainName] = []
    env_vars: EnvVars = []
    ownership: Ownership = "exact"

    @property
    def groups(self) -> list[str]:
        return [variable.from_group for variable in self.env_vars if variable.from_group]


KNOWN_VARIABLE = "RENDER_KNOWN"
"""Environment variable that a command finds KnownObjects in, as JSON."""


class Known(Model):
    """What is already known of an object that this document refers to but does not declare."""

    id: str
    revision: str = ""


class KnownObjects(Model):
    """What is known beforehand: the workspace, and objects that are declared elsewhere, by name."""

    owner_id: str | None = None
    databases: dict[str, Known] = {}
    key_values: dict[str, Known] = {}
    env_var_groups: dict[str, Known] = {}


class Document(Model):
    """A Blueprint of any number of objects.

    Attributes:
        known: what is declared elsewhere and referred to here; saves its look-up.
    """

    databases: list[Database] = []
    services: list[Annotated[WebService | KeyValue, Field(discriminator="type")]] = []
    env_var_groups: list[EnvVarGroup] = []
    known: KnownObjects = KnownObjects()

    @property
    def key_values(self) -> list[KeyValue]:
        return [service for service in self.services if isinstance(service, KeyValue)]

    @property
    def web_services(self) -> list[WebService]:
        return [service for service in self.services if isinstance(service, WebService)]


def parse(text: str, known: str = "") -> Document:
    """Read a document from JSON.

    Args: known: KnownObjects as JSON, where the document does not hold them itself.

    Raises: InvalidSpec, listing every problem with its path; values are not shown, they may be secrets.
    """
    try:
        document = Document.model_validate_json(text or "{}")
        return document.model_copy(update={"known": KnownObjects.model_validate_json(known)}) if known else document
    except ValidationError as error:
        problems = [f"  {'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in error.errors()]
        raise InvalidSpec("the document on standard input is not valid:\n" + "\n".join(problems)) from None
