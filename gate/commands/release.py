"""`gate release`, `gate rollback` and `gate deploy`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.commands.options import AsJson, Env, ReportFolder, StackName
from gate.commands.release_call import Call

if TYPE_CHECKING:
    from gate.common.budget import Budget
    from gate.release.release import Stage
    from gate.release.report import ReleaseReport

Watch = Annotated[bool, typer.Option("--watch", help="Then watch it; an alarm rolls back.", show_default=False)]
Minutes = Annotated[
    int | None,
    typer.Option(help="How long to watch.", metavar="N", min=0, max=60, show_default="marketedge:watch.minutes"),
]


def release(
    tag: Annotated[str, typer.Argument(help="The release's tag: v1.2.3.", metavar="TAG", show_default=False)],
    env: Env = None,
    stack: StackName = None,
    as_json: AsJson = False,
    report: ReportFolder = None,
    watch: Watch = False,
    minutes: Minutes = None,
) -> int:
    """Release a tag, and roll back automatically on failure.

    Deploys the tag's commit on Render, promotes its build on Vercel, and runs the smoke tests.

    First it checks the preconditions: the tag is a semantic version and exists; its commit is on main, is newer than
    the last release, passed staging's smoke tests and has a production build at Vercel; no other release is in
    progress. If one does not hold, nothing is changed. After the first change, every failure (a deploy, the promotion,
    a smoke test, the budget, Ctrl-C) starts a rollback of what was changed, followed by the smoke tests.

    With `--watch` it watches the release afterwards, as `watch` does, and runs the smoke tests once more; an alarm or a
    failed test rolls the release back.

    If it is killed, run it again: it continues where it stopped. Every release is recorded as a deployment at GitHub. A
    tag such as `v1.2.2-rollback` rolls back to v1.2.2, as `rollback --to` does, once. `--report DIR` writes release.md,
    release.json and the smoke tests' files.

    Needs `GITHUB_TOKEN` (Contents, Deployments: write; Commit statuses, Pull requests: read), `RENDER_API_KEY`,
    `VERCEL_API_TOKEN`; see `smoke` for the test user's. The outcome is sent to `NOTIFY_WEBHOOK_URL`.

    **Exit codes**

    - `0`: released, and the smoke tests passed
    - `1`: refused, or could not begin; nothing was changed
    - `3`: failed and rolled back; what served before serves again
    - `4`: failed, and so did the rollback: what to do by hand is printed

    **Examples**

    - `gate release v1.2.3`
    - `gate release v1.2.3 --watch --report out`: for a workflow
    """
    from gate.common.version import problem_with, taken_back_to

    if earlier := taken_back_to(tag):
        return _roll_back(earlier, None, tag, env, stack, as_json, report)

    def work(stage: Stage, budget: Budget) -> ReleaseReport:
        from gate.release.release import release as put

        return put(tag, stage, budget)

    return Call("release", tag, env, stack, as_json, report, watch, minutes).execute(work, problem_with(tag))


def hotfix(
    tag: Annotated[str, typer.Argument(help="The release's tag: v1.2.4.", metavar="TAG", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why it cannot wait for staging.", metavar="TEXT", show_default=False)],
    env: Env = None,
    stack: StackName = None,
    as_json: AsJson = False,
    report: ReportFolder = None,
    watch: Watch = False,
    minutes: Minutes = None,
) -> int:
    """Release a tag past staging, with a reason on record.

    Does what `release` does, without one precondition: that staging's smoke tests have passed. It is refused where they
    have, because then there is nothing to skip. Who, why and what was skipped are in the deployment record at GitHub,
    in the report and in the message to the team. Afterwards it opens a pull request that brings the fix to staging.

    Needs what `release` needs, and Pull requests: write.

    **Exit codes**

    - `0`: released, and the smoke tests passed
    - `1`: refused, or could not begin; nothing was changed
    - `3`: failed and rolled back; what served before serves again
    - `4`: failed, and so did the rollback: what to do by hand is printed

    **Examples**

    - `gate hotfix v1.2.4 --reason "login is down, ticket 123"`
    """

    def work(stage: Stage, budget: Budget) -> ReleaseReport:
        from gate.release.release import release as put

        return put(tag, stage, budget, reason.strip())

    from gate.common.version import EXPECTED, parse

    problem = "" if parse(tag) else f"{tag} is not a release tag: {EXPECTED}"
    if len(reason.split()) < 2:
        problem = "--reason says too little: expected what is broken, in a few words"
    return Call("hotfix", tag, env, stack, as_json, report, watch, minutes).execute(work, problem)


def rollback(
    to: Annotated[
        str | None,
        typer.Option(help="The release to roll back to.", metavar="TAG", show_default="the last good one before"),
    ] = None,
    leaving: Annotated[
        str | None,
        typer.Option("--from", help="Do nothing unless this release serves.", metavar="TAG", show_default=False),
    ] = None,
    env: Env = None,
    stack: StackName = None,
    as_json: AsJson = False,
    report: ReportFolder = None,
) -> int:
    """Roll back to an earlier release.

    Puts it back at Render and Vercel without building anything, and runs the smoke tests. By default it goes to the
    last good release that does not serve and that nobody has rolled back; after a run that was killed or could not roll
    back, to what served before it. With `--from`, only the release that it names is rolled back: if another one serves
    meanwhile, nothing is changed. Workflows name it, so that running one again much later does no harm. Database
    migrations are not undone: the runbook that is printed says what to do about them. It takes ten minutes at most,
    nearly all of it the vendors' work.

    Render's own auto-deploy and Vercel's auto-assignment stay as `marketedge:phase` has them; before `cutover` the next
    merge to main deploys again.

    Needs what `release` needs.

    **Exit codes**

    - `0`: the earlier release serves, and the smoke tests passed
    - `1`: refused, also where another release than `--from` serves, or could not begin; nothing was changed
    - `4`: failed: which half serves what is printed, and the command that finishes it

    **Examples**

    - `gate rollback`
    - `gate rollback --to v1.2.2`
    - `gate rollback --from v1.3.0`
    """
    return _roll_back(to, leaving, "", env, stack, as_json, report)


def _roll_back(
    to: str | None,
    leaving: str | None,
    asked: str,
    env: str | None,
    stack: str | None,
    as_json: bool,
    report: Path | None,
) -> int:
    def work(stage: Stage, budget: Budget) -> ReleaseReport:
        from gate.release.rollback import rollback as go_back

        return go_back(to, stage, budget, leaving=leaving, asked=asked)

    return Call("rollback", to or "", env, stack, as_json, report).execute(work)


def deploy(
    sha: Annotated[str, typer.Argument(help="The commit's full id.", metavar="SHA", show_default=False)],
    env: Env = None,
    stack: StackName = None,
    as_json: AsJson = False,
    report: ReportFolder = None,
) -> int:
    """Wait until a commit serves, then smoke-test it.

    For an environment that deploys by itself after a merge. If Render has not begun within a minute, the deploy is
    started. With `VERCEL_API_TOKEN` it also waits for the frontend's build. The commit gets the status
    `staging-smoke-tests`, which a release asks for and main requires at cutover. The deployment is recorded at GitHub,
    and the pull request that brought the commit gets a comment.

    Needs `GITHUB_TOKEN` (Deployments, Commit statuses, Pull requests: write), `RENDER_API_KEY`; see `smoke` for the
    test user's. The outcome is sent to `NOTIFY_WEBHOOK_URL`.

    **Exit codes**

    - `0`: the commit serves, and the smoke tests passed; or a newer commit has taken its place
    - `1`: could not begin
    - `4`: the deploy or a smoke test failed, or the status could not be set

    **Examples**

    - `gate deploy "$GITHUB_SHA" --report out`: for a workflow
    """

    def work(stage: Stage, budget: Budget) -> ReleaseReport:
        from gate.release.staging import deploy as wait_for

        return wait_for(sha, stage, budget)

    full = re.fullmatch(r"[0-9a-f]{40}", sha)
    problem = "" if full else f"{sha} is not a commit: expected its full id, 40 hexadecimal digits"
    return Call("deploy", sha[:7], env, stack, as_json, report).execute(work, problem)
