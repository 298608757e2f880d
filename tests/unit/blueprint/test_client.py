"""The client: what it sends, how it reads lists and errors, and which settings of the environment it follows."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from blueprint.client import BASE_URL, RenderClient
from blueprint.errors import ApiError, Conflict, Forbidden, NotFound, RenderError, Unauthorized
from blueprint.sending import trusted
from tests.unit.blueprint.account import API_KEY, Account
from tests.unit.blueprint.documents import group, only, service, variables


def answering(*answers: httpx.Response, **options: Any) -> tuple[RenderClient, list[httpx.Request]]:
    """A client that gets these answers, and the list of what it sends."""
    sent: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return left.pop(0)

    transport = httpx.MockTransport(answer)
    return RenderClient(API_KEY, transport=transport, sleep=lambda _: None, **options), sent


def refused(status: int, **options: Any) -> ApiError:
    client, _ = answering(httpx.Response(status, **options))
    with pytest.raises(ApiError) as error:
        client.get("/services")
    return error.value


# Requests


def test_every_request_carries_the_key_and_goes_to_renders_api() -> None:
    client, sent = answering(httpx.Response(200, json={}), httpx.Response(200, json={}))
    client.get("/services", name="api", limit=5)
    client.patch("/services/srv-1", {"branch": "main"})

    assert [request.headers["Authorization"] for request in sent] == [f"Bearer {API_KEY}"] * 2
    assert str(sent[0].url) == f"{BASE_URL}/services?name=api&limit=5"
    assert (sent[1].method, str(sent[1].url), sent[1].read()) == (
        "PATCH",
        "https://api.render.com/v1/services/srv-1",
        b'{"branch":"main"}',
    )


@pytest.mark.parametrize("base", ["http://render.test/v1", "http://render.test/v1/"])
def test_another_base_address_is_used_with_its_path(base: str) -> None:
    client, sent = answering(httpx.Response(200, json=[]), base_url=base)
    client.get("/owners")

    assert str(sent[0].url) == "http://render.test/v1/owners"


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_answer_without_a_body_is_none(status: int) -> None:
    client, _ = answering(httpx.Response(status))

    assert client.post("/services/srv-1/deploys", {}) is None


def test_renders_clock_is_read_from_its_answers() -> None:
    client, _ = answering(httpx.Response(200, json={}, headers={"Date": "Tue, 14 Nov 2023 22:14:00 GMT"}))
    client.get("/services")

    assert client.server_time.isoformat() == "2023-11-14T22:14:00+00:00"


def test_a_date_that_cannot_be_read_does_not_spoil_an_answer() -> None:
    client, _ = answering(httpx.Response(200, json={"id": 1}, headers={"Date": "yesterday"}))

    assert client.get("/services") == {"id": 1}


# Lists


def test_a_list_is_read_page_by_page_a_hundred_at_a_time(account: Account) -> None:
    account.apply(only(*variables(**{f"KEY_{number}": "x" for number in range(230)})))
    identifier = account.estate.find_service("api")["id"]
    before = len(account.sim.requests)
    listed = list(account.session().client.pages(f"/services/{identifier}/env-vars"))

    assert len({variable["key"] for variable in listed}) == 231
    requests = account.sim.requests[before:]
    assert len(requests) == 3
    assert all("limit=100" in request.path for request in requests)


def test_a_list_that_ends_with_a_full_page_ends_there(account: Account) -> None:
    account.apply(only(*variables(**{f"KEY_{number}": "x" for number in range(99)})))
    identifier = account.estate.find_service("api")["id"]
    listed = list(account.session().client.pages(f"/services/{identifier}/env-vars"))

    assert len(listed) == 100


def test_services_beyond_the_first_page_are_found(account: Account) -> None:
    account.apply({"services": [service(name=f"other-{number}") for number in range(3)]})
    template = account.estate.find_service("other-0")
    account.apply(only())
    for number in range(150):
        identifier = f"srv-{number:03}"
        account.estate.services[identifier] = dict(template, id=identifier, name=f"more-{number}")
    account.apply(only())

    assert account.writes() == []


def test_a_list_of_bare_environment_groups_is_read_as_well() -> None:
    account = Account(as_recorded=False)
    account.apply({"envVarGroups": [group()]})
    account.apply({"envVarGroups": [group()]})

    assert account.writes() == []


# Errors


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, ApiError), (401, Unauthorized), (403, Forbidden), (404, NotFound), (406, ApiError), (409, Conflict)],
)
def test_an_error_names_the_request_the_status_and_renders_message(status: int, kind: type[ApiError]) -> None:
    error = refused(status, json={"id": "err-1", "message": "no such thing"})

    assert type(error) is kind
    assert isinstance(error, RenderError)
    assert str(error).startswith(f"Render answered {status} to GET /services: no such thing")
    assert (error.status, error.request, error.detail) == (status, "GET /services", "no such thing")
    assert API_KEY not in str(error)


def test_a_revoked_key_is_told_apart_from_a_missing_permission() -> None:
    assert "RENDER_API_KEY is not valid" in str(refused(401, json={"message": "unauthorized"}))
    assert "lacks permission in this workspace" in str(refused(403, json={"message": "forbidden"}))


@pytest.mark.parametrize("body", [{"content": b""}, {"text": "<html>"}, {"json": ["x"]}, {"json": {"error": "x"}}])
def test_an_error_without_a_message_is_an_error_all_the_same(body: dict[str, Any]) -> None:
    assert str(refused(404, **body)) == "Render answered 404 to GET /services: (Not Found)"


def test_an_unknown_key_of_the_simulated_account_is_unauthorized(account: Account) -> None:
    client = RenderClient("rnd_wrong", base_url="https://render.test/v1", transport=account.wire)
    with pytest.raises(Unauthorized) as error:
        client.get("/owners")

    assert "rnd_wrong" not in str(error.value)


def test_an_error_does_not_repeat_the_values_that_render_quotes_from_a_request() -> None:
    plain, secret = "https://x.example.com", "https://x.example.com/?token=hunter-number-two"
    message = f"bad values: {secret} and {plain}, expected DEBUG"
    client, _ = answering(httpx.Response(400, json={"message": message}))
    variables = [{"key": "A", "value": plain}, {"key": "B", "value": secret}, {"key": "C", "value": "DEBUG"}]
    with pytest.raises(ApiError) as error:
        client.post("/services", {"name": "api", "envVars": variables})

    assert error.value.detail == "bad values: [value] and [value], expected DEBUG"


def test_deleting_what_is_gone_counts_as_deleted() -> None:
    client, sent = answering(httpx.Response(204), httpx.Response(404, json={"message": "not found"}))
    client.delete("/services/srv-1")
    client.delete("/services/srv-1")

    assert len(sent) == 2


# The environment


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A server that answers whatever it is asked, and the request lines that reached it."""
    lines: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            lines.append(self.requestline)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def do_CONNECT(self) -> None:
            lines.append(self.requestline)
            self.send_error(502)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", lines
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_requests_go_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy() as (address, lines):
        monkeypatch.setenv("HTTP_PROXY", address)
        with RenderClient(API_KEY, base_url="http://render.test/v1") as client:
            assert client.get("/owners") == []

    assert lines == ["GET http://render.test/v1/owners HTTP/1.1"]


