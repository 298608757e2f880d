"""What `release`, `hotfix`, `rollback` and `deploy` do around their work: budget, smoke tests, report, a message.

It is imported only when one of them runs.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from gate.checks.login import NOT_REQUIRED, unset
from gate.commands.running import Run, Where
from gate.common import budget
from gate.common.errors import GateError, ReleaseRefused
from gate.common.signals import interruptible
from gate.release import release, rollback, staging
from gate.release.environment import Environment, open_environment
from gate.release.report import ReleaseReport
from gate.smoke import SmokeReport, incident, watch
from gate.smoke import run as smoke_tests
from gate.smoke.watch import Watched
from gate.stack.target import Target
from gate.vendors.issues import TOKEN

Work = Callable[[Environment, budget.Budget], ReleaseReport]
_RELEASES = ("release", "hotfix")


@dataclass(frozen=True)
class Call:
    """One of the commands as it was called.

    Attributes:
        action: `release`, `hotfix`, `rollback` or `deploy`.
        subject: the tag or commit; empty where it is still to be found out.
        watch: whether to watch what was released, and to roll it back on an alarm.
        minutes: how long to watch; None: as the stack file says.
    """

    run: Run
    where: Where
    action: str
    subject: str
    watch: bool = False
    minutes: int | None = None

    def release(self, problem: str, hotfix: str = "") -> None:
        """Release the tag.

        Args:
            problem: why it is refused before anything is read; empty if nothing is wrong with the call.
            hotfix: the reason to go past staging, if it does.
        """
        self._execute(partial(release.release, self.subject, hotfix=hotfix), problem)

    def roll_back(self, to: str | None, leaving: str | None = None, asked: str = "") -> None:
        """Roll back; see `gate.release.rollback`."""
        self._execute(partial(rollback.rollback, to, leaving=leaving, asked=asked))

    def deploy(self, sha: str, problem: str) -> None:
        """Wait until a commit serves."""
        self._execute(partial(staging.deploy, sha), problem)

    def _execute(self, work: Work, problem: str = "") -> None:
        """Do the work, notify the team, watch what was released, and report it."""
        found = self._try(work, problem)
        self._notify(found)
        if found.outcome == "done" and self.watch:
            reason, seen = self._watch()
            if reason:
                found = self._take_back(reason, seen)
        self.run.finish(found)

    def _try(self, work: Work, problem: str = "") -> ReleaseReport:
        try:
            return self._refused(problem) if problem else self._do(work)
        except KeyboardInterrupt:
            return self._refused("interrupted before anything was changed")
        except GateError as error:
            return self._refused(str(error))

    def _refused(self, reason: str) -> ReleaseReport:
        if self.run.as_json:
            self.run.say(f"gate {self.action}: {reason}")
        return ReleaseReport(action=self.action, tag=self.subject, outcome="refused", reason=reason)

    def _do(self, work: Work) -> ReleaseReport:
        target = self.where.target()
        settings = target.settings.release
        if self.action in _RELEASES:
            self._check(target)
        seconds = settings.rollback_budget_seconds if self.action == "rollback" else settings.budget_seconds
        spare = settings.rollback_budget_seconds if self.action in _RELEASES else 0
        with self.run.progress(f"{self.action} {self.subject}".strip() + f", {self.where.env}", seconds) as tell:
            if target.settings.released_by_tag and (phase := target.settings.phase) != "cutover":
                branch = target.settings.github.branch.name
                tell.line(f"marketedge:phase is {phase}: before cutover a merge to {branch} deploys by itself")
            smoke = partial(self._smoke, target)
            with (
                interruptible(),
                open_environment(target, os.environ, tell.line, seconds + spare, smoke) as environment,
            ):
                return work(environment, budget.Budget(seconds, tell.line, tell))

    def _check(self, target: Target) -> None:
        """Refuse a release that would be rolled back for want of a login test, or watched for longer than is allowed.

        Raises:
            ReleaseRefused: says what to do.
        """
        if missing := unset(target.settings, os.environ) if target.settings.login_required else []:
            names = " and ".join(missing)
            raise ReleaseRefused(f"the login test is required and {names} not set: set {names}, or {NOT_REQUIRED}")
        if self.watch and (self.minutes or 0) > (window := target.settings.watch.minutes):
            raise ReleaseRefused(
                f"--minutes {self.minutes}: a release is rolled back automatically for {window} minutes at most: raise "
                f"marketedge:watch.minutes of {target.environment}"
            )

    def _smoke(self, target: Target, seconds: float) -> SmokeReport:
        """Test what serves. The last tests write their own files, for viewers that know JUnit."""
        optional = False if self.action == "rollback" else None  # it goes back also where nobody can log in
        found = smoke_tests.run(target, os.environ, seconds=seconds, require_login=optional)
        self.run.write(found.redacted(self.run.redactor).files())
        return found

    def _notify(self, found: ReleaseReport) -> None:
        facts = {"environment": self.where.known, "tag": found.tag, "commit": found.sha[:7]}
        self.run.notify(found.headline, facts, "\n".join(found.advice))

    def _watch(self) -> tuple[str, Watched | None]:
        """Watch what was released (plan 8.1), then test it once more.

        Returns:
            Why it has to be rolled back, empty if all is well; and the watch if that was an alarm.
        """
        try:
            target = self.where.target()
            rules = target.settings.watch
            rules = rules if self.minutes is None else rules.model_copy(update={"minutes": self.minutes})
            with interruptible(), self.run.progress(f"watching {self.subject} for {rules.minutes} min") as tell:
                seen = watch.watch_for(target, os.environ, rules, tell)
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

    def _take_back(self, reason: str, seen: Watched | None) -> ReleaseReport:
        """Roll the release back, notify the team, and write the incident's issue if a token for it is there.

        Args:
            seen: the watch whose alarm it was; None if smoke tests failed instead.
        """
        alarm = datetime.now(UTC)
        self.run.say(f"rolling {self.subject} back: {reason}")
        back = replace(self, action="rollback", subject="")
        found = back._try(partial(rollback.rollback, None, leaving=self.subject, why=reason))
        gone = found.outcome == "done"
        found.action, found.reason = self.action, reason if gone else f"{reason}; {found.reason}"
        found.advice = [f"{found.tag} serves again", *found.advice] if gone else found.advice
        found.tag, found.outcome = self.subject, "rolled back" if gone else "failed"
        self._notify(found)
        if seen and os.environ.get(TOKEN):
            try:
                told = incident.of_release(seen, self.where.target(), os.environ, self.subject, alarm, gone=gone)
            except GateError as error:
                told = f"the incident's issue was not written: {error}"
            self.run.say(told)
        return found
