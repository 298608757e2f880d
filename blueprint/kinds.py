"""Every kind of object as one description: where the REST API keeps it, and its fields.

A new field of a service is one row here and one attribute of its model. Facts: Render's API reference, its recorded
traffic, and the types of its own Python client (render 1.5.0, `render.public_api`).
"""

from dataclasses import dataclass
from typing import Any

from blueprint import objects, service
from blueprint.fields import Field, Json
from blueprint.service import image_path


@dataclass(frozen=True, eq=False)
class Kind:
    """How one kind of object differs from the others in the API.

    Attributes:
        label: what people call it.
        section: of the document's report.
        path: of its list.
        item: the key of one entry of the list.
        fields: see Field.
        type: what the API calls the type of a service.
    """

    label: str
    section: str
    path: str
    item: str
    fields: tuple[Field, ...]
    type: str = ""

    @property
    def title(self) -> str:
        """What lines of progress and errors call an object of this kind."""
        return "service" if self.section == "services" else self.label


def _names(replicas: list[Json] | None) -> list[Json]:
    return [{"name": replica["name"]} for replica in replicas or ()]


_ENVIRONMENT = Field("environment", "environmentId", own_request=True)
_REGION = Field("region", "region", fixed=True)

POSTGRES = Kind(
    "database",
    "databases",
    "/postgres",
    "postgres",
    (
        Field("plan", "plan", new="basic_256mb"),
        _REGION,
        Field("postgres_major_version", "version", fixed=True, new="18"),
        Field("database_name", "databaseName", fixed=True),
        Field("user", "databaseUser", fixed=True),
        Field("disk_size_gb", "diskSizeGB", grows=True),
        Field("storage_autoscaling_enabled", "diskAutoscalingEnabled", "enableDiskAutoscaling"),
        Field("high_availability", "highAvailabilityEnabled", "enableHighAvailability", default=False),
        Field("connection_pool", "connectionPool"),
        Field("read_replicas", lambda answer: _names(answer.get("readReplicas")), "readReplicas"),
        Field("ip_allow_list", "ipAllowList", default=[]),
        _ENVIRONMENT,
    ),
)
KEY_VALUE = Kind(
    "key-value instance",
    "keyValues",
    "/key-value",
    "keyValue",
    (
        Field("plan", "plan", new="starter"),
        _REGION,
        Field("maxmemory_policy", "options.maxmemoryPolicy", "maxmemoryPolicy", default="allkeys_lru"),
        Field("persistence_mode", "options.persistenceMode", "persistenceMode"),
        Field("ip_allow_list", "ipAllowList", default=[]),
        _ENVIRONMENT,
    ),
)
GROUP = Kind("environment group", "envVarGroups", "/env-groups", "envGroup", (_ENVIRONMENT,))
PROJECT = Kind("project", "projects", "/projects", "project", ())


def _image(answer: Json) -> Any:
    path = answer.get("imagePath")
    return path and {"imagePath": image_path(path), "registryCredential": _name(answer.get("registryCredential"))}


def _credential(answer: Json) -> str | None:
    return _name((answer["serviceDetails"].get("envSpecificDetails") or {}).get("registryCredential"))


def _name(credential: Json | None) -> str | None:
    return credential.get("name") if credential else None


