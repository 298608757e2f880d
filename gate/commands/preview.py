"""`gate preview`."""

import os
from datetime import UTC, datetime
from typing import Annotated

from gate.commands.running import Envs, Run, gate_command, option


@gate_command("preview", report=True)
def preview(
    run: Run,
    env: Envs = None,
    comment: Annotated[int | None, option("Write it as the one comment of this pull request.", "NUMBER")] = None,
) -> None:
    """Show what `pulumi up` would change and what it costs.

    Changes nothing. Runs `pulumi preview --refresh` on each stack. Every object that would be created, updated,
    replaced or deleted is listed with its fields: as they are now, as they would be, and whether the declaration
    changed or somebody changed the object by hand. The cost is that of the last `up` beside that of this preview.
    Secrets are shown as `[secret]`. `--report DIR` writes preview.md and preview.json.

    `--comment` writes to the repository that runs the workflow, `GITHUB_REPOSITORY`, with the token `REPORT_TOKEN`
    (Pull requests: write); `GITHUB_TOKEN` belongs to the application's repository. The next preview updates the same
    comment, which is found by a hidden marker and its author.

    **Exit codes**

    - `0`: no changes
    - `2`: something would change
    - `1`: a stack could not be previewed, or the comment could not be written; the reason is on standard error

    **Examples**

    - `gate preview --env staging --env production`
    - `gate preview --env staging --comment 12 --report out`: for a workflow; `out/preview.md` for its summary
    """
    from gate.changes.look import previewed
    from gate.changes.preview import PreviewReport
    from gate.common.notifications import commit, workflow_run
    from gate.stack.target import chosen_stacks

    stacks = []
    for name in dict.fromkeys(env or chosen_stacks(None)):
        with run.progress(f"previewing {name}") as tell:
            stacks.append(previewed(name, tell))
    now, link = datetime.now(UTC), workflow_run(os.environ)
    outcome = PreviewReport(previewed_at=now, commit=commit(os.environ), run=link, stacks=stacks)
    for stack in stacks:
        if stack.error is not None:
            run.fail(f"{stack.stack}: {stack.error}")
    outcome = run.finish(outcome)
    if comment is not None:
        from gate.vendors.issues import LIMIT, marker, open_issue_tracker

        mark = marker("preview")
        body = f"{mark}\n{outcome.markdown(LIMIT - len(mark) - 1)}"
        with run.or_fail(f"no comment on pull request {comment}"), open_issue_tracker(os.environ) as repository:
            address, done = repository.comment(comment, mark, body)
            run.say(f"comment {done}: {address}")
