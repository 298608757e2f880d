"""One issue about an environment that is down. The first alarm opens it; the first quiet watch after it closes it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from components.accounts.api import VendorError
from gate.common.notifications import notify
from gate.common.text import code
from gate.smoke.watch import Watched
from gate.stack.target import Target
from gate.vendors.issues import Detection, IssueTracker, incident_marker, marker, open_issue_tracker

_BODY = """{mark}
**{alarm}**

The alarm was raised at {moment:%Y-%m-%d %H:%M:%S} UTC. {what_to_do}
"""
_WHAT_TO_DO = """The next watch that finds all well closes this issue.

What to do:

- Roll back with one command: `gate rollback --env {environment}`
- Or with one click: [Production rollback]({actions}), Run workflow, from the release tag that serves now
- Look closer: `gate smoke --env {environment}`, and the [runbook]({runbook})"""
_ROLLED_BACK = "The watch after the release of {tag} found it, and {tag} was rolled back."
_NOT_ROLLED_BACK = """The watch after the release of {tag} found it. **The rollback of {tag} failed.**

The summary of the release's run says what serves and what to do by hand; so does the [runbook]({runbook})."""
_WELL = "All is well again, {minutes:.0f} minutes after the alarm."
_SINGLE = 2
"""Looks of a watch for zero minutes, at most."""


def report(seen: Watched, target: Target, environ: Mapping[str, str]) -> str:
    """Open, renew or close the issues about a watched environment, and notify the team of what opens or closes.

    Args:
        environ: what `open_issue_tracker` needs; GITHUB_SERVER_URL and GITHUB_WORKFLOW_REF, which a runner sets.

    Returns:
        What was done, in a line; empty if there was nothing to do.

    Raises:
        GateError: GitHub refused, or a variable is missing.
    """
    runbook = target.settings.release.runbook
    with open_issue_tracker(environ) as tracker:
        if seen.alarm:
            went_on = seen.looks > max(seen.failures, _SINGLE)  # then it has seen when the environment went down
            since = seen.first_failure if went_on else _last_good(tracker, environ) or seen.first_failure
            what_to_do = _WHAT_TO_DO.format(environment=seen.environment, actions=_rollback(environ), runbook=runbook)
            done, _number = _open_incident(seen, tracker, since, datetime.now(UTC), what_to_do)
        else:
            done = _close(tracker, incident_marker(seen.environment), _WELL)
        told = "; ".join(filter(None, [done, _warn(seen, tracker, runbook)]))
    if "opened" in told or "closed" in told:
        notify(f"{seen.environment}: {'; '.join([seen.headline, *seen.warnings, told])}", environ)
    return told


def of_release(
    seen: Watched, target: Target, environ: Mapping[str, str], tag: str, alarm: datetime, *, gone: bool
) -> str:
    """Record the alarm of a watch after a release; the issue stays open only if the rollback failed.

    Args:
        environ: what `open_issue_tracker` needs.
        tag: the release that was rolled back.
        alarm: when the watch ended with it.
        gone: whether the release before serves again.

    Returns:
        What was done, in a line.

    Raises:
        GateError: GitHub refused, or a variable is missing.
    """
    seen.environment = target.environment
    text = _ROLLED_BACK if gone else _NOT_ROLLED_BACK
    with open_issue_tracker(environ) as tracker:
        what_to_do = text.format(tag=tag, runbook=target.settings.release.runbook)
        done, number = _open_incident(seen, tracker, seen.first_failure, alarm, what_to_do)
        if gone:
            tracker.edit_issue(number, state="closed")
    return f"{done}, closed because {tag} is rolled back" if gone else done


def _rollback(environ: Mapping[str, str]) -> str:
    """Return where the workflow that rolls back is started."""
    place = "/".join(environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY"))
    return f"{place}/actions/workflows/production-rollback.yml"


def _last_good(tracker: IssueTracker, environ: Mapping[str, str]) -> datetime | None:
    """Return when the workflow that runs this last ended well, as it does after a good look."""
    workflow = environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0].rpartition("/")[2]
    try:
        return tracker.repository.last_success(workflow) if workflow else None
    except VendorError:  # the token may not read the runs
        return None


def _open_incident(
    seen: Watched, tracker: IssueTracker, since: datetime | None, alarm: datetime, what_to_do: str
) -> tuple[str, int]:
    """Open the issue about an alarm; see `_open`.

    Args:
        since: when the environment went down, if that is known.
    """
    mark = incident_marker(seen.environment)
    body = _BODY.format(mark=mark, alarm=seen.alarm, moment=alarm, what_to_do=what_to_do)
    if seen.warnings:
        body += f"\nIt may be this: {'; '.join(map(code, seen.warnings))}\n"
    if since:
        body += f"\nNothing good was seen since {since:%H:%M:%S} UTC.\n\n{Detection(since, alarm).as_text()}\n"
    return _open(tracker, mark, f"{seen.environment} is down: {seen.alarm}", body)


def _warn(seen: Watched, tracker: IssueTracker, runbook: str) -> str:
    """Open, renew or close the issue about what will fail soon."""
    mark = marker(f"warnings {seen.environment}")
    if not seen.warnings:
        return _close(tracker, mark)
    told = "\n".join(f"- {code(one)}" for one in seen.warnings)
    body = f"{mark}\nThis will be a failure soon:\n\n{told}\n\nWhat to do is in the [runbook]({runbook}).\n"
    return _open(tracker, mark, f"{seen.environment} needs attention: {seen.warnings[0]}", body, renew=True)[0]


def _open(tracker: IssueTracker, mark: str, title: str, body: str, *, renew: bool = False) -> tuple[str, int]:
    """Open an issue, unless one with the marker is open.

    Args:
        renew: whether that one gets the new text.

    Returns:
        What was done, and the issue's number.
    """
    for issue in tracker.open_issues(mark):
        if renew and issue["body"] != body:
            tracker.edit_issue(issue["number"], body=body)
        return f"issue #{issue['number']} is open already", issue["number"]
    number = tracker.open_issue(mark, title[:200], body)["number"]
    return f"opened issue #{number}", number


def _close(tracker: IssueTracker, mark: str, last_words: str = "") -> str:
    """Close the issues with a marker.

    Args:
        last_words: a comment; may hold {minutes}, the time since the issue was opened.

    Returns:
        What was done; empty if none was open.
    """
    open_ones, moment = tracker.open_issues(mark), datetime.now(UTC)
    for issue in open_ones:
        minutes = (moment - datetime.fromisoformat(issue["created_at"])).total_seconds() / 60
        if last_words:
            tracker.add_to_issue(issue["number"], last_words.format(minutes=minutes))
        tracker.edit_issue(issue["number"], state="closed")
    return f"closed issue #{open_ones[0]['number']}" if open_ones else ""
