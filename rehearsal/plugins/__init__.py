"""Stand-in provider plugins for rehearsal and tests: the engine's side and, in `Estate`, the vendors' side.

Where a real plugin differs from its stand-in, the real one is right.
"""

from .catalog import Estate
from .hosting import attached
from .install import install

__all__ = ["Estate", "attached", "install"]
