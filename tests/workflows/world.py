"""Both environments in simulators behind real sockets, and act, which runs the delivered workflows against them."""

from __future__ import annotations

import contextlib
import http.server
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from blueprint.workspace import connect
from rehearsal import application, vendor_api
from rehearsal.application import Application
from rehearsal.loopback import running
from rehearsal.plugins import Estate
from rehearsal.render_api import RenderSimulator, serve
from rehearsal.vendor_api import github_actions, github_git, vercel_deployments
from rehearsal.vendor_api.github_actions import approve, enter
from tests.warm import WARM

from .conftest import PROJECT
from .running import Done, Runner, StandIn

REPOSITORY, FRONTEND = "MarketEdge-Platform", "marketedge-frontend"
URL = "https://github.com/zebra-devops/MarketEdge-Platform"
TENANT = "dev-g8trhgbfdq2sk2m8.us.auth0.com"
SERVICES = {"production": "marketedge-platform", "staging": "marketedge-platform-staging"}
ORIGINS = {
    "production": "https://platform.marketedge.co.uk,https://marketedge-platform.onrender.com,"
    "https://app.zebra.associates,https://staging.zebra.associates,https://*.vercel.app",
    "staging": "https://staging.zebra.associates,https://*.vercel.app,http://localhost:3000",
}
SECRETS = {
    "GITHUB_TOKEN": "ghp_workflow_token_of_a_test",
    "RENDER_API_KEY": "rnd_workflow_key_of_a_test",
    "VERCEL_API_TOKEN": "abcdefghijklmnopqrstuvwx",
}
CREDENTIALS = {
    **{name: SECRETS[name] for name in ("GITHUB_TOKEN", "VERCEL_API_TOKEN")},
    **{"AUTH0_DOMAIN": TENANT, "AUTH0_CLIENT_ID": "management", "AUTH0_CLIENT_SECRET": "management-secret"},
}
STAND_INS = {
    "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683": StandIn(
        """\
mkdir -p "$INPUT_PATH"
for name in rehearsal/stacks/* requirements-gate.txt gate components blueprint; do
  ln -sf "$GATE_SOURCE"/$name "$INPUT_PATH/"
done
""",
        inputs=("path",),
    ),
    "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065": StandIn('echo "$PYTHON_FOLDER" >> "$GITHUB_PATH"'),
    "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02": StandIn(
        'mkdir -p "$ARTIFACTS" && if [ -d "$INPUT_PATH" ]; then cp -r "$INPUT_PATH" "$ARTIFACTS/$INPUT_NAME"; fi',
        inputs=("path", "name"),
    ),
}


@dataclass
class WorkflowWorld:
    """app: by environment; its `unhealthy` commits deploy well and do not work. told: what the team's chat got.

    heard: what happens when the chat gets a message that starts so. approvals: that the last run needed.
    more: variables that win over the given ones.
    """

    folder: Path
    tools: Path
    repository: Path
    estate: Estate
    render: RenderSimulator
    app: dict[str, Application]
    environment: dict[str, str]
    addresses: dict[str, tuple[str, str]]
    webhook: str
    told: list[str]
    heard: dict[str, Callable[[], None]]
    approvals: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    def head(self) -> str:
        """The commit that a workflow sees as its own."""
        command = ["git", "rev-parse", "HEAD"]
        return subprocess.run(command, cwd=self.repository, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self) -> str:
        """A new commit of the repository, on its way to GitHub, Render and Vercel."""
        who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
        command = ["git", *who, "commit", "-q", "--allow-empty", "-m", "work"]
        subprocess.run(command, cwd=self.repository, check=True)
        return self.head()

    def merge(self, branch: str) -> str:
        """A merge to a branch reaches everybody."""
        sha = github_git.commit(self.estate, REPOSITORY, branch, sha=self.commit())
        vercel_deployments.build(self.estate, FRONTEND, sha, branch)
        self.render.push(URL, branch, sha)
        return sha

    def tagged(self, tag: str) -> str:
        sha = self.merge("main")
        github_git.status(self.estate, REPOSITORY, sha, "staging-smoke-tests")
        github_git.tag(self.estate, REPOSITORY, tag, sha)
        return sha

    def serving(self, environment: str) -> str:
        """The commit that Render serves an environment with."""
        now = self.app[environment].running()
        return now[0] if now else ""

    def admit(self, workflow: str, ref: str) -> list[str]:
        """What GitHub asks before the jobs of a run begin: policies of environments, and reviewers for each job.

        Returns: the environments that were approved, one for each job that had to wait; `refused` in the end where
        an environment does not take the ref.
        """
        number = 1 + max((o["number"] for o in self.estate.find_all("github", "run")), default=0)
        github_actions.run(self.estate, REPOSITORY, number, status="in_progress", sha=self.head())
        approved: list[str] = []
        for environment in environments(self.repository, workflow):
            while (answer := enter(self.estate, REPOSITORY, number, environment, ref)) == "waiting":
                approved.append(environment)
                approve(self.estate, REPOSITORY, number, environment)
            if answer == "refused":
                return [*approved, "refused"]
        return approved

    def act(self, event: str, workflow: str, environment: str, payload: dict[str, Any]) -> Done:
        """Run one workflow on this machine, as GitHub would for an event."""
        self.approvals = self.admit(workflow, payload["ref"])
        if self.approvals[-1:] == ["refused"]:
            return Done([], 1, "", f"{payload['ref']} is not allowed to deploy to {environment}")
        runner = Runner(self.folder, self.tools, self.repository, STAND_INS, self.environment)
        variables, secrets = self.given(environment)
        return runner.act(event, workflow, payload, variables=variables, secrets=secrets)

    def given(self, environment: str) -> tuple[dict[str, str], dict[str, str]]:
        """Variables and secrets of an environment."""
        backend, frontend = self.addresses[environment]
        variables = {"BACKEND_URL": backend, "FRONTEND_URL": frontend, "AUTH0_CLIENT_ID": "application"}
        variables |= {"GATE_REPOSITORY": "zebra-devops/gate", "GATE_REF": "v1.0.0", "WATCH_MINUTES": "0", **self.more}
        return variables, {**SECRETS, "NOTIFY_WEBHOOK_URL": self.webhook}


