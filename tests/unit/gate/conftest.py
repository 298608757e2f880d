"""What every test of the commands has."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from rehearsal import loopback


@pytest.fixture(autouse=True)
def _without_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a client in this process ask a simulator in this process directly.

    A socket takes two thirds of the time of such a request. Processes that a test starts use sockets all the same.
    """
    served: dict[int, httpx.MockTransport] = {}
    begin, end, send = loopback.Server.__init__, loopback.Server.server_close, httpx.HTTPTransport.handle_request

    def begins(self: loopback.Server, simulator: loopback.Simulator) -> None:
        begin(self, simulator)
        served[self.server_port] = loopback.transport(simulator)

    def ends(self: loopback.Server) -> None:
        served.pop(self.server_port, None)
        end(self)

    def sends(self: Any, request: httpx.Request) -> httpx.Response:
        port = request.url.port if request.url.host == "127.0.0.1" else None
        return served[port].handle_request(request) if port in served else send(self, request)

    monkeypatch.setattr(loopback.Server, "__init__", begins)
    monkeypatch.setattr(loopback.Server, "server_close", ends)
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", sends)
