"""HTTP between a client and a simulator, over a socket on loopback or without one."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import httpx


@dataclass(frozen=True)
class Response:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON, or None for an empty one."""
        return json.loads(self.body) if self.body else None


class ConnectionFault(Exception):
    """The caller gets no answer, or only a part, or gets it late.

    Attributes:
        kind: refused, drop, lost, reset or hang.
        seconds: how late the answer to a hang comes.
        response: what the answer would have been, if the request ran.
    """

    def __init__(self, kind: int | str, seconds: float = 0.0, response: Response | None = None) -> None:
        super().__init__(str(kind))
        self.kind, self.seconds, self.response = kind, seconds, response


class Simulator(Protocol):
    """What a client's requests go to."""

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, /) -> Response:
        """Answer one request, or raise ConnectionFault."""


class Server(ThreadingHTTPServer):
    """Serves one simulator, with one thread for each connection."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.simulator = simulator


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def answer(self) -> None:
        """Answer any method. The simulator decides which ones an endpoint has."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            response = self.server.simulator.handle(self.command, path, query, headers, body)
        except ConnectionFault as fault:
            self._break(fault)
        else:
            self.wfile.write(_encoded(response))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, because each simulator keeps its own log."""

    def _break(self, fault: ConnectionFault) -> None:
        """Do to the socket what the fault says. A refused connection exists already here, so it is reset."""
        if fault.kind == "hang" and fault.response is not None:
            time.sleep(fault.seconds)
            with contextlib.suppress(OSError):  # the client may have given up
                self.wfile.write(_encoded(fault.response))
            return
        if fault.kind == "reset" and fault.response is not None:
            whole = _encoded(fault.response)
            self.wfile.write(whole[: len(whole) - max(1, len(fault.response.body) // 2)])
        if fault.kind in ("reset", "refused"):
            # Closing with a linger time of zero sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        self.close_connection = True


def _encoded(response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(response.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + response.body


@contextlib.contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """Run the server while the block runs. The block gets its address on loopback, without a path."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def transport(simulator: Simulator) -> httpx.MockTransport:
    """Return a transport for `httpx.Client(transport=…)` that asks a simulator without a socket.

    A fault becomes the exception that a client would get. The transport does not wait for a hang; it compares
    the hang with the client's timeout.
    """

    def answer(request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        try:
            response = simulator.handle(request.method, path, query, request.headers, request.read())
        except ConnectionFault as fault:
            response = _late(fault, request)
        return httpx.Response(response.status, headers=response.headers, content=response.body)

    return httpx.MockTransport(answer)


_RAISED: dict[int | str, tuple[type[httpx.TransportError], str]] = {
    "hang": (httpx.ReadTimeout, "The read operation timed out"),
    "refused": (httpx.ConnectError, "Connection refused"),
    "reset": (httpx.ReadError, "Connection reset by peer"),
}


def _late(fault: ConnectionFault, request: httpx.Request) -> Response:
    """Return the answer of a hang that is shorter than the client's timeout. Raise for every other fault."""
    patience = request.extensions.get("timeout", {}).get("read")
    if fault.kind == "hang" and fault.response and (patience is None or fault.seconds < patience):
        return fault.response
    lost = (httpx.RemoteProtocolError, "Server disconnected without sending a response.")
    raised, text = _RAISED.get(fault.kind, lost)
    raise raised(text, request=request)
