"""The kinds of service, in a Blueprint's words and in every spelling that Blueprints have.

The models are generic in the type of a variable, because the stack's settings and a command's document share them.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Generic, Literal

from pydantic import AfterValidator, Discriminator, Field, model_validator
from pydantic.alias_generators import to_camel

from blueprint import service_parts as parts
from blueprint.fields import Json, api_field
from blueprint.kinds_of_text import BranchName, Command, DomainNames, Folder, OffAsText, Schedule, ServicePlan, UrlPath
from blueprint.objects import AllowedAddress, Object, Region, Switch
from blueprint.sources import AnyVariable, Model, unique_keys

NativeRuntime = Literal["elixir", "go", "node", "python", "ruby", "rust"]
Runtime = Literal[NativeRuntime, "docker", "image"]
AutoDeployTrigger = Annotated[Literal["off", "commit", "checksPass"], OffAsText]
RepositoryUrl = Annotated[str, Field(pattern=r"^https://[^\s/]+/\S+$")]
Seconds = Annotated[int, Field(ge=1, le=300)]


FOR_DOCKER = frozenset({"dockerCommand", "dockerContext", "dockerfilePath", "registryCredential", "image"})
NOT_FOR = {
    "docker": frozenset({"buildCommand", "startCommand", "image"}),
    "image": frozenset({"buildCommand", "startCommand", "repo", "branch", "rootDir", "buildFilter"})
    | (FOR_DOCKER - {"image", "dockerCommand"}),
    "static": frozenset[str](),
}
"""Keys that a runtime does not have. A native runtime does not have those of containers."""


def deploy_trigger(live: Json) -> Any:
    """Return what starts a deploy of a live service. One that was made long ago answers only the older autoDeploy."""
    return live.get("autoDeployTrigger") or ("commit" if live.get("autoDeploy") == "yes" else "off")


def _image(live: Json) -> Any:
    path = live.get("imagePath")
    return path and {"imagePath": parts.image_path(path), "registryCredential": _name(live.get("registryCredential"))}


def _credential(live: Json) -> str | None:
    return _name((live["serviceDetails"].get("envSpecificDetails") or {}).get("registryCredential"))


def _name(credential: Json | None) -> str | None:
    return credential.get("name") if credential else None


_DETAILS = "serviceDetails"
_RUN = f"{_DETAILS}.envSpecificDetails"
_PREVIEWS = api_field(f"{_DETAILS}.previews", default={"generation": "off"})


class Service(Object, Generic[AnyVariable]):
    """What every service has that is built from a repository or runs an image.

    Attributes:
        has_address: whether it has an address that browsers can open.
    """

    has_address: ClassVar[bool] = False
    type: str
    repo: RepositoryUrl | None = api_field("repo", deploys=True, disrupts=True)
    branch: BranchName | None = api_field("branch", deploys=True)
    root_dir: Folder | None = api_field("rootDir", deploys=True, default="")
    auto_deploy_trigger: AutoDeployTrigger | None = api_field(deploy_trigger, "autoDeployTrigger", default="commit")
    build_filter: parts.BuildFilter | None = api_field("buildFilter", default={"paths": [], "ignoredPaths": []})
    domains: Annotated[DomainNames, Field(max_length=0)] = Field([])
    env_vars: Annotated[list[AnyVariable], AfterValidator(unique_keys)] = Field([])

    @model_validator(mode="before")
    @classmethod
    def _older_names(cls, given: Any) -> Any:
        return current_names(given) if isinstance(given, dict) else given

    @property
    def groups(self) -> list[str]:
        """Return the names of the environment groups that it links."""
        return [variable.from_group for variable in self.env_vars if variable.from_group]

    @property
    def references(self) -> set[str]:
        """Return the names of the services that its variables refer to."""
        return {variable.service for variable in self.env_vars if variable.service}

    @property
    def has_repository(self) -> bool:
        return True

    @property
    def preview_generation(self) -> str:
        """Return how previews of it are made; off if nothing is declared."""
        previews: parts.Previews | None = getattr(self, "previews", None)
        return previews.generation if previews else "off"

    @property
    def health_path(self) -> str | None:
        """Return the path of its health check, or None if nothing is declared."""
        return None


class Public(Service[AnyVariable], Generic[AnyVariable]):
    """What every service has that browsers can open."""

    has_address = True
    type: Literal["web"] = "web"
    domains: DomainNames = Field([])
    render_subdomain_policy: Switch | None = api_field(f"{_DETAILS}.renderSubdomainPolicy")
    ip_allow_list: list[AllowedAddress] | None = api_field(f"{_DETAILS}.ipAllowList")

    def _problems(self) -> Iterator[str]:
        yield from super()._problems()
        if self.render_subdomain_policy == "disabled" and not self.domains and not self.is_adopted:
            yield "renderSubdomainPolicy: disabled would leave no address; expected domains as well"


class Running(Service[AnyVariable], Generic[AnyVariable]):
    """What every service has that runs a process.

    Attributes:
        new_plan: what a new one gets from Render if none is declared.
    """

    new_plan: ClassVar[str] = "starter"
    runtime: Runtime | None = api_field(f"{_DETAILS}.runtime", deploys=True, disrupts=True)
    plan: ServicePlan | None = api_field(f"{_DETAILS}.plan", disrupts=True)
    region: Region | None = api_field(f"{_DETAILS}.region", fixed=True)
    build_command: Command | None = api_field(f"{_RUN}.buildCommand", deploys=True)
    start_command: Command | None = api_field(f"{_RUN}.startCommand", deploys=True)
    docker_command: str | None = api_field(f"{_RUN}.dockerCommand", deploys=True)
    docker_context: str | None = api_field(f"{_RUN}.dockerContext", deploys=True)
    dockerfile_path: str | None = api_field(f"{_RUN}.dockerfilePath", deploys=True)
    registry_credential: parts.RegistryCredentials | None = api_field(
        _credential, f"{_RUN}.registryCredentialId", deploys=True
    )
    image: parts.Image | None = api_field(_image, "image", deploys=True)

    @property
    def has_repository(self) -> bool:
        return self.runtime != "image"

    def _problems(self) -> Iterator[str]:
        if self.is_adopted:
            return
        if self.runtime is None:
            yield "runtime: expected docker, image, or the language that it is written in"
            return
        commands = {"buildCommand": self.build_command, "startCommand": self.start_command}
        missing = [key for key, text in commands.items() if not text]
        if missing and self.runtime not in ("docker", "image"):
            yield f"{' and '.join(missing)}: required where runtime is {self.runtime}"
        if (self.runtime == "image") != (self.image is not None):
            yield "expected image.url where runtime is image, and nowhere else"
        given = {to_camel(name) for name in self.model_fields_set if getattr(self, name) not in (None, "", [])}
        if idle := sorted(given & NOT_FOR.get(self.runtime, FOR_DOCKER)):
            yield f"{', '.join(idle)}: runtime {self.runtime} has no such thing; remove it"
        if self.plan == "free" and self.type != "web":
            yield f"plan: a {self.type} cannot be free; expected starter or another paid plan"


class Server(Running[AnyVariable], Generic[AnyVariable]):
    """What web services, private services and background workers have.

    Attributes:
        initial_deploy_hook: only a Blueprint has it.
    """

    pre_deploy_command: str | None = api_field(
        f"{_RUN}.preDeployCommand", f"{_DETAILS}.preDeployCommand", deploys=True, default=""
    )
    initial_deploy_hook: str | None = None
    num_instances: parts.Instances | None = api_field(f"{_DETAILS}.numInstances", own_request=True)
    scaling: parts.Scaling | None = api_field(f"{_DETAILS}.autoscaling", own_request=True)
    disk: parts.Disk | None = api_field(f"{_DETAILS}.disk", own_request=True, deploys=True, disrupts=True)
    previews: parts.Previews | None = _PREVIEWS
    max_shutdown_delay_seconds: Seconds | None = api_field(f"{_DETAILS}.maxShutdownDelaySeconds", deploys=True)

    def _problems(self) -> Iterator[str]:
        """Return what does not go together (render.com/docs: Persistent disks, Free instances, Deploys)."""
        yield from super()._problems()
        several = self.scaling or (self.num_instances or 1) > 1
        if self.disk and several:
            yield "a service with a disk runs as one instance: expected no scaling and no numInstances"
        paid = {"disk": self.disk, "preDeployCommand": self.pre_deploy_command, "several instances": several}
        for what in (what for what, given in paid.items() if given and self.plan == "free"):
            yield f"{what}: a free service cannot have that; expected a paid plan"


class WebService(Public[AnyVariable], Server[AnyVariable], Generic[AnyVariable]):
    """A web service. It answers at an address under onrender.com and at its domains."""

    health_check_path: UrlPath | None = api_field(f"{_DETAILS}.healthCheckPath", deploys=True, default="")
    maintenance_mode: parts.MaintenanceMode | None = api_field(f"{_DETAILS}.maintenanceMode")

    @property
    def health_path(self) -> str | None:
        return self.health_check_path or None


class PrivateService(Server[AnyVariable], Generic[AnyVariable]):
    """A service that only others in its workspace and region can reach."""

    type: Literal["pserv"] = "pserv"


class Worker(Server[AnyVariable], Generic[AnyVariable]):
    type: Literal["worker"] = "worker"


class CronJob(Running[AnyVariable], Generic[AnyVariable]):
    type: Literal["cron"] = "cron"
    schedule: Schedule | None = api_field(f"{_DETAILS}.schedule")

    def _problems(self) -> Iterator[str]:
        yield from super()._problems()
        if not self.is_adopted and self.schedule is None:
            yield "schedule: required, a cron expression such as 0 3 * * *"


class StaticSite(Public[AnyVariable], Generic[AnyVariable]):
    """Files on Render's network. It has no process, no plan and no region."""

    runtime: Literal["static"] = "static"
    build_command: Command | None = api_field(f"{_DETAILS}.buildCommand", deploys=True)
    static_publish_path: str | None = api_field(f"{_DETAILS}.publishPath", deploys=True)
    previews: parts.Previews | None = _PREVIEWS
    headers: list[parts.Header] | None = api_field(f"{_DETAILS}.headers", own_request=True)
    routes: list[parts.Route] | None = api_field(f"{_DETAILS}.routes", own_request=True)

    @property
    def health_path(self) -> str | None:
        return "/"


