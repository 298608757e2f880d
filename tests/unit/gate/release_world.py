"""A production that can be released to, in simulators: main, tags, builds, a service. Time passes where one waits."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blueprint.workspace import connect
from components.accounts import Accounts
from components.configuration import load
from gate.common.budget import Budget
from gate.release.backend import RenderService
from gate.release.environment import Environment, Smoke, Tested
from gate.release.frontend import VercelProject
from gate.release.lock import ReleaseLock
from gate.release.records import Records
from gate.stack.target import Target, read_config
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.releases import serving
from rehearsal.render_api import RenderSimulator
from rehearsal.vendor_api import github_git, vercel_deployments
from tests.unit.settings.stack_file import STACKS

REPOSITORY, SERVICE, FRONTEND = "MarketEdge-Platform", "marketedge-platform", "marketedge-frontend"
CONTEXT = "staging-smoke-tests"
CREDENTIALS = {
    "GITHUB_TOKEN": "ghp_release",
    "AUTH0_DOMAIN": "release.auth0.com",
    "AUTH0_CLIENT_ID": "management",
    "AUTH0_CLIENT_SECRET": "management-secret",
    "VERCEL_API_TOKEN": "a" * 24,
}
URL = "https://github.com/zebra-devops/MarketEdge-Platform"


class Verdict:
    """What a smoke test finds: bad while a bad commit serves."""

    def __init__(self, passed: bool) -> None:
        self.headline = "1 passed" if passed else "1 failed"
        self.problems = [] if passed else ["health"]


@dataclass
class ReleaseWorld:
    """What exists, and what goes wrong next. unhealthy: commits that build and then do not work. over: ended runs."""

    estate: Estate
    render: RenderSimulator
    environ: dict[str, str]
    time: list[float]
    unhealthy: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    who: str = "run 1"
    over: set[str] = field(default_factory=set)

    def push(self, *, build: bool = True, smoked: bool = True, files: Sequence[str] = ()) -> str:
        """A commit reaches main: it is built and, once staging liked it, may be released."""
        sha = github_git.commit(self.estate, REPOSITORY, "main", **({"files": files} if files else {}))
        if build:
            vercel_deployments.build(self.estate, FRONTEND, sha, "main")
        if smoked:
            github_git.status(self.estate, REPOSITORY, sha, CONTEXT)
        self.render.push(URL, "main", sha)
        return sha

    def tagged(self, tag: str, **options: bool) -> str:
        sha = self.push(**options)
        github_git.tag(self.estate, REPOSITORY, tag, sha, annotated=True)
        return sha

    def serving(self) -> tuple[str, str]:
        """Commits at Render and Vercel."""
        return serving(self.render, self.estate)

    def states(self) -> list[tuple[str, str, str]]:
        """Task, tag and newest state of every record, oldest first."""
        newest = {s["deployment"]: s["state"] for s in self.estate.find_all("github", "deployment_status")}
        records = self.estate.find_all("github", "deployment")
        return [(r["task"], r["payload"]["tag"], newest.get(r["id"], "")) for r in records]

    def locks(self) -> list[str]:
        return [r["ref"] for r in self.estate.find_all("github", "ref") if r["ref"].startswith("refs/gate/")]

    def writes(self) -> list[str]:
        return [f"{r.method} {r.path}" for r in self.render.requests if r.method != "GET"]

    def sleep(self, seconds: float) -> None:
        self.time[0] += seconds

    def budget(self, seconds: float = 1800) -> Budget:
        return Budget(seconds, self.said.append, clock=lambda: self.time[0], sleep=self.sleep)

    @contextlib.contextmanager
    def environment(self, smoke: Smoke | None = None) -> Iterator[Environment]:
        """As the command opens it."""
        config = read_config(STACKS / "Pulumi.production.yaml")
        settings = load("production", config, frozenset(), {}, check_secrets=False).settings
        target = Target(settings, "zebra-devops", "https://app.test", "https://api.test", config)
        environ = {"RENDER_API_KEY": "rnd_release"}
        with (
            Accounts(self.environ, config) as accounts,
            connect(environ, self.said.append, self.render.transport()) as session,
        ):
            repository = accounts.repository(REPOSITORY)
            lock = ReleaseLock(repository, "production", "main", self.who, self.over.__contains__)
            records, tested = Records(repository, "production", live=True), smoke or self._smoke
            backend, frontend = RenderService(session, SERVICE), VercelProject(accounts.vercel, FRONTEND)
            yield Environment(target, repository, records, lock, tested, backend, frontend)

    def _smoke(self, _seconds: float = 300) -> Tested:
        return Verdict(not self.unhealthy & set(self.serving()))


@contextlib.contextmanager
def release_world(folder: Path) -> Iterator[ReleaseWorld]:
    """Production at cutover: nothing deploys or takes the domains over by itself."""
    time = [1_800_000_000.0]
    render = RenderSimulator(
        api_keys={"rnd_release": ["tea-1"]},
        owners=[{"id": "tea-1", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}],
        clock=lambda: time[0],
        rate_limits=False,
        deploy_seconds=60.0,
    )
    estate = Estate(folder / "estate")
    estate.seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}", private=True)
    estate.seed("github", "branch", repository=REPOSITORY, branch="main", sha="0" * 40)
    git = {"type": "github", "repo": f"zebra-devops/{REPOSITORY}", "productionBranch": "main"}
    estate.seed("vercel", "project", name=FRONTEND, gitRepository=git, autoAssignCustomDomains=False)
    details = {"runtime": "python", "plan": "starter", "region": "oregon"}
    details |= {"envSpecificDetails": {"buildCommand": "b", "startCommand": "s"}}  # type: ignore[dict-item]
    body = {"type": "web_service", "name": SERVICE, "ownerId": "tea-1", "repo": URL, "branch": "main"}
    with connect({"RENDER_API_KEY": "rnd_release"}, lambda _l: None, render.transport()) as session:
        session.client.post("/services", {**body, "autoDeploy": "no", "serviceDetails": details})
    time[0] += 120
    render.settle()
    with vendor_api.serve(estate, CREDENTIALS) as addresses:
        yield ReleaseWorld(estate, render, {**CREDENTIALS, **addresses.environment}, time)
