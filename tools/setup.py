"""Prepares what the make targets need: the virtual environment `venv/` and, where asked, a Pulumi CLI.

The set-up knows nothing of the program it prepares for and needs only the standard library. Pythons too old for the
program can still read it, and say so.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tools.environment import can_make_environments, complaint_about_python, prepare_environment
from tools.pulumi_cli import CLI_VARIABLE, prepare_cli
from tools.running import SetupError, say

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options, command = arguments[:split], arguments[split + 1 :]
    if options not in ([], ["--pulumi"]):
        say("usage: tools/setup.sh [--pulumi] [-- COMMAND ...]")
        return 2
    # A plain `kill` must end a build's child process and remove its partial file, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        complaint = complaint_about_python(sys.version_info[:3], can_make_environments())
        if complaint:
            raise SetupError(complaint)
        prepare_environment(ROOT)
        environment = dict(os.environ)
        if "--pulumi" in options:
            environment[CLI_VARIABLE] = prepare_cli(ROOT)
        if command:
            os.execvpe(command[0], command, environment)
    except (SetupError, OSError) as problem:
        say(str(problem))
        return 1
    except KeyboardInterrupt:
        say("interrupted; the same command takes it up again")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
