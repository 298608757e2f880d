"""`gate doctor` at Auth0, Vercel and Render, and at all of them: each check holding and failing."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from blueprint.workspace import connect
from components.accounts.auth0 import Auth0
from components.accounts.vercel import Vercel
from components.configuration import Loaded, load
from gate.checks.verdict import Verdict, unknown
from gate.doctor import vendors
from gate.doctor.run import Case, vendor_lines
from gate.doctor.stack import Opened
from gate.stack.target import read_config
from rehearsal import vendor_api
from rehearsal.plugins import Estate
from rehearsal.render_api import RenderSimulator, serve
from rehearsal.vendor_api import auth0 as simulated
from rehearsal.vendor_api.auth0 import SCOPES
from rehearsal.vendor_api.wire import Request
from tests.unit.gate.release_world import CREDENTIALS, FRONTEND, REPOSITORY, SERVICE, URL
from tests.unit.settings.stack_file import STACKS


def shipped(stack: str = "staging", **changed: str) -> Loaded:
    config = read_config(STACKS / f"Pulumi.{stack}.yaml") | {f"marketedge:{k}": v for k, v in changed.items()}
    return load(stack, config, frozenset(), {}, check_secrets=False)


def at_auth0(scope: str | None, *, domain: str = "dev-g8trhgbfdq2sk2m8.us.auth0.com", count: int = 1) -> dict[str, Any]:
    settings = shipped().settings.auth0
    client = {"client_id": "c", "name": settings.application}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "t", **({} if scope is None else {"scope": scope})})
        return httpx.Response(200, json={"clients": [client] * count, "total": count})

    account = Auth0(domain, "id", "management-secret", transport=httpx.MockTransport(answer))
    return dict(vendors.at_auth0(settings, domain, secrets=True, auth0=account))


def test_auth0_with_every_scope() -> None:
    assert {one.outcome for one in at_auth0(" ".join(SCOPES)).values()} == {"pass"}
    assert set(SCOPES) == {*vendors.SCOPES, *vendors.SCOPES_OF_SECRETS, *vendors.SCOPES_OF_GRANTS}


def test_the_scopes_are_those_that_getting_started_asks_for() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "GETTING_STARTED.md").read_text()
    (row,) = (line for line in page.splitlines() if line.startswith("| `AUTH0_DOMAIN`"))
    assert set(re.findall(r"`(\w+:\w+)`", row)) == {
        *vendors.SCOPES,
        *vendors.SCOPES_OF_SECRETS,
        *vendors.SCOPES_OF_GRANTS,
    }


def test_auth0_scopes_that_are_missing_are_named() -> None:
    found = at_auth0("read:clients update:clients")
    assert found["scopes"].detail == (
        "missing: create:clients, delete:clients, read:client_keys, read:client_credentials, update:client_credentials"
    )
    assert "manage.auth0.com" in found["scopes"].fix
    without = at_auth0("create:clients")
    assert not [title for title in without if title.startswith("application")], "it may not be asked for"
    assert at_auth0(None)["scopes"].outcome == "unknown"


def test_auth0_of_another_tenant() -> None:
    found = at_auth0(" ".join(SCOPES), domain="other.us.auth0.com")["tenant"]
    assert (found.outcome, found.fix[:18]) == ("fail", "export AUTH0_DOMAI")
    custom = dict(vendors.at_auth0(shipped().settings.auth0.model_copy(update={"domain": "login.zebra.associates"}),
        "x.us.auth0.com", secrets=False, auth0=account_of_a_token()))  # fmt: skip
    assert custom["tenant"].outcome == "note"


def account_of_a_token(*scopes: str) -> Auth0:
    claims = base64.urlsafe_b64encode(json.dumps({"scope": " ".join(scopes)}).encode()).decode().rstrip("=")
    transport = httpx.MockTransport(lambda _r: httpx.Response(200, json={"clients": [], "total": 0}))
    return Auth0("x.us.auth0.com", token=f"e30.{claims}.c2ln", transport=transport)


def test_a_management_token_made_elsewhere_tells_its_scopes() -> None:
    assert account_of_a_token("read:clients", "create:clients").scopes() == {"read:clients", "create:clients"}
    assert Auth0("x.us.auth0.com", token="opaque").scopes() is None


def test_two_applications_of_one_name() -> None:
    assert at_auth0(" ".join(SCOPES), count=2)["application MarketEdge Platform (staging)"].outcome == "fail"
    none = at_auth0(" ".join(SCOPES), count=0)["application MarketEdge Platform (staging)"]
    assert (none.outcome, none.detail) == ("pass", "not there yet: pulumi up makes it")


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    estate = Estate(tmp_path / "estate")
    estate.seed("vercel", "project", name=FRONTEND)
    estate.seed("vercel", "project", name="of-a-team", teamId="team_1")
    return estate


def at_vercel(
    estate: Estate, project: str = FRONTEND, team: str = "", token: str = "", zone: str = ""
) -> dict[str, Verdict]:
    declared = shipped().settings.vercel
    assert declared is not None
    with vendor_api.serve(estate, CREDENTIALS, teams={"zebra": "team_1"}) as addresses:
        client = Vercel(token or CREDENTIALS["VERCEL_API_TOKEN"], team, base_url=addresses.vercel)
        own = declared.model_copy(update={"project": project})
        return dict(vendors.at_vercel("staging", own, team, client, zone=zone))


def test_the_zone_of_the_records_has_to_be_at_vercel(estate: Estate) -> None:
    with estate.edit("vercel") as objects:
        objects.append({"type": "zone", "name": "zebra.associates"})
    assert at_vercel(estate, zone="zebra.associates")["zone zebra.associates"].outcome == "pass"
    other = at_vercel(estate, zone="other.example")["zone other.example"]
    assert (other.outcome, other.detail) == ("fail", "is not there, or the token does not see it (Domain not found.)")
    assert "or remove marketedge:dns.zone" in other.fix


def test_vercel_finds_the_project(estate: Estate) -> None:
    assert {one.outcome for one in at_vercel(estate).values()} == {"pass", "note"}
    of_team = at_vercel(estate, "of-a-team", "zebra")
    assert {title: one.outcome for title, one in of_team.items()} == {
        "team zebra": "pass",
        "token": "pass",
        "project of-a-team": "pass",
        "login wall before staging.zebra.associates": "note",
    }


def test_a_login_wall_before_stagings_domain_is_noted_with_the_choices(estate: Estate) -> None:
    """A new project has one (vercel.com/docs/deployment-protection); it is the team's to decide."""
    title = "login wall before staging.zebra.associates"
    found = at_vercel(estate)[title]
    assert found.outcome == "note"
    assert found.detail.startswith("all_except_custom_domains: tests and people without a login at Vercel")
    assert "add an exception for the domain, or switch it off" in found.fix
    with estate.edit("vercel") as objects:
        next(one for one in objects if one["name"] == FRONTEND)["vercelAuthentication"] = {"deploymentType": "none"}
    assert at_vercel(estate)[title].outcome == "pass"


