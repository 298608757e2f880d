"""Connects an httpx client to the simulator without a socket. Faults become the exceptions that a client would get."""

import httpx

from rehearsal.loopback import ConnectionFault, Response, Simulator


def mock_transport(simulator: Simulator) -> httpx.MockTransport:
    """Return a transport to the simulator.

    A fault that hangs is compared with the client's timeout, without waiting.
    """

    def answer(request: httpx.Request) -> httpx.Response:
        path, _, query = request.url.raw_path.decode().partition("?")
        try:
            response = simulator.handle(request.method, path, query, dict(request.headers), request.read())
        except ConnectionFault as fault:
            response = late_answer(fault, request)
        return httpx.Response(response.status, headers=response.headers, content=response.body)

    return httpx.MockTransport(answer)


def late_answer(fault: ConnectionFault, request: httpx.Request) -> Response:
    """Return the answer of a hang that is shorter than the client's timeout. Raise for every other fault."""
    if fault.kind == "hang" and fault.response is not None:
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is None or fault.seconds < patience:
            return fault.response
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if fault.kind == "refused":
        raise httpx.ConnectError("Connection refused", request=request)
    if fault.kind == "reset":
        raise httpx.ReadError("Connection reset by peer", request=request)
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
