"""The kinds of objects: where the REST API keeps each, and what people call it. The models hold the fields."""

from dataclasses import dataclass
from functools import partial

from blueprint import objects, service
from blueprint.fields import ApiField, fields_of
from blueprint.sources import as_json


@dataclass(frozen=True, eq=False)
class Kind:
    """How one kind of object differs from the others in the API.

    Attributes:
        model: of a declared one.
        label: what people call it.
        section: of the document's report.
        path: of its list.
        type: what the API calls the type of a service.
    """

    model: type[objects.Object]
    label: str
    section: str
    path: str
    type: str = ""

    @property
    def title(self) -> str:
        """What lines of progress and errors call an object of this kind."""
        return "service" if self.type else self.label

    @property
    def fields(self) -> tuple[ApiField, ...]:
        return fields_of(self.model)


_service = partial(Kind, section="services", path="/services")
POSTGRES = Kind(objects.Database, "database", "databases", "/postgres")
KEY_VALUE = Kind(objects.KeyValue, "key-value instance", "keyValues", "/key-value")
GROUP = Kind(objects.EnvVarGroup, "environment group", "envVarGroups", "/env-groups")
PROJECT = Kind(objects.Project, "project", "projects", "/projects")
WEB = _service(service.WebService, "web service", type="web_service")
PRIVATE = _service(service.PrivateService, "private service", type="private_service")
WORKER = _service(service.Worker, "background worker", type="background_worker")
CRON = _service(service.CronJob, "cron job", type="cron_job")
STATIC = _service(service.StaticSite, "static site", type="static_site")

SERVICES = (WEB, PRIVATE, WORKER, CRON, STATIC)
KINDS = (PROJECT, POSTGRES, KEY_VALUE, GROUP, *SERVICES)


def kind_of(spec: objects.Object) -> Kind:
    """Return the description of a declared object."""
    return next(kind for kind in KINDS if isinstance(spec, kind.model))


_ONLY_IN_BLUEPRINTS = ("initialDeployHook", "previewPlan", "previewDiskSizeGB")


def unsent(spec: objects.Object) -> list[str]:
    """Return the declared keys that only Blueprints have, for preview environments. The REST API does not take them."""
    declared = as_json(spec)
    keys = [key for key in _ONLY_IN_BLUEPRINTS if key in declared]
    keys += [f"previews.{key}" for key in ("plan", "numInstances") if key in declared.get("previews", {})]
    variables = [one for one in declared.get("envVars", ()) if "previewValue" in one]
    return keys + [f"{one.get('key') or one['fromGroup']}.previewValue" for one in variables]
