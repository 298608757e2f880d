"""DNS where the zone is at Vercel: what the stack declares of it, and what it tells the others to create."""

from __future__ import annotations

import pytest

from components.addresses import Domain
from components.configuration_errors import SettingsError
from tests.unit import plan
from tests.unit.components.engine import run
from tests.unit.settings.stack_file import StackFile

RECORD = "vercel:index/dnsRecord:DnsRecord"
ZONE = plan.BACKEND_DOMAIN.partition(".")[2]


def with_zone(zone: str) -> StackFile:
    stack_file = StackFile("staging")
    stack_file.put("dns.zone", zone)
    return stack_file


def test_the_record_of_a_domain_at_render_is_declared_and_vercels_own_is_left_to_vercel() -> None:
    result = run(with_zone(ZONE))
    assert result.error is None
    assert result.only(RECORD).name == f"staging-{plan.BACKEND_DOMAIN}"
    assert result.only(RECORD).inputs == {
        "domain": ZONE,
        "name": plan.BACKEND_DOMAIN.removesuffix(f".{ZONE}"),
        "type": "CNAME",
        "value": f"{plan.BACKEND_CNAME}.",
        "ttl": plan.DNS_TTL,
        "comment": "Declared by the staging gate",
    }


def test_a_zone_that_is_the_domain_itself_has_an_address() -> None:
    record = run(with_zone(plan.BACKEND_DOMAIN)).only(RECORD)
    assert {key: record.inputs[key] for key in ("name", "type", "value")} == {
        "name": "",
        "type": "A",
        "value": "216.24.57.1",
    }


def test_a_domain_in_another_zone_is_left_to_people() -> None:
    result = run(with_zone("xzebra.associates"))
    assert result.of(RECORD) == []
    assert f"{plan.BACKEND_DOMAIN}. {plan.DNS_TTL} IN CNAME {plan.BACKEND_CNAME}.\n" in result.outputs["dnsZoneFile"]


def test_what_people_create_is_a_zone_file_and_nothing_where_all_is_at_vercel() -> None:
    assert run().outputs["dnsZoneFile"] == (
        f"{plan.FRONTEND_DOMAIN}. {plan.DNS_TTL} IN CNAME {plan.FRONTEND_CNAME}.\n"
        f"{plan.BACKEND_DOMAIN}. {plan.DNS_TTL} IN CNAME {plan.BACKEND_CNAME}.\n"
    )
    outputs = run(with_zone(ZONE)).outputs
    assert "dnsZoneFile" not in outputs
    assert {record["zone"] for record in outputs["dnsRecords"]} == {ZONE}


def test_vercels_least_ttl_is_known_before_anything_is_made() -> None:
    stack_file = with_zone(ZONE)
    stack_file.put("dns.ttlSeconds", 30)
    with pytest.raises(SettingsError, match=r"dns: .*expected ttlSeconds of at least 60 with a zone at Vercel"):
        stack_file.load()


def test_what_to_do_depends_on_who_makes_the_record() -> None:
    target = "x.onrender.com"
    assert Domain("api.example.com", "Render").how_to_point(target) == (
        "create the DNS record api.example.com CNAME x.onrender.com"
    )
    at_vercel = Domain("api.example.com", "Render", zone="example.com")
    assert at_vercel.how_to_point(target).startswith("run pulumi up")
    assert "name servers of example.com" in Domain("app.example.com", "Vercel", zone="example.com").how_to_point(target)