def test_a_project_of_a_team_that_is_not_set_says_how(estate: Estate) -> None:
    found = at_vercel(estate, "of-a-team")
    assert found["token"].outcome == "pass"
    assert found["project of-a-team"].outcome == "fail"
    assert found["project of-a-team"].fix.endswith("pulumi config set --stack staging vercel:team <slug>")


def test_a_team_that_the_token_does_not_see(estate: Estate) -> None:
    found = at_vercel(estate, team="strangers")
    assert found.keys() == {"team strangers"}
    assert found["team strangers"].outcome == "fail"


@pytest.mark.parametrize("team", ["", "zebra"])
def test_a_token_that_vercel_refuses(estate: Estate, team: str) -> None:
    found = at_vercel(estate, team=team, token="b" * 24)
    assert found.keys() == {"token"}
    assert found["token"].outcome == "fail"


@pytest.mark.parametrize(("token", "outcome"), [("a" * 24, "pass"), ("vcp_" + "a" * 30, "pass"), ("short", "fail")])
def test_the_form_of_a_vercel_token(token: str, outcome: str) -> None:
    found = vendors.token_form(token)
    assert found.outcome == outcome
    assert token not in found.detail


TEAMS = [{"id": f"tea-{n}", "name": f"Team {n}", "email": "o@example.com", "type": "team"} for n in (1, 2)]


def simulator(*workspaces: str) -> RenderSimulator:
    return RenderSimulator(api_keys={"rnd_doctor": list(workspaces)}, owners=TEAMS, rate_limits=False)


def at_render(sim: RenderSimulator, stack: str = "production", owner: str = "") -> dict[str, Verdict]:
    environ = {"RENDER_API_KEY": "rnd_doctor", **({"RENDER_OWNER_ID": owner} if owner else {})}
    with connect(environ, lambda _l: None, sim.transport()) as session:
        return dict(vendors.at_render(shipped(stack).settings, owner, session))


def with_service(sim: RenderSimulator) -> RenderSimulator:
    details = {"runtime": "python", "plan": "starter", "region": "oregon"}
    details |= {"envSpecificDetails": {"buildCommand": "b", "startCommand": "s"}}  # type: ignore[dict-item]
    body = {"type": "web_service", "name": SERVICE, "ownerId": "tea-1", "repo": URL, "branch": "main"}
    with connect({"RENDER_API_KEY": "rnd_doctor"}, lambda _l: None, sim.transport()) as session:
        session.client.post("/services", {**body, "serviceDetails": details})
    return sim


def test_render_with_one_workspace_and_the_adopted_service() -> None:
    found = at_render(with_service(simulator("tea-1")))
    assert {one.outcome for one in found.values()} == {"pass"}
    assert found["workspace"].detail == "tea-1 (Team 1)"
    assert f"service {SERVICE}" not in at_render(simulator("tea-1"), "staging"), "staging makes its own"


