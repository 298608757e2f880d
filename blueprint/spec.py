"""What is declared: Render's Blueprint vocabulary as validated models. No network, no Pulumi.

Field names and meanings are those of the Blueprint specification (render.yaml); plan and region names are those of
the REST API. Three keys are ours: `known` on the document, `ownership` on what holds variables, `recreate` on what
holds data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from blueprint.errors import InvalidSpec
from blueprint.kinds_of_text import Cidr, Command, DomainName, EnvKey, EnvValue, UrlPath, object_name

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

SqlName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
ObjectName = Annotated[str, AfterValidator(object_name)]
AutoDeployTrigger = Literal["off", "commit", "checksPass"]


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


class DocumentVariable(EnvVar):
    """A variable as a command's document holds it. A secret stays outside the document, which anybody may read."""

    from_environment: str | None = None
    """Name of the command's own environment variable that holds the value; see `fill_in`."""


def unique_keys(variables: list[AnyVariable]) -> list[AnyVariable]:
    """Raises: ValueError naming every key that is declared twice."""
    keys = [variable.key for variable in variables if variable.key]
    if duplicates := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"declared more than once: {', '.join(duplicates)}")
    return variables


EnvVars = Annotated[list[DocumentVariable], AfterValidator(unique_keys)]


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


Ownership = Literal["exact", "merge", "adopted"]
"""exact: what is not declared is removed. merge: a group's undeclared variables are left alone. adopted: of a service
that lives already nothing but what is declared is touched; it is never made, deployed or deleted."""


class EnvVarGroup(Model):
    name: ObjectName
    env_vars: EnvVars = []
    ownership: Literal["exact", "merge"] = "exact"

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


class AnyWebService(Model):
    """What every web service declares."""

    type: Literal["web"] = "web"
    name: ObjectName
    domains: list[DomainName] = []
    env_vars: EnvVars = []
    ownership: Literal["exact", "adopted"] = "exact"

    @property
    def groups(self) -> list[str]:
        return [v.from_group for v in self.env_vars if v.from_group]


class WebService(AnyWebService):
    """A Render web service built from a Git branch."""

    runtime: Runtime
    plan: ServicePlan
    region: Region
    repo: str
    branch: str
    root_dir: str = ""
    build_command: Command
    start_command: Command
    pre_deploy_command: str = ""
    health_check_path: UrlPath = ""
    auto_deploy_trigger: AutoDeployTrigger = "commit"
    build_filter: BuildFilter = BuildFilter()
    previews: Previews = Previews()


class AdoptedService(AnyWebService):
    """A web service that somebody else made and runs; a field that is None is theirs."""

    ownership: Literal["adopted"]
    runtime: Runtime | None = None
    plan: ServicePlan | None = None
    region: Region | None = None
    repo: str | None = None
    branch: str | None = None
    root_dir: str | None = None
    build_command: Command | None = None
    start_command: Command | None = None
    pre_deploy_command: str | None = None
    health_check_path: UrlPath | None = None
    auto_deploy_trigger: AutoDeployTrigger | None = None
    build_filter: BuildFilter | None = None
    previews: Previews | None = None


def _kind(service: object) -> object:
    """Which model is meant, so that problems are told of that one alone."""
    given = service if isinstance(service, dict) else dict(service) if isinstance(service, Model) else {}
    return "adopted" if (given.get("type"), given.get("ownership")) == ("web", "adopted") else given.get("type")


AnyService = Annotated[
    Annotated[WebService, Tag("web")]
    | Annotated[AdoptedService, Tag("adopted")]
    | Annotated[KeyValue, Tag("keyvalue")],
    Discriminator(_kind, custom_error_type="service_type", custom_error_message="expected type 'web' or 'keyvalue'"),
]


KNOWN_VARIABLE = "RENDER_KNOWN"
"""Environment variable that a command finds KnownObjects in, as JSON."""


class Known(Model):
    """What is already known of an object that this document refers to but does not declare."""

    id: str
    revision: str = ""
    at: datetime | None = None
    """Render's time just before its contents were last written."""


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
    services: list[AnyService] = []
    env_var_groups: list[EnvVarGroup] = []
    known: KnownObjects = KnownObjects()

    @property
    def key_values(self) -> list[KeyValue]:
        return [service for service in self.services if isinstance(service, KeyValue)]

    @property
    def web_services(self) -> list[WebService | AdoptedService]:
        return [service for service in self.services if not isinstance(service, KeyValue)]


def fill_in(document: Document, environ: Mapping[str, str]) -> Document:
    """Put the values of `fromEnvironment` into a document.

    Args:
        document: as it was read.
        environ: the command's environment.

    Returns: a document in which every such variable has its value.

    Raises: InvalidSpec, naming every variable whose value is not there.
    """

    def filled(variables: list[DocumentVariable]) -> dict[str, list[DocumentVariable]]:
        return {
            "env_vars": [
                DocumentVariable(key=one.key, value=environ[one.from_environment]) if one.from_environment else one
                for one in variables
            ]
        }

    variables = [v for holder in (*document.web_services, *document.env_var_groups) for v in holder.env_vars]
    named = {variable.from_environment for variable in variables if variable.from_environment}
    if missing := sorted(named - environ.keys()):
        raise InvalidSpec(f"the document takes values from the environment, which lacks {', '.join(missing)}")
    services = [
        one if isinstance(one, KeyValue) else one.model_copy(update=filled(one.env_vars)) for one in document.services
    ]
    groups = [group.model_copy(update=filled(group.env_vars)) for group in document.env_var_groups]
    return document.model_copy(update={"services": services, "env_var_groups": groups})


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
