"""The staging chapters of a rehearsal: made from nothing, changed in a review, edited by hand and healed, destroyed."""

from __future__ import annotations

from pulumi.automation import CommandError, OpType
from rich.markdown import Markdown

from rehearsal.inventory import DATABASE, staging_objects
from rehearsal.shell import BREAKS, Desk
from rehearsal.story import Chapter, RehearsalFailed, Story, expect_no_changes

_REVIEWED = ("{key: LOG_LEVEL, value: DEBUG}", "{key: LOG_LEVEL, value: INFO}")


class Staging:
    """Tells the life of the staging stack, chapter by chapter."""

    def __init__(self, story: Story) -> None:
        self._story, self._world = story, story.world
        self._engine = story.stack("staging")

    def from_nothing(self) -> list[Chapter]:
        """Return everything up to a living staging environment."""
        return [
            Chapter("Staging: preview, before anything exists", self._first_preview),
            Chapter("Staging: up, until the first deploy is live", self._first_up),
            Chapter("Staging: a preview after it shows no changes", lambda: expect_no_changes(self._engine)),
            Chapter("No secret stands in the state or in the output", self._search_for_secrets),
        ]

    def review(self) -> list[Chapter]:
        """Show a change of the stack file as a pull request shows it, then make it."""
        return [
            Chapter("Review: the comment on a pull request that changes LOG_LEVEL", self._comment),
            Chapter("Review: merged, and up does what the comment said", self._merged),
        ]

    def drift(self) -> list[Chapter]:
        """Edit the dashboards by hand. `gate drift` says what changed and where, and `up` sets it right."""
        return [
            Chapter("Drift: somebody edits Render and GitHub by hand, and gate drift tells", self._found),
            Chapter("Drift: up --refresh heals it", self._healed),
            Chapter("Drift: a preview after it shows no changes", lambda: expect_no_changes(self._engine)),
        ]

    def destroy(self) -> list[Chapter]:
        """Destroy the stack. The protected database stays until somebody removes its protection."""
        return [
            Chapter("Destroy: the protected database stays", self._refused),
            Chapter("Destroy: after pulumi state unprotect nothing stays", self._gone),
        ]

    def _first_preview(self) -> str:
        creates = self._engine.preview().change_summary[OpType.CREATE] - 1  # without the stack itself
        return f"{creates} resources to create, in GitHub, Auth0, Render and Vercel"

    def _first_up(self) -> str:
        self._engine.up()
        self._world.wait_for_deploys()
        objects = staging_objects(self._world)
        for row in objects:
            self._story.show(f"  {row.vendor:<7} {row.title:<42} {row.found}")
        if missing := [row.title for row in objects if not row.found]:
            raise RehearsalFailed(f"after up there is no {', '.join(missing)}")
        return f"{len(self._engine.resources())} resources; every object of the plan is there"

    def _search_for_secrets(self) -> str:
        secrets = self._world.secret_values()
        shown = self._engine.state() + "\n".join(self._engine.output)
        if found := sum(secret in shown for secret in secrets):
            raise RehearsalFailed(f"{found} secret values stand in the state or the output in clear")
        return f"{len(secrets)} secret values searched for, none found"

    def _comment(self) -> str:
        file = self._world.project / "Pulumi.staging.yaml"
        before = file.read_text()
        file.write_text(before.replace(*_REVIEWED))
        if file.read_text() == before:
            raise RehearsalFailed(f"{file.name} has no {_REVIEWED[0]} to change")
        report = self._world.folder / "preview"
        self._story.gate("preview", "--env", "staging", "--report", str(report), expected=2, quiet=True)
        self._story.console.print(Markdown((report / "preview.md").read_text()))
        return "gate preview wrote the comment above; nothing was changed"

    def _merged(self) -> str:
        self._engine.up()
        self._world.wait_for_deploys()
        estate = self._world.render.estate
        (group,) = estate.env_groups.values()
        (level,) = (one["value"] for one in group["envVars"] if one["key"] == "LOG_LEVEL")
        if level != "INFO":
            raise RehearsalFailed(f"LOG_LEVEL is {level}")
        return "LOG_LEVEL is INFO, and the service was deployed with it"

    def _found(self) -> str:
        with Desk.opened(self._world.environment) as desk:
            for name in ("variable", "branch", "force-pushes"):
                self._story.show(f"  by hand: {BREAKS[name].says}")
                BREAKS[name].edit(desk)
        said = self._story.gate("drift", "--env", "staging", expected=2)
        if missing := [word for word in ("RUN_MIGRATIONS", "branch: declared", "force_pushes") if word not in said]:
            raise RehearsalFailed(f"gate drift does not tell of {', '.join(missing)}")
        return "three edits, three findings"

    def _healed(self) -> str:
        self._engine.up(refresh=True)
        self._world.wait_for_deploys()
        return "as declared again"

    def _refused(self) -> str:
        try:
            self._engine.destroy()
        except CommandError:
            kept = self._left()
        else:
            raise RehearsalFailed("a protected database was destroyed")
        if kept != [f"database {DATABASE}"]:
            raise RehearsalFailed(f"destroy was to keep the database alone and kept {', '.join(kept)}")
        return "all deleted but the database"

    def _gone(self) -> str:
        self._engine.unprotect()
        self._engine.destroy()
        if left := self._left():
            raise RehearsalFailed(f"destroy left {', '.join(left)}")
        return "nothing left"

    def _left(self) -> list[str]:
        return [row.title for row in staging_objects(self._world) if row.found]
