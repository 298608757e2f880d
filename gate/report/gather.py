"""Reads everything for the page. If a vendor cannot be read, only its own part is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pulumi import automation

from components import documents as matrix
from components.accounts import Accounts, VendorError
from components.accounts.github import web
from components.configuration import Loaded
from components.settings import Settings
from gate.common.errors import GateError
from gate.report import releases, stack_state
from gate.report.estate import Estate, Missing, StackOverview, State
from gate.report.figures import Figure, figures
from gate.report.stack_state import Places
from gate.stack.project import open_project
from gate.stack.target import chosen_stacks, load_stack, own_address

if TYPE_CHECKING:
    from gate.changes.drift import DriftReport

T = TypeVar("T")
_NOT_ASKED = Missing("not looked at: run it with --drift, or name an earlier report with --drift-from", trouble=False)


@dataclass(frozen=True)
class Wanted:
    """What the page shows, and with what it is read.

    Attributes:
        stacks: names of those to show.
        since, until: the period of the releases that are shown.
        environ: has the vendors' tokens, and addresses that win over the stack's.
        drift: earlier reports by stack.
        check: looks for drift in a stack now; None to leave that out.
        probe: returns what is wrong with an address, nothing if it answers; None to leave that out.
        folder: the project's.
    """

    stacks: Sequence[str]
    since: datetime
    until: datetime
    environ: Mapping[str, str] = field(repr=False)
    drift: Mapping[str, DriftReport] = field(default_factory=dict)
    check: Callable[[str], DriftReport] | None = None
    probe: Callable[[str], str] | None = None
    folder: Path = Path()

    def gather(self, tell: Callable[[str], None] = lambda _text: None) -> Estate:
        """Return everything, or why it cannot be read."""
        stacks = []
        for name in self.stacks:
            tell(name)
            stacks.append(self._stack(name))
        return Estate(self.until, self.since, stacks, self._matrix(stacks), self._figures(stacks))

    def _stack(self, name: str) -> StackOverview:
        drift = self._drift(name)
        try:
            loaded, config = self._load(name)
        except GateError as error:
            unread = Missing("its configuration cannot be read", trouble=False)
            return StackOverview(name, Missing(str(error)), "", self._state(name, Places()), drift, unread)
        settings, places = loaded.settings, self._places(loaded, config)
        state = self._state(name, places)
        past, detected, news = self._releases(settings, config)
        health = self._health(settings, state)
        live = releases.live(settings.render.service.name, self.environ) if self.probe else None
        return StackOverview(name, settings, places.repository, state, drift, past, health, detected, live, news)

    @cached_property
    def _workspace(self) -> automation.LocalWorkspace | Missing:
        return _or_why_not(lambda: open_project(str(self.folder)))

    def _state(self, name: str, places: Places) -> State | Missing:
        here = self._workspace
        return here if isinstance(here, Missing) else stack_state.read(here, name, places)

    def _load(self, name: str) -> tuple[Loaded, Mapping[str, str]]:
        """Return the settings and the configuration, whatever the token for Vercel is."""
        others = {key: value for key, value in self.environ.items() if key != "VERCEL_API_TOKEN"}
        return load_stack(None, name, others, self.folder)

    def _places(self, loaded: Loaded, config: Mapping[str, str]) -> Places:
        settings, environ = loaded.settings, self.environ
        base = config.get("github:baseUrl") or environ.get("GITHUB_BASE_URL", "")
        return Places(
            repository=f"{web(base)}/{loaded.owner}/{settings.github.repository}",
            tenant=config.get("auth0:domain") or environ.get("AUTH0_DOMAIN") or settings.auth0.domain,
            team=config.get("vercel:team") or environ.get("VERCEL_TEAM", ""),
            project=settings.vercel.project if settings.vercel else "",
        )

    def _drift(self, name: str) -> DriftReport | Missing:
        if name in self.drift:
            return self.drift[name]
        return _or_why_not(partial(self.check, name)) if self.check else _NOT_ASKED

    def _health(self, settings: Settings, state: State | Missing) -> dict[str, str]:
        """Return the health; see StackOverview.health."""
        if self.probe is None or isinstance(state, Missing):
            return {}
        own = partial(own_address, self.environ, settings.environment)
        backend, frontend = own("BACKEND_URL") or state.backend_url, own("FRONTEND_URL") or state.frontend_url
        addresses = {"backend": backend and f"{backend}{settings.smoke.health_path}", "frontend": frontend}
        return {name: self.probe(address) for name, address in addresses.items() if address}

    def _releases(
        self, settings: Settings, config: Mapping[str, str]
    ) -> tuple[list[releases.Deployment] | Missing, list[float] | str, list[releases.News]]:
        """Return the releases, oldest first, the detection times (see StackOverview.detected), and what goes on."""
        environment = settings.github.environment.name
        try:
            with Accounts(self.environ, config) as accounts:
                repository = accounts.repository(settings.github.repository)
                found = releases.read(repository, environment, self.since)
                detected = releases.detected(repository, settings.environment, self.since) if settings.live else []
                try:
                    news = list(releases.news(repository, settings.environment, environment))
                except VendorError:  # a token that may not read issues still shows the releases
                    news = []
                return found, detected, news
        except GateError as error:
            return Missing(str(error)), [], []
        except (KeyError, TypeError, AttributeError, ValueError) as error:  # its text may be anything
            return Missing(f"GitHub gave an answer that is not understood ({type(error).__name__})"), [], []

    def _figures(self, stacks: Sequence[StackOverview]) -> list[Figure] | Missing:
        """Return those of the first environment that is released by tags, and of the first one before it."""
        readable = [(one.settings, one) for one in stacks if isinstance(one.settings, Settings)]
        first = {settings.live: one for settings, one in reversed(readable)}
        known = {settings.live: one.releases for settings, one in reversed(readable) if isinstance(one.releases, list)}
        if len(known) < 2:
            which = "staging" if False not in known else "production"
            return Missing(f"they are computed from both environments, and {which}'s releases are not known", False)
        return figures(known[False], known[True], self.since, self.until, first[True].detected)

    def _matrix(self, stacks: Sequence[StackOverview]) -> list[list[str]] | Missing:
        """Return the matrix of every environment that has a stack file, whichever stacks are shown."""
        found = {stack.name: stack.settings for stack in stacks if isinstance(stack.settings, Settings)}
        try:
            for name in chosen_stacks(None, self.folder):
                if name not in found:
                    found[name] = self._load(name)[0].settings
        except GateError as error:
            return Missing(f"it needs the settings of all environments: {error}", trouble=False)
        return matrix.environments(sorted(found.values(), key=lambda settings: settings.live))


def _or_why_not(read: Callable[[], T]) -> T | Missing:
    """Return what is read, or why it cannot be."""
    try:
        return read()
    except GateError as error:
        return Missing(str(error))
