"""Tells a rehearsal: numbered chapters, the engine's lines in a log, each warning once, and a table at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pulumi.automation import CommandError
from rich.console import Console
from rich.table import Column, Table

from rehearsal.engine import Engine
from rehearsal.estate import World

_WARNING = "warning: "
_SHORT, _WARNINGS = 150, 4
"""The most characters of a warning, and warnings of a chapter, on the screen. The log has all of them."""


class RehearsalFailed(Exception):
    """A chapter did not end as it should."""


class Chapter(NamedTuple):
    """One thing that is shown.

    Attributes:
        title: what happens, for the screen.
        tell: does it and returns what came of it. It raises RehearsalFailed.
    """

    title: str
    tell: Callable[[], str]


@dataclass
class Story:
    """Tells chapters, and keeps what each cost and what came of it for the table at the end.

    Args:
        log: the file for the engine's own lines.
    """

    world: World
    console: Console
    log: Path
    failure: Exception | None = None
    _told: Table = field(default_factory=lambda: _table("", "chapter", "s", "reads", "writes", "others", "outcome"))
    _seconds: float = 0.0
    _warnings: set[str] = field(default_factory=set)
    _new_warnings: list[str] = field(default_factory=list)

    def tell(self, chapters: Sequence[Chapter]) -> bool:
        """Tell the chapters in order, up to the first that fails.

        Returns:
            Whether every chapter ended as it should.
        """
        for chapter in chapters:
            number = self._told.row_count + 1
            self.console.rule(f"[bold]{number} of {len(chapters)}  {chapter.title}", align="left")
            started, before = time.monotonic(), self._counts()
            outcome = "failed"
            try:
                outcome = chapter.tell()
                self.console.print(f"[green]✓[/] {outcome}")
            except (RehearsalFailed, CommandError, TimeoutError) as error:
                self.failure = error
                self.console.print(f"[bold red]failed:[/] {error}")
            self._show_warnings()
            counts = (str(now - then) for now, then in zip(self._counts(), before, strict=True))
            seconds = time.monotonic() - started
            self._told.add_row(str(number), chapter.title, f"{seconds:.1f}", *counts, outcome)
            self._seconds += seconds
            if self.failure:
                break
        return self.failure is None

    def summarise(self) -> None:
        """Print what each chapter cost, what came of it, and the verdict."""
        legend = "Reads and writes: requests to Render. Others: writes at GitHub, Auth0 and Vercel."
        self.console.print(self._told, legend)
        number = self._told.row_count
        if self.failure:
            verdict = f"[bold red]Chapter {number} failed:[/] {self.failure}"
        else:
            verdict = f"[bold green]All {number} chapters ended as they should[/], in {self._seconds:.0f} s."
        self.console.print(verdict, f"The engine's own lines: {os.path.relpath(self.log)}", sep="\n")

    def show(self, text: str) -> None:
        """Print what a command printed."""
        self.console.print(text.rstrip(), markup=False, soft_wrap=True)

    def stack(self, name: str) -> Engine:
        """Open a stack whose engine writes to the log, and set the secrets that its configuration refers to."""
        engine = Engine(self.world, name, self._write)
        if name == "staging":
            engine.set_secrets(self.world.secrets.stack)
        return engine

    def gate(
        self, *arguments: str, expected: int = 0, job: Mapping[str, str] | None = None, quiet: bool = False
    ) -> str:
        """Run `python -m gate` in a process of its own, and show what it prints.

        Args:
            expected: the exit code that it has to end with.
            job: additional environment variables.
            quiet: write what it prints to the log instead.

        Returns:
            What it printed.

        Raises:
            RehearsalFailed: it ended with another exit code.
        """
        command = " ".join(["gate", *arguments])
        if not quiet:
            self.console.print(f"[bold]$ {command}")
        done = subprocess.run(
            [sys.executable, "-m", "gate", *arguments],
            cwd=self.world.project,
            env={**os.environ, **self.world.environment, **(job or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            self._write(line)
        if not quiet or done.returncode != expected:
            self.show(done.stdout)
        if done.returncode != expected:
            raise RehearsalFailed(f"{command} ended with {done.returncode}, expected {expected}")
        return done.stdout

    def _write(self, line: str) -> None:
        """Write one line to the log. A new warning is shown when the chapter ends."""
        with self.log.open("a") as log:
            log.write(line + "\n")
        text = line.strip().removeprefix(_WARNING)
        # What is said of a plugin on PATH is true of stand-ins only.
        if text == line.strip() or text.startswith("using pulumi-") or text in self._warnings:
            return
        self._warnings.add(text)
        self._new_warnings.append(text)

    def _show_warnings(self) -> None:
        for text in self._new_warnings[:_WARNINGS]:
            short = text if len(text) <= _SHORT else f"{text[:_SHORT].rpartition(' ')[0]} …"
            self.console.print(f"[yellow]warning:[/] {short}")
        if more := len(self._new_warnings[_WARNINGS:]):
            self.console.print(f"[yellow]warning:[/] {more} more, in the log")
        self._new_warnings.clear()

    def _counts(self) -> tuple[int, int, int]:
        """Return the reads and writes at Render so far, and the writes at the other vendors."""
        writes = sum(request.method != "GET" for request in self.world.render.requests)
        plugins = sum(entry["operation"] not in ("read", "invoke") for entry in self.world.vendors.log)
        looks = ("/oauth/token", "/graphql")
        ours = sum(method != "GET" and not path.endswith(looks) for _vendor, method, path in self.world.rest_requests)
        return len(self.world.render.requests) - writes, writes, plugins + ours


def expect_no_changes(engine: Engine) -> str:
    """Check that `pulumi preview --refresh --expect-no-changes` finds no change."""
    engine.preview(refresh=True, expect_no_changes=True)
    return "no changes"


def _table(*heads: str) -> Table:
    columns = (Column(head, justify="left" if head in ("chapter", "outcome") else "right") for head in heads)
    return Table(*columns, title="What was shown")