def _tag(service: object) -> str:
    """Return which model is meant, so that problems are reported for that one only."""
    given = service if isinstance(service, dict) else dict(service) if isinstance(service, Model) else {}
    type_, runtime = given.get("type", "web"), given.get("runtime", given.get("env"))
    return "static" if type_ == "web" and runtime == "static" else "keyvalue" if type_ == "redis" else str(type_)


ANY_TYPE = Discriminator(
    _tag,
    custom_error_type="service_type",
    custom_error_message="expected type web, pserv, worker, cron or keyvalue",
)


def current_names(given: Json) -> Json:
    """Return a service in the keys that Blueprints have now. A newer key wins over its older form."""
    kept = dict(given)
    newer: Json = {}
    if "env" in kept:
        newer["runtime"] = kept.pop("env")
    if "autoDeploy" in kept:
        newer["autoDeployTrigger"] = "commit" if kept.pop("autoDeploy") else "off"
    if "domain" in kept:
        kept["domains"] = list(dict.fromkeys([kept.pop("domain"), *kept.get("domains", [])]))
    previews: Json = {}
    if "pullRequestPreviewsEnabled" in kept:
        previews["generation"] = "automatic" if kept.pop("pullRequestPreviewsEnabled") else "off"
    if "previewPlan" in kept:
        previews["plan"] = kept.pop("previewPlan")
    if previews:
        kept["previews"] = previews | kept.get("previews", {})
    return newer | kept
