"""`gate smoke`."""

import os
from typing import Annotated

from gate.commands.running import Run, Where, flag, gate_command, option


@gate_command("smoke", report=True)
def smoke(
    run: Run,
    where: Where,
    expect_version: Annotated[str | None, option("The commit or tag that has to serve.", "SHA|TAG")] = None,
    sha: Annotated[str | None, option("Also set the commit status of this commit.", "SHA", "--status")] = None,
    require_login: Annotated[
        bool | None, flag("--require-login/--no-require-login", "Fail if the login test is not made.")
    ] = None,
    preview: Annotated[str, option("Also test the login from a preview.", "URL")] = "",
    pull_request: Annotated[int | None, option("Test its previews instead, and comment.", "NUMBER", min=1)] = None,
) -> None:
    """Run quick health tests against an environment.

    Changes nothing there. Makes all checks at once, in less than five minutes: health with database and Redis, CORS
    from every allowed origin and from strangers, the Auth0 audience, the API, a login; on staging also the pages and
    the super-admin panel. A service on the free plan gets 90 seconds to wake up; nothing else is tried twice. A check
    that cannot be made counts as failed. `--report DIR` writes smoke.xml (JUnit), smoke.json and smoke.md.

    The login needs `SMOKE_USER_EMAIL` and `SMOKE_USER_PASSWORD` of a test user, with `SMOKE_AUTH0_CLIENT_ID` and
    `SMOKE_AUTH0_CLIENT_SECRET` of the application (grant type Password). Better declare `auth0.loginTest`: a client of
    the test's own, with the grant `password`, or `client_credentials`, which needs no user. Without the variables the
    login is not made, and the summary says so. It fails then if the stack declares `auth0.loginTest` (unless
    `smoke.requireLogin` is false), or with `--require-login`. The token has to be of the audience that the backend
    sends. Without a client of its own, the backend has to use the application `SMOKE_AUTH0_CLIENT_ID`, if it is set.
    `BACKEND_URL`, `FRONTEND_URL` and `SERVICE_URLS` (further services, as JSON) win over the stack's addresses; with a
    name in front, as in `STAGING_BACKEND_URL`, they are for that environment only. `VERCEL_AUTOMATION_BYPASS_SECRET`
    opens protected deployments.

    With `--pull-request` it tests the previews that Vercel and Render make of the pull request's newest commit, in
    place of the environment, and writes their addresses and the result into one comment, which it renews. It waits up
    to 15 minutes for the builds. The pull request has to target the environment's branch. This needs `REPORT_TOKEN`
    (Pull requests: write) and `GITHUB_REPOSITORY`, `VERCEL_API_TOKEN` and `RENDER_API_KEY`.

    A failure is sent to `NOTIFY_WEBHOOK_URL`. `--status` needs `GITHUB_TOKEN`; with
    `RENDER_API_KEY` it is set only on the commit that Render serves.

    **Exit codes**

    - `0`: every check passed, or was not made for the reason shown
    - `2`: a check failed
    - `1`: could not be run (configuration, addresses), or the commit status could not be set

    **Examples**

    - `gate smoke --env staging`
    - `gate smoke --env staging --report out --status "$GITHUB_SHA"`: for a workflow
    - `gate smoke --env production --expect-version v1.2.3`
    - `gate smoke --env staging --pull-request 12`
    """
    from gate.smoke import github
    from gate.smoke import run as smoke_tests

    if pull_request is not None:
        _pull_request(run, where, pull_request)
        return
    target = where.target()
    with run.progress(f"smoke-testing {where.env}", target.settings.smoke.budget_seconds) as tell:
        found = smoke_tests.run(
            target, os.environ, expect_version=expect_version, require_login=require_login, preview=preview, tell=tell
        )
    run.finish(found)
    if not found.passed:
        run.notify(f"smoke tests of {where.env}: {found.headline}")
    if sha is not None:
        with run.or_fail("the commit status was not set"):
            github.set_status(found, target, sha, os.environ)


def _pull_request(run: Run, where: Where, number: int) -> None:
    """Test the previews of a pull request, and comment on it."""
    from gate.common.notifications import workflow_run
    from gate.smoke import github as previews
    from gate.vendors.issues import open_issue_tracker

    target = where.target()
    with open_issue_tracker(os.environ) as tracker:
        with run.progress(f"testing the previews of #{number}", previews.BUDGET) as tell:
            found = previews.tested(target, tracker.pull_request(number), os.environ, tell)
        run.say(previews.comment(tracker, number, run.finish(found), workflow_run(os.environ)))
