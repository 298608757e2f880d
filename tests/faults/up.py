"""One operation of the engine in a process of its own: `python -m tests.faults.up < order.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

from pulumi.automation import CommandError

from rehearsal.engine import Engine
from rehearsal.estate import World


def main() -> int:
    """Exit status: 0, or 1 with what the engine says on standard error."""
    order: dict[str, Any] = json.load(sys.stdin)
    nothing = cast(Any, None)  # vendors and secrets stay with the test, which made the world
    world = World(Path(order["folder"]), nothing, nothing, nothing, order["environment"])
    try:
        Engine(world, order["stack"], lambda line: print(line, flush=True)).up()
    except CommandError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