def test_render_without_the_adopted_service() -> None:
    found = at_render(simulator("tea-1"))[f"service {SERVICE}"]
    assert (found.outcome, found.detail) == ("fail", "does not exist, and is never created from here")


def test_render_with_several_workspaces_wants_one_named() -> None:
    sim = with_service(simulator("tea-1", "tea-2"))
    assert at_render(sim)["workspace"].fix.startswith("export RENDER_OWNER_ID")
    assert {one.outcome for one in at_render(sim, owner="tea-1").values()} == {"pass"}
    unseen = at_render(sim, owner="tea-9")
    assert unseen["workspace"].detail == "the key sees tea-1 (Team 1), tea-2 (Team 2)"
    assert len(unseen) == 2


def everything(estate: Estate, changed: Mapping[str, str]) -> dict[str, Verdict]:
    """All vendors, through their addresses, as the command asks them."""
    sim = with_service(simulator("tea-1"))
    estate.seed("github", "repository", name=REPOSITORY, fullName=f"zebra-devops/{REPOSITORY}", private=True)
    estate.seed("github", "branch", repository=REPOSITORY, branch="main", sha="a" * 40)
    with estate.edit("github") as objects:
        for variable, value in (("GATE_REPOSITORY", "zebra-devops/staging-gate"), ("GATE_REF", "v1.2.3")):
            about = {"type": "variable", "id": variable, "repository": REPOSITORY, "createdAt": "2026-01-01T00:00:00"}
            objects.append({**about, "variableName": variable, "value": value})
    credentials = CREDENTIALS | {"AUTH0_DOMAIN": "dev-g8trhgbfdq2sk2m8.us.auth0.com"}
    with serve(sim) as url, vendor_api.serve(estate, credentials) as addresses:
        environ = {**credentials, **addresses.environment, "RENDER_HOST": url, "RENDER_API_KEY": "rnd_doctor"}
        case = Case("production", shipped("production"), Opened(), {**environ, **changed})
        return {one.title: one.verdict for one in vendor_lines(case, lambda _t: None)}


def test_a_good_estate_holds_everywhere(estate: Estate) -> None:
    found = everything(estate, {})
    (noted,) = ((title, one) for title, one in found.items() if one.outcome != "pass")
    assert noted[0] == "GitHub: tags v*", "the stack file names no release managers"
    assert (noted[1].outcome, noted[1].fix) == ("note", "name a team: marketedge:github.releaseManagers.teams")
    assert {title.partition(":")[0] for title in found} == {"GitHub", "Auth0", "Vercel", "Render"}


@pytest.mark.parametrize(
    ("vendor", "name", "value"),
    [
        ("GitHub", "GITHUB_TOKEN", "ghp_revoked"),
        ("Auth0", "AUTH0_CLIENT_SECRET", "another-secret"),
        ("Vercel", "VERCEL_API_TOKEN", "c" * 24),
        ("Render", "RENDER_API_KEY", "rnd_revoked"),
        ("GitHub", "GITHUB_TOKEN", "ghp_…"),
        ("GitHub", "GITHUB_TOKEN", "'ghp_quoted'"),
        ("Auth0", "AUTH0_CLIENT_SECRET", "<secret>"),
        ("Auth0", "AUTH0_CLIENT_ID", "two words"),
        ("Vercel", "VERCEL_API_TOKEN", "$(pbpaste)"),
        ("Render", "RENDER_API_KEY", "rnd_abc\n"),
        ("Render", "RENDER_API_KEY", "Bearer rnd_abc"),
    ],
)
def test_a_credential_that_is_not_accepted_is_its_vendors_problem_only(
    estate: Estate, vendor: str, name: str, value: str
) -> None:
    found = everything(estate, {name: value})
    failing = {title for title, one in found.items() if one.outcome == "fail"}
    assert {title.partition(":")[0] for title in failing} == {vendor}
    assert not [one for one in found.values() if value in one.detail + one.fix]


def test_an_answer_that_nobody_foresaw_hides_nothing_else(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = simulated.Auth0.answer

    def unforeseen(self: simulated.Auth0, request: Request, objects: list[dict[str, Any]]) -> Any:
        return ["no object"] if request.path == "api/v2/clients" else answer(self, request, objects)

    monkeypatch.setattr(simulated.Auth0, "answer", unforeseen)
    found = everything(estate, {})
    assert found["Auth0: was asked"] == unknown("an answer that is not understood (TypeError)")
    assert found["Render: key"].outcome == "pass"


def test_a_host_that_is_not_reached_is_one_line_and_nothing_else_is_asked(estate: Estate) -> None:
    found = everything(estate, {"RENDER_HOST": "http://127.0.0.1:9"})
    assert [title for title in found if title.startswith("Render")] == ["Render: host"]
    assert found["Render: host"].outcome == "fail"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
