"""One issue for a stack's drift: opened when something differs, updated while it does, closed when it no longer does.

A closed issue stays closed. Later drift gets an issue of its own.
"""

import hashlib
import json

from gate.changes.drift import DriftReport, DriftVerdict
from gate.vendors.issues import LIMIT, IssueTracker, Json, cut, marker

_BEFORE = "## What the last check found that could be done"
"""Separates the text of a failed check from that of the last successful one."""
_NOTE = "*{lines} more lines are left out here; the run's summary has them all.*"


def settle(report: DriftReport, tracker: IssueTracker, link: str = "") -> str:
    """Make the repository's issues say what a check found.

    The text always says what was found last. A comment is added only when that is new.

    Args:
        link: to the workflow's run.

    Returns:
        What was done, in one line.

    Raises:
        VendorError: GitHub refused.
    """
    mark, title = marker(f"drift of {report.stack}"), f"Drift check: {report.headline}"
    head = f"{mark}\n{_seen(report)}\n"
    found = report.markdown() + (f"\n[This run]({link})\n" if link else "")
    issues = tracker.open_issues(mark)
    if report.verdict == DriftVerdict.CLEAN:
        return _close(issues, tracker, found)
    if not issues:
        made = tracker.open_issue(mark, title, head + cut(found, LIMIT - len(head), _NOTE))
        return f"issue opened: {made['html_url']}"
    issue, *others = issues
    for other in others:
        tracker.edit_issue(other["number"], state="closed", state_reason="not_planned")
    before = _last_findings(issue["body"]) if report.verdict == DriftVerdict.ERROR else ""
    text = f"{found}\n{_BEFORE}\n{before}" if before else found
    tracker.edit_issue(issue["number"], title=title, body=head + cut(text, LIMIT - len(head), _NOTE))
    news = _seen(report) not in issue["body"]
    if news:
        tracker.add_to_issue(issue["number"], cut(found, LIMIT, _NOTE))
    return f"issue {'updated' if news else 'unchanged'}: {issue['html_url']}"


def _close(issues: list[Json], tracker: IssueTracker, found: str) -> str:
    for issue in issues:
        tracker.edit_issue(issue["number"], state="closed", state_reason="completed")
        tracker.add_to_issue(issue["number"], found)
    return "; ".join(f"issue closed: {issue['html_url']}" for issue in issues) or "no issue is open"


def _last_findings(body: str) -> str:
    """Return what an issue's text says of the last successful check; empty if there was none."""
    lines = body.replace("\r\n", "\n").split("\n")
    text = "\n".join(lines[2:])
    return text.partition(_BEFORE)[2].strip() if f"seen {DriftVerdict.ERROR}" in "".join(lines[1:2]) else text


def _seen(report: DriftReport) -> str:
    """Return a marker of what was found, which does not depend on the time."""
    findings = [finding.model_dump(mode="json", exclude={"since", "seen"}) for finding in report.findings]
    digest = hashlib.sha256(json.dumps(findings, sort_keys=True).encode()).hexdigest()
    return marker(f"seen {report.verdict} {digest[:16]}")
