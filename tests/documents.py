"""Follows a document as its reader would: types its shell blocks, one after the other, in a rehearsal's world.

A block is a fenced ```sh one. What no test can do, such as a click in a dashboard or a login with somebody's account,
stands behind a line `<!-- by hand: reason -->`. A name that the reader replaces is an environment variable ($NAME).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from rehearsal.estate import World
from tests.warm import WARM

_FENCE = re.compile(r"^( *)(`{3,})([^`\n]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
_BY_HAND = re.compile(r"<!-- by hand: (\S[^\n]*?) -->\s*\Z")
_OTHER_SHELLS = ("", "bash", "shell", "zsh", "console")


def blocks(path: Path) -> list[tuple[str, str | None]]:
    """The document's shell blocks in order: each with its commands, and why it is done by hand, None where it is not.

    Raises: ValueError for a block that may hold commands and is not marked as sh: it would be passed over in silence.
    """
    text = path.read_text(encoding="utf-8")
    found = []
    for fence in _FENCE.finditer(text):
        language = fence[3].strip()
        if language in _OTHER_SHELLS:
            line = text.count("\n", 0, fence.start()) + 1
            raise ValueError(f"{path.name}, line {line}: ```{language}: expected sh, or what it shows (text, yaml, …)")
        if language == "sh":
            by_hand = _BY_HAND.search(text[: fence.start()])
            found.append((textwrap.dedent(fence[4]).strip(), by_hand[1] if by_hand else None))
    return found


class Reader:
    """Somebody at a shell in the project's folder: variables and the working folder stay from one block to the next.

    Args:
        variables: what the document leaves to its reader.
        patience: seconds that one block may take.
    """

    def __init__(self, world: World, variables: Mapping[str, str] | None = None, patience: float = 240.0) -> None:
        self._blocks, self._patience = world.folder / "typed", patience
        self._blocks.mkdir()
        environment = world.project / "venv"
        if not environment.exists():
            environment.symlink_to(sys.prefix)
        # The stand-in plugins stay first, as in the world itself.
        first, _, rest = world.environment["PATH"].partition(os.pathsep)
        python = WARM.python(world.folder / "bin")
        path = os.pathsep.join([first, str(python.parent), str(environment / "bin"), rest])
        self._bash = subprocess.Popen(
            ["bash", "-euo", "pipefail"],
            cwd=world.project,
            env={**os.environ, **world.environment, "PATH": path, **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            start_new_session=True,
        )

    def types(self, commands: str) -> str:
        """Everything that the commands printed.

        Raises: AssertionError with what they printed where one of them failed or took too long.
        """
        assert self._bash.stdin
        assert self._bash.stdout
        block, done = self._blocks / f"{uuid.uuid4()}.sh", f"done {uuid.uuid4()}"
        block.write_text(f"{commands}\n")
        watch = threading.Timer(self._patience, self._kill)
        watch.start()
        printed = ""
        try:
            # From a file, so that a command that reads its standard input finds nothing, not the next block.
            self._bash.stdin.write(f"source '{block}' < /dev/null\nprintf '%s\\n' '{done}'\n")
            for line in self._bash.stdout:
                # Behind what ended without a line break, too.
                printed += line.removesuffix(f"{done}\n")
                if line.endswith(f"{done}\n"):
                    return printed
        finally:
            watch.cancel()
        raise AssertionError(f"exit {self._bash.wait()} in\n{textwrap.indent(commands, '    ')}\nafter\n{printed}")

    def _kill(self) -> None:
        os.killpg(self._bash.pid, signal.SIGKILL)

    def leaves(self) -> None:
        """Also the end of what a block started and left running."""
        with contextlib.suppress(ProcessLookupError):
            self._kill()
        self._bash.communicate()


@contextlib.contextmanager
def reading(world: World, variables: Mapping[str, str] | None = None) -> Iterator[Reader]:
    """A reader while the block runs, for a test that does something between two blocks."""
    reader = Reader(world, variables)
    try:
        yield reader
    finally:
        reader.leaves()


def follow(path: Path, world: World, variables: Mapping[str, str] | None = None) -> list[str]:
    """Type every block of a document that is not done by hand; what each of them printed, in order.

    Raises: AssertionError at the first that fails.
    """
    with reading(world, variables) as reader:
        return [reader.types(commands) for commands, by_hand in blocks(path) if by_hand is None]
