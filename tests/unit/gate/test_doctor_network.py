"""`gate doctor` on the way to the vendors, and the declared domains in DNS."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import httpx
import pytest

from components.configuration import load
from gate.checks import dns
from gate.checks.verdict import Verdict
from gate.doctor import run as network
from gate.stack.target import read_config
from tests.unit.settings.stack_file import STACKS, VERCEL_TOKEN


def answering(*outcome: Exception) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        if outcome:
            raise outcome[0]
        return httpx.Response(404)

    return httpx.MockTransport(answer)


def test_a_host_is_reached_when_anything_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert network.reach("https://api.test/v1", answering()).detail == "api.test answers, directly"
    found = network.reach("https://api.test", answering(httpx.ConnectError("refused")))
    assert found.detail == "api.test is not reached directly: ConnectError"
    monkeypatch.setenv("HTTPS_PROXY", "http://user:hunter2@proxy.test:3128")
    found = network.reach("https://api.test", answering(httpx.ProxyError("hunter2")))
    assert found.detail == "api.test is not reached through the proxy: ProxyError"
    assert "SSL_CERT_FILE" in found.fix


def domains(stack: str, records: Mapping[str, str] | None, ask: dns.Resolve) -> dict[str, Verdict]:
    config = read_config(STACKS / f"Pulumi.{stack}.yaml") | {"marketedge:phase": "infrastructure"}
    environ = {"VERCEL_API_TOKEN": VERCEL_TOKEN}
    settings = load(stack, config, frozenset(), environ, check_secrets=False).settings
    return dict(dns.domain_lines(settings, records, ask))


def no_such_name(_host: str) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


ADDRESSES = {
    "app.zebra.associates": ["cname.vercel-dns.com", "76.76.21.21"],
    "platform.marketedge.co.uk": ["76.76.21.22"],
    "cname.vercel-dns.com": ["76.76.21.22", "76.76.21.23"],
}


def test_a_domain_that_points_at_its_vendor_holds_by_name_or_by_address() -> None:
    found = domains("production", None, ADDRESSES.__getitem__)
    assert {title: (one.outcome, one.detail) for title, one in found.items()} == {
        "DNS of app.zebra.associates, as this machine sees it": ("pass", "cname.vercel-dns.com, 76.76.21.21"),
        "DNS of platform.marketedge.co.uk, as this machine sees it": ("pass", "76.76.21.22"),
    }


def test_a_domain_that_points_elsewhere_is_a_note() -> None:
    found = domains("production", None, lambda host: ["192.0.2.1"] if "zebra" in host else ADDRESSES[host])
    elsewhere = found["DNS of app.zebra.associates, as this machine sees it"]
    assert (elsewhere.outcome, elsewhere.detail) == ("note", "192.0.2.1: not where cname.vercel-dns.com is")
    assert "app.zebra.associates CNAME cname.vercel-dns.com" in elsewhere.fix


def test_a_name_that_is_not_there_is_a_note_before_the_first_up_and_a_failure_after() -> None:
    before = domains("staging", None, no_such_name)["DNS of staging.zebra.associates, as this machine sees it"]
    assert before.outcome == "note"
    assert before.fix.endswith("create the DNS record staging.zebra.associates CNAME cname.vercel-dns.com")
    records = {"staging-api.zebra.associates": "marketedge-platform-staging.onrender.com"}
    after = domains("staging", records, no_such_name)["DNS of staging-api.zebra.associates, as this machine sees it"]
    assert after.outcome == "fail"
    assert after.fix.endswith("CNAME marketedge-platform-staging.onrender.com")


def test_no_dns_from_here_is_not_taken_for_a_missing_record() -> None:
    def broken(_host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    assert {one.outcome for one in domains("staging", None, broken).values()} == {"unknown"}
