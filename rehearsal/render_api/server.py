"""The simulator behind a real socket on loopback, for clients that are processes of their own."""

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
    """Serve a simulator while the block runs; the value is its base URL. Each request waits `latency` seconds."""
    with running(Server(simulator, latency, port)) as address:
        yield f"{address}/v1"


class Server(ThreadingHTTPServer):
    """One thread a connection; the simulator takes its own lock."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, simulator: RenderSimulator, latency: float, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.simulator = simulator
        self.latency = latency


class Handler(BaseHTTPRequestHandler):
    """Hands a request to the simulator and writes its answer, or the fault in its place."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def answer(self) -> None:
        """Any method: which ones an endpoint has is the simulator's to say."""
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
        """Nothing: the simulator keeps the log."""

    def _break(self, fault: ConnectionFault) -> None:
        """Do to the socket what the fault says. A connection that stands already is refused by resetting it."""
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
    """An answer as it goes over the wire, in one piece."""
    lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(response.body)}")
    return "\r\n".join([*lines, "", ""]).encode() + response.body
