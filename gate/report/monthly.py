"""One issue each month with the figures of releases (plan 5.5, 9.2)."""

from gate.report.figures import FigureReport
from gate.vendors.issues import IssueTracker, marker


def post(found: FigureReport, environment: str, tracker: IssueTracker) -> str:
    """Open this month's issue, or renew it if it is open. Close those of earlier months.

    Returns:
        What was done, in a line.

    Raises:
        VendorError: GitHub refused.
    """
    name = f"metrics of {environment}"
    month = marker(f"{name} {found.until:%Y-%m}")
    body = f"{month}\n{found.markdown()}"
    issues = tracker.open_issues(marker(name).removesuffix("-->"))
    mine = [one for one in issues if one["body"].startswith(month)]
    if mine:
        tracker.edit_issue(mine[0]["number"], title=found.title, body=body)
    done = f"issue renewed: #{mine[0]['number']}" if mine else ""
    done = done or f"issue opened: #{tracker.open_issue(month, found.title, body)['number']}"
    for earlier in (one for one in issues if one not in mine):
        tracker.edit_issue(earlier["number"], state="closed", state_reason="completed")
    return done
