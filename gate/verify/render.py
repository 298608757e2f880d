"""Render's side of the plan: service, database, domains, variables by name (1.1, 2.1 to 2.4, 5.4)."""

from collections.abc import Iterator
from typing import Any

from blueprint.service import deploy_trigger
from blueprint.syncs import managing
from blueprint.workspace import Session
from components.addresses import Domain
from components.phases import Part
from components.render_settings import AnyService
from components.settings import Dns
from gate.checks.verdict import UP, Line, Verdict, failed, passed, unknown
from gate.verify.look import Check, Look, complete, expect


def service_lines(look: Look, check: Check, declared: AnyService) -> Iterator[Line]:
    """Check one service."""
    settings, session = look.settings, look.render
    service = session.find("/services", declared.name)
    if service is None:
        yield check.line(failed("does not exist", UP))
        return
    yield check.line(expect("state", service["suspended"], "not_suspended", "resume it in Render's dashboard"))
    yield check.compared("branch", service.get("branch"), settings.github.branch.name)
    region = service["serviceDetails"].get("region")
    fix = "a service cannot be moved: declare the region that it is in"
    yield check.compared("region", region, settings.render.region, fix)
    trigger = "off" if Part.TAG_DEPLOYS in settings.parts else declared.auto_deploy_trigger
    if trigger:
        verdict = expect("autoDeploy", deploy_trigger(service), trigger)
        yield Line("5.4" if settings.released_by_tag else "2.1", f"{check.title}: deploys by itself", verdict)
    if settings.live:
        yield Line("4.1", f"{check.title}: previews use no live data", _previews(service))
    yield from _variables(look, service, declared)
    yield from _domains(session, service, declared.domains, settings.dns)
    if not settings.live and declared == settings.render.service:
        yield Line("2.2", "initial data", _seeded(session, service, settings.seed.scripts))


def blueprints(look: Look) -> Verdict:
    """Check that no Blueprint of Render's sets the declared objects again."""
    found = managing(look.render, [one.name for one in look.settings.render.objects])
    told, fix = "; ".join(map(str, found)), f"gate disconnect --env {look.target.environment}"
    return failed(told, fix) if found else passed("none manages them")


def _previews(service: dict[str, Any]) -> Verdict:
    """Check previews: one copies every variable of its service, also the database's address (render.com/docs)."""
    generation = (service["serviceDetails"].get("previews") or {}).get("generation") or "off"
    if generation == "off":
        return passed("off")
    fix = f"declare previews: {{generation: off}}, then {UP}; switch them on at the environment that is merged to first"
    return failed(f"{generation}: code of pull requests runs on this environment's data", fix)


def _seeded(session: Session, service: dict[str, Any], scripts: list[str]) -> Verdict:
    """Check the seeds, by the jobs that `gate seed` runs."""
    if service["serviceDetails"].get("plan") == "free":
        return unknown("the free plan has no jobs, so nothing tells how the data came there")
    jobs = session.client.pages(f"/services/{service['id']}/jobs")
    done = {job["startCommand"] for job in jobs if job.get("status") == "succeeded"}
    missing = [script for script in scripts if script not in done]
    if missing:
        return failed(f"not run: {', '.join(missing)}", "python -m gate seed --env staging")
    return passed("seeded")


def _variables(look: Look, service: dict[str, Any], declared: AnyService) -> Iterator[Line]:
    """Check variables by name. Values are neither shown nor compared."""
    present, wanted = values_of(look.render, service), look.settings.render.variables_of(declared)
    yield Line("2.4", f"variables of {service['name']}", complete((v.key for v in wanted), present))
    for key in (str(v.key) for v in wanted if v.from_output == "auth0.audience"):
        yield Line("1.1", f"{key} at Render", passed("set") if key in present else failed("not set", UP))


def values_of(session: Session, service: dict[str, Any]) -> dict[str, str]:
    """Return a service's variables: those of its groups, and its own, which win."""
    found: list[dict[str, str]] = []
    for group in session.listing("/env-groups"):
        if any(link["id"] == service["id"] for link in group["serviceLinks"]):
            found += session.client.get(f"/env-groups/{group['id']}")["envVars"]
    found += session.client.pages(f"/services/{service['id']}/env-vars")
    return {variable["key"]: variable["value"] for variable in found}


def _domains(session: Session, service: dict[str, Any], declared: list[str], dns: Dns) -> Iterator[Line]:
    found = {one["name"]: one.get("verificationStatus") for one in session.domains_of(service["id"]) if declared}
    for name in declared:
        verdict = failed("is not at the service", UP)
        if name in found:
            record = Domain(name, "Render", service["name"], dns.zone_of(name))
            target = record.record_target(service["serviceDetails"]["url"].removeprefix("https://"))
            fix = f"{record.how_to_point(target)}, then verify it in Render's dashboard"
            verdict = expect("verification", found[name], "verified", fix)
        yield Line("2.3", f"domain {name}", verdict)


def database(look: Look, name: str) -> Verdict:
    """Check a database."""
    found = look.render.find("/postgres", name)
    if found is None:
        return failed("does not exist", UP)
    if found["status"] != "available":
        return failed(f"is {found['status']}", "open it in Render's dashboard")
    expires = f", expires {found['expiresAt'][:10]}" if found.get("expiresAt") else ""
    return passed(f"available, {found['plan']}{expires}")
