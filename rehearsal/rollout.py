"""The production chapters of a rehearsal: production is adopted and led through the phases, and stays untouched."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from components.accounts import Accounts
from gate.recover.search import AdoptionReport, search
from gate.stack.target import load_settings
from gate.upkeep.workflows import delivered, names
from rehearsal.engine import inhabit
from rehearsal.production import FRONTEND, REPOSITORY, SERVICE, Living, harm
from rehearsal.story import Chapter, RehearsalFailed, Story, expect_no_changes


class Rollout:
    """Leads production's stack from phase to phase.

    Args:
        before: production as it was found.
    """

    def __init__(self, story: Story, before: Living) -> None:
        self._story, self._before = story, before
        self._engine = story.stack("production")

    def adopted(self) -> list[Chapter]:
        """Return the short way: everything that exists is adopted at once, and production is cut over."""
        return [
            *self._enter("infrastructure"),
            Chapter("Production: the application gets its workflows", self._deliver),
            self._cutover(),
        ]

    def every_phase(self) -> list[Chapter]:
        """Return the long way: from adoption to cutover and back, phase by phase."""
        return [
            *self._enter("foundation"),
            *self.adopted(),
            self._clean("cutover"),
            Chapter("Production: back to infrastructure", partial(self._move, "infrastructure", gated=False)),
            self._clean("infrastructure"),
        ]

    def cut_over(self) -> list[Chapter]:
        """Cut over, and stay there."""
        return [self._cutover(), self._clean("cutover")]

    def _cutover(self) -> Chapter:
        move = partial(self._move, "cutover", gated=True)
        return Chapter("Production: cut over, so that only a release deploys", move)

    def _enter(self, phase: str) -> list[Chapter]:
        """Enter a phase that declares objects which exist. They are adopted first, then changed to what is declared."""
        return [
            Chapter(f"Production, {phase}: gate adopt finds what exists", partial(self._look_up, phase)),
            Chapter(f"Production, {phase}: up takes it over and changes nothing", self._take_over),
            Chapter(f"Production, {phase}: up makes it as declared", self._make_as_declared),
            self._clean(phase),
        ]

    def _clean(self, phase: str) -> Chapter:
        return Chapter(f"Production, {phase}: no changes, and nothing was harmed", self._unharmed)

    def _look_up(self, phase: str) -> str:
        self._configure("phase", phase)
        adoption = self.existing()
        self._story.show("\n".join(adoption.lines()))
        self._configure("adopt", {one.key: one.import_id for one in adoption.found})
        return f"{len(adoption.found)} found, {len(adoption.new)} to create"

    def _take_over(self) -> str:
        # An environment has to ask for policies before it can have the one that is made in the same run.
        if updated := set(self._updated_by_up()) - {"environment"}:
            raise RehearsalFailed(f"what was adopted was written to: {', '.join(updated)}")
        self._configure("adopt", None)
        return "imported as it is"

    def _make_as_declared(self) -> str:
        return f"{len(self._updated_by_up())} objects updated in place"

    def _deliver(self) -> str:
        """Merge the pull request of `gate workflows sync`. One of its workflows sets the status that main requires."""
        project = self._story.world.project
        production, _config = load_settings("production", None, {}, project)
        files = delivered(names(production, {}, project))
        for file in files:
            where = {"repository": REPOSITORY, "branch": "main", "file": file.path}
            self._story.world.vendors.seed("github", "file", **where, content=file.beside(None))
        return f"{len(files)} files on main"

    def _move(self, phase: str, *, gated: bool) -> str:
        """Enter a phase that changes what exists.

        Args:
            gated: whether only a release deploys in it.
        """
        self._configure("phase", phase)
        self._engine.up()
        found, expected = (
            self._gate(),
            {"autoDeploy": not gated, "autoAssignment": not gated, "staging required": gated},
        )
        if found != expected:
            raise RehearsalFailed(f"at {phase} expected {expected}, found {found}")
        return ", ".join(f"{name}: {'yes' if value else 'no'}" for name, value in found.items())

    def _unharmed(self) -> str:
        """Check that every undeclared setting is as it was, and that nothing was deployed, restarted or deleted."""
        told = expect_no_changes(self._engine)
        if done := harm(self._story.world, self._before):
            raise RehearsalFailed(f"production was touched: {', '.join(done)}")
        return f"{told}; no deploy, restart or deletion, {len(self._before.kept)} undeclared values as before"

    def existing(self) -> AdoptionReport:
        """Return what `gate adopt` finds."""
        stack = self._engine.stack
        config = {key: value.value for key, value in stack.get_all_config().items()}
        with inhabit(self._story.world), Accounts(os.environ, config) as accounts:
            return search(stack, accounts)

    def _updated_by_up(self) -> list[str]:
        """Return the types of the objects that an `up` updated at GitHub, Auth0 and Vercel."""
        before = len(self._story.world.vendors.log)
        self._engine.up()
        new = self._story.world.vendors.log[before:]
        return [entry["type"] for entry in new if entry["operation"] == "update"]

    def _gate(self) -> dict[str, bool]:
        """Return what the cutover switches, as the vendors hold it."""
        vendors, estate = self._story.world.vendors, self._story.world.render.estate
        (service,) = estate.named(estate.services, SERVICE)
        project = vendors.find("vercel", "project", name=FRONTEND) or {}
        rule = vendors.find("github", "branch_protection", pattern="main") or {}
        checks = rule["requiredStatusChecks"][0]
        return {
            "autoDeploy": service["autoDeploy"] == "yes",
            "autoAssignment": project["autoAssignCustomDomains"],
            "staging required": "staging-smoke-tests" in checks["contexts"] and bool(checks["strict"]),
        }

    def _configure(self, key: str, value: Any) -> None:
        configure(self._story.world.project / "Pulumi.production.yaml", key, value)


def configure(file: Path, key: str, value: Any) -> None:
    """Edit a stack's file as a person would.

    Args:
        value: the new value; None removes the key.
    """
    content = yaml.safe_load(file.read_text())
    content["config"].pop(f"marketedge:{key}", None)
    if value is not None:
        content["config"][f"marketedge:{key}"] = value
    file.write_text(yaml.safe_dump(content, sort_keys=False))
