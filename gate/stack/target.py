"""What the commands know of one environment: its stack's settings, and the addresses it is reached at."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from components.configuration import Loaded, load
from components.settings import Settings
from components.stack_file import StackConfig, StackFileError, locate, names, read
from gate.common.errors import GateError, StackUnavailable
from gate.stack.project import no_file, public_outputs, require_project

T = TypeVar("T")


@dataclass(frozen=True)
class Other:
    """A service beside the one that the frontend talks to. url: without a final slash."""

    url: str
    health_path: str


@dataclass(frozen=True)
class Target:
    """One environment.

    Attributes:
        settings: of its stack, checked.
        owner: of the repository at GitHub.
        frontend_url, backend_url: without a final slash; the first is empty where the environment has no frontend.
        config: the stack's configuration as text by key, without secrets; what gate.vendors.Accounts wants.
        others: the stack's further services by name.
    """

    settings: Settings
    owner: str
    frontend_url: str
    backend_url: str
    config: Mapping[str, str]
    others: Mapping[str, Other] = field(default_factory=dict)

    @property
    def environment(self) -> str:
        """Return the environment's name."""
        return self.settings.environment

    @property
    def repository(self) -> str:
        """Return the name of the application's repository at GitHub."""
        return self.settings.github.repository


def chosen_stacks(chosen: Sequence[str] | None, folder: Path = Path()) -> list[str]:
    """Return the named stacks, else all that have a file in the project, sorted by name, production last.

    Raises:
        StackUnavailable: there is no project, or no such stack in it.
    """
    require_project(str(folder))
    found = _of_the_file(names, folder)
    if not found:
        raise StackUnavailable("there is no Pulumi.<stack>.yaml here: run this in the project's folder")
    if unknown := [name for name in chosen or () if name.rpartition("/")[2] not in found]:
        raise StackUnavailable(f"there is no Pulumi.{unknown[0]}.yaml here: name one of {', '.join(found)}")
    return list(chosen or sorted(found, key=lambda name: name == "production"))


def choose(
    env: str | None,
    stack: str | None,
    environ: Mapping[str, str],
    fits: Callable[[Settings], bool] = lambda _settings: True,
    folder: Path = Path(),
) -> tuple[str, str]:
    """Return the environment and the stack that a command works on: the named one, or the only one that fits.

    Args:
        fits: returns whether the command can work on it.

    Raises:
        GateError: says which ones there are.
    """
    if env:
        return env, stack or env
    found = {
        name: load_stack(None, name, environ, folder)[0].settings
        for name in ([stack] if stack else chosen_stacks(None, folder))
    }
    fitting = {settings.environment: name for name, settings in found.items() if stack or fits(settings)}
    if len(fitting) == 1:
        return fitting.popitem()
    choices = " or ".join(f"--env {one}" for one in fitting or dict.fromkeys(s.environment for s in found.values()))
    raise GateError(f"name the environment: {choices}")


def load_target(
    env: str,
    stack: str | None,
    environ: Mapping[str, str],
    folder: Path = Path(),
    outputs: Callable[[str], Mapping[str, Any]] | None = None,
) -> Target:
    """Read `Pulumi.<stack>.yaml`; needs no secret of it.

    Args:
        environ: BACKEND_URL, FRONTEND_URL and, for further services, SERVICE_URLS, which the stack writes to its GitHub
            environment, win. On a machine that works with several environments, STAGING_BACKEND_URL and so on name the
            addresses of one, and win over these.
        outputs: reads a stack's outputs, asked only for an address that nothing else names.

    Raises: GateError naming the file or the key.
    """
    name = stack or env
    loaded, config = load_stack(env, name, environ, folder)
    settings = loaded.settings
    environ = {
        name: own_address(environ, settings.environment, name) or environ.get(name, "")
        for name in ("BACKEND_URL", "FRONTEND_URL", "SERVICE_URLS")
    }
    for variable in ("FRONTEND_URL", "BACKEND_URL"):
        if not re.match(r"$|https?://[^/\s]+", environ[variable]):
            raise GateError(f"{variable} is no address: expected https:// and a host, such as https://api.example.com")
    frontend = environ["FRONTEND_URL"] or settings.frontend_url or ""
    backend = environ["BACKEND_URL"]
    read = outputs or _outputs
    if not backend:
        backend = str(read(name).get("backendUrl", ""))
    if not backend:
        raise GateError(f"the backend's address is not known: export BACKEND_URL, or run pulumi up on stack {name}")
    others = _others(settings, environ, lambda: read(name))
    return Target(settings, loaded.owner, frontend.rstrip("/"), backend.rstrip("/"), config, others)


