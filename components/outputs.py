"""What a stack tells its users, its workflows, and the other environments' stacks."""

from collections.abc import Iterator

import pulumi

from blueprint.fingerprint import fingerprint
from components import cost
from components.configuration import Loaded
from components.domains import zone_file
from components.observation import Observation
from components.phases import Part
from components.render import Backend
from components.settings import Settings
from components.vercel_project import ExistingProject, overriding
from components.vocabulary import OVERRIDDEN


def export(
    loaded: Loaded,
    backend: Backend | None,
    observed: Observation,
    warned: list[str],
    project: ExistingProject | None,
) -> None:
    """Export everything.

    Args:
        backend: None in a phase that declares nothing at Render.
        warned: the warnings of this run. A later preview tells new ones from these.
        project: at Vercel; None where it was not looked at.
    """
    settings = loaded.settings
    pulumi.export("environment", settings.environment)
    pulumi.export("phase", settings.phase)
    if settings.frontend_url:
        pulumi.export("frontendUrl", settings.frontend_url)
    if backend:
        if backend.service_url is not None:
            pulumi.export("backendUrl", backend.service_url)
            pulumi.export("renderServiceId", backend.service_id)
        if settings.render.other_services:
            pulumi.export("serviceUrls", dict(backend.service_urls))
        if backend.database_id is not None:
            pulumi.export("renderDatabaseId", backend.database_id)
        if backend.env_group_id is not None:
            pulumi.export("renderEnvGroupId", backend.env_group_id)
    if digests := secret_digests(loaded, observed):
        pulumi.export("secretDigests", digests)
    prices = cost.monthly_usd(settings.render) if Part.BACKEND in settings.parts else {}
    pulumi.export("monthlyCostUsd", {"total": cost.total(prices), "parts": prices})
    pulumi.export("warnings", warned)
    if project and settings.vercel:
        won = {one.key: one.id for one in overriding(settings.vercel, project.variables, settings.vercel_branch)}
        if won:
            pulumi.export(OVERRIDDEN, won)
    records = list(_records(settings, backend))
    pulumi.export("dnsRecords", records)
    if elsewhere := [one for one in records if "zone" not in one]:
        pulumi.export("dnsZoneFile", pulumi.Output.from_input(elsewhere).apply(zone_file))


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
