"""One environment of the MarketEdge staging gate. See README.md; every value is in `Pulumi.<stack>.yaml`."""

import gc
import os

gc.disable()  # every object lives to the end of this short run: looking for garbage would be a tenth of the start

import pulumi

from components import guardrails, outputs, stack, vercel_project
from components.adoption import Adoption
from components.auth0 import Application, LoginTestClient
from components.foreseen import Foreseen
from components.github import BoundChecks, Environment, ProtectedBranch, ReleaseTags
from components.observation import observe
from components.phases import Part
from components.render import Backend
from components.render_documents import Blueprint
from components.vercel import Frontend, Project, ZoneRecords
from components.wiring import Wiring

# What is declared, what the last `up` left, and what is at the vendors. A stack that breaks a rule ends here.
running = stack.read()
loaded, settings, unseen = running.loaded, running.loaded.settings, running.unseen
name, github, parts = settings.environment, settings.github, settings.parts
vercel = settings.vercel if Part.FRONTEND in parts and "Vercel" not in unseen else None
blueprint, applied = Blueprint(settings, loaded.repository_url), stack.applied(running.state)
render = observe(blueprint.document(), os.environ, settings.secrets_that_differ, applied)
project = vercel_project.look_up(vercel.project) if vercel else None
warned = guardrails.enforce(loaded, running.before, render, os.environ, project)
foreseen = Foreseen(running)
adoption = Adoption(settings.adopt)
wiring = Wiring(loaded.secrets, settings.outputs)

branch: pulumi.Input[str] = github.branch.name  # of what is built: where this stack makes it, it has to exist before
if "GitHub" not in unseen:
    branch = ProtectedBranch(name, loaded.owner, settings).branch
    if Part.RELEASE_TAGS in parts and github.release_tags:
        ReleaseTags(name, github)
    if Part.ENVIRONMENT in parts and github.protection.checks_by:
        BoundChecks(name, settings)

if "Auth0" in unseen:
    wiring.provide(stack.credentials_of_auth0(running.state))
else:
    application = Application(name, settings)
    wiring.provide(application.outputs)
    pulumi.export("auth0ClientId", application.client_id)
    if settings.auth0.login_test:
        wiring.provide(LoginTestClient(name, settings.auth0.login_test, settings.auth0.audience).outputs)

backend = None
if Part.BACKEND in parts or Part.CRITICAL_VARIABLES in parts:
    backend = Backend(name, blueprint, branch, wiring, render, applied)
    wiring.provide(backend.outputs)

if vercel and project:
    if vercel.settings:
        repository, assigns = f"{loaded.owner}/{github.repository}", Part.TAG_DEPLOYS not in parts
        Project(name, project.name, vercel.settings, repository, assign_domains=assigns)
    frontend = Frontend(name, vercel, project, branch if settings.vercel_branch else None, wiring)
    pulumi.export("vercelProjectId", frontend.project_id)

in_zone = [domain for domain in settings.domains if domain.declared]
if in_zone and backend and "Vercel" not in unseen:
    targets = {domain: domain.record_target() or backend.host(domain.service) for domain in in_zone}
    ZoneRecords(name, targets, settings.dns.ttl_seconds)

if Part.ENVIRONMENT in parts and "GitHub" not in unseen:
    Environment(name, settings, wiring)

adoption.finish(unseen)
exported = outputs.export(loaded, backend, render, warned, project)
foreseen.tell(backend.given if backend else {}, render, exported)

gc.freeze()  # Python would look once more as it ends, for a third of a second
