"""Reads what exists at the vendors, as far as the given tokens allow. It never reads a variable's value.

A vendor that cannot be asked is no error: its questions have no proposals, and `notes` says why.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, TypeVar

from blueprint.workspace import Session, connect
from components.accounts import Accounts, Repository
from gate.common.errors import GateError

Found = TypeVar("Found")
_DEADLINE = 30.0
"""Seconds for Render, because somebody waits."""
_WEB_APPLICATIONS = ("spa", "regular_web")


@dataclass
class VendorAccounts:
    """The vendors' accounts. Each is asked when a question needs it.

    Attributes:
        answers: those that are known by now. They name repository, project and workspace.
        notes: what could not be read, and why.
    """

    environ: Mapping[str, str] = field(repr=False)
    answers: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _open: ExitStack = field(default_factory=ExitStack, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._open.close()

    def propose(self, name: str, answers: Mapping[str, str]) -> list[str]:
        """Return proposals; see `questions.Propose`."""
        self.answers = dict(answers)
        look = {
            "check": self._checks,
            "auth0_domain": lambda: [self.environ.get("AUTH0_DOMAIN", "")],
            "application": self._applications,
            "render_service": lambda: [one["name"] for one in self._services()],
            "render_workspace": lambda: list(self._render.workspaces),
            "vercel_project": lambda: [one["name"] for one in self._projects()],
            "vercel_team": lambda: [self.environ.get("VERCEL_TEAM", "")],
            "domain": self._domains,
            "staging_domain": lambda: [
                f"staging.{parent}" for parent in [self.answers["domain"].partition(".")[2]] if parent
            ],
        }.get(name, list)
        return [one for one in self._tried(look) or [] if one]

    def default_branch(self) -> str:
        """Return the repository's default branch, or main if it cannot be read."""
        return str((self._tried(lambda: self._github.get(needs="Metadata: read")) or {}).get("default_branch", "main"))

    def login(self) -> dict[str, list[str]]:
        """Return production's addresses at Auth0, by the stack file's keys; empty lists if there are none."""
        found = self._tried(self._application) or {}
        keys = {"callbacks": "callbacks", "logoutUrls": "allowed_logout_urls", "webOrigins": "web_origins"}
        return {ours: list(found.get(theirs) or []) for ours, theirs in keys.items()}

    def service(self) -> dict[str, Any]:
        """Return production's service as Render has it; empty if it cannot be read."""
        services = self._tried(self._services) or []
        return next((one for one in services if one["name"] == self.answers["render_service"]), {})

    def variables(self) -> list[str]:
        """Return the names of the service's variables."""
        service = self.service()
        if not service:
            return []
        path = f"/services/{service['id']}/env-vars"
        pages = self._tried(lambda: list(self._render.client.pages(path))) or []
        return [str(one["key"]) for one in pages]

    def root_directory(self) -> str:
        """Return the frontend's folder in the repository; empty if it is at the root."""
        name = self.answers["vercel_project"]
        project = self._tried(lambda: self._accounts.vercel.project(name)) or {}
        return str(project.get("rootDirectory") or "")

    def _tried(self, look: Callable[[], Found]) -> Found | None:
        try:
            return look()
        except GateError as error:
            note = " ".join(str(error).split())
            self.notes += [] if note in self.notes else [note]
            return None

    @cached_property
    def _render(self) -> Session:
        owner = self.answers.get("render_workspace") or self.environ.get("RENDER_OWNER_ID", "")
        environ = {**self.environ, "RENDER_OWNER_ID": owner}
        return self._open.enter_context(connect(environ, lambda _line: None, deadline=_DEADLINE))

    @cached_property
    def _accounts(self) -> Accounts:
        config = {"github:owner": self.answers["repository"].partition("/")[0]}
        config |= {"vercel:team": team} if (team := self.answers.get("vercel_team")) else {}
        return self._open.enter_context(Accounts(self.environ, config))

    @property
    def _github(self) -> Repository:
        return self._accounts.repository(self.answers["repository"].partition("/")[2])

    def _checks(self) -> list[str]:
        """Return the checks that GitHub Actions reported on the newest pull requests, the most frequent first."""
        seen: Counter[str] = Counter()
        for pull in self._github.get("pulls", "Pull requests: read", state="all", per_page=5) or []:
            runs = self._github.pages(f"commits/{pull['head']['sha']}/check-runs", "Checks: read", item="check_runs")
            seen.update({run["name"] for run in runs if run["app"]["slug"] == "github-actions"})
        return sorted(seen, key=lambda name: (-seen[name], name))

    def _applications(self) -> list[str]:
        return [one.name for one in self._accounts.auth0.clients() if one.app_type in _WEB_APPLICATIONS]

    def _application(self) -> dict[str, Any]:
        named = self._accounts.auth0.named(self.answers["application"])
        return self._accounts.auth0.details(named[0].id) if len(named) == 1 else {}

    def _services(self) -> list[dict[str, Any]]:
        """Return the web services that are built from the repository."""
        url = f"https://github.com/{self.answers['repository']}".lower()
        web = (one for one in self._render.listing("/services") if one["type"] == "web_service")
        return [one for one in web if str(one.get("repo")).lower().removesuffix(".git") == url]

    def _projects(self) -> list[dict[str, Any]]:
        """Return the projects of the repository."""
        owner, _, name = self.answers["repository"].partition("/")
        found = self._accounts.vercel.projects(name)
        return [one for one in found if str((one.get("link") or {}).get("org", owner)).lower() == owner.lower()]

    def _domains(self) -> list[str]:
        if not (project := self.answers.get("vercel_project")):
            return []
        found = self._accounts.vercel.domains(project, production="true")
        return [one["name"] for one in found if not one["name"].endswith(".vercel.app") and not one.get("gitBranch")]
