"""`python -m gate release`, `rollback` and `deploy`: what they take, and what they print."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from blueprint.errors import RenderError
from gate.commands.options import AsJson, StackName
from gate.common.budget import Budget
from gate.common.errors import GateError
from gate.common.notifications import notify
from gate.common.progress import progress
from gate.common.redaction import Redactor, environment_secrets
from gate.common.version import EXPECTED, parse, taken_back_to
from gate.release import release as releasing
from gate.release import rollback as going_back
from gate.release import staging
from gate.release.errors import Refused
from gate.release.release import Stage
from gate.release.report import Report
from gate.release.signals import interruptible
from gate.release.stage import open_stage
from gate.smoke import SmokeReport, files
from gate.smoke import run as smoke
from gate.stack.target import Target, load_target

Environment = Annotated[str, typer.Option("--env", help="The environment.", metavar="NAME")]
Folder = Annotated[
    Path | None,
    typer.Option("--report", help="Write release.md, release.json and the smoke tests' files into this folder.",
                 metavar="DIR", show_default=False),
]  # fmt: skip


def release(
    tag: Annotated[str, typer.Argument(help="The release's tag: v1.2.3.", metavar="TAG", show_default=False)],
    env: Environment = "production",
    stack: StackName = None,
    as_json: AsJson = False,
    report: Folder = None,
) -> int:
    """Release a tag: deploy its commit on Render, promote its build on Vercel, smoke-test, or take all of it back.

    First everything that has to hold is looked at: the tag is a semantic version, exists, its commit is on main, is
    newer than the last release, passed staging's smoke tests, has a production build at Vercel, and no other release is
    in progress. Where one does not hold, nothing is changed. After the first change, whatever fails (a deploy, the
    promotion, a smoke test, the budget, Ctrl-C) is answered by a rollback of what was changed, and smoke tests again.

    Killed, it can be run again: it goes on where it was. Every release is recorded as a deployment at GitHub. A tag
    such as `v1.2.2-rollback` goes back to v1.2.2, as `rollback --to` does.

    Needs `GITHUB_TOKEN` (Contents, Deployments: write; Commit statuses, Pull requests: read), `RENDER_API_KEY`,
    `VERCEL_API_TOKEN`; see `smoke` for the test user's. `NOTIFY_WEBHOOK_URL` is told what came of it.

    **Exit codes**

    - `0`: released, and the smoke tests passed
    - `1`: refused, or could not begin; nothing was changed
    - `3`: failed and rolled back; what served before serves again
    - `4`: failed, and so did the rollback: what to do by hand is printed

    **Examples**

    - `python -m gate release v1.2.3`
    - `python -m gate release v1.2.3 --report out`: for a workflow
    """
    if earlier := taken_back_to(tag):
        return _roll_back(earlier, None, tag, env, stack, as_json, report)

    def run(stage: Stage, budget: Budget) -> Report:
        return releasing.release(tag, stage, budget)

    problem = "" if parse(tag) else f"{tag} is no release tag: {EXPECTED}"
    command = _Command("release", tag, env, stack, as_json, report)
    return command.execute(run, lambda target: target.settings.release.budget_seconds, problem)


def rollback(
    to: Annotated[
        str | None,
        typer.Option(help="The release to go back to.", metavar="TAG", show_default="the last good one before"),
    ] = None,
    leaving: Annotated[
        str | None,
        typer.Option("--from", help="Do nothing unless this release serves.", metavar="TAG", show_default=False),
    ] = None,
    env: Environment = "production",
    stack: StackName = None,
    as_json: AsJson = False,
    report: Folder = None,
) -> int:
    """Go back to an earlier release at Render and Vercel, without building anything, and smoke-test it.

    By default to the last good release that does not serve, and that nobody has gone back from. After a run that was
    killed or could not go back, to what served before it. With `--from`, only the release that it names is taken back:
    where another one serves meanwhile, nothing is changed. Workflows name it, so that running one again much later does
    no harm. Database migrations are not undone: the runbook that is
    printed says what to do about them. Within ten minutes, nearly all of it the vendors' work.

    Render's own auto-deploy and Vercel's auto-assignment stay as `marketedge:phase` has them; before `cutover` the next
    merge to main deploys again.

    Needs what `release` needs.

    **Exit codes**

    - `0`: the earlier release serves, and the smoke tests passed; or what `--from` names does not serve
    - `1`: refused, or could not begin; nothing was changed
    - `4`: failed: which half serves what is printed, and the command that finishes it

    **Examples**

    - `python -m gate rollback`
    - `python -m gate rollback --to v1.2.2`
    - `python -m gate rollback --from v1.3.0`
    """
    return _roll_back(to, leaving, "", env, stack, as_json, report)


def _roll_back(
    to: str | None,
    leaving: str | None,
    asked: str,
    env: str,
    stack: str | None,
    as_json: bool,
    report: Path | None,
) -> int:
    def run(stage: Stage, budget: Budget) -> Report:
        return going_back.rollback(to, stage, budget, leaving=leaving, asked=asked)

    command = _Command("rollback", to or "", env, stack, as_json, report)
    return command.execute(run, lambda target: target.settings.release.rollback_budget_seconds)


def deploy(
    sha: Annotated[str, typer.Argument(help="The commit's full id.", metavar="SHA", show_default=False)],
    env: Annotated[str, typer.Option("--env", help="The environment.", metavar="NAME")] = "staging",
    stack: StackName = None,
    as_json: AsJson = False,
    report: Folder = None,
) -> int:
    """Wait until an environment that deploys by itself serves a commit, and smoke-test it.

    Render begins by itself after a push; where it has not within a minute, the deploy is started. With
    `VERCEL_API_TOKEN` the frontend's build is waited for as well. The commit gets the
    status `staging-smoke-tests`, which a release asks for and main requires at cutover. The deployment is recorded at
    GitHub, and the pull request that brought the commit gets a comment.

    Needs `GITHUB_TOKEN` (Deployments, Commit statuses, Pull requests: write), `RENDER_API_KEY`; see `smoke` for the
    test user's. `NOTIFY_WEBHOOK_URL` is told what came of it.

    **Exit codes**

    - `0`: the commit serves, and the smoke tests passed
    - `1`: could not begin, or a newer commit has taken its place
    - `4`: the deploy or a smoke test failed, or the status could not be set

    **Examples**

    - `python -m gate deploy "$GITHUB_SHA" --report out`: for a workflow
    """

    def run(stage: Stage, budget: Budget) -> Report:
        return staging.deploy(sha, stage, budget)

    full = re.fullmatch(r"[0-9a-f]{40}", sha)
    problem = "" if full else f"{sha} is no commit: expected its full id, 40 hexadecimal digits"
    command = _Command("deploy", sha[:7], env, stack, as_json, report)
    return command.execute(run, lambda target: target.settings.release.budget_seconds, problem)


@dataclass(frozen=True)
class _Command:
    """One of them as it was called. subject: the tag or commit; empty where it is still to be found out."""

    action: str
    subject: str
    env: str
    stack: str | None
    as_json: bool
    folder: Path | None

    def execute(
        self, run: Callable[[Stage, Budget], Report], seconds: Callable[[Target], float], problem: str = ""
    ) -> int:
        """Run it, print and write what came of it, and tell the team. Args: problem: refuses it without a look."""
        redactor = Redactor(environment_secrets(os.environ))
        try:
            if problem:
                raise Refused(problem)
            found = self._run(run, seconds, redactor)
        except KeyboardInterrupt:
            found = self._refused("interrupted before anything was changed")
        except (GateError, RenderError) as error:
            print(f"gate {self.action}: {redactor.text(str(error))}", file=sys.stderr)
            found = self._refused(str(error))
        self._show(found, redactor)
        if unheard := notify(redactor.text(found.headline), os.environ):
            print(f"nobody was told: {unheard}", file=sys.stderr)
        return found.exit_code

    def _run(self, run: Callable[[Stage, Budget], Report], seconds: Callable[[Target], float], r: Redactor) -> Report:
        target = load_target(self.env, self.stack, os.environ)
        budget, title = seconds(target), f"{self.action} {self.subject}".strip()
        with progress(f"{title}, {self.env}", budget=budget) as teller:

            def tell(line: str) -> None:
                teller.line(r.text(line))

            _warn(target, tell)
            ends = budget + (target.settings.release.rollback_budget_seconds if self.action == "release" else 0)
            with interruptible(), open_stage(target, os.environ, tell, ends, partial(self._smoke, target)) as stage:
                return run(stage, Budget(budget, tell, teller))

    def _smoke(self, target: Target, seconds: float) -> SmokeReport:
        """Test what serves. The last ones write their own files, for the viewers that know JUnit."""
        found = smoke(target, os.environ, seconds=seconds)
        if self.folder is not None:
            files.write(found, self.folder)
        return found

    def _refused(self, reason: str) -> Report:
        return Report(self.action, self.subject, "refused", reason)

    def _show(self, report: Report, redactor: Redactor) -> None:
        text = redactor.text(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "release.json").write_text(f"{text}\n", encoding="utf-8")
            (self.folder / "release.md").write_text(redactor.text(report.markdown()), encoding="utf-8")
        print(text if self.as_json else redactor.text("\n".join(report.lines())))


def _warn(target: Target, tell: Callable[[str], None]) -> None:
    if target.environment == "production" and target.settings.phase != "cutover":
        branch = target.settings.github.branch.name
        tell(f"marketedge:phase is {target.settings.phase}: before cutover a merge to {branch} deploys by itself")
