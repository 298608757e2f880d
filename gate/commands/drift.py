"""`gate drift`."""

import os
from typing import Annotated

from gate.commands.running import Run, Where, flag, gate_command


@gate_command("drift", report=True)
def drift(
    run: Run,
    where: Where,
    issue: Annotated[bool, flag("--issue", "Open, update or close the stack's issue to match the outcome.")] = False,
) -> None:
    """Find what was changed by hand at the vendors.

    Changes nothing. Runs `pulumi preview --refresh` on the environment's stack and expects no changes. Every difference
    is one row: object, field, declared and live value, since when. What was declared and not applied yet is told apart
    from drift. Secrets are shown as `[secret]`. `--report DIR` writes drift.md and drift.json.

    `--issue` writes to the repository that runs the workflow, `GITHUB_REPOSITORY`, with the token `REPORT_TOKEN`
    (Issues: write); `GITHUB_TOKEN` belongs to the application's repository. Each stack has one issue: it is opened when
    something differs or could not be checked, updated by every check, and closed when the stack is clean. A comment is
    added when the findings change. A closed issue stays closed; the next drift opens another.

    **Exit codes**

    - `0`: clean, everything is as declared
    - `2`: something differs: drift, or declared and not applied
    - `1`: could not be checked (credentials, configuration, a vendor, the engine), or the issue could not be written;
      the reason is on standard error

    **Examples**

    - `gate drift --env staging`
    - `gate drift --env staging --json`: for a program
    - `gate drift --env staging --report out`: `out/drift.md` for a step summary, and `out/drift.json`
    - `gate drift --env staging --issue`: for a schedule
    """
    from gate.changes.issue import settle
    from gate.changes.look import checked
    from gate.common.notifications import workflow_run
    from gate.vendors.issues import open_issue_tracker

    with run.progress(f"checking {where.stack}") as tell:
        outcome = checked(where.stack, tell)
    if outcome.error is not None:
        run.fail(outcome.error)
    outcome = run.finish(outcome)
    if issue:
        with run.or_fail("no issue"), open_issue_tracker(os.environ) as repository:
            run.say(settle(outcome, repository, workflow_run(os.environ)))
