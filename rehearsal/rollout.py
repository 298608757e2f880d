"""The rehearsal's production chapters: adopted as it lives, led through the phases and back, and not touched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from rich.table import Table

from gate.recover.search import Adoption, search
from gate.stack.target import load_settings
from gate.upkeep.workflows import delivered, names
from gate.vendors import Accounts
from rehearsal.production import REPOSITORY, SERVICE, Living, harm
from rehearsal.story import RehearsalFailed, Story

_GATED = {"autoDeploy": "no", "assigned": False, "gate": True}


class Rollout:
    """Production's stack from phase to phase. Args: before: production as it was found."""

    def __init__(self, story: Story, before: Living) -> None:
        self._story, self._before = story, before
        self._engine = story.stack("production")
        self._counts = Table("phase", "Render reads", "Render writes", "writes elsewhere", title="Production by phase")
        for column in (1, 2, 3):
            self._counts.columns[column].justify = "right"

    def tell(self) -> None:
        """Everything from adoption to cutover and back.

        Raises: RehearsalFailed, also where anything was done to production that nobody may do to it.
        """
        self._enter("foundation")
        self._enter("infrastructure")
        self._deliver()
        self._move("cutover", _GATED)
        self._move("infrastructure", {"autoDeploy": "yes", "assigned": True, "gate": False}, "back to infrastructure")
        with self._story.chapter("production: what was done to it on the way") as note:
            if done := harm(self._story.world, self._before):
                raise RehearsalFailed(f"production was touched: {', '.join(done)}")
            kept, settings = len(self._before.variables) - 1, len(self._before.kept)
            note(
                f"no deploy, restart or deletion; {kept} variables as before, CORS_ORIGINS and AUTH0_AUDIENCE written; "
                f"{settings} settings at GitHub, Auth0 and Vercel as before"
            )
        self._story.console.print(self._counts)

    def cut_over(self) -> None:
        """For good.

        Raises: RehearsalFailed.
        """
        self._move("cutover", _GATED)

    def _enter(self, phase: str) -> None:
        """A phase that declares objects which exist: they are adopted first, then become as declared."""
        story, at = self._story, len(self._story.steps)
        self._configure("phase", phase)
        with story.chapter(f"{phase}: gate adopt --env production") as note:
            adoption = self.existing()
            story.console.print("\n".join(adoption.lines()), highlight=False, markup=False, soft_wrap=True)
            note(f"{len(adoption.found)} found, {len(adoption.new)} to create")
        with story.chapter(f"{phase}: up takes them over") as note:
            self._configure("adopt", {one.key: one.import_id for one in adoption.found})
            # An environment has to ask for policies before it can have the one that is made in the same run.
            if updated := set(self._written_by_up("update")) - {"environment"}:
                raise RehearsalFailed(f"what was adopted was written to: {', '.join(updated)}")
            self._configure("adopt", None)
            note("imported as they are")
        with story.chapter(f"{phase}: up makes them as declared") as note:
            self._engine.preview(diff=True)
            note(f"{len(self._written_by_up('update'))} updated in place")
        self._end(f"on to {phase}", at)

    def _deliver(self) -> None:
        """The pull request of `gate workflows sync`, merged: what main requires at cutover is set by one of them."""
        with self._story.chapter("the application gets its workflows") as note:
            project = self._story.world.project
            production, _config = load_settings("production", None, {}, project)
            files = delivered(names(production, {}, project))
            for file in files:
                where = {"repository": REPOSITORY, "branch": "main", "file": file.path}
                self._story.world.vendors.seed("github", "file", **where, content=file.beside(None))
            note(f"{len(files)} files on main")

    def _move(self, phase: str, expected: dict[str, Any], title: str = "") -> None:
        """A phase that changes what is there."""
        story, at, title = self._story, len(self._story.steps), title or f"on to {phase}"
        self._configure("phase", phase)
        with story.chapter(title) as note:
            self._engine.preview(diff=True)
            self._engine.up()
            if (found := self._gate()) != expected:
                raise RehearsalFailed(f"at {phase} expected {expected}, found {found}")
            note(", ".join(f"{name} {value}" for name, value in found.items()))
        self._end(title, at)

    def _end(self, title: str, at: int) -> None:
        with self._story.chapter(f"{title}: preview --refresh --expect-no-changes") as note:
            self._engine.preview(refresh=True, expect_no_changes=True)
            note("no changes")
        steps = self._story.steps[at:]
        reads, writes = sum(s.requests - s.writes for s in steps), sum(s.writes for s in steps)
        self._counts.add_row(title, str(reads), str(writes), str(sum(s.others for s in steps)))
        if done := harm(self._story.world, self._before):
            raise RehearsalFailed(f"{title} did to production: {', '.join(done)}")

    def existing(self) -> Adoption:
        """What `gate adopt` finds."""
        stack = self._engine.stack
        config = {key: value.value for key, value in stack.get_all_config().items()}
        with self._engine.inhabited(), Accounts(os.environ, config) as accounts:
            return search(stack, accounts)

    def _written_by_up(self, operation: str) -> list[str]:
        """Types of what an `up` wrote at GitHub, Auth0 and Vercel."""
        log = self._story.world.vendors.log
        self._engine.up()
        new = self._story.world.vendors.log[len(log) :]
        return [entry["type"] for entry in new if entry["operation"] == operation]

    def _gate(self) -> dict[str, Any]:
        """What the cutover switches, as found at the vendors."""
        vendors, estate = self._story.world.vendors, self._story.world.render.estate
        (service,) = estate.named(estate.services, SERVICE)
        project = vendors.find("vercel", "project", name="marketedge-frontend") or {}
        rule = vendors.find("github", "branch_protection", pattern="main") or {}
        checks = rule["requiredStatusChecks"][0]
        gated = "staging-smoke-tests" in checks["contexts"] and bool(checks["strict"])
        return {"autoDeploy": service["autoDeploy"], "assigned": project["autoAssignCustomDomains"], "gate": gated}

    def _configure(self, key: str, value: Any) -> None:
        configure(self._story.world.project / "Pulumi.production.yaml", key, value)


def configure(file: Path, key: str, value: Any) -> None:
    """Edit a stack's file as a person would. Args: value: None removes the key."""
    content = yaml.safe_load(file.read_text())
    content["config"].pop(f"marketedge:{key}", None)
    if value is not None:
        content["config"][f"marketedge:{key}"] = value
    file.write_text(yaml.safe_dump(content, sort_keys=False))
