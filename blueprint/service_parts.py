"""The parts of a service, in a Blueprint's words, and what the REST API takes for those that it has in another form."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from blueprint.fields import Json
from blueprint.kinds_of_text import OffAsText, ServicePlan
from blueprint.sources import Model

Generation = Annotated[Literal["off", "manual", "automatic"], OffAsText]
Percent = Annotated[int, Field(ge=1, le=90)]
Instances = Annotated[int, Field(ge=1, le=100)]
"""Of one service (render.com/docs/scaling)."""


class BuildFilter(Model):
    """Glob patterns of the files whose change starts a build (`paths`) or does not (`ignoredPaths`)."""

    paths: list[str] = Field([])
    ignored_paths: list[str] = Field([])


class Previews(Model):
    """Service previews. Only a Blueprint can set their plan and num_instances."""

    generation: Generation = "off"
    plan: ServicePlan | None = None
    num_instances: Instances | None = None

    def api(self) -> Json:
        return {"generation": self.generation}


class RegistryCredentials(Model):
    """The credentials for a registry that the workspace keeps, by name."""

    class Named(Model):
        name: Annotated[str, Field(min_length=1)]

    from_registry_creds: Named

    def api(self) -> str:
        return self.from_registry_creds.name


class Image(Model):
    url: Annotated[str, Field(min_length=1, pattern=r"^\S*[^\s:/@]$")]
    creds: RegistryCredentials | None = None

    def api(self) -> Json:
        return {"imagePath": image_path(self.url), "registryCredential": self.creds.api() if self.creds else None}


def image_path(url: str) -> str:
    """Return one text for the ways to write an image: without the default registry and namespace, with its tag."""
    path = url.removeprefix("https://").removeprefix("docker.io/").removeprefix("library/")
    return path if ":" in path.rpartition("/")[2] or "@" in path else f"{path}:latest"


class Scaling(Model):
    min_instances: Instances
    max_instances: Instances
    target_memory_percent: Percent | None = None
    target_cpu_percent: Percent | None = Field(None, alias="targetCPUPercent")

    def _problems(self) -> Iterator[str]:
        if self.target_cpu_percent is None and self.target_memory_percent is None:
            yield "expected targetCPUPercent or targetMemoryPercent"
        if self.min_instances > self.max_instances:
            yield "expected minInstances to be at most maxInstances"

    def api(self) -> Json:
        def target(percent: int | None) -> Json:
            return {"enabled": percent is not None, "percentage": percent or 70}

        criteria = {"cpu": target(self.target_cpu_percent), "memory": target(self.target_memory_percent)}
        return {"enabled": True, "min": self.min_instances, "max": self.max_instances, "criteria": criteria}


class Disk(Model):
    name: Annotated[str, Field(min_length=1)]
    mount_path: Annotated[str, Field(pattern=r"^/.")]
    size_gb: Annotated[int, Field(ge=1)] = Field(10, alias="sizeGB")


class Header(Model):
    path: str
    name: str
    value: str


class Route(Model):
    type: Literal["redirect", "rewrite"]
    source: str
    destination: str


class MaintenanceMode(Model):
    enabled: bool
    uri: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
