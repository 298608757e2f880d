"""An estate as its stack declares it, in simulators, and what the verification says of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from blueprint.workspace import connect
from components.accounts import Accounts
from components.configuration import load
from gate.checks.verdict import Line
from gate.stack.target import Target, read_config
from gate.upkeep.workflows import delivered, names, undelivered
from gate.verify.look import Look
from gate.verify.run import Others, checks
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.render_api import RenderSimulator
from rehearsal.vendor_api import github_git
from tests.unit.gate.release_world import CREDENTIALS, REPOSITORY, SERVICE, URL
from tests.unit.settings.stack_file import STACKS

DOMAIN, FRONTEND = "app.zebra.associates", "marketedge-frontend"


class Estates:
    """Production at infrastructure, as the stack makes it, to be changed by hand."""

    def __init__(self, folder: Path, phase: str = "infrastructure") -> None:
        config = read_config(STACKS / "Pulumi.production.yaml") | {"marketedge:phase": phase}
        settings = load("production", config, frozenset(), {}, check_secrets=False).settings
        self.target = Target(settings, "zebra-devops", f"https://{DOMAIN}", "https://api.test", config)
        self.estate = Estate(folder / "estate")
        self.client = self._seed_vendors()
        self.clock = [1_800_000_000.0]
        self.render = RenderSimulator(
            clock=lambda: self.clock[0],
            api_keys={"rnd_verify": ["tea-1"]},
            owners=[{"id": "tea-1", "name": "M", "email": "o@example.com", "type": "team"}],
            rate_limits=False,
        )
        self._seed_render()

    def _seed_vendors(self) -> str:
        seed, settings = self.estate.seed, self.target.settings
        repository = seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}")
        seed("github", "branch", repository=REPOSITORY, branch="main", sha="a" * 40)
        github_git.status(self.estate, REPOSITORY, "a" * 40, settings.release.smoke_context)
        rule = settings.github.protection
        seed(
            "github",
            "branch_protection",
            repositoryId=repository["nodeId"],
            pattern="main",
            requiredPullRequestReviews=[{"requiredApprovingReviewCount": 1, "dismissStaleReviews": True}],
            requiredStatusChecks=[{"strict": False, "contexts": list(rule.required_checks)}],
            requireConversationResolution=True,
            enforceAdmins=True,
        )
        where = {"repository": REPOSITORY, "environment": "production"}
        custom = {"protectedBranches": False, "customBranchPolicies": True}
        seed("github", "environment", **where, deploymentBranchPolicy=custom)
        seed("github", "deployment_policy", **where, tagPattern="v*")
        for variable in settings.github.environment.variables:
            seed("github", "environment_variable", **where, variableName=variable.key, value="x")
        for secret in ("RENDER_API_KEY", "VERCEL_API_TOKEN"):
            seed("github", "environment_secret", **where, secretName=secret, value="x")
        rules: dict[str, Any] = {"repository": REPOSITORY, "name": "Release tags", "target": "tag"}
        rules |= {"conditions": {"refName": {"includes": ["refs/tags/v*"], "excludes": []}}}
        seed("github", "ruleset", **rules, enforcement="active", rules={"deletion": True, "update": True})
        for file in delivered(names(settings, {})):
            there = {"repository": REPOSITORY, "branch": "main", "file": file.path}
            seed("github", "file", **there, content=file.beside(None))
        for name, job in (("a", "zebra-protection-gate"), ("b", "Database Migration Test")):
            text = f"on: pull_request\njobs: {{{name}: {{name: {job}, runs-on: x}}}}\n"
            path = f".github/workflows/{name}.yml"
            seed("github", "file", repository=REPOSITORY, branch="main", file=path, content=text)
        auth0 = settings.auth0
        origins = list(auth0.web_origins)
        lists = {"callbacks": list(auth0.callbacks), "allowedLogoutUrls": list(auth0.logout_urls)}
        client = seed("auth0", "client", name=auth0.application, webOrigins=origins, allowedOrigins=origins, **lists)
        git = {"type": "github", "repo": f"zebra-devops/{REPOSITORY}", "productionBranch": "main"}
        root = "platform-wrapper/frontend"
        project = seed("vercel", "project", name=FRONTEND, gitRepository=git, rootDirectory=root)
        for domain in (DOMAIN, "platform.marketedge.co.uk"):
            seed("vercel", "domain", projectId=project["id"], domain=domain)
        assert settings.vercel is not None
        for variable in settings.vercel.variables:
            value = client["clientId"] if variable.from_output == "auth0.clientId" else "x"
            about = {"projectId": project["id"], "key": variable.key, "value": value, "sensitive": False}
            seed("vercel", "environment_variable", **about, targets=["production"])
        return str(client["clientId"])

    def _seed_render(self) -> None:
        variables = [{"key": str(v.key), "value": "x"} for v in self.target.settings.render.service.env_vars]
        for variable in variables:
            if variable["key"] == "AUTH0_CLIENT_ID":
                variable["value"] = self.client
        commands = {"buildCommand": "b", "startCommand": "s"}
        details = {"runtime": "python", "plan": "starter", "region": "oregon", "envSpecificDetails": commands}
        body = {"type": "web_service", "name": SERVICE, "ownerId": "tea-1", "repo": URL, "branch": "main"}
        with connect({"RENDER_API_KEY": "rnd_verify"}, lambda _l: None, self.render.transport()) as session:
            session.client.post("/services", {**body, "envVars": variables, "serviceDetails": details})

    @property
    def service(self) -> dict[str, Any]:
        found: dict[str, Any] = next(iter(self.render.estate.services.values()))
        return found

    def change(self, vendor: str, type_: str, **properties: Any) -> None:
        with self.estate.edit(vendor) as objects:
            for found in objects:
                if found["type"] == type_:
                    found.update(properties)

    def remove(self, vendor: str, type_: str) -> None:
        with self.estate.edit(vendor) as objects:
            objects[:] = [found for found in objects if found["type"] != type_]

    def lines(self) -> list[Line]:
        """Everything that the vendors' APIs tell."""
        with vendor_api.serve(self.estate, CREDENTIALS) as addresses:
            environ = {**CREDENTIALS, **addresses.environment}
            with self.look(environ) as look:
                others = Others(lambda *_a: pytest.fail("smoke tests were run"), undelivered)
                apart = ("frontend and backend use one Auth0 application", "certificates", "smoke tests")
                asked = [check for check in checks(look, others) if check.title not in apart]
                return [line for check in asked for line in check.lines(look)]

    @contextlib.contextmanager
    def look(self, environ: Mapping[str, str]) -> Iterator[Look]:
        """What the checks work with."""
        with (
            Accounts(environ, self.target.config) as accounts,
            contextlib.ExitStack() as closing,
            connect({"RENDER_API_KEY": "rnd_verify"}, lambda _l: None, self.render.transport()) as session,
        ):
            look = Look(self.target, accounts, environ, closing)
            vars(look)["render"] = session
            yield look

    def failures(self) -> list[str]:
        return [f"{one.title}: {one.verdict.detail}" for one in self.lines() if one.verdict.outcome == "fail"]
