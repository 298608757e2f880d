"""Tells GitHub what came of the smoke tests: a commit status, which branch protection can require."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.workspace import connect
from gate.common.errors import GateError
from gate.common.notifications import workflow_run
from gate.release.backend import Backend, commit_of
from gate.smoke.report import SmokeReport
from gate.stack.target import Target
from gate.vendors import Accounts

_LONGEST = 140


def post(report: SmokeReport, target: Target, sha: str, environ: Mapping[str, str]) -> None:
    """Set the status `settings.release.smoke_context` of a commit (docs.github.com/rest/commits/statuses).

    Raises: GateError, also where RENDER_API_KEY shows that another commit was tested; RenderError.
    """
    if environ.get("RENDER_API_KEY"):
        _require_served(target, sha, environ)
    body = {
        "state": "success" if report.passed else "failure",
        "context": target.settings.release.smoke_context,
        "description": f"{target.environment}: {report.headline}"[:_LONGEST],
    }
    if address := workflow_run(environ):
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


def _require_served(target: Target, sha: str, environ: Mapping[str, str]) -> None:
    """A status of a commit that is not served yet would let it pass untested."""
    with connect(environ, lambda _line: None) as session:
        live = Backend(session, target.settings.render.service.name).live() or {}
    if commit_of(live) != sha:
        served = commit_of(live)[:7] or "nothing"
        raise GateError(f"{target.settings.render.service.name} serves {served}, not {sha[:7]}: wait for its deploy")
