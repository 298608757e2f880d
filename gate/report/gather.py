"""Reads everything for the page. If a vendor cannot be read, only its own part is empty."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pulumi import automation

from components import environments_document as matrix
from components.configuration import Loaded, load
from components.configuration_errors import SettingsError
from components.settings import Settings
from components.stack_file import StackConfig
from gate.common.errors import GateError
from gate.report import figures, history
from gate.report import stack_state as state
from gate.report.estate import Drift, Estate, Missing, StackOverview, State
from gate.report.history import Deployment
from gate.report.links import Places
from gate.report.now import News, live, news
from gate.stack.project import open_project
from gate.stack.target import chosen_stacks, own_address, read_config, stack_file
from gate.vendors import Accounts, VendorError
from gate.vendors.github import web
from gate.vendors.repository import Repository

NOT_ASKED = Missing("not looked at: run it with --drift, or name an earlier report with --drift-from", trouble=False)
Check = Callable[[str], Drift]
Probe = Callable[[str], str]
"""Returns what is wrong with an address; nothing if it answers."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes:
        stacks: names of those to show.
        since, until: the period of the releases that are shown.
        drift: earlier reports by stack.
        check: looks for drift now; None to leave that out.
        probe: tests whether an address answers; None to leave that out.
    """

    stacks: Sequence[str]
    since: datetime
    until: datetime
    drift: Mapping[str, Drift] = field(default_factory=dict)
    check: Check | None = None
    probe: Probe | None = None


def gather(
    wanted: Wanted, environ: Mapping[str, str], tell: Callable[[str], None] = lambda _t: None, folder: Path = Path()
) -> Estate:
    """Return everything, or why it cannot be read."""
    workspace: automation.LocalWorkspace | Missing
    try:
        workspace = open_project(str(folder))
    except GateError as error:
        workspace = Missing(str(error))
    stacks = []
    for name in wanted.stacks:
        tell(name)
        stacks.append(_stack(name, wanted, environ, workspace, folder))
    return Estate(wanted.until, wanted.since, stacks, _matrix(stacks, environ, folder), _figures(stacks, wanted))


def _stack(
    name: str, wanted: Wanted, environ: Mapping[str, str], workspace: automation.LocalWorkspace | Missing, folder: Path
) -> StackOverview:
    drift = _drift(name, wanted)
    try:
        config = read_config(stack_file(name, folder))
        loaded = _load(name, config, environ)
    except (GateError, SettingsError) as error:
        unread = Missing("its configuration cannot be read", trouble=False)
        places = Places("", "", "", "")
        found = workspace if isinstance(workspace, Missing) else state.read(workspace, name, places)
        return StackOverview(name, Missing(str(error)), "", found, drift, unread)
    places = _places(loaded, config, environ)
    found = workspace if isinstance(workspace, Missing) else state.read(workspace, name, places)
    releases, detected, news = _releases(loaded.settings, config, environ, wanted)
    health = _health(loaded.settings, found, wanted.probe, environ)
    serves = live(loaded.settings.render.service.name, environ) if wanted.probe else None
    return StackOverview(
        name, loaded.settings, places.repository, found, drift, releases, health, detected, serves, news
    )


def _health(
    settings: Settings, found: State | Missing, probe: Probe | None, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the health; see Stack.health."""
    if probe is None or isinstance(found, Missing):
        return {}
    backend = own_address(environ, settings.environment, "BACKEND_URL") or found.backend_url
    addresses = {"backend": backend and f"{backend}{settings.smoke.health_path}"}
    addresses["frontend"] = own_address(environ, settings.environment, "FRONTEND_URL") or found.frontend_url
    return {name: probe(address) for name, address in addresses.items() if address}


def _load(name: str, config: StackConfig, environ: Mapping[str, str]) -> Loaded:
    """Return the settings, without any token.

    Raises:
        SettingsError: the stack file is wrong.
    """
    others = {key: value for key, value in environ.items() if key != "VERCEL_API_TOKEN"}
    return load(name, config, frozenset(), others, check_secrets=False, file=config)


def _places(loaded: Loaded, config: Mapping[str, str], environ: Mapping[str, str]) -> Places:
    settings = loaded.settings
    base = config.get("github:baseUrl") or environ.get("GITHUB_BASE_URL", "")
    return Places(
        repository=f"{web(base)}/{loaded.owner}/{settings.github.repository}",
        tenant=config.get("auth0:domain") or environ.get("AUTH0_DOMAIN") or settings.auth0.domain,
        team=config.get("vercel:team") or environ.get("VERCEL_TEAM", ""),
        project=settings.vercel.project if settings.vercel else "",
    )


def _drift(name: str, wanted: Wanted) -> Drift | Missing:
    if name in wanted.drift:
        return wanted.drift[name]
    if wanted.check is None:
        return NOT_ASKED
    try:
        return wanted.check(name)
    except GateError as error:
        return Missing(str(error))


def _releases(
    settings: Settings, config: Mapping[str, str], environ: Mapping[str, str], wanted: Wanted
) -> tuple[list[Deployment] | Missing, list[float] | str, list[News]]:
    """Return the releases, oldest first, the detection times (see Stack.detected), and what goes on."""
    try:
        with Accounts(environ, config) as accounts:
            repository = Repository(accounts.github, settings.github.repository)
            found = history.read(repository, settings.github.environment.name, wanted.since, commits=True)
            detected = history.detected(repository, settings.environment, wanted.since) if settings.live else []
            return found, detected, _news(repository, settings)
    except GateError as error:
        return Missing(str(error)), [], []
    except (KeyError, TypeError, AttributeError, ValueError) as error:  # its text may be anything
        return Missing(f"GitHub gave an answer that is not understood ({type(error).__name__})"), [], []


def _news(repository: Repository, settings: Settings) -> list[News]:
    try:
        return list(news(repository, settings.environment, settings.github.environment.name))
    except VendorError:  # a token that may not read issues still shows the releases
        return []


def _figures(stacks: Sequence[StackOverview], wanted: Wanted) -> list[figures.Figure] | Missing:
    """Return the releases of the first environment that is released by tags, and of the first one before it."""
    histories: dict[bool, list[Deployment]] = {}
    detected = next(
        (stack.detected for stack in stacks if isinstance(stack.settings, Settings) and stack.settings.live), []
    )
    for stack in stacks:
        if isinstance(stack.settings, Settings) and isinstance(stack.releases, list):
            histories.setdefault(stack.settings.live, stack.releases)
    if len(histories) < 2:
        which = "staging" if False not in histories else "production"
        return Missing(f"they are computed from both environments, and {which}'s releases are not known", False)
    return figures.figures(histories[False], histories[True], wanted.since, wanted.until, detected)


def _matrix(stacks: Sequence[StackOverview], environ: Mapping[str, str], folder: Path) -> list[list[str]] | Missing:
    """Return the matrix of every environment that has a stack file, whichever stacks are shown."""
    found = {stack.name: stack.settings for stack in stacks if isinstance(stack.settings, Settings)}
    try:
        for name in chosen_stacks(None, folder):
            if name not in found:
                found[name] = _load(name, read_config(stack_file(name, folder)), environ).settings
    except (GateError, SettingsError) as error:
        return Missing(f"it needs the settings of all environments: {error}", trouble=False)
    return matrix.environments(sorted(found.values(), key=lambda settings: settings.live))
