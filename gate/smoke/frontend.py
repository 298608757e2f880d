"""The checks of the frontend: its pages load (plan 3.2). Runs no JavaScript."""

from __future__ import annotations

from gate.smoke.client import Failed, Visit


def page(visit: Visit, path: str) -> str:
    """Status 200 and an HTML document, from the frontend's own host."""
    answer = visit.page(path)
    kind = answer.headers.get("content-type", "missing")
    if answer.status_code == 200 and kind.startswith("text/html") and "<html" in answer.text.lower():
        return "loads"
    fixes = {
        401: "the deployment is protected: open the domain at Vercel, or set VERCEL_AUTOMATION_BYPASS_SECRET",
        404: "look at Vercel, the project, Domains: which deployment serves it? And at smoke.pages",
    }
    raise Failed(
        f"{path}: status {answer.status_code}, content-type {kind}",
        "status 200 and an HTML document",
        fixes.get(answer.status_code, "look at Vercel, the project, Logs"),
    )
