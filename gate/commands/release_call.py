"""What `release`, `rollback` and `deploy` share: budget, smoke tests, report, a message to the team."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from blueprint.errors import RenderError
from gate.commands.options import Where
from gate.commands.running import Run
from gate.common.errors import GateError

if TYPE_CHECKING:
    from components.settings import Settings
    from gate.common.budget import Budget
    from gate.release.release import Stage
    from gate.release.report import ReleaseReport
    from gate.smoke import SmokeReport
    from gate.smoke.watching import Watched
    from gate.stack.target import Target

    Work = Callable[[Stage, Budget], ReleaseReport]


def releases_by_tag(settings: Settings) -> bool:
    """Whether `release`, `hotfix` and `rollback` can work on a stack."""
    return settings.released_by_tag


def deploys_by_merge(settings: Settings) -> bool:
    """Whether `deploy` can work on a stack."""
    return not settings.released_by_tag


def release_of(tag: str, hotfix: str = "") -> Work:
    """Return what releases a tag. It is imported when it runs, so that a refused tag is refused at once."""

    def work(stage: Stage, budget: Budget) -> ReleaseReport:
        from gate.release.release import release

        return release(tag, stage, budget, hotfix)

    return work


@dataclass(frozen=True)
class Call:
    """One of them as it was called.

    Attributes:
        action: `release`, `hotfix`, `rollback` or `deploy`.
        subject: the tag or commit; empty where it is still to be found out.
        watch: whether to watch what was released, and to roll it back on an alarm.
        minutes: how long to watch; None: as the stack file says.
    """

    action: str
    subject: str
    run: Run
    where: Where
    watch: bool = False
    minutes: int | None = None

    def execute(self, work: Work, problem: str = "") -> None:
        """Do the work, report it and notify the team.

        Args:
            work: makes the release.
            problem: why it is refused before anything is read; empty where nothing is wrong with the call.
        """
        found = self._try(work, problem)
        self._notify(found)
        if found.outcome == "done" and self.watch:
            reason, seen = self._watch()
            if reason:
                alarm = datetime.now(UTC)
                found = self._take_back(reason)
                self._notify(found)
                self._record_incident(seen, alarm, gone=found.outcome == "rolled back")
        self.run.finish(found)

    def _try(self, work: Work, problem: str = "") -> ReleaseReport:
        try:
            return self._refused(problem) if problem else self._work(work)
        except KeyboardInterrupt:
            return self._refused("interrupted before anything was changed")
        except (GateError, RenderError) as error:
            return self._refused(str(error))

    def _notify(self, found: ReleaseReport) -> None:
        from gate.common.notifications import notify

        shown = found.redacted(self.run.redactor)
        facts = {"environment": self.where.known, "tag": shown.tag, "commit": shown.sha[:7]}
        if unheard := notify(shown.headline, os.environ, facts, "\n".join(shown.advice)):
            self.run.say(f"the team was not notified: {unheard}")

    def _watch(self) -> tuple[str, Watched | None]:
        """Watch what was released (plan 8.1), then test it once more.

        Returns:
            Why it has to be rolled back, empty where all is well; and the watch if that was an alarm.
        """
        from gate.common.signals import interruptible
        from gate.smoke.probes import watch_for

        try:
            target = self.where.target()
            rules = target.settings.watch
            rules = rules if self.minutes is None else rules.model_copy(update={"minutes": self.minutes})
            with interruptible(), self.run.progress(f"watching {self.subject} for {rules.minutes} min") as tell:
                seen = watch_for(target, os.environ, rules, tell)
                if seen.alarm:
                    return seen.alarm, seen
                tested = self._smoke(target, target.settings.smoke.budget_seconds)
            failed = f"smoke tests failed: {'; '.join(tested.problems) or tested.headline}"
            return "" if tested.passed else failed, None
        except KeyboardInterrupt:
            return "interrupted", None
        except GateError as error:
            self.run.say(f"{self.subject} was not watched: {error}")
            return "", None

    def _record_incident(self, seen: Watched | None, alarm: datetime, *, gone: bool) -> None:
        """Write the incident's issue, after the rollback, if a workflow's token for it is there.

        Args:
            seen: the watch whose alarm it was; None where smoke tests failed instead.
            alarm: when the watch ended with it.
            gone: whether the release was rolled back.
        """
        from gate.smoke.incident import of_release
        from gate.vendors.issues import TOKEN

        if seen is None or not os.environ.get(TOKEN):
            return
        try:
            self.run.say(of_release(seen, self.where.target(), os.environ, self.subject, alarm, gone=gone))
        except GateError as error:
            self.run.say(f"the incident's issue was not written: {error}")

    def _take_back(self, reason: str) -> ReleaseReport:
        from gate.release.rollback import rollback

        self.run.say(f"rolling {self.subject} back: {reason}")
        back = replace(self, action="rollback", subject="")
        found = back._try(lambda stage, budget: rollback(None, stage, budget, leaving=self.subject, why=reason))
        gone = found.outcome == "done"
        found.action, found.reason = self.action, reason if gone else f"{reason}; {found.reason}"
        found.advice = [f"{found.tag} serves again", *found.advice] if gone else found.advice
        found.tag, found.outcome = self.subject, "rolled back" if gone else "failed"
        return found

    def _work(self, work: Work) -> ReleaseReport:
        from gate.common.budget import Budget
        from gate.common.signals import interruptible
        from gate.release.errors import ReleaseRefused
        from gate.release.stage import open_stage

        target = self.where.target()
        self._require_login_test(target)
        settings, window = target.settings.release, target.settings.watch.minutes
        if self.watch and self.minutes is not None and self.minutes > window:
            raise ReleaseRefused(
                f"--minutes {self.minutes}: a release is rolled back automatically for {window} minutes at most: raise "
                f"marketedge:watch.minutes of {target.environment}"
            )
        seconds = settings.rollback_budget_seconds if self.action == "rollback" else settings.budget_seconds
        spare = settings.rollback_budget_seconds if self.action in ("release", "hotfix") else 0
        title = f"{self.action} {self.subject}".strip()
        with self.run.progress(f"{title}, {self.where.env}", seconds) as tell:
            _warn(target, tell.line)
            smoke = partial(self._smoke, target)
            with interruptible(), open_stage(target, os.environ, tell.line, seconds + spare, smoke) as stage:
                return work(stage, Budget(seconds, tell.line, tell))

    def _smoke(self, target: Target, seconds: float) -> SmokeReport:
        """Test what serves. The last tests write their own files, for viewers that know JUnit."""
        from gate.smoke import files
        from gate.smoke.run import run as make_checks

        optional = False if self.action == "rollback" else None  # it goes back also where nobody can log in
        found = make_checks(target, os.environ, seconds=seconds, require_login=optional)
        self.run.write(files.written(found.redacted(self.run.redactor)))
        return found

    def _require_login_test(self, target: Target) -> None:
        """Refuse a release that would be rolled back because a required login test lacks its credentials.

        Raises:
            ReleaseRefused: they are not set.
        """
        from gate.checks.login_test import NOT_REQUIRED, unset
        from gate.release.errors import ReleaseRefused

        missing = unset(target.settings, os.environ) if target.settings.login_required else []
        if missing and self.action in ("release", "hotfix"):
            names = " and ".join(missing)
            raise ReleaseRefused(f"the login test is required and {names} not set: set {names}, or {NOT_REQUIRED}")

    def _refused(self, reason: str) -> ReleaseReport:
        from gate.release.report import ReleaseReport

        if self.run.as_json:
            self.run.say(f"gate {self.action}: {reason}")
        return ReleaseReport(action=self.action, tag=self.subject, outcome="refused", reason=reason)


def _warn(target: Target, tell: Callable[[str], None]) -> None:
    if target.settings.released_by_tag and target.settings.phase != "cutover":
        branch = target.settings.github.branch.name
        tell(f"marketedge:phase is {target.settings.phase}: before cutover a merge to {branch} deploys by itself")
