"""One environment of the MarketEdge staging gate. See README.md; every value is in `Pulumi.<stack>.yaml`."""

import os
from urllib.parse import urlsplit

import pulumi

from components import cost, stack
from components.auth0 import Application, ApplicationArgs
from components.blueprint import Blueprint
from components.github import Environment, EnvironmentArgs, ProtectedBranch, ProtectedBranchArgs
from components.observation import observe
from components.render import Backend, BackendArgs
from components.vercel import CNAME_TARGET, PreviewEnvironment, PreviewEnvironmentArgs
from components.wiring import Wiring, unknown

running = stack.read()
loaded, settings = running.loaded, running.loaded.settings
name, branch = settings.environment, settings.github.branch.name

wiring = Wiring(loaded.secrets)
wiring.provide(
    {
        "environment": settings.environment,
        "frontend.url": settings.frontend_url,
        "cors.origins": ",".join(settings.cors.origins),
        "auth0.domain": settings.auth0.domain,
        "auth0.audience": settings.auth0.audience,
        "auth0.clientId": unknown(),
        "auth0.clientSecret": unknown(),
    }
)

source: pulumi.Input[str] = branch  # of what Render and Vercel build: the branch has to exist before them
if "GitHub" not in running.unseen:
    github = settings.github
    gate = ProtectedBranch(name, ProtectedBranchArgs(loaded.owner, github.repository, github.branch, github.protection))
    source = gate.branch

if "Auth0" not in running.unseen:
    application = Application(name, ApplicationArgs(settings.auth0, settings.environment))
    wiring.provide({"auth0.clientId": application.client_id, "auth0.clientSecret": application.client_secret})
    pulumi.export("auth0ClientId", application.client_id)

blueprint = Blueprint(settings.render, loaded.repository_url, branch)
drift = observe(blueprint.without_values(), os.environ)
backend = Backend(name, BackendArgs(blueprint, source, wiring, drift))
wiring.provide({"render.serviceUrl": backend.service_url, "render.serviceId": backend.service_id})

if "Vercel" not in running.unseen:
    frontend = PreviewEnvironment(name, PreviewEnvironmentArgs(settings.vercel, source, wiring))
    pulumi.export("vercelProjectId", frontend.project_id)

if "GitHub" not in running.unseen:
    Environment(name, EnvironmentArgs(settings.github.repository, settings.github.environment, branch, wiring))

prices = cost.monthly_usd(settings.render)
records = {settings.vercel.domain: pulumi.Output.from_input(CNAME_TARGET)}
records |= {
    domain: backend.service_url.apply(lambda url: urlsplit(url).netloc) for domain in settings.render.service.domains
}

pulumi.export("frontendUrl", settings.frontend_url)
pulumi.export("backendUrl", backend.service_url)
pulumi.export("renderServiceId", backend.service_id)
pulumi.export("renderDatabaseId", backend.database_id)
pulumi.export("renderEnvGroupId", backend.env_group_id)
pulumi.export("monthlyCostUsd", {"total": cost.total(prices), "parts": prices})
pulumi.export(
    "dnsRecords",
    [
        {"name": domain, "type": "CNAME", "target": target, "ttlSeconds": settings.dns.ttl_seconds}
        for domain, target in records.items()
    ],
)
