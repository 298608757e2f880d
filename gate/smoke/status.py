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
from gate.vendors.repository import Repository


def post(report: SmokeReport, target: Target, sha: str, environ: Mapping[str, str]) -> None:
    """Set the status `settings.release.smoke_context` of a commit (docs.github.com/rest/commits/statuses).

    Raises: GateError, also where RENDER_API_KEY shows that another commit was tested; RenderError.
    """
    if environ.get("RENDER_API_KEY"):
        _require_served(target, sha, environ)
    with Accounts(environ, target.config) as accounts:
        Repository(accounts.github, target.repository).set_status(
            sha,
            target.settings.release.smoke_context,
            "success" if report.passed else "failure",
            f"{target.environment}: {report.headline}",
            workflow_run(environ),
        )


def _require_served(target: Target, sha: str, environ: Mapping[str, str]) -> None:
    """A status of a commit that is not served yet would let it pass untested."""
    with connect(environ, lambda _line: None) as session:
        live = Backend(session, target.settings.render.service.name).live() or {}
    if commit_of(live) != sha:
        served = commit_of(live)[:7] or "nothing"
        raise GateError(f"{target.settings.render.service.name} serves {served}, not {sha[:7]}: wait for its deploy")
