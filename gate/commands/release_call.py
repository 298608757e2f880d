"""What `release`, `rollback` and `deploy` share: budget, smoke tests, report, a message to the team."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.errors import RenderError
from gate.commands.running import Run, command
from gate.common.errors import GateError

if TYPE_CHECKING:
    from gate.common.budget import Budget
    from gate.release.release import Stage
    from gate.release.report import ReleaseReport
    from gate.smoke import SmokeReport
    from gate.stack.target import Target

    Work = Callable[[Stage, Budget], ReleaseReport]


@dataclass(frozen=True)
class Call:
    """One of them as it was called.

    Attributes:
        subject: the tag or commit; empty where it is still to be found out.
        watch: whether to watch what was released, and to roll it back on an alarm.
        minutes: how long; None: as the stack says.
    """

    action: str
    subject: str
    env: str | None
    stack: str | None
    as_json: bool
    folder: Path | None
    watch: bool = False
    minutes: int | None = None

    def execute(self, work: Work, problem: str = "") -> int:
        """Do it, report it and notify the team. Args: problem: refuses it without a look."""
        with command(self.action, as_json=self.as_json, folder=self.folder) as run:
            call = self
            try:
                call = self if problem else self._chosen()
            except GateError as error:
                problem = str(error)
            found = call._try(run, work, problem)
            call._notify(run, found)
            if found.outcome == "done" and call.watch and (reason := call._watch(run)):
                found = call._take_back(run, reason)
                call._notify(run, found)
            run.finish(found)
        return run.exit_code

    def _chosen(self) -> Call:
        """With the environment's name: `deploy` is for those that merges release, the others for those that tags do."""
        from gate.stack.target import choose

        by_tag = self.action != "deploy"
        env, stack = choose(self.env, self.stack, os.environ, lambda settings: settings.released_by_tag == by_tag)
        return replace(self, env=env, stack=stack)

    def _try(self, run: Run, work: Work, problem: str = "") -> ReleaseReport:
        from gate.release.errors import ReleaseRefused

        try:
            if problem:
                raise ReleaseRefused(problem)
            return self._work(run, work)
        except KeyboardInterrupt:
            return self._refused("interrupted before anything was changed")
        except (GateError, RenderError) as error:
            if self.as_json:
                run.fail(error)
            return self._refused(str(error))

    def _notify(self, run: Run, found: ReleaseReport) -> None:
        from gate.common.notifications import notify

        shown = found.redacted(run.redactor)
        facts = {"environment": self.env or "", "tag": shown.tag, "commit": shown.sha[:7]}
        if unheard := notify(shown.headline, os.environ, facts, "\n".join(shown.advice)):
            run.say(f"the team was not notified: {unheard}")

    def _watch(self, run: Run) -> str:
        """Watch what was released (plan 8.1), then test it once more. Returns: why it has to be rolled back."""
        from gate.common.signals import interruptible
        from gate.smoke.probes import watch_for
        from gate.stack.target import load_target

        try:
            target = load_target(str(self.env), self.stack, os.environ)
            rules = target.settings.watch
            rules = rules if self.minutes is None else rules.model_copy(update={"minutes": self.minutes})
            with interruptible(), run.progress(f"watching {self.subject} for {rules.minutes} min") as tell:
                if alarm := watch_for(target, os.environ, rules, tell).alarm:
                    return alarm
                tested = self._smoke(run, target, target.settings.smoke.budget_seconds)
            return "" if tested.passed else f"smoke tests failed: {'; '.join(tested.problems) or tested.headline}"
        except KeyboardInterrupt:
            return "interrupted"
        except GateError as error:
            run.say(f"{self.subject} was not watched: {error}")
            return ""

    def _take_back(self, run: Run, reason: str) -> ReleaseReport:
        from gate.release.rollback import rollback

        run.say(f"rolling {self.subject} back: {reason}")
        back = replace(self, action="rollback", subject="")
        found = back._try(run, lambda stage, budget: rollback(None, stage, budget, leaving=self.subject, why=reason))
        gone = found.outcome == "done"
        found.action, found.reason = self.action, reason if gone else f"{reason}; {found.reason}"
        found.advice = [f"{found.tag} serves again", *found.advice] if gone else found.advice
        found.tag, found.outcome = self.subject, "rolled back" if gone else "failed"
        return found

    def _work(self, run: Run, work: Work) -> ReleaseReport:
        from gate.common.budget import Budget
        from gate.common.signals import interruptible
        from gate.release.stage import open_stage
        from gate.stack.target import load_target

        target = load_target(str(self.env), self.stack, os.environ)
        settings = target.settings.release
        seconds = settings.rollback_budget_seconds if self.action == "rollback" else settings.budget_seconds
        spare = settings.rollback_budget_seconds if self.action in ("release", "hotfix") else 0
        with run.progress(f"{self.action} {self.subject}".strip() + f", {self.env}", seconds) as tell:
            _warn(target, tell.line)
            smoke = partial(self._smoke, run, target)
            with interruptible(), open_stage(target, os.environ, tell.line, seconds + spare, smoke) as stage:
                return work(stage, Budget(seconds, tell.line, tell))

    def _smoke(self, run: Run, target: Target, seconds: float) -> SmokeReport:
        """Test what serves. The last tests write their own files, for viewers that know JUnit."""
        from gate.smoke import files
        from gate.smoke.run import run as make_checks

        found = make_checks(target, os.environ, seconds=seconds)
        run.write(files.written(found.redacted(run.redactor)))
        return found

    def _refused(self, reason: str) -> ReleaseReport:
        from gate.release.report import ReleaseReport

        return ReleaseReport(action=self.action, tag=self.subject, outcome="refused", reason=reason)


def _warn(target: Target, tell: Callable[[str], None]) -> None:
    if target.settings.released_by_tag and target.settings.phase != "cutover":
        branch = target.settings.github.branch.name
        tell(f"marketedge:phase is {target.settings.phase}: before cutover a merge to {branch} deploys by itself")
