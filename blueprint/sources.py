"""Where a variable's value comes from, in a Blueprint's words."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from blueprint.kinds_of_text import EnvKey, EnvValue, FalseOnly, ObjectName, TrueOnly, repeated
from blueprint.marker import KEY

AnyVariable = TypeVar("AnyVariable", bound="EnvVar")
AnySourced = TypeVar("AnySourced", bound="Sourced")
_NO_SOURCES = frozenset({"key", "preview_value"})
"""The fields of a variable that do not say where its value comes from."""


class Model(BaseModel):
    """Base of every model here and of the stack settings: camelCase keys, no unknown ones, immutable."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    def _problems(self) -> Iterator[str]:
        """Return what is wrong between its fields. The first problem is the one that is told."""
        yield from ()

    @model_validator(mode="after")
    def _has_no_problem(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self


class FromDatabase(Model):
    name: ObjectName
    property: Literal["connectionString", "host", "port", "user", "password", "database"] = "connectionString"


class FromKeyValue(Model):
    """Our short form of a `fromService` of type keyvalue."""

    name: ObjectName
    property: Literal["connectionString", "host", "port", "hostport"] = "connectionString"


ReferredType = Literal["web", "pserv", "worker", "cron", "static", "keyvalue"]
_Type = Annotated[ReferredType, BeforeValidator(lambda given: "keyvalue" if given == "redis" else given)]


class FromService(Model):
    """A property of another service, or one of its variables: exactly one of `property` and `envVarKey`."""

    type: _Type = "web"
    name: ObjectName
    property: Literal["host", "port", "hostport", "connectionString"] | None = None
    env_var_key: EnvKey | None = None

    def _problems(self) -> Iterator[str]:
        if (self.property is None) == (self.env_var_key is None):
            yield f"fromService {self.name}: expected one of property and envVarKey"
        if self.property == "connectionString" and self.type != "keyvalue":
            yield f"fromService {self.name}: only a keyvalue has a connectionString"
        if self.property and self.type in ("worker", "cron"):
            yield f"fromService {self.name}: a {self.type} has no address; expected envVarKey"
        if self.env_var_key and self.type == "keyvalue":
            yield f"fromService {self.name}: a keyvalue has no variables; expected property"


class Sourced(Model):
    """A variable's source: exactly one of the fields other than its key."""

    key: EnvKey | None = None
    value: EnvValue | None = None

    def _problems(self) -> Iterator[str]:
        fields = [name for name in type(self).model_fields if name not in _NO_SOURCES]
        sources = [name for name in fields if getattr(self, name) is not None]
        if len(sources) != 1:
            known, given = ", ".join(map(to_camel, fields)), ", ".join(map(to_camel, sources)) or "none"
            yield f"{self.key or 'variable'}: expected exactly one of {known}; found {given}"
        if (self.key is None) != (sources == ["from_group"]):
            yield "expected a key (and none with fromGroup, which links a whole group)"
        if self.key == KEY:
            yield f"{KEY} is where this program keeps what it applied; expected another name"


class EnvVar(Sourced):
    """A variable of a Render object.

    Attributes:
        preview_value: for preview environments, which only a Blueprint has.
    """

    preview_value: EnvValue | None = None
    generate_value: Annotated[Literal[True] | None, TrueOnly] = None
    sync: Annotated[Literal[False] | None, FalseOnly] = None
    from_database: FromDatabase | None = None
    from_key_value: FromKeyValue | None = None
    from_service: FromService | None = None
    from_group: ObjectName | None = None

    @property
    def service(self) -> str | None:
        """Return the name of the service, other than a key-value instance, that it refers to."""
        return self.from_service.name if self.from_service and self.from_service.type != "keyvalue" else None

    @property
    def reaches_its_host(self) -> bool:
        """Whether it is the private address of a service."""
        return self.from_service is not None and self.from_service.property in ("host", "hostport")

    @property
    def key_value(self) -> FromKeyValue | None:
        """Return the key-value instance that it refers to, in either form."""
        if self.from_service and self.from_service.type == "keyvalue":
            return FromKeyValue.model_validate({"name": self.from_service.name, "property": self.from_service.property})
        return self.from_key_value


class DocumentVariable(EnvVar):
    """A variable in a command's document. A secret stays outside the document, which anybody may read."""

    from_environment: str | None = None
    """The name of the command's own environment variable that holds the value; see `spec.fill_in`."""


def unique_keys(variables: list[AnySourced]) -> list[AnySourced]:
    """Refuse a key that is declared twice.

    Raises:
        ValueError: with every such key.
    """
    if duplicates := repeated([variable.key for variable in variables if variable.key]):
        raise ValueError(f"declared more than once: {', '.join(duplicates)}")
    return variables


def as_json(model: BaseModel) -> dict[str, Any]:
    """Return what is declared, in the keys that people write."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
