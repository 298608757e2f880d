"""The rehearsal's chapters: what is done with the stack, one after the other, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pulumi.automation import CommandError
from rich.console import Console
from rich.table import Table

from rehearsal.engine import Engine
from rehearsal.estate import World
from rehearsal.handwork import edit_by_hand
from rehearsal.inventory import DATABASE, Row, staging_objects


class RehearsalFailed(Exception):
    """A chapter did not end as it should."""


@dataclass
class Step:
    """One chapter's outcome.

    requests, writes: what Render was asked, and how much of that changed something. others: writes at the others.
    """

    title: str
    seconds: float
    requests: int
    writes: int
    others: int
    outcome: str


@dataclass
class Story:
    """Runs the chapters and keeps their outcomes for the tables at the end."""

    world: World
    console: Console
    steps: list[Step] = field(default_factory=list)
    objects: list[Row] = field(default_factory=list)

    def stack(self, name: str) -> Engine:
        """A stack with the secrets that its configuration refers to."""
        engine = Engine(self.world, name, self._show)
        if name == "staging":
            engine.set_secrets(self.world.secrets.stack)
        return engine

    def converge(self, engine: Engine) -> None:
        """Everything up to a living staging environment.

        Raises: RehearsalFailed.
        """
        with self.chapter("preview: nothing exists yet") as note:
            changes = engine.preview().change_summary
            note(f"{sum(changes.values())} to create")
        with self.chapter("up, until the first deploys are live") as note:
            engine.up()
            self.wait_for_deploys()
            self.objects = staging_objects(self.world)
            missing = [row.title for row in self.objects if not row.found]
            if missing:
                raise RehearsalFailed(f"after up there is no {', '.join(missing)}")
            note(f"{len(engine.resources())} resources")
        self.expect_clean(engine)
        with self.chapter("search of state and output for the secrets used") as note:
            found = [s for s in self.world.secret_values() if s in engine.state() or s in "\n".join(engine.output)]
            if found:
                raise RehearsalFailed(f"{len(found)} secret values stand in the state or the output in clear")
            note(f"none of {len(self.world.secret_values())} found")

    def drift(self, engine: Engine) -> None:
        """Dashboards are edited by hand; preview says what and where, up puts it right.

        Raises: RehearsalFailed.
        """
        with self.chapter("preview after edits in the dashboards of Render and GitHub") as note:
            reasons = edit_by_hand(self.world)
            seen = len(engine.output)
            engine.preview(refresh=True, diff=True)
            shown = "\n".join(engine.output[seen:])
            if unexplained := [reason for reason in reasons if reason not in shown]:
                raise RehearsalFailed(f"preview does not explain: {', '.join(unexplained)}")
            note(", ".join(reasons))
        with self.chapter("up --refresh heals it") as note:
            engine.up(refresh=True)
            self.wait_for_deploys()
            note("as declared again")
        self.expect_clean(engine)

    def expect_clean(self, engine: Engine) -> None:
        with self.chapter("preview --refresh --expect-no-changes") as note:
            engine.preview(refresh=True, expect_no_changes=True)
            note("no changes")

    def destroy(self, engine: Engine) -> None:
        """Destroy, which leaves a protected database alone until somebody says otherwise.

        Raises: RehearsalFailed.
        """
        with self.chapter("destroy: the database is protected") as note:
            try:
                engine.destroy()
            except CommandError:
                kept = self._found()
            else:
                raise RehearsalFailed("a protected database was destroyed")
            if kept != [f"database {DATABASE}"]:
                raise RehearsalFailed(f"destroy was to keep the database alone and kept {', '.join(kept)}")
            note("all deleted but the database")
        with self.chapter("pulumi state unprotect, destroy") as note:
            engine.unprotect()
            engine.destroy()
            if left := self._found():
                raise RehearsalFailed(f"destroy left {', '.join(left)}")
            note("nothing left")

    def _found(self) -> list[str]:
        return [row.title for row in staging_objects(self.world) if row.found]

    def summarise(self) -> None:
        """Print what exists (or existed) for staging, and what each chapter took."""
        objects = Table("vendor", "object", "plan", "as found at the vendor", title="Staging after up")
        for row in self.objects:
            objects.add_row(row.vendor, row.title, row.task, row.found)
        steps = Table(
            "chapter", "seconds", "Render requests", "of them writes", "writes elsewhere", "outcome", title="Rehearsal"
        )
        for column in (1, 2, 3, 4):
            steps.columns[column].justify = "right"
        for step in self.steps:
            counts = (str(step.requests), str(step.writes), str(step.others))
            steps.add_row(step.title, f"{step.seconds:.1f}", *counts, step.outcome)
        self.console.print(objects, steps)

    @contextmanager
    def chapter(self, title: str) -> Iterator[Callable[[str], None]]:
        self.console.rule(f"[bold]{title}")
        started, before, outcome = time.monotonic(), len(self.world.render.requests), ["failed"]
        others = self._writes_elsewhere()
        try:
            yield lambda text: outcome.__setitem__(0, text)
        finally:
            asked = self.world.render.requests[before:]
            writes = sum(request.method != "GET" for request in asked)
            others = self._writes_elsewhere() - others
            self.steps.append(Step(title, time.monotonic() - started, len(asked), writes, others, outcome[0]))

    def _writes_elsewhere(self) -> int:
        return sum(entry["operation"] not in ("read", "invoke") for entry in self.world.vendors.log)

    def wait_for_deploys(self) -> None:
        """A deploy goes on after `up`, as it does at Render: commands wait for datastores only."""
        estate, ends = self.world.render.estate, time.monotonic() + 60
        while not all(estate.live_deploy(service_id) for service_id in estate.services):
            if time.monotonic() > ends:
                raise RehearsalFailed("a deploy did not become live")
            time.sleep(0.2)
            self.world.render.settle()

    def _show(self, line: str) -> None:
        # Said of every stand-in at every run, and true of no other engine.
        if "warning: using pulumi-resource-" not in line:
            self.console.out(line, highlight=False)
