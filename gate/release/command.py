"""`python -m gate release` and `rollback`: what they take, and what they print."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from gate.errors import GateError
from gate.options import AsJson, StackName
from gate.redaction import Redactor, environment_secrets
from gate.release import release as releasing
from gate.release import rollback as going_back
from gate.release import staging
from gate.release.errors import Refused
from gate.release.notify import notify
from gate.release.opening import interruptible, open_stage
from gate.release.release import Stage
from gate.release.report import Report
from gate.release.version import EXPECTED, parse
from gate.release.waiting import Budget
from gate.target import Target, load_target
from render.errors import RenderError

Environment = Annotated[str, typer.Option("--env", help="The environment.", metavar="NAME")]
Folder = Annotated[
    Path | None,
    typer.Option("--report", help="Write release.md and release.json into this folder.", metavar="DIR",
                 show_default=False),
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

    Killed, it can be run again: it goes on where it was. Every release is recorded as a deployment at GitHub.

    Needs `GITHUB_TOKEN` (Contents, Deployments: write; Commit statuses: read), `RENDER_API_KEY`, `VERCEL_API_TOKEN`;
    see `smoke` for the test user's. `NOTIFY_WEBHOOK_URL` is told what came of it.

    **Exit codes**

    - `0`: released, and the smoke tests passed
    - `1`: refused, or could not begin; nothing was changed
    - `3`: failed and rolled back; what served before serves again
    - `4`: failed, and so did the rollback: what to do by hand is printed

    **Examples**

    - `python -m gate release v1.2.3`
    - `python -m gate release v1.2.3 --report out`: for a workflow
    """

    if parse(tag) is None:  # of which nothing has to be looked up
        print(f"gate release: {tag} is no release tag: {EXPECTED}", file=sys.stderr)
        return 1

    def run(stage: Stage, tell: Callable[[str], None]) -> Report:
        return releasing.release(tag, stage, Budget(stage.target.settings.release.budget_seconds, tell))

    return _execute("release", env, stack, run, as_json=as_json, folder=report)


def rollback(
    to: Annotated[
        str | None,
        typer.Option(help="The release to go back to.", metavar="TAG", show_default="the last good one before"),
    ] = None,
    env: Environment = "production",
    stack: StackName = None,
    as_json: AsJson = False,
    report: Folder = None,
) -> int:
    """Go back to an earlier release at Render and Vercel, without building anything, and smoke-test it.

    After a release that was killed, it goes back to what served before that one. Database migrations are not undone:
    the runbook that is printed says what to do about them. Within ten minutes, nearly all of it the vendors' work.

    Render's own auto-deploy and Vercel's auto-assignment stay as `marketedge:phase` has them; before `cutover` the next
    merge to main deploys again.

    **Exit codes**

    - `0`: the earlier release serves, and the smoke tests passed
    - `1`: refused, or could not begin; nothing was changed
    - `4`: failed: what to do by hand is printed

    **Examples**

    - `python -m gate rollback`
    - `python -m gate rollback --to v1.2.2`
    """

    def run(stage: Stage, tell: Callable[[str], None]) -> Report:
        budget = Budget(stage.target.settings.release.rollback_budget_seconds, tell)
        return going_back.rollback(to, stage, budget)

    return _execute("rollback", env, stack, run, as_json=as_json, folder=report)


def deploy(
    sha: Annotated[str, typer.Argument(help="The commit's full id.", metavar="SHA", show_default=False)],
    env: Annotated[str, typer.Option("--env", help="The environment.", metavar="NAME")] = "staging",
    stack: StackName = None,
    as_json: AsJson = False,
    report: Folder = None,
) -> int:
    """Wait until an environment that deploys by itself serves a commit, and smoke-test it.

    Render begins by itself after a push; where it has not within a minute, the deploy is started. The commit gets the
    status `staging-smoke-tests`, which a release asks for and main requires at cutover. The deployment is recorded at
    GitHub, and the pull request that brought the commit gets a comment.

    Needs `GITHUB_TOKEN` (Deployments, Commit statuses, Pull requests: write), `RENDER_API_KEY`.

    **Exit codes**

    - `0`: the commit serves, and the smoke tests passed
    - `1`: could not begin
    - `4`: the deploy or a smoke test failed

    **Examples**

    - `python -m gate deploy "$GITHUB_SHA" --report out`: for a workflow
    """

    def run(stage: Stage, tell: Callable[[str], None]) -> Report:
        return staging.deploy(sha, stage, Budget(stage.target.settings.release.budget_seconds, tell))

    if not re.fullmatch(r"[0-9a-f]{40}", sha):
        print(f"gate deploy: {sha} is no commit: expected its full id, 40 hexadecimal digits", file=sys.stderr)
        return 1
    return _execute("deploy", env, stack, run, as_json=as_json, folder=report)


def _execute(
    action: str,
    env: str,
    stack: str | None,
    run: Callable[[Stage, Callable[[str], None]], Report],
    *,
    as_json: bool,
    folder: Path | None,
) -> int:
    redactor = Redactor(environment_secrets(os.environ))

    def tell(line: str) -> None:
        print(redactor.text(line), file=sys.stderr, flush=True)

    try:
        target = load_target(env, stack, os.environ)
        _warn(target, tell)
        with interruptible(), open_stage(target, os.environ, tell) as stage:
            report = run(stage, tell)
    except KeyboardInterrupt:
        report = Report(action, "", "refused", "interrupted before anything was changed")
    except Refused as error:
        report = Report(action, "", "refused", str(error))
    except (GateError, RenderError) as error:
        print(f"gate {action}: {redactor.text(str(error))}", file=sys.stderr)
        return 1
    _show(report, redactor, as_json=as_json, folder=folder)
    if problem := notify(redactor.text(report.headline), os.environ):
        tell(f"nobody was told: {problem}")
    return report.exit_code


def _warn(target: Target, tell: Callable[[str], None]) -> None:
    if target.environment == "production" and target.settings.phase != "cutover":
        branch = target.settings.github.branch.name
        tell(f"marketedge:phase is {target.settings.phase}: before cutover a merge to {branch} deploys by itself")


def _show(report: Report, redactor: Redactor, *, as_json: bool, folder: Path | None) -> None:
    text = redactor.text(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "release.json").write_text(f"{text}\n", encoding="utf-8")
        (folder / "release.md").write_text(redactor.text(report.markdown()), encoding="utf-8")
    print(text if as_json else redactor.text("\n".join(report.lines())))
