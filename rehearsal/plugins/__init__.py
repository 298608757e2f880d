"""Stand-in provider plugins for the rehearsal and the tests: the engine's side, and the vendors' side in `estate.py`.

Where a real plugin behaves differently from its stand-in, the real one is right.
"""

from .catalog import Estate
from .hosting import attached, install

__all__ = ["Estate", "attached", "install"]
