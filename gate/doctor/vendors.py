"""Auth0, Vercel and Render: whether the credentials are accepted, with what a first preview needs there."""

from collections.abc import Iterator, Mapping

import httpx

from blueprint.sending import json_object
from blueprint.syncs import managing
from blueprint.workspace import Session
from components.accounts.auth0 import Auth0
from components.accounts.github import segment
from components.accounts.vercel import Vercel
from components.configuration import VERCEL_TOKEN
from components.settings import Settings
from components.vendor_settings import Auth0 as DeclaredAuth0
from components.vendor_settings import Vercel as DeclaredVercel
from gate.checks.login import login_wall
from gate.checks.verdict import Verdict, failed, note, passed, unknown

Told = Iterator[tuple[str, Verdict]]
"""The title of each check, and what it found."""

SCOPES = ("read:clients", "create:clients", "update:clients", "delete:clients")
SCOPES_OF_SECRETS = ("read:client_keys", "read:client_credentials", "update:client_credentials")
"""Also needed if the stack passes an application's secret on."""
SCOPES_OF_GRANTS = tuple(f"{action}:client_grants" for action in ("read", "create", "update", "delete"))
"""Also needed for a login test with the grant client_credentials."""
_NEW = "make a new one and export VERCEL_API_TOKEN: Account Settings, Tokens, with the project's team as its scope"


def at_auth0(declared: DeclaredAuth0, domain: str, *, secrets: bool, auth0: Auth0) -> Told:
    """Check the management application, its scopes, and whether it belongs to the tenant of the logins.

    Args:
        domain: of the management application.
        secrets: whether the stack uses the application's secret.

    Raises:
        VendorError: Auth0 cannot be read.
    """
    yield "tenant", _tenant(declared.domain, domain)
    scopes = auth0.scopes()
    tester = declared.login_test
    needed = SCOPES + (SCOPES_OF_SECRETS if secrets or tester else ())
    needed += SCOPES_OF_GRANTS if tester and not tester.logs_a_user_in else ()
    yield "scopes", _scopes(scopes, needed)
    if scopes is None or "read:clients" in scopes:
        for name in [declared.application, *([tester.application] if tester else [])]:
            yield f"application {name}", _application(len(auth0.named(name)))


def _tenant(declared: str, domain: str) -> Verdict:
    if domain == declared:
        return passed(domain)
    found = f"AUTH0_DOMAIN is {domain}, logins go to {declared}"
    if declared.endswith(".auth0.com"):
        return failed(found, f"export AUTH0_DOMAIN={declared}, or correct marketedge:auth0.domain")
    return note(
        found, "right where the second is a custom domain of the first; otherwise correct marketedge:auth0.domain"
    )


def _scopes(granted: frozenset[str] | None, needed: tuple[str, ...]) -> Verdict:
    if granted is None:
        return unknown("the token does not name its scopes")
    missing = [scope for scope in needed if scope not in granted]
    if missing:
        where = "Applications, APIs, Auth0 Management API, Machine to Machine Applications, the application"
        return failed(f"missing: {', '.join(missing)}", f"tick them at manage.auth0.com: {where}")
    return passed(", ".join(needed))


def _application(count: int) -> Verdict:
    if count > 1:
        return failed(f"{count} have this name", "rename or delete those that nothing uses")
    return passed("exists" if count else "not there yet: pulumi up makes it")


def token_form(token: str) -> Verdict:
    """Check the form of Vercel's token. The provider refuses a wrong one only after work has begun."""
    if VERCEL_TOKEN.fullmatch(token):
        return passed("as Vercel's are")
    return failed(f"{len(token)} characters, expected 24 letters and digits", _NEW)