_DETAILS = "serviceDetails"
_RUN = f"{_DETAILS}.envSpecificDetails"
_BUILT = (
    Field("repo", "repo", deploys=True, disrupts=True),
    Field("branch", "branch", deploys=True),
    Field("root_dir", "rootDir", deploys=True, default=""),
    Field("auto_deploy_trigger", "autoDeployTrigger", default="commit"),
    Field("build_filter", "buildFilter", default={"paths": [], "ignoredPaths": []}),
    _ENVIRONMENT,
)
_RUNNING = (
    Field("runtime", f"{_DETAILS}.runtime", deploys=True, disrupts=True),
    Field("plan", f"{_DETAILS}.plan", disrupts=True),
    Field("region", f"{_DETAILS}.region", fixed=True),
    *_BUILT,
    Field("build_command", f"{_RUN}.buildCommand", deploys=True),
    Field("start_command", f"{_RUN}.startCommand", deploys=True),
    Field("docker_command", f"{_RUN}.dockerCommand", deploys=True),
    Field("docker_context", f"{_RUN}.dockerContext", deploys=True),
    Field("dockerfile_path", f"{_RUN}.dockerfilePath", deploys=True),
    Field("registry_credential", _credential, f"{_RUN}.registryCredentialId", deploys=True),
    Field("image", _image, "image", deploys=True),
)
_SERVER = (
    *_RUNNING,
    Field("pre_deploy_command", f"{_RUN}.preDeployCommand", f"{_DETAILS}.preDeployCommand", deploys=True, default=""),
    Field("num_instances", f"{_DETAILS}.numInstances", own_request=True),
    Field("scaling", f"{_DETAILS}.autoscaling", own_request=True),
    Field("disk", f"{_DETAILS}.disk", own_request=True, deploys=True, disrupts=True),
    Field("previews", f"{_DETAILS}.previews", default={"generation": "off"}),
    Field("max_shutdown_delay_seconds", f"{_DETAILS}.maxShutdownDelaySeconds", deploys=True),
)
_PUBLIC = (
    Field("render_subdomain_policy", f"{_DETAILS}.renderSubdomainPolicy"),
    Field("ip_allow_list", f"{_DETAILS}.ipAllowList"),
)


def _service(label: str, type_: str, *fields: Field) -> Kind:
    return Kind(label, "services", "/services", "service", fields, type_)


WEB = _service(
    "web service",
    "web_service",
    *_SERVER,
    *_PUBLIC,
    Field("health_check_path", f"{_DETAILS}.healthCheckPath", deploys=True, default=""),
    Field("maintenance_mode", f"{_DETAILS}.maintenanceMode"),
)
PRIVATE = _service("private service", "private_service", *_SERVER)
WORKER = _service("background worker", "background_worker", *_SERVER)
CRON = _service("cron job", "cron_job", *_RUNNING, Field("schedule", f"{_DETAILS}.schedule"))
STATIC = _service(
    "static site",
    "static_site",
    *_BUILT,
    *_PUBLIC,
    Field("build_command", f"{_DETAILS}.buildCommand", deploys=True),
    Field("static_publish_path", f"{_DETAILS}.publishPath", deploys=True),
    Field("previews", f"{_DETAILS}.previews", default={"generation": "off"}),
    Field("headers", f"{_DETAILS}.headers", own_request=True),
    Field("routes", f"{_DETAILS}.routes", own_request=True),
)

SERVICES = (WEB, PRIVATE, WORKER, CRON, STATIC)
_KINDS: dict[type, Kind] = {
    objects.Database: POSTGRES,
    objects.KeyValue: KEY_VALUE,
    objects.EnvVarGroup: GROUP,
    objects.Project: PROJECT,
    service.WebService: WEB,
    service.PrivateService: PRIVATE,
    service.Worker: WORKER,
    service.CronJob: CRON,
    service.StaticSite: STATIC,
}


def kind_of(spec: objects.Object) -> Kind:
    """Return the description of a declared object."""
    return next(kind for model, kind in _KINDS.items() if isinstance(spec, model))


_ONLY_IN_BLUEPRINTS = {
    "initial_deploy_hook": "initialDeployHook",
    "preview_plan": "previewPlan",
    "preview_disk_size_gb": "previewDiskSizeGB",
    "previews.plan": "previews.plan",
    "previews.num_instances": "previews.numInstances",
}


def unsent(spec: objects.Object) -> list[str]:
    """Return the declared keys that only Blueprints have, for preview environments. The REST API does not take them."""
    keys = [key for path, key in _ONLY_IN_BLUEPRINTS.items() if _at(spec, path) is not None]
    variables = getattr(spec, "env_vars", ())
    return keys + [f"{one.key}.previewValue" for one in variables if one.preview_value is not None]


def _at(spec: Any, path: str) -> Any:
    for name in path.split("."):
        spec = getattr(spec, name, None)
    return spec
