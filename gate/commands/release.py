"""`gate release`, `gate hotfix`, `gate rollback` and `gate deploy`."""

import re
from typing import Annotated

import typer

from gate.commands.running import Minutes, Run, Where, flag, gate_command, option
from gate.common.version import EXPECTED, parse, problem_with, taken_back_to

Watch = Annotated[bool, flag("--watch", "Then watch it; an alarm rolls back.")]


@gate_command("release", fits=lambda settings: settings.released_by_tag, report=True)
def release(
    run: Run,
    where: Where,
    tag: Annotated[str, typer.Argument(help="The release's tag: v1.2.3.", metavar="TAG", show_default=False)],
    watch: Watch = False,
    minutes: Minutes = None,
) -> None:
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
    from gate.commands.release_call import Call

    if earlier := taken_back_to(tag):
        Call(run, where, "rollback", earlier).roll_back(earlier, asked=tag)
    else:
        Call(run, where, "release", tag, watch, minutes).release(problem_with(tag))


@gate_command("hotfix", fits=lambda settings: settings.released_by_tag, report=True)
def hotfix(
    run: Run,
    where: Where,
    tag: Annotated[str, typer.Argument(help="The release's tag: v1.2.4.", metavar="TAG", show_default=False)],
    reason: Annotated[str, option("Why it cannot wait for staging.", "TEXT")],
    watch: Watch = False,
    minutes: Minutes = None,
) -> None:
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
    from gate.commands.release_call import Call

    problem = "" if parse(tag) else f"{tag} is not a release tag: {EXPECTED}"
    if len(reason.split()) < 2:
        problem = "--reason says too little: expected what is broken, in a few words"
    Call(run, where, "hotfix", tag, watch, minutes).release(problem, reason.strip())


@gate_command("rollback", fits=lambda settings: settings.released_by_tag, report=True)
def rollback(
    run: Run,
    where: Where,
    to: Annotated[
        str | None, option("The release to roll back to.", "TAG", show_default="the last good one before")
    ] = None,
    leaving: Annotated[str | None, option("Do nothing unless this release serves.", "TAG", "--from")] = None,
) -> None:
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
    from gate.commands.release_call import Call

    Call(run, where, "rollback", to or "").roll_back(to, leaving)


@gate_command("deploy", fits=lambda settings: not settings.released_by_tag, report=True)
def deploy(
    run: Run,
    where: Where,
    sha: Annotated[str, typer.Argument(help="The commit's full id.", metavar="SHA", show_default=False)],
) -> None:
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
    from gate.commands.release_call import Call

    full = re.fullmatch(r"[0-9a-f]{40}", sha)
    problem = "" if full else f"{sha} is not a commit: expected its full id, 40 hexadecimal digits"
    Call(run, where, "deploy", sha[:7]).deploy(sha, problem)