def test_an_encrypted_connection_is_asked_of_the_https_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy() as (address, lines):
        monkeypatch.setenv("HTTPS_PROXY", address)
        with RenderClient(API_KEY, deadline=0) as client, pytest.raises(RenderError, match="cannot connect"):
            client.get("/owners")

    assert lines == ["CONNECT api.render.com:443 HTTP/1.1"]


def test_a_host_that_needs_no_proxy_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy() as (unused, through), proxy() as (direct, lines):
        monkeypatch.setenv("HTTP_PROXY", unused)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with RenderClient(API_KEY, base_url=f"{direct}/v1") as client:
            client.get("/owners")

    assert (through, lines) == ([], ["GET /v1/owners HTTP/1.1"])


def test_certificates_are_checked_against_the_file_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authorities = tmp_path / "authorities.pem"
    authorities.write_text("")
    trusted.cache_clear()
    asked: list[str | None] = []
    plain = ssl.create_default_context

    def create(*args: Any, **options: Any) -> ssl.SSLContext:
        asked.append(options.pop("cafile", None))
        return plain(*args, **options)

    monkeypatch.setattr(ssl, "create_default_context", create)
    monkeypatch.setenv("SSL_CERT_FILE", str(authorities))
    RenderClient(API_KEY)
    RenderClient(API_KEY)
    trusted.cache_clear()

    assert asked == [str(authorities)], "read once for all clients"