def own_address(environ: Mapping[str, str], environment: str, name: str) -> str:
    """Return a variable that is meant for one environment only, such as STAGING_BACKEND_URL; empty if it is not set."""
    prefix = re.sub(r"\W", "_", environment).upper()
    return environ.get(f"{prefix}_{name}", "")


def _others(
    settings: Settings, environ: Mapping[str, str], outputs: Callable[[], Mapping[str, Any]]
) -> dict[str, Other]:
    services = [service for service in settings.render.other_services if service.has_address]
    if not services:
        return {}
    try:
        urls = json.loads(environ.get("SERVICE_URLS") or "null") or outputs().get("serviceUrls") or {}
        addresses = {service.name: str(urls[service.name]).rstrip("/") for service in services}
    except (ValueError, KeyError, TypeError):
        names = ", ".join(service.name for service in services)
        told = "export SERVICE_URLS, JSON with an address by name, or run pulumi up"
        raise GateError(f"the addresses of {names} are not known: {told}") from None
    path = settings.smoke.health_path
    return {service.name: Other(addresses[service.name], service.health_path or path) for service in services}


def load_settings(
    env: str, stack: str | None, environ: Mapping[str, str], folder: Path = Path()
) -> tuple[Settings, Mapping[str, str]]:
    """Return the settings and the configuration, for code that needs no address.

    Raises:
        GateError: names the file or the key.
    """
    loaded, config = load_stack(env, stack or env, environ, folder)
    return loaded.settings, config


def load_peers(settings: Settings, environ: Mapping[str, str], folder: Path = Path()) -> list[Settings]:
    """Return the settings of the other environments whose files are here, in the order of `marketedge:peers`.

    Raises:
        GateError: names the file or the key.
    """
    here = [name for name in settings.peers if stack_file(name, folder).exists()]
    return [load_stack(None, name, environ, folder)[0].settings for name in here]


def stack_file(name: str, folder: Path = Path()) -> Path:
    """Return the file of a stack.

    Args:
        name: a stack, or organization/project/stack.

    Raises:
        StackUnavailable: there is none.
    """
    return _of_the_file(locate, name, folder)


def load_stack(
    env: str | None, name: str, environ: Mapping[str, str], folder: Path
) -> tuple[Loaded, Mapping[str, str]]:
    """Read and check a stack's file, and return it with the configuration as text by key.

    Args:
        env: the environment that it has to be; None accepts any.

    Raises:
        GateError: names the file or the key.
    """
    path = stack_file(name, folder)
    config = read_config(path)
    loaded = load(name, config, frozenset(), environ, check_secrets=False, file=config)
    environment = loaded.settings.environment
    if env not in (None, environment):
        raise GateError(
            f"{path.name} is of the environment {environment}, not {env}: use --env {environment}, or name the --stack "
            f"of {env}"
        )
    return loaded, config


def read_config(path: Path) -> StackConfig:
    """Return a stack's configuration as Pulumi sees it, without what is encrypted.

    Raises:
        StackUnavailable: the file cannot be read.
    """
    return _of_the_file(read, path)


def _of_the_file(look: Callable[..., T], *arguments: object) -> T:
    try:
        return look(*arguments)
    except FileNotFoundError as error:
        raise StackUnavailable(no_file(Path(str(error.filename)))) from None
    except (OSError, StackFileError) as error:
        raise StackUnavailable(str(error)) from None


def _outputs(stack: str) -> Mapping[str, Any]:
    try:
        return public_outputs(stack)
    except GateError as error:
        raise GateError(
            f"the backend's address is not known, because the stack {stack} cannot be read: {error}. To do without the "
            "stack, set BACKEND_URL (and SERVICE_URLS where there are further services)"
        ) from None