def environments(repository: Path, workflow: str) -> list[str]:
    """That the jobs of a workflow name, those of workflows that it calls as well; one for each job."""
    jobs = yaml.safe_load((repository / ".github" / "workflows" / f"{workflow}.yml").read_text())["jobs"].values()
    found: list[str] = []
    for job in jobs:
        own = [job["environment"]] if "environment" in job else []
        found += environments(repository, Path(job["uses"]).stem) if "uses" in job else own
    return found


@contextlib.contextmanager
def workflow_world(folder: Path, tools: Path, repository: Path) -> Iterator[WorkflowWorld]:
    render = RenderSimulator(
        api_keys={SECRETS["RENDER_API_KEY"]: ["tea-1"]},
        owners=[{"id": "tea-1", "name": "MarketEdge", "email": "ops@example.com", "type": "team"}],
        rate_limits=False,
        deploy_seconds=0.5,
    )
    estate = Estate(folder / "estate")
    estate.seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}", private=True)
    for branch in ("main", "staging"):
        estate.seed("github", "branch", repository=REPOSITORY, branch=branch, sha="0" * 40)
    limits = {"production": {"tagPattern": "v*"}, "staging": {"branchPattern": "staging"}}
    for environment, pattern in limits.items():
        where = {"repository": REPOSITORY, "environment": environment}
        policy = {"protectedBranches": False, "customBranchPolicies": True}
        reviewers = [{"teams": [1]}] if environment == "production" else []
        estate.seed("github", "environment", **where, deploymentBranchPolicy=policy, reviewers=reviewers)
        estate.seed("github", "deployment_policy", **where, **pattern)
    git = {"type": "github", "repo": f"zebra-devops/{REPOSITORY}", "productionBranch": "main"}
    estate.seed("vercel", "project", name=FRONTEND, gitRepository=git, autoAssignCustomDomains=False)
    for environment, service in SERVICES.items():
        _service(render, environment, service)
    apps = {environment: Application(render, estate, SERVICES[environment], FRONTEND) for environment in SERVICES}
    with contextlib.ExitStack() as stack:
        vendors = stack.enter_context(vendor_api.serve(estate, CREDENTIALS))
        host = stack.enter_context(serve(render))
        addresses = {name: stack.enter_context(application.serve(app)) for name, app in apps.items()}
        given = {
            "RENDER_HOST": host,
            "GATE_SOURCE": str(PROJECT),
            "PYTHON_FOLDER": str(WARM.python(folder / "python").parent),
        }
        given |= {"ARTIFACTS": str(folder / "artifacts"), "NO_PROXY": "127.0.0.1,localhost", **vendors.environment}
        while not all(app.running() for app in apps.values()):
            time.sleep(0.1)
        told: list[str] = []
        heard: dict[str, Callable[[], None]] = {}
        webhook = stack.enter_context(running(_chat(told, heard)))
        yield WorkflowWorld(folder, tools, repository, estate, render, apps, given, addresses, webhook, told, heard)


def _chat(told: list[str], heard: dict[str, Callable[[], None]]) -> http.server.ThreadingHTTPServer:
    """What takes an incoming webhook."""

    class Chat(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            for start, happens in heard.items():
                if told[-1].startswith(start):
                    happens()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Chat)


def _service(render: RenderSimulator, environment: str, name: str) -> None:
    variables = {
        **{"ENVIRONMENT": environment, "DATABASE_URL": "postgresql://d", "REDIS_URL": "redis://r"},
        **{"AUTH0_DOMAIN": TENANT, "AUTH0_AUDIENCE": f"https://{TENANT}/api/v2/", "AUTH0_CLIENT_ID": "application"},
        "CORS_ORIGINS": ORIGINS[environment],
    }
    details: dict[str, Any] = {"runtime": "python", "plan": "starter", "region": "oregon"}
    commands = {"envSpecificDetails": {"buildCommand": "b", "startCommand": "s"}}
    body = {
        **{"type": "web_service", "name": name, "ownerId": "tea-1", "repo": URL, "serviceDetails": details | commands},
        "branch": "main" if environment == "production" else "staging",
        "autoDeploy": "no" if environment == "production" else "yes",
        "envVars": [{"key": key, "value": value} for key, value in variables.items()],
    }
    with connect({"RENDER_API_KEY": SECRETS["RENDER_API_KEY"]}, lambda _l: None, render.transport()) as session:
        session.client.post("/services", body)
