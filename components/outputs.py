"""What a stack tells its users, its workflows, and the other environment's stack."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pulumi

from components import cost
from components.observation import Observation
from components.phases import Part, parts
from components.problems import Loaded
from components.render import Backend
from components.settings import Settings
from components.vercel import CNAME_TARGET
from render.fingerprint import fingerprint

SHARED_SECRET = "JWT_SECRET_KEY"
"""What no two environments may have in common (plan 2.4)."""


def export(loaded: Loaded, backend: Backend | None, observed: Observation) -> None:
    """Export everything. Args: backend: None in a phase that declares nothing at Render."""
    settings = loaded.settings
    pulumi.export("environment", settings.environment)
    pulumi.export("phase", settings.phase)
    if settings.frontend_url:
        pulumi.export("frontendUrl", settings.frontend_url)
    if backend:
        pulumi.export("backendUrl", backend.service_url)
        pulumi.export("renderServiceId", backend.service_id)
        if backend.database_id is not None:
            pulumi.export("renderDatabaseId", backend.database_id)
        if backend.env_group_id is not None:
            pulumi.export("renderEnvGroupId", backend.env_group_id)
    if digest := secret_digest(loaded, observed):
        pulumi.export("secretDigests", {SHARED_SECRET: digest})
    prices = cost.monthly_usd(settings.render) if Part.BACKEND in parts(settings.environment, settings.phase) else {}
    pulumi.export("monthlyCostUsd", {"total": cost.total(prices), "parts": prices})
    pulumi.export("dnsRecords", list(_records(settings, backend)))


def secret_digest(loaded: Loaded, observed: Observation) -> str | None:
    """Of the secret that environments may not share: equal for equal values, and no way back to the value.

    One that is not declared with a value is what it is at Render; also one that Render generates, which it does only
    where there is none yet.
    """
    for variable in loaded.settings.render.variables:
        if variable.key == SHARED_SECRET and variable.from_secret:
            return fingerprint(loaded.secrets[variable.from_secret])
    return observed.digests.get(SHARED_SECRET)


def _records(settings: Settings, backend: Backend | None) -> Iterator[dict[str, pulumi.Input[str] | int]]:
    """The DNS records to create: they are made at the domain's registrar, which this program does not know."""
    declared = parts(settings.environment, settings.phase)
    ttl = settings.dns.ttl_seconds
    if settings.vercel and Part.FRONTEND in declared:
        for domain in (settings.vercel.domain, *settings.vercel.aliases):
            yield {"name": domain, "type": "CNAME", "target": CNAME_TARGET, "ttlSeconds": ttl}
    if backend and Part.BACKEND in declared:
        for service in settings.render.services:
            target = backend.service_urls[service.name].apply(lambda url: urlsplit(url).netloc)
            for domain in service.domains:
                yield {"name": domain, "type": "CNAME", "target": target, "ttlSeconds": ttl}
