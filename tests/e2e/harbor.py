"""Another team in a rehearsal's world: the stacks of examples/two-services, and the application that they run."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.upkeep.delivery import delivery_branch
from rehearsal import application
from rehearsal.application import Application, Headers
from rehearsal.engine import Engine
from rehearsal.estate import PROJECT, World, world
from rehearsal.vendor_api import github_git
from tests.warm import WARM

EXAMPLE = PROJECT / "examples" / "two-services"
OWNER, REPOSITORY = "harborlight", "harbor"
API, WEB = "harbor-api", "harbor-web"
STAGING_API, STAGING_WEB = "harbor-develop-api", "harbor-develop-web"
TESTS = "name: Tests\non: pull_request\njobs: {tests: {runs-on: ubuntu-latest}}\n"


class Harbor(Application):
    """An API that answers in other words than MarketEdge's, and a web service of its own instead of a frontend at
    Vercel. `service` is the API's name, `project` the web service's."""

    def backend(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> tuple[int, Headers, Any]:
        if method == "OPTIONS":
            return super().backend(method, path, query, headers)
        if (now := self.running()) is None:
            return 503, {}, "Service Unavailable"
        commit, environment = now
        match path:
            case "/healthz":
                healthy = commit not in self.unhealthy
                parts = {"database": bool(environment.get("DATABASE_URL")), "cache": bool(environment.get("CACHE_URL"))}
                content = {"status": "ok" if healthy else "ill", "env": environment.get("APP_ENV"), "checks": parts}
                return 200 if healthy else 503, {}, {**content, "commit": commit}
            case "/v1/me" | "/v1/boats":
                return 401, {}, {"error": "sign in"}
        return 404, {}, {}

    def frontend(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> tuple[int, Headers, Any]:
        web = Application(self.render, self.vendors, self.project, "").running()
        if web is None or path not in ("/", "/sign-in", "/status"):
            return 404, {}, {}
        return 200, {"content-type": "text/html"}, "<!DOCTYPE html><html><body>Harbor</body></html>"

    def running(self) -> tuple[str, dict[str, str]] | None:
        """With the origins under the name that the other application reads them by."""
        now = super().running()
        return now and (now[0], {**now[1], "CORS_ORIGINS": now[1].get("ALLOWED_ORIGINS", "")})


@dataclass
class Team:
    """The world, the addresses of what runs in it, and every body that Render was sent, by request."""

    stage: World
    app: dict[str, Harbor]
    addresses: dict[str, tuple[str, str]]
    sent: dict[str, str]

    def stack(self, name: str) -> Engine:
        engine = Engine(self.stage, name, lambda _line: None)
        if name == "staging":
            engine.set_secrets({"MAIL_API_KEY": "mail-key-of-a-test"})
        return engine

    def gate(self, environment: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`python -m gate` as a job of the environment runs it."""
        api, web = self.addresses[environment]
        job = {
            "BACKEND_URL": api,
            "FRONTEND_URL": web,
            "SERVICE_URLS": json.dumps({self.app[environment].project: web}),
        }
        return WARM.run("gate", arguments, cwd=self.stage.project, env={**os.environ, **self.stage.environment, **job})

    def serving(self, *services: str) -> list[str]:
        """The commits that Render serves services with."""
        self.stage.wait_for_deploys()
        live = map(self.stage.render.running, services)
        return [now[0] if now else "" for now in live]

    def merge_workflows(self) -> None:
        """The pull request of `gate workflows sync` is merged."""
        with self.stage.vendors.edit("github") as objects:
            for file in objects.all("file", repository=REPOSITORY, branch=delivery_branch("main")):
                objects[:] = [o for o in objects if (o.get("file"), o.get("branch")) != (file["file"], "main")]
                objects.append({**file, "branch": "main"})

    def commit(self, branch: str) -> str:
        """A push, to GitHub and to Render."""
        sha = github_git.commit(self.stage.vendors, REPOSITORY, branch)
        self.stage.render.push(f"https://github.com/{OWNER}/{REPOSITORY}", branch, sha)
        return sha

    def tag(self, tag: str) -> str:
        """A commit of main that staging liked, and its tag."""
        sha = self.commit("main")
        github_git.status(self.stage.vendors, REPOSITORY, sha, "develop-smoke-tests")
        github_git.tag(self.stage.vendors, REPOSITORY, tag, sha, annotated=True)
        return sha


@contextlib.contextmanager
def team(folder: Path, pulumi: Path) -> Iterator[Team]:
    """Before the gate: the repository with main, both services of production, an application at Auth0. No Vercel."""
    tenant = "harborlight.eu.auth0.com"
    with world(folder, pulumi, rate_limits=False, stacks=EXAMPLE, owner=OWNER, tenant=tenant) as stage:
        del stage.environment["VERCEL_API_TOKEN"]
        seed = stage.vendors.seed
        seed("github", "repository", name=REPOSITORY, fullName=f"{OWNER}/{REPOSITORY}", private=True)
        seed("github", "branch", repository=REPOSITORY, branch="main", sha="1" * 40)
        workflow = {"file": ".github/workflows/tests.yml", "content": TESTS}
        seed("github", "file", repository=REPOSITORY, branch="main", **workflow)
        client = seed("auth0", "client", name="Harbor", appType="regular_web", callbacks=[], clientSecret="c" * 64)
        kept = {"SESSION_KEY": "s" * 48, "APP_ENV": "production"}
        with stage.render_session() as dashboard:
            stores = {"DATABASE_URL": "postgresql://harbor@dpg-1/harbor", "CACHE_URL": "redis://red-1:6379"}
            for name, variables in (
                (API, {**kept, **stores}),
                (WEB, {**kept, "AUTH0_CLIENT_ID": client["clientId"], "AUTH0_CLIENT_SECRET": "c" * 64}),
            ):
                dashboard.post("/services", json=_service(stage, name, variables)).raise_for_status()
        pairs = {"staging": (STAGING_API, STAGING_WEB), "production": (API, WEB)}
        app = {name: Harbor(stage.render, stage.vendors, *pair) for name, pair in pairs.items()}
        with contextlib.ExitStack() as served:
            addresses = {name: served.enter_context(application.serve(one)) for name, one in app.items()}
            living = Team(stage, app, addresses, sent={})
            stage.wait_for_deploys()
            answer = stage.render.handle

            def handle(method: str, path: str, query: Any, headers: Any, body: bytes) -> Any:
                if method != "GET":
                    living.sent[f"{len(living.sent)} {method} {path}"] = body.decode()
                return answer(method, path, query, headers, body)

            stage.render.handle = handle  # type: ignore[method-assign]
            yield living


def _service(stage: World, name: str, variables: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "web_service",
        "name": name,
        "ownerId": next(iter(stage.render.estate.owners)),
        "repo": f"https://github.com/{OWNER}/{REPOSITORY}",
        "branch": "main",
        "autoDeploy": "yes",
        "autoDeployTrigger": "checksPass",
        "envVars": [{"key": key, "value": value} for key, value in variables.items()],
        "serviceDetails": {
            "runtime": "node",
            "plan": "starter",
            "region": "frankfurt",
            "healthCheckPath": "/healthz" if name == API else "/status",
            "envSpecificDetails": {"buildCommand": "make", "startCommand": "make serve"},
        },
    }
