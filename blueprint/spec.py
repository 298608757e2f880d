"""The document that a command reads, in Render's Blueprint vocabulary. No network, no Pulumi.

Field names and meanings are those of the Blueprint specification (render.yaml), in every spelling that Blueprints have.
Plans and policies are kept in the REST API's spelling. Additional keys of our own are: `known` on the document;
`ownership` and `takeOver` on objects; `recreate` on what holds data; `environment` on what belongs to a project.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, Tag, ValidationError

from blueprint.errors import InvalidSpec
from blueprint.objects import Database, EnvVarGroup, KeyValue, Object, Project
from blueprint.service import ANY_TYPE, CronJob, PrivateService, StaticSite, WebService, Worker
from blueprint.sources import DocumentVariable, Model

ListedService = Annotated[
    Annotated[WebService[DocumentVariable], Tag("web")]
    | Annotated[PrivateService[DocumentVariable], Tag("pserv")]
    | Annotated[Worker[DocumentVariable], Tag("worker")]
    | Annotated[CronJob[DocumentVariable], Tag("cron")]
    | Annotated[StaticSite[DocumentVariable], Tag("static")]
    | Annotated[KeyValue, Tag("keyvalue")],
    ANY_TYPE,
]
KNOWN_VARIABLE = "RENDER_KNOWN"
"""The environment variable with KnownObjects as JSON, for a command."""


class Known(Model):
    """What is known of an object that this document refers to and does not declare."""

    id: str
    revision: str = ""
    at: datetime | None = None
    """Render's time just before its contents were last written."""


class KnownObjects(Model):
    """What is known beforehand: the workspace, and objects that are declared elsewhere, by name.

    Attributes:
        environments: by `<project>/<environment>`.
    """

    owner_id: str | None = None
    databases: dict[str, Known] = Field({})
    key_values: dict[str, Known] = Field({})
    env_var_groups: dict[str, Known] = Field({})
    environments: dict[str, Known] = Field({})


class Document(Model):
    """A Blueprint of any number of objects.

    Attributes:
        known: what is declared elsewhere and referred to here, so that it need not be looked up.
    """

    databases: list[Database] = Field([])
    services: list[ListedService] = Field([])
    env_var_groups: list[EnvVarGroup[DocumentVariable]] = Field([])
    projects: list[Project] = Field([])
    known: KnownObjects = KnownObjects()

    @property
    def objects(self) -> list[Object]:
        return [*self.projects, *self.databases, *self.env_var_groups, *self.services]


def fill_in(document: Document, environ: Mapping[str, str]) -> Document:
    """Put the values of `fromEnvironment` into a document.

    Args:
        document: as it was read.
        environ: the command's environment.

    Returns:
        A document in which every such variable has its value.

    Raises:
        InvalidSpec: names every variable without a value.
    """
    holders = [one for one in (*document.services, *document.env_var_groups) if not isinstance(one, KeyValue)]
    needed = {one.from_environment for holder in holders for one in holder.env_vars if one.from_environment}
    if missing := sorted(needed - environ.keys()):
        raise InvalidSpec(f"the document takes values from the environment, which lacks {', '.join(missing)}")

    def filled(one: DocumentVariable) -> DocumentVariable:
        name = one.from_environment
        return DocumentVariable(key=one.key, value=environ[name]) if name else one

    def holding(one: Any) -> Any:
        return one.model_copy(update={"env_vars": list(map(filled, one.env_vars))}) if one in holders else one

    sections = {name: list(map(holding, getattr(document, name))) for name in ("services", "env_var_groups")}
    return document.model_copy(update=sections)


def parse(text: str, known: str = "") -> Document:
    """Read a document from JSON.

    Args:
        known: KnownObjects as JSON, if the document does not hold them itself.

    Raises:
        InvalidSpec: lists every problem with its path. It shows no values, which may be secrets.
    """
    try:
        document = Document.model_validate_json(text or "{}")
        return document.model_copy(update={"known": KnownObjects.model_validate_json(known)}) if known else document
    except ValidationError as error:
        problems = [f"  {'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in error.errors()]
        raise InvalidSpec("the document on standard input is not valid:\n" + "\n".join(problems)) from None
