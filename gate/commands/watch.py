"""`gate watch`."""

import os
from datetime import UTC, datetime
from typing import Annotated

from gate.commands.running import Minutes, Run, Where, flag, gate_command


@gate_command("watch")
def watch(
    run: Run,
    where: Where,
    minutes: Minutes = None,
    incident: Annotated[bool, flag("--incident", "Open or close one issue about it.")] = False,
) -> None:
    """Watch an environment's health and error rate for a while.

    Changes nothing. Finds the two reasons to roll back that smoke tests are too short to see (plan 8.1): the health
    endpoint or the frontend answers errors for more than four minutes, so that the alarm comes within five, or more
    than a tenth of the answers are server errors. The first is checked from here every few seconds; the second is
    counted by Render, for workspaces whose plan has HTTP metrics, and needs `RENDER_API_KEY`. With `--minutes 0` it
    looks once, and a second time if that fails: at most ten seconds. It rolls nothing back: only `release --watch`
    does, in the minutes after a release that `marketedge:watch.minutes` allows.

    With `--incident` an alarm opens an issue, one for each environment, which the next quiet watch closes; the team is
    notified of both (`NOTIFY_WEBHOOK_URL`). A certificate with less than 14 days and a free database with less than 7
    open an issue of their own, which names no rollback. It needs `REPORT_TOKEN` (Issues: write; Actions: read for the
    time to detect) and `GITHUB_REPOSITORY`.

    **Exit codes**

    - `0`: quiet
    - `2`: an alarm; the reason is printed
    - `1`: could not be run

    **Examples**

    - `gate watch --env production`
    - `gate watch --env production --minutes 30`
    - `gate watch --env production --minutes 0 --incident`: for a schedule
    """
    from gate.smoke.watch import expiring, watch_for

    target = where.target()
    rules = target.settings.watch
    rules = rules if minutes is None else rules.model_copy(update={"minutes": minutes})
    title = f"watching {where.env} for {rules.minutes} min" if rules.minutes else f"looking at {where.env} once"
    with run.progress(title) as tell:
        seen = watch_for(target, os.environ, rules, tell, last=not rules.minutes)
        seen.environment = where.env
        if incident:
            from gate.verify.certificates import lines

            tell("certificates, and the database's expiry")
            old = [f"{one.title}: {one.verdict.detail}" for one in lines(target) if one.verdict.outcome == "fail"]
            seen.warnings = old + expiring(target, os.environ, datetime.now(UTC))
    seen = run.finish(seen)
    if incident:
        from gate.smoke import incident as issues

        run.say(issues.report(seen, target, os.environ) or "nothing to report")
