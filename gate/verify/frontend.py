"""Vercel's and Auth0's side: project, variables, domains, application, one client id (plan 1.3, 2.5, 2.6, 5.4)."""

from collections.abc import Iterator
from typing import Any

from components.accounts.auth0 import Auth0
from components.accounts.vercel import ACCESS, Vercel, state_of
from components.addresses import Domain
from components.vendor_settings import Auth0 as Login
from components.vendor_settings import LoginTest, VercelProject
from components.vendor_settings import Vercel as Declared
from components.vercel_project import conflicts
from gate.checks.login import login_wall
from gate.checks.verdict import UP, Line, Verdict, failed, passed, unknown
from gate.verify.look import Check, Look, complete, expect
from gate.verify.render import values_of


def auth0_lines(look: Look, check: Check) -> Iterator[Line]:
    """Check the application."""
    declared, auth0 = look.settings.auth0, look.accounts.auth0
    found = auth0.named(declared.application)
    if len(found) != 1:
        fix = UP if not found else "delete those that nothing uses, or run python -m gate recover"
        yield check.line(failed(f"{len(found)} have this name", fix))
        return
    client = auth0.details(found[0].id)
    lists = {
        "callbacks": declared.callbacks,
        "allowed_logout_urls": declared.logout_urls,
        "web_origins": declared.web_origins,
        "allowed_origins": declared.web_origins if declared.allowed_origins is None else declared.allowed_origins,
    }
    for key, wanted in lists.items():
        yield check.compared(key, set(client.get(key) or []), set(wanted))
    if tester := declared.login_test:
        yield Line("3.2", f"login test's application {tester.application}", _login_test(declared, tester, auth0))


def _login_test(declared: Login, tester: LoginTest, auth0: Auth0) -> Verdict:
    found = auth0.named(tester.application)
    if len(found) != 1:
        return failed(f"{len(found)} have this name", UP if not found else "delete those that nothing uses")
    grants = auth0.details(found[0].id).get("grant_types") or []
    if not tester.logs_a_user_in and not auth0.grants(found[0].id, declared.audience):
        return failed(f"it may not get tokens for {declared.audience}", UP)
    return expect("grants", set(grants), {tester.grant_type})


def vercel_lines(look: Look, check: Check, declared: Declared) -> Iterator[Line]:
    """Check the project."""
    settings, vercel = look.settings, look.accounts.vercel
    project = vercel.project(declared.project)
    if project is None:
        yield check.line(failed("does not exist", f"correct marketedge:vercel.project, or use {ACCESS}"))
        return
    if declared.settings:
        yield from _settings(look, check, project, declared.settings)
    branch = settings.vercel_branch
    kind, bound = _kind_of(declared), branch if declared.target == "branch" else None
    there = vercel.variables(project["id"])
    present = {v.key for v in there if kind in v.targets and (v.git_branch or None) == bound}
    variables = complete((v.key for v in declared.variables), present)
    yield Line("2.5", f"{kind} variables of {declared.project}", variables)
    for one in conflicts(declared, there, branch):
        yield Line("2.5", f"{kind} variables take effect", failed(one.text, f"then {UP}, and redeploy"))
    if branch:
        yield Line("2.5", f"newest build of branch {branch}", _newest_build(vercel, project["id"], branch))
    for domain in (declared.domain, *declared.aliases):
        host = Domain(domain, "Vercel", zone=settings.dns.zone_of(domain))
        yield Line("2.6", f"domain {domain}", _domain(vercel, project["id"], domain, branch))
        yield Line("2.6", f"DNS of {domain}, as Vercel sees it", _dns(vercel, host))
    if branch:
        bypass = bool(look.environ.get("VERCEL_AUTOMATION_BYPASS_SECRET"))
        yield Line("2.6", f"login wall before {declared.domain}", login_wall(project, bypass=bypass))


def _kind_of(declared: Declared) -> str:
    """Return the kind of deployments whose variables are the environment's."""
    return "production" if declared.target == "production" else "preview"