def at_vercel(
    stack: str, declared: DeclaredVercel, team: str, vercel: Vercel, *, bypass: bool = False, zone: str = ""
) -> Told:
    """Check whether the token is accepted, the team, and the frontend's project.

    Args:
        team: as vercel:team; empty for a personal account.
        bypass: whether tests have the secret that gets past Vercel's protection.
        zone: as marketedge:dns.zone; empty if its DNS is elsewhere.

    Raises:
        VendorError: Vercel cannot be read.
    """
    if team:
        answer = vercel.look_at_team()
        if _is_refused(answer):
            yield "token", failed(f"is not accepted ({_message(answer)})", _NEW)
            return
        if not answer.is_success:
            fix = f"correct vercel:team in Pulumi.{stack}.yaml, or {_NEW}"
            yield f"team {team}", failed(f"the token sees no such team ({_message(answer)})", fix)
            return
        yield f"team {team}", passed("the token belongs to it")
    answer = vercel.look(f"/v9/projects/{segment(declared.project)}")
    if _is_refused(answer):
        yield "token", failed(f"is not accepted ({_message(answer)})", _NEW)
        return
    yield "token", passed("accepted")
    if zone:
        yield f"zone {zone}", _zone(vercel.look(f"/v5/domains/{segment(zone)}/records"))
    if answer.is_success:
        yield f"project {declared.project}", passed("found")
        if declared.target != "production":
            wall = login_wall(answer.json(), bypass=bypass)
            # A team may want the wall: it is something to decide, and verify fails while the tests cannot pass it.
            yield f"login wall before {declared.domain}", note(wall.detail, wall.fix) if wall.fix else wall
        return
    where = f"in the team {team}" if team else "outside teams"
    hint = "" if team else f"; of a team's project: pulumi config set --stack {stack} vercel:team <slug>"
    found = f"the token sees none {where} ({_message(answer)})"
    yield f"project {declared.project}", failed(found, f"correct marketedge:vercel.project{hint}")


def _zone(answer: httpx.Response) -> Verdict:
    """Return whether Vercel has the zone (dns/list-existing-dns-records): `pulumi up` makes records in it."""
    if answer.is_success:
        return passed("is at Vercel")
    fix = "add it at Vercel (Domains) and make its name servers Vercel's, or remove marketedge:dns.zone"
    return failed(f"is not there, or the token does not see it ({_message(answer)})", fix)


def _is_refused(answer: httpx.Response) -> bool:
    """Whether Vercel does not know the token. It answers 403 to such a token, and to one without the permission."""
    return answer.status_code == 401 or (answer.status_code == 403 and bool(_error(answer).get("invalidToken")))


def _error(answer: httpx.Response) -> dict[str, object]:
    found = json_object(answer).get("error")
    return found if isinstance(found, dict) else {}


def _message(answer: httpx.Response) -> str:
    return str(_error(answer).get("message") or f"status {answer.status_code}")[:160]


def at_render(settings: Settings, owner: str, session: Session) -> Told:
    """Check the key, the workspace that owns everything, and the adopted services.

    Args:
        owner: RENDER_OWNER_ID, or empty.

    Raises:
        RenderError: of any kind.
    """
    found = session.workspaces
    yield "key", passed("accepted")
    workspace = _workspace(found, owner)
    yield "workspace", workspace
    if workspace.outcome == "fail":
        return
    for service in settings.render.services:
        if service.is_adopted:
            there = session.find("/services", service.name)
            fix = "correct its name in marketedge:render, or the workspace (RENDER_OWNER_ID)"
            verdict = passed("exists") if there else failed("does not exist, and is never created from here", fix)
            yield f"service {service.name}", verdict
    yield "Blueprints", blueprints(session, settings)


def blueprints(session: Session, settings: Settings) -> Verdict:
    """Check whether a Blueprint still syncs.

    Raises:
        RenderError: of any kind.
    """
    found = managing(session, [one.name for one in settings.render.objects])
    told, fix = "; ".join(map(str, found)), f"gate disconnect --env {settings.environment}"
    if any(one.active for one in found):
        return failed(told, fix)
    return note(told, fix) if found else passed("none manages an object of the stack")


def _workspace(found: Mapping[str, str], owner: str) -> Verdict:
    named = ", ".join(f"{identity} ({name})" for identity, name in found.items()) or "none"
    if owner:
        fix = "correct RENDER_OWNER_ID, or use a key of a member of that workspace"
        return passed(f"{owner} ({found[owner]})") if owner in found else failed(f"the key sees {named}", fix)
    if len(found) == 1:
        return passed(named)
    fix = "export RENDER_OWNER_ID with the id of the one to use" if found else "make the key's owner a member of one"
    return failed(f"the key sees {len(found)}: {named}", fix)
