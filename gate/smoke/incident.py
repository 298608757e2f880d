"""One issue about an environment that is down. The first alarm opens it; the first quiet watch after it closes it."""

from collections.abc import Callable
from datetime import UTC, datetime

from gate.common.text import code
from gate.smoke.watching import Watched
from gate.vendors.incidents import Detection, incident_marker
from gate.vendors.issues import IssueTracker, marker

_BODY = """{mark}
**{alarm}**

The alarm was raised at {moment:%Y-%m-%d %H:%M:%S} UTC.{first} `gate watch` looks every five minutes, and closes this
issue when all is well again.

What to do:

- Roll back with one command: `gate rollback --env {environment}`
- Or with one click: [Production rollback]({actions}), Run workflow, from the release tag that serves now
- Look closer: `gate smoke --env {environment}`, and the [runbook]({runbook})
"""


def record(
    seen: Watched,
    tracker: IssueTracker,
    actions: str,
    runbook: str,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """Open the issue, or close it.

    Args:
        actions: address of the rollback's workflow.
        runbook: address or path of what to do.

    Returns:
        What was done, in a line; empty if there was nothing to do.

    Raises:
        VendorError: GitHub refused.
    """
    done = [_incident(seen, tracker, actions, runbook, now()), _warnings(seen, tracker, runbook)]
    return "; ".join(filter(None, done))


def _warnings(seen: Watched, tracker: IssueTracker, runbook: str) -> str:
    """Open one issue about what will fail soon."""
    mark = marker(f"warnings {seen.environment}")
    open_ones = tracker.open_issues(mark)
    told = "\n".join(f"- {code(one)}" for one in seen.warnings)
    body = f"{mark}\nThis will be a failure soon:\n\n{told}\n\nWhat to do is in the [runbook]({runbook}).\n"
    if not seen.warnings:
        for issue in open_ones:
            tracker.edit_issue(issue["number"], state="closed")
        return f"closed issue #{open_ones[0]['number']}" if open_ones else ""
    if not open_ones:
        made = tracker.open_issue(mark, f"{seen.environment} needs attention: {seen.warnings[0]}"[:200], body)
        return f"opened issue #{made['number']}"
    if open_ones[0]["body"] != body:
        tracker.edit_issue(open_ones[0]["number"], body=body)
    return f"issue #{open_ones[0]['number']} is open already"


def _incident(seen: Watched, tracker: IssueTracker, actions: str, runbook: str, moment: datetime) -> str:
    mark = incident_marker(seen.environment)
    open_ones = tracker.open_issues(mark)
    if seen.alarm and not open_ones:
        about = {"environment": seen.environment, "actions": actions, "runbook": runbook}
        body = _BODY.format(mark=mark, alarm=seen.alarm, moment=moment, first=_first(seen), **about)
        if seen.warnings:
            body += "\nIt may be this: " + "; ".join(map(code, seen.warnings)) + "\n"
        if seen.first_failure:
            body += f"\n{Detection(seen.first_failure, moment).as_text()}\n"
        made = tracker.open_issue(mark, f"{seen.environment} is down: {seen.alarm}"[:200], body)
        return f"opened issue #{made['number']}"
    if seen.alarm:
        return f"issue #{open_ones[0]['number']} is open already"
    for issue in open_ones:
        began = datetime.fromisoformat(issue["created_at"].replace("Z", "+00:00"))
        minutes = (moment - began).total_seconds() / 60
        tracker.add_to_issue(issue["number"], f"All is well again, {minutes:.0f} minutes after the alarm.")
        tracker.edit_issue(issue["number"], state="closed")
    return f"closed issue #{open_ones[0]['number']}" if open_ones else ""


def _first(seen: Watched) -> str:
    return f" The first look that failed was at {seen.first_failure:%H:%M:%S} UTC." if seen.first_failure else ""
