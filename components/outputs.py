"""What a stack tells its users, its workflows, and the other environments' stacks."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from blueprint.marker import fingerprint
from components import cost
from components.addresses import zone_file
from components.configuration import Loaded
from components.observation import Observation
from components.phases import Part
from components.render import Backend
from components.settings import Settings
from components.vendors import OVERRIDDEN
from components.vercel_project import ExistingProject, conflicts


def export(
    loaded: Loaded, backend: Backend | None, observed: Observation, warned: list[str], project: ExistingProject | None
) -> Mapping[str, Any]:
    """Export everything.

    Args:
        backend: None in a phase that declares nothing at Render.
        warned: the warnings of this run. A later preview tells new ones from these.
        project: at Vercel; None where it was not looked at.

    Returns:
        What was exported.
    """
    settings = loaded.settings
    prices = cost.monthly_usd(settings.render) if Part.BACKEND in settings.parts else {}
    records = list(_records(settings, backend))
    elsewhere = [one for one in records if "zone" not in one]
    everything = {
        "environment": settings.environment,
        "phase": settings.phase,
        "frontendUrl": settings.frontend_url or None,
        "backendUrl": backend and backend.service_url,
        "renderServiceId": backend and backend.service_id,
        "serviceUrls": dict(backend.service_urls) if backend and settings.render.other_services else None,
        "renderDatabaseId": backend and backend.database_id,
        "renderEnvGroupId": backend and backend.env_group_id,
        "secretDigests": secret_digests(loaded, observed) or None,
        cost.OUTPUT: {"total": cost.total(prices), "parts": prices},
        "warnings": warned,
        OVERRIDDEN: _overridden(settings, project) or None,
        "dnsRecords": records,
        "dnsZoneFile": pulumi.Output.from_input(elsewhere).apply(zone_file) if elsewhere else None,
    }
    found = {name: value for name, value in everything.items() if value is not None}
    for name, value in found.items():
        pulumi.export(name, value)
    return found


def _overridden(settings: Settings, project: ExistingProject | None) -> dict[str, str]:
    """Return the ids of the records at Vercel that win over declared variables, by key."""
    if not project or not settings.vercel:
        return {}
    found = conflicts(settings.vercel, project.variables, settings.vercel_branch)
    return {one.record.key: one.record.id for one in found if not one.refuses}


def secret_digests(loaded: Loaded, observed: Observation) -> dict[str, str]:
    """Return digests of the secrets that environments may not share, by variable. Equal values have equal digests.

    A secret without a declared value is the one at Render. So is one that Render generates, which it does only once.
    """
    differ = loaded.settings.secrets_that_differ
    found = {key: observed.digests[key] for key in differ if key in observed.digests}
    declared = {str(v.key): v.from_secret for v in loaded.settings.render.variables if v.key in differ}
    return found | {key: fingerprint(loaded.secrets[secret]) for key, secret in declared.items() if secret}


def _records(settings: Settings, backend: Backend | None) -> Iterator[dict[str, pulumi.Input[str] | int]]:
    """Return the DNS records that are needed.

    Those with a `zone` are made at Vercel. Somebody has to create the others at the domain's registrar, which this
    program does not know.
    """
    for domain in settings.domains:
        target: pulumi.Input[str] = domain.record_target()
        if not target:
            assert backend is not None  # which a phase with Render's domains declares
            target = backend.host(domain.service)
        record = {"name": domain.name, "type": domain.record_type, "target": target}
        yield {**record, "ttlSeconds": settings.dns.ttl_seconds, **({"zone": domain.zone} if domain.zone else {})}
