"""A simulator of the Render REST API. The contract tests compare it with recordings of the real one."""

from rehearsal.loopback import ConnectionFault, Response
from rehearsal.render_api.estate import Estate
from rehearsal.render_api.faults import Fault, Faults
from rehearsal.render_api.simulator import RenderSimulator, serve
from rehearsal.render_api.wire import Request

__all__ = ["ConnectionFault", "Estate", "Fault", "Faults", "RenderSimulator", "Request", "Response", "serve"]
