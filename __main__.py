"""One environment of the MarketEdge staging gate. See README.md; every value is in `Pulumi.<stack>.yaml`."""

import gc
import os

gc.disable()  # every object lives to the end of this short run: looking for garbage would be a tenth of the start

import pulumi

from components import adoption, guardrails, outputs, stack, vercel_project
from components import earlier_runs as rollout
from components.auth0 import Application, ApplicationArgs, LoginTestClient
from components.blueprint import Blueprint
from components.foreseen import Foreseen
from components.github import (
    BoundChecks,
    BoundChecksArgs,
    Environment,
    EnvironmentArgs,
    ProtectedBranch,
    ProtectedBranchArgs,
    ReleaseTags,
    ReleaseTagsArgs,
)
from components.observation import observe
from components.phases import Part
from components.render import Backend, BackendArgs
from components.vercel import Frontend, FrontendArgs, Project, ProjectArgs, ZoneRecords, ZoneRecordsArgs
from components.wiring import Wiring, unknown

running = stack.read()
loaded, settings = running.loaded, running.loaded.settings
name, github, vercel = settings.environment, settings.github, settings.vercel
parts = settings.parts
blueprint = Blueprint(settings, loaded.repository_url, parts)
state = rollout.resources()
running.keep_what_is_unseen(state)
render = observe(blueprint.without_values(), os.environ, settings.secrets_that_differ, rollout.applied(state))
at_vercel = vercel if Part.FRONTEND in parts and "Vercel" not in running.unseen else None
project = vercel_project.look_up(at_vercel.project) if at_vercel else None
before = rollout.before(settings, state)
warned = guardrails.enforce(loaded, before, render, os.environ, project)
foreseen = Foreseen(state, before.own, running.unseen, settings.adopt)
adopted = adoption.Adoption(settings.adopt)

wiring = Wiring(loaded.secrets)
wiring.provide(
    {
        "environment": settings.environment,
        "cors.origins": ",".join(settings.cors.origins),
        "frontend.url": settings.frontend_url or "",
        "auth0.domain": settings.auth0.domain,
        "auth0.audience": settings.auth0.audience,
        "auth0.clientId": unknown(),
        "auth0.clientSecret": unknown(),
        "auth0.testClientId": unknown(),
        "auth0.testClientSecret": unknown(),
    }
)

branch: pulumi.Input[str] = github.branch.name  # of what is built: where this stack makes it, it has to exist before
if "GitHub" not in running.unseen:
    protection = github.protection_in(settings.phase)
    rule = ProtectedBranchArgs(loaded.owner, github.repository, github.branch, protection, settings.adopted)
    gate = ProtectedBranch(name, rule)
    branch = gate.branch
    if Part.RELEASE_TAGS in parts and github.release_tags:
        ReleaseTags(name, ReleaseTagsArgs(github.repository, github.release_tags, github.release_managers))
    if protection.checks_by and Part.ENVIRONMENT in parts:
        bound = protection.bound_checks
        checks = BoundChecksArgs(github.repository, github.branch.name, bound or protection.checks_by, bool(bound))
        BoundChecks(name, checks)

if "Auth0" in running.unseen:
    wiring.provide(rollout.credentials_of_auth0(state))
else:
    credentials = "auth0.clientSecret" in settings.wired
    login = ApplicationArgs(settings.auth0, settings.environment, credentials, settings.adopted)
    application = Application(name, login)
    wiring.provide({"auth0.clientId": application.client_id})
    if application.client_secret is not None:
        wiring.provide({"auth0.clientSecret": application.client_secret})
    pulumi.export("auth0ClientId", application.client_id)
    if settings.auth0.login_test:
        tester = LoginTestClient(name, settings.auth0.login_test, settings.auth0.audience)
        wiring.provide({"auth0.testClientId": tester.client_id, "auth0.testClientSecret": tester.client_secret})

backend = None
if Part.BACKEND in parts or Part.CRITICAL_VARIABLES in parts:
    backend = Backend(name, BackendArgs(blueprint, branch, wiring, render, rollout.resource_names(state)))
    wiring.provide(backend.outputs)

if at_vercel and project:
    if at_vercel.settings:
        repository = f"{loaded.owner}/{github.repository}"
        Project(name, ProjectArgs(project.name, at_vercel.settings, repository, Part.TAG_DEPLOYS not in parts))
    frontend = Frontend(name, FrontendArgs(at_vercel, project, branch if settings.vercel_branch else None, wiring))
    pulumi.export("vercelProjectId", frontend.project_id)

declared = [domain for domain in settings.domains if domain.declared]
if declared and backend and "Vercel" not in running.unseen:
    targets = {domain: domain.record_target() or backend.host(domain.service) for domain in declared}
    ZoneRecords(name, ZoneRecordsArgs(targets, settings.dns.ttl_seconds))

if Part.ENVIRONMENT in parts and "GitHub" not in running.unseen:
    args = EnvironmentArgs(github.repository, github.environment, github.branch.name, wiring, settings.adopted)
    Environment(name, args)

adopted.finish(running.unseen)
exported = outputs.export(loaded, backend, render, warned, project)
foreseen.tell(backend.given if backend else {}, render, exported, loaded.owner)

gc.freeze()  # Python would look once more as it ends, for a third of a second