def _newest_build(vercel: Vercel, project: str, branch: str) -> Verdict:
    """Return the newest build that was not skipped.

    One of an unchanged frontend is `CANCELED`, and the one before serves.
    """
    skipped = 0
    for one in vercel.deployments(project, branch=branch):
        state = state_of(one)
        if state == "CANCELED":
            skipped += 1
        elif state == "READY":
            return passed(f"READY{f', {skipped} newer skipped or cancelled' if skipped else ''}")
        else:
            return failed(f"state is {state}, expected READY", "read its log, in the project's Deployments at Vercel")
    return failed("there is none", f"push to {branch} with the Git integration on")


def _settings(look: Look, check: Check, project: dict[str, Any], wanted: VercelProject) -> Iterator[Line]:
    link = project.get("link") or {}
    linked = f"{link.get('org')}/{link.get('repo')}" if link else None
    yield check.compared("repository", linked, f"{look.target.owner}/{look.target.repository}")
    yield check.compared("production branch", link.get("productionBranch"), wanted.production_branch)
    if wanted.root_directory:
        directory = None if wanted.at_the_top else wanted.root_directory
        yield check.compared("root directory", project.get("rootDirectory"), directory)
    assigns, on_merge = project.get("autoAssignCustomDomains", True), look.settings.phase != "cutover"
    yield Line("5.4", f"{check.title}: releases on merge", expect("auto-assignment of domains", assigns, on_merge))


def _domain(vercel: Vercel, project: str, domain: str, branch: str | None) -> Verdict:
    found = vercel.get(f"/v9/projects/{project}/domains/{domain}")
    if found is None:
        return failed("is not at the project", UP)
    if (found.get("gitBranch") or None) != branch:
        return expect("branch", found.get("gitBranch"), branch)
    if found.get("verified"):
        return passed("verified")
    return failed("is not verified", "add the TXT record Vercel asks for")


def _dns(vercel: Vercel, domain: Domain) -> Verdict:
    """Return a domain's configuration (vercel.com/docs/rest-api, Get a Domain's configuration)."""
    found = vercel.get(f"/v6/domains/{domain.name}/config")
    if found is None:
        return unknown("Vercel does not tell its configuration")
    fix = domain.how_to_point(domain.record_target())
    return failed("does not point at Vercel", fix) if found.get("misconfigured") else passed("points at Vercel")


def one_client_id(look: Look, declared: Declared) -> Verdict:
    """Check that frontend and backend use one application. Typed twice, the ids once were of different ones."""
    shown, own = _client_id(look, declared), None
    backend = look.settings.render.service
    wired = look.settings.render.variables_of(backend)
    key = next((str(v.key) for v in wired if v.from_output == "auth0.clientId"), "AUTH0_CLIENT_ID")
    if service := look.render.find("/services", backend.name):
        own = values_of(look.render, service).get(key)
    if not own or not shown:
        return unknown("one of the two client ids is not shown")
    if own != shown:
        fix = "correct the one that is not the application's, then redeploy"
        return failed(f"frontend {shown[:6]}…, backend {own[:6]}…", fix)
    return passed(f"{own[:6]}…")


def _client_id(look: Look, declared: Declared) -> str | None:
    """Return the frontend's variable for the client id; None if there is none, or if it is not shown."""
    vercel, branch = look.accounts.vercel, look.settings.vercel_branch
    project = vercel.require_project(declared.project)
    kind = _kind_of(declared)
    keys = [variable.key for variable in declared.variables if variable.from_output == "auth0.clientId"]
    own = {None, branch}  # what is bound to the branch wins over what all previews get
    for variable in sorted(vercel.variables(project), key=lambda one: not one.git_branch):
        if variable.key in keys and kind in variable.targets and (variable.git_branch or None) in own:
            return (vercel.get(f"/v1/projects/{project}/env/{variable.id}") or {}).get("value")
    return None
