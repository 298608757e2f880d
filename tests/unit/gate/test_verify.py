"""Each line of the verification, holding and not: from what the vendors answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.problems import load
from gate.release.repository import Repository
from gate.target import Target, read_config
from gate.vendors import Accounts
from gate.verify import frontend, github, render
from gate.verify.run import verify
from gate.verify.verdict import Line, unknown
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.render_api import RenderSimulator
from render.session import connect
from tests.unit.gate.release_world import CREDENTIALS, REPOSITORY, SERVICE, URL
from tests.unit.settings.stack_file import PROJECT

DOMAIN, FRONTEND = "app.zebra.associates", "marketedge-frontend"


class Estates:
    """Production at infrastructure, as the stack makes it, to be changed by hand."""

    def __init__(self, folder: Path, phase: str = "infrastructure") -> None:
        config = read_config(PROJECT / "Pulumi.production.yaml") | {"marketedge:phase": phase}
        settings = load("production", config, frozenset(), {}, check_secrets=False).settings
        self.target = Target(settings, "zebra-devops", f"https://{DOMAIN}", "https://api.test", config)
        self.estate = Estate(folder / "estate")
        self.client = self._seed_vendors()
        self.render = RenderSimulator(
            api_keys={"rnd_verify": ["tea-1"]},
            owners=[{"id": "tea-1", "name": "M", "email": "o@example.com", "type": "team"}],
            rate_limits=False,
        )
        self._seed_render()

    def _seed_vendors(self) -> str:
        seed, settings = self.estate.seed, self.target.settings
        repository = seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}")
        seed("github", "branch", repository=REPOSITORY, branch="main", sha="a" * 40)
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
        rules: dict[str, Any] = {"repository": REPOSITORY, "name": "Release tags", "target": "tag"}
        seed("github", "ruleset", **rules, enforcement="active", rules={})
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
            value = client["clientId"] if variable.key == frontend.CLIENT_ID else "x"
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
            with (
                Accounts(environ, self.target.config) as accounts,
                connect({"RENDER_API_KEY": "rnd_verify"}, lambda _l: None, self.render.transport()) as session,
            ):
                repository = Repository(accounts.github, REPOSITORY)
                found = list(github.lines(self.target, repository, addresses.github, CREDENTIALS["GITHUB_TOKEN"]))
                found += frontend.auth0_lines(self.target, accounts.auth0)
                assert self.target.settings.vercel is not None
                found += frontend.vercel_lines(self.target, accounts.vercel, self.target.settings.vercel)
                return found + list(render.lines(self.target, session))

    def failures(self) -> list[str]:
        return [f"{one.title}: {one.verdict.detail}" for one in self.lines() if one.verdict.outcome == "fail"]


@pytest.fixture
def estates(tmp_path: Path) -> Estates:
    return Estates(tmp_path)


def test_an_estate_as_declared_holds(estates: Estates) -> None:
    assert estates.failures() == []
    outcomes = {one.title: one.verdict.outcome for one in estates.lines()}
    assert outcomes.pop("required checks are reported") == "unknown"  # this repository has no workflows to read
    assert set(outcomes.values()) == {"pass"}


BY_HAND: list[tuple[str, str, dict[str, Any], str]] = [
    ("github", "branch_protection", {"allowsForcePushes": True}, "force pushes is on, declared off"),
    ("github", "branch_protection", {"enforceAdmins": False}, "bypassing is on, declared off"),
    ("github", "branch_protection", {"requireConversationResolution": False}, "resolved conversations is off"),
    ("github", "deployment_policy", {"tagPattern": "release-*"}, "who may deploy is tag release-*, declared tag v*"),
    ("github", "ruleset", {"enforcement": "disabled"}, "no active ruleset protects tags"),
    ("auth0", "client", {"callbacks": ["https://evil.test/callback"]}, "callbacks is https://evil.test/callback"),
    ("vercel", "project", {"autoAssignCustomDomains": False}, "auto-assignment of domains is off, declared on"),
    ("vercel", "project", {"rootDirectory": "web"}, "root directory is web"),
    ("vercel", "domain", {"verified": False}, "is not verified"),
    ("vercel", "domain", {"misconfigured": True}, "does not point at Vercel"),
    ("vercel", "domain", {"gitBranch": "staging"}, "branch is staging, declared absent"),
    ("vercel", "environment_variable", {"targets": ["preview"]}, "missing: NEXT_PUBLIC_API_BASE_URL"),
]


@pytest.mark.parametrize(("vendor", "type_", "change", "said"), BY_HAND, ids=lambda v: v if isinstance(v, str) else "")
def test_a_change_by_hand_is_a_failure(
    estates: Estates, vendor: str, type_: str, change: dict[str, Any], said: str
) -> None:
    estates.change(vendor, type_, **change)
    assert any(said in failure for failure in estates.failures()), estates.failures()


def test_a_policy_that_lived_before_has_to_be_deleted_by_hand(estates: Estates) -> None:
    where = {"repository": REPOSITORY, "environment": "production"}
    estates.estate.seed("github", "deployment_policy", **where, branchPattern="main")
    (line,) = (one for one in estates.lines() if one.title == "environment production: who may deploy")
    assert line.verdict.detail == "who may deploy is branch main, tag v*, declared tag v*"
    assert line.verdict.fix == "delete branch main (Settings, Environments, production), then pulumi up"


@pytest.mark.parametrize(
    ("vendor", "type_", "said"),
    [
        ("github", "branch_protection", "protection of main: there is none"),
        ("github", "environment", "environment production: does not exist"),
        ("github", "environment_variable", "environment production: variables: missing: AUTH0_AUDIENCE"),
        ("auth0", "client", "application MarketEdge Platform: 0 have this name"),
        ("vercel", "domain", "domain app.zebra.associates: is not at the project"),
    ],
)
def test_what_is_gone_is_a_failure(estates: Estates, vendor: str, type_: str, said: str) -> None:
    estates.remove(vendor, type_)
    assert any(failure.startswith(said) for failure in estates.failures()), estates.failures()


def test_render_changed_by_hand(estates: Estates) -> None:
    estates.service.update(branch="develop", autoDeploy="no", autoDeployTrigger="off", suspended="suspended")
    del estates.render.estate.env_vars[estates.service["id"]]["AUTH0_AUDIENCE"]
    assert estates.failures() == [
        "service marketedge-platform: state is suspended, declared not_suspended",
        "service marketedge-platform: branch: branch is develop, declared main",
        "service marketedge-platform: deploys by itself: autoDeploy is off, declared commit",
        "variables of marketedge-platform: missing: AUTH0_AUDIENCE",
        "AUTH0_AUDIENCE at Render: not set",
    ]


def test_at_cutover_the_gate_has_to_be_closed(tmp_path: Path) -> None:
    failures = Estates(tmp_path, "cutover").failures()
    assert any("deploys by itself: autoDeploy is commit, declared off" in failure for failure in failures)
    assert any("releases on merge: auto-assignment of domains is on, declared off" in failure for failure in failures)
    assert any("up-to-date branches is off, declared on" in failure for failure in failures)


def test_a_required_check_that_nothing_reports_names_the_job(estates: Estates) -> None:
    text = "name: Database Migration Test\non: pull_request\njobs: {test-migrations: {runs-on: x}}\n"
    path = ".github/workflows/m.yml"
    estates.estate.seed("github", "file", repository=REPOSITORY, branch="main", file=path, content=text)
    (failure,) = [one for one in estates.lines() if one.title == "required checks are reported"]
    assert failure.verdict.outcome == "fail"
    assert "require 'test-migrations' instead" in failure.verdict.detail


def test_without_tokens_what_cannot_be_asked_is_unknown(estates: Estates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gate.verify.run._smoke", lambda *_a: iter([]))
    monkeypatch.setattr("gate.verify.run._certificate", lambda host: unknown(f"no connection to {host}"))
    found = verify(estates.target, {})
    assert {one.verdict.outcome for one in found} == {"unknown"}
    asked = {one.title: one.verdict.detail for one in found if one.title.endswith("was asked")}
    assert asked["GitHub was asked"] == "GitHub: export GITHUB_TOKEN"
    assert set(asked) == {"GitHub was asked", "Auth0 was asked", "Render was asked", "Vercel was asked"}


def test_no_secret_is_in_any_line(estates: Estates) -> None:
    secret = estates.estate.find("auth0", "client") or {}
    text = json.dumps([one.verdict.detail for one in estates.lines()])
    assert secret["clientSecret"] not in text
    assert not [value for value in CREDENTIALS.values() if value in text]
