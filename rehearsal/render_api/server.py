"""Serves the simulator on a loopback socket, for clients that are processes of their own."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rehearsal.loopback import running
from rehearsal.render_api.faults import ConnectionFault
from rehearsal.render_api.simulator import RenderSimulator
from rehearsal.render_api.wire import Response


@contextlib.contextmanager
def serve(simulator: RenderSimulator, latency: float = 0.0, port: int = 0) -> Iterator[str]:
    """Serve a simulator while the block runs. The block gets its base URL. Each request waits `latency` seconds."""
    with running(Server(simulator, latency, port)) as address:
        yield f"{address}/v1"


class Server(ThreadingHTTPServer):
    """Uses one thread for each connection. The simulator takes its own lock."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, simulator: RenderSimulator, latency: float, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.simulator = simulator
        self.latency = latency


class Handler(BaseHTTPRequestHandler):
    """Hands a request to the simulator, and writes its answer or its fault."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def answer(self) -> None:
        """Answer any method. The simulator decides which ones an endpoint has."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        time.sleep(self.server.latency)
        try:
            response = self.server.simulator.handle(self.command, path, query, dict(self.headers.items()), body)
        except ConnectionFault as fault:
            self._break(fault)
        else:
            self.wfile.write(encode(response))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, because the simulator keeps the log."""

    def _break(self, fault: ConnectionFault) -> None:
        """Do to the socket what the fault says. A refused connection exists already here, so it is reset."""
        if fault.kind == "hang" and fault.response is not None:
            time.sleep(fault.seconds)
            with contextlib.suppress(OSError):  # the client may have given up
                self.wfile.write(encode(fault.response))
            return
        if fault.kind == "reset" and fault.response is not None:
            whole = encode(fault.response)
            self.wfile.write(whole[: len(whole) - max(1, len(fault.response.body) // 2)])
        if fault.kind in ("reset", "refused"):
            # Closing with a linger time of zero sends RST instead of FIN.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        self.close_connection = True


def encode(response: Response) -> bytes:
    """Return an answer as bytes for the socket."""
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(response.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + response.body
