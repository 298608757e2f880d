"""Tells GitHub what came of the smoke tests: a commit status, which branch protection can require."""

from __future__ import annotations

from collections.abc import Mapping

from gate.smoke.report import SmokeReport
from gate.target import Target
from gate.vendors import Accounts

_LONGEST = 140


def post(report: SmokeReport, target: Target, sha: str, environ: Mapping[str, str]) -> None:
    """Set the status `settings.release.smoke_context` of a commit (docs.github.com/rest/commits/statuses).

    Raises: VendorError.
    """
    body = {
        "state": "success" if report.passed else "failure",
        "context": target.settings.release.smoke_context,
        "description": f"{target.environment}: {report.headline}"[:_LONGEST],
    }
    if address := _workflow_run(environ):
        body["target_url"] = address
    with Accounts(environ, target.config) as accounts:
        # Repeatable: the newest status of a context is the one that counts.
        accounts.github.api.send(
            "POST",
            accounts.github.path(target.repository, "statuses", sha),
            body,
            needs="the permission Commit statuses: write",
            repeatable=True,
        )


def _workflow_run(environ: Mapping[str, str]) -> str | None:
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name) for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
